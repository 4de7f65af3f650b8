"""What becomes of a message in every way that its handling can go, on real queues."""

import asyncio
import json

import msgspec
import pytest
from tests.support.otlp import Receiver, sending

from shop import telemetry
from shop.contracts.commands import ReserveStock, SweepDue
from shop.contracts.events import ProductDeleted, StockChanged, UserConfirmed
from shop.contracts.messages import encode, envelope
from shop.contracts.shapes import OrderLine
from shop.kernel.errors import DependencyUnavailable, Unprocessable
from shop.runtime.consume import Consumer, Queues, Received

EVENTS, DEAD = "catalog-events", "catalog-events-dlq"
COMMANDS, DEAD_COMMANDS = "inventory-commands.fifo", "inventory-commands-dlq.fifo"


class Shelf:
    """The deps of these tests: what was handled, and what is to fail how often."""

    def __init__(self):
        self.handled, self.fails = [], {}

    def take(self, name):
        left = self.fails.get(name, 0)
        if left:
            self.fails[name] = left - 1
            raise DependencyUnavailable
        self.handled.append(name)


def stock_consumer():
    consumer = Consumer(EVENTS)

    @consumer.on(StockChanged)
    async def on_change(shelf, message):
        shelf.take(message.data.product_id)

    return consumer


def command_consumer():
    consumer = Consumer(COMMANDS)

    @consumer.on(ReserveStock)
    async def reserve(shelf, message):
        shelf.take((message.data.order_id, message.metadata.aggregate_version))

    return consumer


@pytest.fixture
def shelf(empty):
    empty(EVENTS, DEAD, COMMANDS, DEAD_COMMANDS)
    return Shelf()


@pytest.fixture
def put(aws, emulator):
    async def put_body(body, queue=EVENTS, **more):
        await aws.call("sqs", "SendMessage", QueueUrl=emulator.queue_url(queue), MessageBody=body, **more)

    return put_body


async def dead(queues, queue=DEAD):
    return await queues.receive(queue, 10, 1)


async def receive(queues, count, queue=EVENTS):
    found: list[Received] = []
    while len(found) < count and (more := await queues.receive(queue, 10, 1)):
        found += more
    return found


def test_a_handled_message_is_not_reported(run, bus, queues, shelf, changed):
    async def story():
        await bus.publish([changed("mug"), changed("pot")])
        received = await receive(queues, 2)
        assert await stock_consumer().handle(shelf, received, queues) == []
        assert sorted(shelf.handled) == ["mug", "pot"]

    run(story())


def test_one_failure_fails_one_message_and_it_comes_back(run, bus, queues, shelf, changed):
    async def story():
        shelf.fails["mug"] = 1
        await bus.publish([changed("mug"), changed("pot")])
        received = await receive(queues, 2)
        failed = await stock_consumer().handle(shelf, received, queues)
        assert [message.id for message in received if '"mug"' in message.body] == failed
        assert shelf.handled == ["pot"]
        await queues.delete(EVENTS, [message for message in received if message.id not in failed])
        again = None
        while again is None:  # it is back after its pause: see the test below
            (again,) = await receive(queues, 1) or (None,)
        assert (again.id, again.receives) == (failed[0], 2)
        assert await stock_consumer().handle(shelf, [again], queues) == []

    run(story())


@pytest.mark.parametrize(("receives", "pause"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60)])
def test_the_pauses_grow_up_to_a_minute(run, bus, shelf, changed, receives, pause):
    pauses = []

    class Noted(Queues):
        def __init__(self):
            pass

        async def release_all(self, queue, messages, seconds):
            pauses.append(seconds)

    shelf.fails["mug"] = 1
    message = Received("id", "receipt", encode(changed("mug")).decode(), receives=receives)
    assert run(stock_consumer().handle(shelf, [message], Noted())) == ["id"]
    assert pauses == [pause]


