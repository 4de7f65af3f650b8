"""What the sender of messages checks, batches, orders and tells, against a transport that answers as AWS does."""

import asyncio
import json

import pytest

from shop import telemetry
from shop.contracts.commands import ReserveStock, SweepDue
from shop.contracts.events import NotificationSent, ReviewPosted, StockChanged
from shop.contracts.messages import envelope
from shop.contracts.shapes import OrderLine
from shop.kernel.errors import DependencyUnavailable
from shop.runtime.aws import Aws, AwsError, AwsSettings
from shop.runtime.bus import BATCH_BYTES, Bus, Unsendable, caused_here, pack, unpack
from shop.runtime.wire import ConnectFailed, Response


class Wire:
    """AWS's side: keeps what was sent, refuses the event ids it is told to, is gone while `down`."""

    def __init__(self):
        self.calls, self.refused, self.down = [], set(), False

    async def request(self, method, url, *, headers, body, **options):
        if self.down:
            raise ConnectFailed("nobody there")
        operation, request = headers["x-amz-target"].partition(".")[2], json.loads(body)
        self.calls.append((operation, request))
        bodies = [json.loads(entry.get("Detail") or entry["MessageBody"]) for entry in request["Entries"]]
        bad = [body["metadata"]["eventId"] in self.refused for body in bodies]
        if operation == "PutEvents":
            entries = [{"ErrorCode": "ThrottlingException"} if no else {"EventId": "x"} for no in bad]
            return Response(200, {}, json.dumps({"FailedEntryCount": sum(bad), "Entries": entries}).encode())
        failed = [{"Id": e["Id"], "Code": "InternalError"} for e, no in zip(request["Entries"], bad, strict=True) if no]
        return Response(200, {}, json.dumps({"Successful": [], "Failed": failed}).encode())

    def sent(self):
        """What each call carried: the name of the call and (aggregate, version) of its entries."""
        return [(name, [identity(entry) for entry in request["Entries"]]) for name, request in self.calls]


def identity(entry):
    metadata = json.loads(entry.get("Detail") or entry["MessageBody"])["metadata"]
    return metadata["aggregateId"], metadata["aggregateVersion"]


@pytest.fixture
def wire(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    return Wire()


@pytest.fixture
def bus(wire):
    return Bus(Aws(AwsSettings(aws_endpoint_url="http://aws"), wire), "shop", "http://aws/000000000000/")


def changed(product, version, **more):
    message = StockChanged(product_id=product, available=version, status="IN_STOCK")
    return envelope(message, aggregate_id=product, aggregate_version=version, **more)


def reserve(order, version):
    message = ReserveStock(order_id=order, lines=[OrderLine(product_id="mug", quantity=1)])
    return envelope(message, aggregate_id=order, aggregate_version=version)


def test_ten_entries_a_call_and_each_says_who_and_what(bus, wire):
    assert asyncio.run(bus.publish([changed(f"p{n}", 1) for n in range(12)])) == []
    assert [len(request["Entries"]) for _, request in wire.calls] == [10, 2]
    entry = wire.calls[0][1]["Entries"][0]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == ("shop", "shop.inventory", "StockChanged")


def test_a_batch_holds_one_message_of_an_aggregate_and_the_next_follows_its_acknowledgement(bus, wire):
    asyncio.run(bus.publish([changed("a", 1), changed("a", 2), changed("b", 1), changed("a", 3)]))
    assert wire.sent() == [
        ("PutEvents", [("a", 1), ("b", 1)]),
        ("PutEvents", [("a", 2)]),
        ("PutEvents", [("a", 3)]),
    ]


def test_order_is_kept_between_the_bus_and_a_queue(bus, wire):
    asyncio.run(bus.dispatch([changed("o1", 1), reserve("o1", 2), changed("o1", 3)]))
    assert [name for name, _ in wire.sent()] == ["PutEvents", "SendMessageBatch", "PutEvents"]


def test_what_follows_a_refused_message_is_not_sent(bus, wire):
    first, second, other = changed("a", 1), changed("a", 2), changed("b", 1)
    wire.refused = {first.metadata.event_id}
    failed = asyncio.run(bus.publish([first, second, other]))
    assert failed == [first.metadata.event_id, second.metadata.event_id]
    assert wire.sent() == [("PutEvents", [("a", 1), ("b", 1)])]


def test_a_bus_that_is_gone_is_told_as_such_not_as_refused_messages(bus, wire):
    wire.down = True
    with pytest.raises(DependencyUnavailable):
        asyncio.run(bus.publish([changed("a", 1), changed("b", 1)]))


def test_commands_carry_their_group_and_their_id_against_repetition(bus, wire):
    command = reserve("o1", 1)
    assert asyncio.run(bus.send([command])) == []
    name, request = wire.calls[0]
    assert (name, request["QueueUrl"]) == ("SendMessageBatch", "http://aws/000000000000/inventory-commands.fifo")
    assert request["Entries"][0]["MessageGroupId"] == "o1"
    assert request["Entries"][0]["MessageDeduplicationId"] == command.metadata.event_id


def test_a_command_without_a_queue_of_its_own_needs_one(bus, wire):
    due = envelope(SweepDue(), aggregate_id="users", aggregate_version=1)
    with pytest.raises(Unsendable, match="SweepDue has no queue"):
        asyncio.run(bus.dispatch([due]))
    asyncio.run(bus.send([due], queue="users-events"))
    assert wire.calls[0][1]["QueueUrl"].endswith("/users-events")
    assert "MessageGroupId" not in wire.calls[0][1]["Entries"][0]


class Gossip(ReviewPosted):
    """A type that nobody has agreed upon."""


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Gossip(product_id="p", review_id="r", rating=1), "unknown type Gossip"),
        (ReviewPosted(product_id="p", review_id="r", rating="five"), "ReviewPosted: Expected `int`"),  # type: ignore[arg-type]
        (NotificationSent(id="1", type="x" * BATCH_BYTES, cause="c"), "can be sent"),
    ],
)
def test_what_breaks_the_contract_is_refused_before_anything_is_sent(bus, wire, message, reason):
    bad = envelope(message, aggregate_id="x", aggregate_version=1)
    with pytest.raises(Unsendable, match=reason):
        asyncio.run(bus.publish([changed("a", 1), bad]))
    assert wire.calls == []


