"""Many shops stand in one account: every name of AWS that the code uses comes from a setting, whatever its prefix."""

import asyncio
import json
from uuid import uuid4

import pytest
from tests.support.functions import call, from_queue

from shop.contracts import topology
from shop.contracts.commands import ReserveStock
from shop.contracts.events import StockRejected
from shop.contracts.messages import envelope, read_message
from shop.contracts.shapes import OrderLine
from shop.kernel.ids import new_id
from shop.runtime.dynamo import Table, wire
from shop.runtime.queues import Queues

APP = "shop.inventory.app"


@pytest.fixture
def deployment(run, aws, emulator):
    """The prefix of a deployment whose inventory has its table and queues, and whose bus tells orders."""
    prefix = f"shop-{uuid4().hex[:8]}-"

    async def make():
        (table,) = [each for each in topology.TABLES if each.service == "inventory"]
        await create_table(aws, prefix, table)
        queues = [queue.name for queue in topology.QUEUES if queue.service in ("inventory", "orders")]
        for name in [*queues, *map(topology.dead_letter_queue, queues)]:
            fifo = {"Attributes": {"FifoQueue": "true"}} if name.endswith(".fifo") else {}
            await aws.call("sqs", "CreateQueue", QueueName=prefix + name, **fifo)
        bus = prefix + topology.BUS
        await aws.call("events", "CreateEventBus", Name=bus)
        pattern = json.dumps({"detail-type": ["StockRejected"]})
        await aws.call("events", "PutRule", Name=f"{prefix}rule", EventBusName=bus, EventPattern=pattern)
        arn = f"arn:aws:sqs:{emulator.access.region}:{emulator.access.account}:{prefix}orders-events"
        target = {"Id": "orders", "Arn": arn, "InputPath": "$.detail"}
        await aws.call("events", "PutTargets", Rule=f"{prefix}rule", EventBusName=bus, Targets=[target])

    run(make())
    return prefix


async def create_table(aws, prefix, table):
    keys = {"pk", "sk", *(key for index in table.indexes for key in (index.partition, index.sort))}

    def schema(partition, sort):
        return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]

    await aws.call(
        "dynamodb",
        "CreateTable",
        TableName=prefix + table.name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schema("pk", "sk"),
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in sorted(keys)],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index.name,
                "KeySchema": schema(index.partition, index.sort),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in table.indexes
        ],
    )


@pytest.fixture
def environment(run, aws, emulator, deployment, monkeypatch):
    """What the stacks give inventory's functions; its secret by ARN, and nothing of the shop without a prefix."""
    secret = run(aws.call("secretsmanager", "CreateSecret", Name=f"{deployment}page-tokens", SecretString="sesame"))
    values = {
        **emulator.access.environment(),
        "DEPLOYMENT_ENVIRONMENT": "prefixed",
        "TABLE_NAME": f"{deployment}inventory",
        "EVENT_BUS": f"{deployment}shop",
        "QUEUE_URL_PREFIX": emulator.access.queue_url_prefix + deployment,
        "USER_POOL_CLIENT_ID": emulator.provisioned.user_pool_client_id,
        "TOKEN_ISSUER": emulator.provisioned.token_issuer,
        "JWKS_URL": emulator.provisioned.jwks_url,
        "GATEWAY_URL": "http://127.0.0.1:1",
        "PAGE_TOKEN_KEY_SECRET_ARN": secret["ARN"],
    }
    monkeypatch.delenv("PAGE_TOKEN_KEY", raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


def test_a_deployment_under_another_name_uses_its_own_table_queues_and_bus(run, aws, environment):
    """A command is refused: the answer goes through table, relay and bus to a queue; what is no command is buried."""
    order = ReserveStock(order_id=new_id(), lines=[OrderLine(product_id=f"p-{uuid4()}", quantity=1)])
    command = from_queue(envelope(order, aggregate_id=order.order_id, aggregate_version=1))
    nonsense = {"Records": [{"messageId": "n", "receiptHandle": "r", "body": "water"}]}
    (first, second, _), _ = call(APP, ("commands", command), ("commands", nonsense))
    assert (first, second) == ({"batchItemFailures": []}, {"batchItemFailures": []})

    table = Table(aws, environment["TABLE_NAME"])
    found = run(table.query("outbox", index=("outbox", "outboxShard", "outboxAt")))
    (item,) = found.items
    record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": wire(item)}}
    (relayed, _), _ = call(APP, ("relay", {"Records": [record]}))
    assert relayed == {"batchItemFailures": []}
    assert run(table.query("outbox", index=("outbox", "outboxShard", "outboxAt"))).items == []

    queues = Queues(aws, environment["QUEUE_URL_PREFIX"])

    async def arrived():
        return await asyncio.gather(
            queues.receive("orders-events", 10, 5), queues.receive("inventory-commands-dlq.fifo", 10, 5)
        )

    (told,), (dead,) = run(arrived())
    assert read_message(told.body, {"StockRejected": StockRejected}).data.order_id == order.order_id
    assert dead.body == "water"