def test_the_eighth_failure_counts_as_dead_and_sqs_moves_the_message(run, aws, emulator, bus, queues, shelf, changed):
    async def story():
        shelf.fails["mug"] = 8
        await bus.publish([changed("mug")])
        for _ in range(8):
            (message,) = await receive(queues, 1)
            assert await stock_consumer().handle(shelf, [message], queues) == [message.id]
            await queues.release(EVENTS, message, 0)  # the pauses are another test's
        assert await queues.receive(EVENTS, 10, 0) == []
        (lost,) = await dead(queues)
        assert lost.id == message.id
        assert shelf.handled == []

    run(story())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("water", "not an envelope"),
        ("[]", "not an envelope"),
        ('{"metadata": {}, "data": {}}', "not an envelope"),
        ('"\\ud800"', "not an envelope"),
    ],
)
def test_what_is_no_message_is_a_dead_letter_at_once(run, queues, shelf, put, body, reason):
    async def story():
        await put(body)
        (message,) = await receive(queues, 1)
        assert await stock_consumer().handle(shelf, [message], queues) == []  # done with: it is deleted
        (lost,) = await dead(queues)
        assert lost.body == body
        assert lost.attributes["reason"].startswith(reason)
        assert lost.attributes["error.type"] == "Unprocessable"

    run(story())


def stranger(**changes):
    message = envelope(
        UserConfirmed(user_id="u", email="e", name="n", locale="ja"), aggregate_id="u", aggregate_version=1
    )
    body = encode(message).decode()
    for old, new in changes.items():
        body = body.replace(f'"{old}"', new)
    return body


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (stranger(), "unknown type UserConfirmed"),
        (stranger(UserConfirmed='"StockChanged"'), "StockChanged: Object missing required field"),
        (stranger(UserConfirmed='"StockChanged"').replace('"version":1', '"version":2'), "unknown version 2"),
    ],
)
def test_an_unknown_type_or_version_or_a_missing_field_is_a_dead_letter_at_once(run, queues, shelf, put, body, reason):
    async def story():
        await put(body)
        (message,) = await receive(queues, 1)
        assert await stock_consumer().handle(shelf, [message], queues) == []
        (lost,) = await dead(queues)
        assert lost.attributes["reason"].startswith(reason)

    run(story())


@pytest.mark.parametrize("time", ["yesterday", "", "2026-11-28T12:00:00", "9999-12-31T23:59:59-23:00"])
def test_a_time_that_is_none_is_a_dead_letter_at_once(run, queues, shelf, put, changed, time):
    async def story():
        body = json.loads(encode(changed("mug")))
        body["metadata"]["occurredAt"] = time
        await put(json.dumps(body))
        (message,) = await receive(queues, 1)
        assert await stock_consumer().handle(shelf, [message], queues) == []
        assert shelf.handled == []
        (lost,) = await dead(queues)
        assert lost.attributes["reason"].startswith("not an envelope")

    run(story())


def test_what_eventbridge_scheduler_sends_is_understood(run, queues, put, empty):
    """Its execution id is no UUID, and its time has no milliseconds (the examples are those of AWS's documentation)."""
    empty("users-events", "users-events-dlq")
    swept = []
    consumer = Consumer("users-events")

    @consumer.on(SweepDue)
    async def sweep(_deps, message):
        swept.append(message.metadata.event_id)

    async def story():
        about = {"type": "SweepDue", "version": 1, "producer": "scheduler", "aggregateVersion": 1}
        about |= {"eventId": "d32c5kddcf5bb8c3", "correlationId": "d32c5kddcf5bb8c3", "aggregateId": "sweep-users"}
        about["occurredAt"] = "2022-03-22T18:59:43Z"
        await put(json.dumps({"metadata": about, "data": {}}), "users-events")
        received = await receive(queues, 1, "users-events")
        assert await consumer.handle(None, received, queues) == []
        assert swept == ["d32c5kddcf5bb8c3"]
        assert await dead(queues, "users-events-dlq") == []

    run(story())


def test_each_failure_is_a_line_that_names_the_message_and_why(run, queues, shelf, put, capfd):
    async def story():
        await put("water")
        (message,) = await receive(queues, 1)
        await stock_consumer().handle(shelf, [message], queues)
        return message.id

    message_id = run(story())
    (line,) = [line for line in capfd.readouterr().out.splitlines() if "shop.message.failed" in line]
    assert f'"messageId":"{message_id}"' in line.replace(": ", ":")
    assert '"error.type":"Unprocessable"' in line.replace(": ", ":")
    assert "not an envelope" in line


def test_when_the_dead_letters_cannot_be_reached_the_message_goes_back(run, shelf, queues):
    class Gone(Queues):
        def __init__(self):
            pass

        async def bury(self, queue, message, reason, error_type):
            raise DependencyUnavailable

        async def release(self, queue, message, seconds):
            raise DependencyUnavailable  # it comes back by itself then

    message = Received("id", "receipt", "water")
    assert run(stock_consumer().handle(shelf, [message], Gone())) == ["id"]