def test_large_messages_share_a_call_only_as_far_as_it_takes_them(bus, wire):
    large = [
        envelope(NotificationSent(id=str(n), type="x" * 100_000, cause="c"), aggregate_id=str(n), aggregate_version=1)
        for n in range(5)
    ]
    asyncio.run(bus.publish(large))
    assert [len(request["Entries"]) for _, request in wire.calls] == [2, 2, 1]


def test_a_message_carries_the_span_of_its_sending_in_the_trace_that_caused_it_or_in_a_new_one(bus, wire):
    cause = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    asyncio.run(bus.publish([changed("a", 1, traceparent=cause), changed("b", 1)]))
    own, new = (json.loads(entry["Detail"])["metadata"]["traceparent"] for entry in wire.calls[0][1]["Entries"])
    assert own.split("-")[1] == cause.split("-")[1]
    assert own.split("-")[2] != cause.split("-")[2]
    assert new.count("-") == 3
    assert new.split("-")[1] != cause.split("-")[1]


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_trace_that_is_not_recorded_is_not_recorded_further_on(bus, wire, flags):
    asyncio.run(bus.publish([changed("a", 1, traceparent=f"00-{'4b' * 16}-{'0f' * 8}-{flags}")]))
    assert json.loads(wire.calls[0][1]["Entries"][0]["Detail"])["metadata"]["traceparent"].endswith(f"-{flags}")


def test_what_synthetic_traffic_leads_to_is_marked_as_such():
    with telemetry.context(synthetic="bot"):
        assert caused_here(changed("a", 1)).metadata.synthetic == "bot"
    assert caused_here(changed("a", 1)).metadata.synthetic is None


def test_what_is_kept_for_later_remembers_the_span_that_caused_it():
    with telemetry.span("request") as span:
        assert caused_here(changed("a", 1)).metadata.traceparent == span.traceparent
        set_before = changed("a", 1, traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        assert caused_here(set_before) is set_before
    assert caused_here(changed("a", 1)).metadata.traceparent is None


def test_a_parcel_comes_back_from_where_it_was_kept():
    message = changed("a", 1)
    assert unpack(pack(message).body) == pack(message)
    with pytest.raises(Unsendable):
        unpack("{}")


def test_a_bus_that_does_not_exist_is_an_error_of_aws(bus, wire):
    async def missing(*args, **options):
        return Response(400, {}, b'{"__type":"ResourceNotFoundException"}')

    wire.request = missing
    with pytest.raises(AwsError):
        asyncio.run(bus.publish([changed("a", 1)]))


def test_nothing_to_send_is_no_call(bus, wire):
    assert asyncio.run(bus.dispatch([])) == []
    assert wire.calls == []
