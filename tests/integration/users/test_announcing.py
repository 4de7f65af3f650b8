"""What is committed is announced, always: by the stream and its relay function, or else by the sweep."""

import json
from datetime import timedelta

import pytest
from tests.integration.users.conftest import Died, every_aws_call
from tests.support.functions import call, from_gateway

from shop.contracts.events import EVENTS
from shop.contracts.messages import read_message
from shop.kernel.clock import now, stamp
from shop.kernel.errors import DependencyUnavailable
from shop.runtime import relay
from shop.runtime.queues import Queues

APP = "shop.users.app"
QUEUE = "notifications-events"


async def stream_records(users, user_id):
    """What the table's stream has of a user's outbox items, from its beginning, as Lambda hands it to the relay."""
    aws, name = users.deps.table.aws, users.deps.table.name
    stream = (await aws.call("dynamodb", "DescribeTable", TableName=name))["Table"]["LatestStreamArn"]
    shards = (await aws.call("dynamodbstreams", "DescribeStream", StreamArn=stream))["StreamDescription"]["Shards"]
    found = []
    for shard in shards:
        where = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = (await aws.call("dynamodbstreams", "GetShardIterator", **where))["ShardIterator"]
        while True:
            answer = await aws.call("dynamodbstreams", "GetRecords", ShardIterator=iterator, Limit=1000)
            found += [each for each in answer["Records"] if each["eventName"] == "INSERT" and user_id in str(each)]
            iterator = answer.get("NextShardIterator")
            if not answer["Records"] or not iterator:
                break
    return [each for each in found if each["dynamodb"]["Keys"]["pk"]["S"].startswith("OUTBOX#")]


async def heard(users, user_id):
    """The messages about a user that have reached notifications' queue; they are gone from there then."""
    queues, found = Queues(users.deps.table.aws, users.account.access.queue_url_prefix), []
    while messages := await queues.receive(QUEUE, 10, 0):
        envelopes = [read_message(message.body, EVENTS) for message in messages]
        found += [each for each in envelopes if each.metadata.aggregate_id == user_id]
        await queues.delete(QUEUE, messages)
    return sorted(found, key=lambda each: each.metadata.event_id)


async def grow_old(users, user_id):
    """Lets the outbox items of a user wait for longer than the sweep leaves them to the relay."""
    found = await users.deps.table.query("outbox", index=("outbox", "outboxShard", "outboxAt"), limit=1000)
    for item in found.items:
        if user_id in str(item["messages"]):
            await users.change(item["pk"], item["sk"], outboxAt=stamp(now() - timedelta(seconds=11)))


async def a_change(users):
    """Somebody whose account was confirmed and whose profile was changed; nothing of that is announced yet."""
    who = await users.customer()
    answer = await users.call("PUT", f"/users/{who.id}/profile", {"name": "新しい名前"}, token=who.token)
    assert answer.status == 200
    assert await heard(users, who.id) == []
    return who


def is_the_change(envelopes, who):
    assert [type(each.data).__name__ for each in envelopes] == ["UserConfirmed", "ProfileChanged"]
    assert [each.metadata.aggregate_version for each in envelopes] == [1, 2]
    assert {(each.data.user_id, each.data.email) for each in envelopes} == {(who.id, who.email)}
    assert envelopes[1].data.name == "新しい名前"


def test_what_a_process_wrote_before_it_died_is_announced_by_the_stream(run, users, environment, email):
    """The process that confirms ends without having sent anything; another one reads the stream."""

    async def story():
        who = await users.register(email)
        body = {"email": email, "code": users.code(email)}
        (answer, _), _ = call(APP, ("http", from_gateway("/users/confirm", "POST", body)))
        assert answer["statusCode"] == 200, answer
        assert await heard(users, who.id) == []
        records = await stream_records(users, who.id)
        (answer, unwanted), _ = call(APP, ("relay", {"Records": records}))
        assert (answer, unwanted) == ({"batchItemFailures": []}, [])
        (envelope,) = await heard(users, who.id)
        assert (envelope.metadata.type, envelope.data.email) == ("UserConfirmed", email)
        assert envelope.metadata.aggregate_id == who.id
        assert await users.announced(who.id) == []

    run(story())


def test_what_the_stream_has_lost_is_announced_by_the_sweep_once_it_has_waited(run, users):
    async def story():
        who = await a_change(users)
        await users.sweep()
        assert await heard(users, who.id) == []  # the relay may be at it
        await grow_old(users, who.id)
        await users.sweep()
        is_the_change(await heard(users, who.id), who)
        assert await users.announced(who.id) == []
        await users.sweep()
        assert await heard(users, who.id) == []

    run(story())


def test_a_relay_that_dies_before_it_has_sent_leaves_all_to_the_next(run, users):
    async def story():
        who = await a_change(users)
        records = await stream_records(users, who.id)
        with every_aws_call(dying_at("PutEvents")), pytest.raises(Died):
            await relay.forward(users.deps.table, users.bus, records)
        assert await heard(users, who.id) == []
        assert await relay.forward(users.deps.table, users.bus, records) == []
        is_the_change(await heard(users, who.id), who)
        assert await users.announced(who.id) == []

    run(story())


def test_a_relay_that_dies_after_it_has_sent_repeats_the_same_events(run, users):
    async def story():
        who = await a_change(users)
        records = await stream_records(users, who.id)
        with every_aws_call(dying_at("BatchWriteItem")), pytest.raises(Died):
            await relay.forward(users.deps.table, users.bus, records)
        first = await heard(users, who.id)
        is_the_change(first, who)
        await grow_old(users, who.id)
        await users.sweep()
        again = await heard(users, who.id)
        assert [each.metadata.event_id for each in again] == [each.metadata.event_id for each in first]
        assert await users.announced(who.id) == []

    run(story())


def dying_at(step):
    def die(operation):
        if operation == step:
            raise Died

    return die


def test_while_the_bus_is_down_the_relay_asks_for_its_records_again(run, users):
    def down(operation):
        if operation == "PutEvents":
            raise DependencyUnavailable

    async def story():
        who = await a_change(users)
        records = await stream_records(users, who.id)
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        with every_aws_call(down):
            assert await relay.forward(users.deps.table, users.bus, records) == numbers
            await grow_old(users, who.id)
            await users.sweep()
        assert len(await users.announced(who.id)) == 2
        assert await relay.forward(users.deps.table, users.bus, records) == []
        is_the_change(await heard(users, who.id), who)

    run(story())


def test_what_is_refused_is_not_announced(run, users):
    async def story():
        who = await users.customer()
        stale = {"if-match": '"9"'}
        answer = await users.call("PUT", f"/users/{who.id}/profile", {"name": "x"}, token=who.token, headers=stale)
        assert answer.status == 412
        assert [json.loads(json.dumps(fact))["metadata"]["type"] for fact in await users.announced(who.id)] == [
            "UserConfirmed"
        ]

    run(story())