def test_the_message_that_comes_twice_is_handled_twice_and_idempotence_is_the_handlers(
    run, bus, queues, shelf, changed
):
    async def story():
        message = changed("mug")
        await bus.publish([message])
        await bus.publish([message])
        received = await receive(queues, 2)
        assert await stock_consumer().handle(shelf, received, queues) == []
        assert shelf.handled == ["mug", "mug"]

    run(story())


def command(order, version):
    message = ReserveStock(order_id=order, lines=[OrderLine(product_id="mug", quantity=1)])
    return envelope(message, aggregate_id=order, aggregate_version=version)


def test_after_a_failure_the_rest_of_a_group_waits_and_other_groups_do_not(run, bus, queues, shelf):
    async def story():
        shelf.fails[("o1", 2)] = 1
        await bus.send([command("o1", 1), command("o1", 2), command("o1", 3), command("o2", 1)])
        received = await receive(queues, 4, COMMANDS)
        failed = await command_consumer().handle(shelf, received, queues)
        assert len(failed) == 2
        assert sorted(shelf.handled) == [("o1", 1), ("o2", 1)]
        await queues.delete(COMMANDS, [message for message in received if message.id not in failed])
        again = await receive(queues, 2, COMMANDS)
        assert await command_consumer().handle(shelf, again, queues) == []
        assert [name for name in shelf.handled if name[0] == "o1"] == [("o1", 1), ("o1", 2), ("o1", 3)]

    run(story())


def test_a_poisoned_command_is_buried_in_its_group_and_its_followers_go_on(run, bus, queues, shelf, put):
    async def story():
        await put("water", COMMANDS, MessageGroupId="o1", MessageDeduplicationId="w")
        await bus.send([command("o1", 1)])
        received = await receive(queues, 2, COMMANDS)
        assert await command_consumer().handle(shelf, received, queues) == []
        assert shelf.handled == [("o1", 1)]
        (lost,) = await dead(queues, DEAD_COMMANDS)
        assert (lost.body, lost.group) == ("water", "o1")

    run(story())


def foreign_consumer():
    consumer = Consumer("alerts-notifications")

    @consumer.on(ProductDeleted)
    async def on_event(shelf, message):
        raise AssertionError

    @consumer.on_json
    async def on_alarm(shelf, body, message):
        if "AlarmName" not in body:
            raise Unprocessable("neither an alarm nor an event")
        shelf.take(body["AlarmName"])

    return consumer


@pytest.mark.parametrize("body", ['{"Records": []}', "[]", "water"])
def test_foreign_json_that_nobody_understands_is_a_dead_letter(run, queues, shelf, empty, put, body):
    async def story():
        await put(body, "alerts-notifications")
        received = await receive(queues, 1, "alerts-notifications")
        assert await foreign_consumer().handle(shelf, received, queues) == []
        await queues.delete("alerts-notifications", received)
        (lost,) = await dead(queues, "alerts-notifications-dlq")
        await queues.delete("alerts-notifications-dlq", [lost])
        assert lost.body == body

    run(story())


def test_foreign_json_has_a_handler_of_its_own(run, queues, shelf, put):
    async def story():
        await put('{"AlarmName": "dead letters", "NewStateValue": "ALARM"}', "alerts-notifications")
        received = await receive(queues, 1, "alerts-notifications")
        assert await foreign_consumer().handle(shelf, received, queues) == []
        await queues.delete("alerts-notifications", received)
        assert shelf.handled == ["dead letters"]

    run(story())


def test_messages_of_a_batch_are_handled_at_the_same_time(run, bus, queues, shelf, changed):
    async def story():
        consumer, together = Consumer(EVENTS), asyncio.Barrier(3)

        @consumer.on(StockChanged)
        async def meet(shelf, message):
            await asyncio.wait_for(together.wait(), 2)

        await bus.publish([changed(f"p{n}") for n in range(3)])
        assert await consumer.handle(shelf, await receive(queues, 3), queues) == []

    run(story())


