"""The outbox in DynamoDB: items of a transaction, sent from the stream's records or by the sweep, then deleted."""

from datetime import timedelta

import pytest

from shop.contracts.commands import SweepDue
from shop.contracts.events import EVENTS
from shop.contracts.messages import envelope, read_message
from shop.kernel.errors import DependencyTimeout
from shop.runtime import relay
from shop.runtime.bus import Bus, Unsendable
from shop.runtime.dynamo import outbox_item, wire

QUEUE = "catalog-events"


@pytest.fixture(autouse=True)
def _clean(empty):
    empty(QUEUE)


async def stream_records(aws, table):
    """What the table's stream holds now, as Lambda would hand it to the function."""
    described = await aws.call("dynamodb", "DescribeTable", TableName=table.name)
    arn = described["Table"]["LatestStreamArn"]
    stream = await aws.call("dynamodbstreams", "DescribeStream", StreamArn=arn)
    records = []
    for shard in stream["StreamDescription"]["Shards"]:
        iterator = await aws.call(
            "dynamodbstreams",
            "GetShardIterator",
            StreamArn=arn,
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )
        answer = await aws.call("dynamodbstreams", "GetRecords", ShardIterator=iterator["ShardIterator"])
        records += answer["Records"]
    return records


async def arrived(queues, expected):
    """(product, version) of the messages in the queue, in the order of their arrival."""
    found: list[tuple[str, int]] = []
    for _ in range(20):
        for message in await queues.receive(QUEUE, 10, 1 if len(found) < expected else 0):
            metadata = read_message(message.body, EVENTS).metadata
            found.append((metadata.aggregate_id, metadata.aggregate_version))
            await queues.delete(QUEUE, [message])
        if len(found) >= expected:
            return found
    return found


async def waiting(table):
    found = await table.query("outbox", index=("outbox", "outboxShard", "outboxAt"))
    return [item["pk"] for item in found.items]


def test_what_a_transaction_announces_is_sent_from_its_stream_record_and_deleted(run, aws, table, bus, queues, changed):
    async def story():
        item = outbox_item(changed("mug", 1), changed("mug", 2))
        await table.transact(table.put({"pk": "USER#1", "sk": "PROFILE", "name": "Hanako"}), table.put(item))
        records = await stream_records(aws, table)
        assert await relay.forward(table, bus, records) == []
        assert await arrived(queues, 2) == [("mug", 1), ("mug", 2)]
        assert await table.get(item["pk"], item["sk"]) is None
        # Lambda repeats a batch whose answer was lost: the items are gone, the messages come twice, no more
        assert await relay.forward(table, bus, records) == []
        assert await arrived(queues, 2) == [("mug", 1), ("mug", 2)]

    run(story())


def record(item, number, name="INSERT"):
    """A stream record as AWS sends it to a function."""
    keys = {"pk": item["pk"], "sk": item["sk"]}
    return {
        "eventID": f"e{number}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "ap-northeast-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1764000000,
            "Keys": wire(keys),
            "NewImage": wire(item),
            "SequenceNumber": str(number),
            "SizeBytes": 200,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": "arn:aws:dynamodb:ap-northeast-1:000000000000:table/users/stream/2026-11-24T00:00:00.000",
    }


def test_records_of_other_items_and_of_deletions_announce_nothing(run, table, bus, queues, changed):
    async def story():
        other = record({"pk": "USER#1", "sk": "PROFILE"}, 1)
        gone = record(outbox_item(changed("mug")), 2, "REMOVE")
        assert await relay.forward(table, bus, [other, gone]) == []
        assert await arrived(queues, 0) == []

    run(story())


def test_while_the_bus_is_down_the_records_come_again_and_the_items_stay(run, table, aws, emulator, queues, changed):
    async def story():
        item = outbox_item(changed("mug"))
        await table.write(table.put(item))
        nowhere = Gone()
        assert await relay.forward(table, nowhere, [record(item, 7)]) == ["7"]
        assert await table.get(item["pk"], item["sk"])
        back = Bus(aws, "shop", emulator.access.queue_url_prefix)
        assert await relay.forward(table, back, [record(item, 7)]) == []
        assert await arrived(queues, 1) == [("mug", 1)]

    run(story())


class Gone(Bus):
    """A bus that is down."""

    def __init__(self):
        pass

    async def dispatch(self, parcels):
        raise DependencyTimeout


class Refusing(Bus):
    """A bus that refuses what it is told to."""

    def __init__(self, *ids):
        self.ids = ids

    async def dispatch(self, parcels):
        return [parcel.id for parcel in parcels if parcel.id in self.ids]


def test_only_what_was_refused_comes_again(run, table, changed):
    async def story():
        first, second = changed("mug"), changed("pot")
        items = [outbox_item(first), outbox_item(second)]
        for item in items:
            await table.write(table.put(item))
        failed = await relay.forward(
            table, Refusing(first.metadata.event_id), [record(items[0], 1), record(items[1], 2)]
        )
        assert failed == ["1"]
        assert await waiting(table) == [items[0]["pk"]]
        await table.write(table.delete(items[0]["pk"], items[0]["sk"]))

    run(story())


def test_the_sweep_sends_what_was_left_behind_oldest_first_but_not_what_is_under_way(run, table, bus, queues, changed):
    async def story():
        for minute, version in ((3, 1), (2, 2), (1, 3)):
            left = outbox_item(changed("mug", version)) | {"outboxAt": f"2026-11-24T00:0{4 - minute}:00.000Z"}
            await table.write(table.put(left))
        young = outbox_item(changed("pot"))
        await table.write(table.put(young))
        assert await relay.sweep(table, bus) == 3
        assert await arrived(queues, 3) == [("mug", 1), ("mug", 2), ("mug", 3)]
        assert await waiting(table) == [young["pk"]]
        assert await relay.sweep(table, bus, timedelta(0)) == 1
        assert await waiting(table) == []

    run(story())


def test_the_sweep_goes_through_all_pages(run, table, changed, monkeypatch):
    monkeypatch.setattr(relay, "SWEPT", 2)

    async def story():
        for n in range(5):
            await table.write(table.put(outbox_item(changed(f"p{n}"))))
        assert await relay.sweep(table, Refusing(), timedelta(0)) == 5
        assert await waiting(table) == []

    run(story())


def test_a_sweep_that_meets_a_dead_bus_leaves_everything(run, table, changed):
    async def story():
        item = outbox_item(changed("mug"))
        await table.write(table.put(item))
        assert await relay.sweep(table, Gone(), timedelta(0)) == 0
        assert await waiting(table) == [item["pk"]]
        await table.write(table.delete(item["pk"], item["sk"]))

    run(story())


def test_what_nobody_understands_is_set_aside_and_the_stream_goes_on(run, table, bus, queues, changed):
    async def story():
        broken = outbox_item(changed("mug")) | {"messages": ["{}"]}
        good = outbox_item(changed("pot"))
        for item in (broken, good):
            await table.write(table.put(item))
        assert await relay.forward(table, bus, [record(broken, 1), record(good, 2)]) == []
        assert await arrived(queues, 1) == [("pot", 1)]
        assert await waiting(table) == []
        aside = await table.get(broken["pk"], broken["sk"])
        assert aside["parked"].startswith("not an envelope")

    run(story())


def test_an_item_of_a_message_that_breaks_its_contract_cannot_be_made(changed):
    with pytest.raises(Unsendable):
        outbox_item(envelope(SweepDue(), aggregate_id="users", aggregate_version=1))
