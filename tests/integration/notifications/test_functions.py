"""The entry points that the topology names, in an environment of their own, called as Lambda calls them."""

import base64
import json
import subprocess
import sys
from uuid import uuid4

from tests.support.orders import an_order, told

from shop.contracts.events import OrderConfirmed, UserConfirmed
from shop.contracts.messages import encode, envelope
from shop.contracts.topology import FUNCTIONS
from shop.kernel.ids import new_id
from shop.runtime.dynamo import wire

ENVIRONMENT = """
import json, sys
from types import SimpleNamespace
from shop.notifications import app
for line in sys.stdin:
    name, event = json.loads(line)
    answer = getattr(app, name)(event, SimpleNamespace(aws_request_id="r"))
    print("ANSWER" + json.dumps(answer), flush=True)
unwanted = [name for name in ("boto3", "asyncpg", "uvicorn") if name in sys.modules]
print("ANSWER" + json.dumps(unwanted), flush=True)
"""


def call(*invocations):
    """The answers of one environment to these invocations, and what it has imported without need."""
    lines = "\n".join(json.dumps(one) for one in invocations)
    done = subprocess.run(
        [sys.executable, "-c", ENVIRONMENT], input=lines, capture_output=True, text=True, timeout=30, check=True
    )
    return [json.loads(line.removeprefix("ANSWER")) for line in done.stdout.splitlines() if line.startswith("ANSWER")]


def from_queue(*messages):
    records = [
        {"messageId": f"m{n}", "receiptHandle": "r", "body": encode(one).decode()} for n, one in enumerate(messages)
    ]
    return {"Records": records}


def from_gateway(path):
    context = {"http": {"method": "GET", "path": path, "sourceIp": "203.0.113.7"}}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "x"},
        "requestContext": context,
    }


def test_events_become_mails_facts_and_opens(run, shop, environment):
    who = UserConfirmed(user_id=new_id(), email=f"{uuid4().hex[:12]}@example.jp", name="山田", locale="ja")
    order = an_order(who.user_id)
    known = ["events", from_queue(envelope(who, aggregate_id=who.user_id, aggregate_version=1))]
    confirmed, unknown = told(OrderConfirmed, order), told(OrderConfirmed, an_order(new_id()))
    first, second, unwanted = call(known, ["events", from_queue(confirmed, unknown, confirmed)])
    assert (first, second) == ({"batchItemFailures": []}, {"batchItemFailures": [{"itemIdentifier": "m1"}]})
    assert unwanted == []
    assert len(shop.mails(who.email)) == 1

    (mail,) = run(shop.listed(f"orderId={order.id}"))
    (item,) = run(outbox_items(shop, mail["id"]))
    record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": wire(item)}}
    relayed, pixel, _ = call(
        ["relay", {"Records": [record]}], ["http", from_gateway(f"/notifications/{mail['id']}/open.gif")]
    )
    assert relayed == {"batchItemFailures": []}
    assert (pixel["statusCode"], pixel["isBase64Encoded"]) == (200, True)
    assert base64.b64decode(pixel["body"]).startswith(b"GIF89a")
    assert run(shop.announced(mail["id"])) == ["NotificationOpened"]


async def outbox_items(shop, mail_id):
    found = await shop.deps.parts.table.query("outbox", index=("outbox", "outboxShard", "outboxAt"), limit=1000)
    return [item for item in found.items if any(mail_id in message for message in item["messages"])]


def test_every_function_of_the_topology_has_its_entry_point(environment):
    from shop.notifications import app

    handlers = [each.handler for each in FUNCTIONS if each.service == "notifications"]
    assert sorted(handlers) == sorted(
        f"shop.notifications.app.{name}" for name in ("http", "events", "alerts", "relay")
    )
    assert all(callable(getattr(app, handler.rpartition(".")[2])) for handler in handlers)