def test_a_message_goes_on_with_its_producers_trace(run, bus, queues, shelf, changed):
    async def story():
        consumer, seen = Consumer(EVENTS), []

        @consumer.on(StockChanged)
        async def look(shelf, message):
            seen.append((telemetry.traceparent(), message.metadata.traceparent))

        with telemetry.span("request") as request:
            await bus.publish([changed("mug", traceparent=request.traceparent)])
        await consumer.handle(shelf, await receive(queues, 1), queues)
        return request.traceparent, *seen[0]

    requested, inside, sent = run(story())
    assert {each.split("-")[1] for each in (requested, sent, inside)} == {requested.split("-")[1]}
    assert len({each.split("-")[2] for each in (requested, sent, inside)}) == 3


def test_a_retry_is_a_second_span_of_the_same_message_beside_the_failed_one(run, bus, queues, shelf, changed):
    async def story():
        consumer = stock_consumer()
        shelf.fails["mug"] = 1
        with telemetry.span("request"):
            await bus.publish([changed("mug")])
        for _ in range(2):
            received: list[Received] = []
            while not received:
                received = await receive(queues, 1)
            await consumer.handle(shelf, received, queues)

    with Receiver() as collector, sending("catalog", collector):
        run(story())
        telemetry.flush(5)
        collector.wait(lambda: [span for span in collector.spans if span.name == "request"])
    (sent,) = [span for span in collector.spans if span.kind == "producer"]
    failed, done = (span for span in collector.spans if span.kind == "consumer")
    assert {failed.parent_id, done.parent_id} == {sent.span_id}
    assert {failed.trace_id, done.trace_id} == {sent.trace_id}
    assert (failed.status, done.status) == ("error", "unset")
    assert [span.attributes["shop.message.receives"] for span in (failed, done)] == [1, 2]
    assert failed.links != done.links


@pytest.mark.parametrize(("flags", "recorded"), [("01", 1), ("00", 0)])
def test_what_comes_of_a_trace_that_is_not_sampled_is_not_sampled_either(
    run, bus, queues, shelf, changed, flags, recorded
):
    """A request with the sampled flag 0 leaves no span anywhere, but its message is handled and keeps its trace."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    seen: list[str] = []

    async def story():
        consumer = Consumer(EVENTS)

        @consumer.on(StockChanged)
        async def look(shelf, message):
            seen.append(telemetry.traceparent() or "")

        with telemetry.span("request", kind="server", parent=f"00-{trace}-00f067aa0ba902b7-{flags}"):
            await bus.publish([changed("mug")])
        await consumer.handle(shelf, await receive(queues, 1), queues)

    with Receiver() as collector, sending("catalog", collector):
        run(story())
        telemetry.flush(5)
        collector.wait(lambda: [span for span in collector.spans if span.name.startswith("receive")])
    assert seen[0].split("-")[1] == trace
    assert seen[0].endswith(f"-{flags}")
    assert len([span for span in collector.spans if span.kind == "consumer"]) == recorded
    assert bool(collector.trace(trace)) == bool(recorded)


@pytest.mark.parametrize(("sampler", "share", "recorded"), [("always_off", "1.0", 0), ("traceidratio", "1.0", 1)])
def test_the_sampler_is_a_setting(run, bus, queues, shelf, changed, sampler, share, recorded):
    async def story():
        await bus.publish([changed("mug")])
        assert await stock_consumer().handle(shelf, await receive(queues, 1), queues) == []

    settings = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": share}
    with Receiver() as collector, sending("catalog", collector, **settings):
        run(story())
        telemetry.flush(5)
        collector.wait(lambda: collector.points)
    assert bool(collector.spans) == bool(recorded)
    assert collector.total("shop.events.delay") == 1  # metrics are not sampled


def test_what_comes_of_synthetic_traffic_is_marked_and_an_unknown_mark_is_none(run, bus, queues, shelf, changed):
    async def story():
        consumer, seen = Consumer(EVENTS), []

        @consumer.on(StockChanged)
        async def look(shelf, message):
            seen.append((message.data.product_id, telemetry.synthetic()))

        marks = {"robot": "bot", "plain": None, "odd": "hanako"}
        for product, mark in marks.items():
            made = changed(product)
            metadata = msgspec.structs.replace(made.metadata, synthetic=mark)
            await bus.publish([msgspec.structs.replace(made, metadata=metadata)])
        await consumer.handle(shelf, await receive(queues, 3), queues)
        return dict(seen)

    assert run(story()) == {"robot": "bot", "plain": None, "odd": None}
