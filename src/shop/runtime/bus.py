"""Out: events to the bus, commands to their queues, each aggregate's messages in the order they were given.

EventBridge keeps no order inside a batch, and an entry can fail alone: version 8 would overtake 7. So a round of
sending holds one message of each aggregate, and the next round what follows it, if it was acknowledged. AWS refuses
what an emulator accepts (a malformed detail, a large entry): all is checked here, before it is sent.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from shop import telemetry
from shop.contracts.commands import COMMANDS
from shop.contracts.events import EVENTS
from shop.contracts.messages import Envelope, Message, Metadata, encode, read_message, read_metadata
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, Unprocessable
from shop.runtime.aws import Aws, AwsError
from shop.telemetry import names

__all__ = ["BATCH", "Bus", "Parcel", "Unsendable", "caused_here", "pack", "unpack"]

BATCH = 10  # entries of one PutEvents or SendMessageBatch
BATCH_BYTES = 256 * 1024  # of all entries of one call together, and so of a single one too
OVERHEAD = 256  # what source, detail type, ids and a trace context add to the body of an entry, at most
KNOWN: dict[str, type[Message]] = EVENTS | COMMANDS

Down = AwsError | DependencyUnavailable | DependencyTimeout


class Unsendable(Unprocessable):
    """This message breaks its own contract (type, field, size, queue): a bug of the one who made it."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A checked message, ready to travel: `queue` says where, None is the bus."""

    metadata: Metadata
    body: str
    queue: str | None

    @property
    def id(self) -> str:
        """The event id."""
        return self.metadata.event_id

    @property
    def aggregate(self) -> str:
        """Whose order is to be kept."""
        return self.metadata.aggregate_id


def caused_here(message: Envelope[Any]) -> Envelope[Any]:
    """`message` with the current span as its cause, unless it has one, and marked when this is synthetic traffic: for
    what is kept now and sent later.
    """
    known = message.metadata
    here, synthetic = known.traceparent or telemetry.traceparent(), known.synthetic or telemetry.synthetic()
    if (here, synthetic) == (known.traceparent, known.synthetic):
        return message
    metadata = msgspec.structs.replace(known, traceparent=here, synthetic=synthetic)
    return Envelope(metadata=metadata, data=message.data)


def pack(message: Envelope[Any], *, queue: str | None = None) -> Parcel:
    """`message` as a parcel, for `queue` or else where its type goes. Raises Unsendable."""
    body = encode(message)
    try:
        read_message(body, KNOWN)
    except Unprocessable as error:
        raise Unsendable(error.reason) from error
    return _parcel(message.metadata, body.decode(), queue)


def unpack(body: str) -> Parcel:
    """The parcel of a body that `pack` made and an outbox kept. Raises Unsendable."""
    try:
        metadata, _ = read_metadata(body)
    except Unprocessable as error:
        raise Unsendable(error.reason) from error
    return _parcel(metadata, body, None)


def _parcel(metadata: Metadata, body: str, queue: str | None) -> Parcel:
    kind = KNOWN.get(metadata.type)
    if kind is None:
        raise Unsendable(f"unknown type {metadata.type}")
    queue = queue or kind.queue
    if queue is None and metadata.type not in EVENTS:
        raise Unsendable(f"{metadata.type} has no queue of its own: name one")
    if size(body) > BATCH_BYTES:
        raise Unsendable(f"{metadata.type} of {size(body)} bytes: at most {BATCH_BYTES} can be sent")
    return Parcel(metadata, body, queue)


def size(body: str) -> int:
    """Bytes of an entry as AWS counts them, at most."""
    return len(body.encode()) + OVERHEAD


class Bus:
    """The event bus and the command queues of the shop, as a sender sees them."""

    def __init__(self, aws: Aws, bus_name: str, queue_url_prefix: str) -> None:
        self._aws, self._bus_name, self._prefix = aws, bus_name, queue_url_prefix

    async def publish(self, messages: Iterable[Envelope[Any] | Parcel]) -> list[str]:
        """Put facts on the bus; as `dispatch`."""
        return await self.dispatch(messages)

    async def send(self, messages: Iterable[Envelope[Any]], *, queue: str | None = None) -> list[str]:
        """Put commands on `queue`, or on the one of their type; as `dispatch`."""
        return await self.dispatch([pack(message, queue=queue) for message in messages])

    async def dispatch(self, messages: Iterable[Envelope[Any] | Parcel]) -> list[str]:
        """Send each where its type goes, and tell the ids of those that were not acknowledged.

        What follows a failed message of the same aggregate is not sent and counts as failed too. Raises Unsendable
        before anything is sent, and AwsError, DependencyUnavailable or DependencyTimeout when nothing at all was
        acknowledged.
        """
        waiting = [each if isinstance(each, Parcel) else pack(each) for each in messages]
        failed: dict[str, Down | None] = {}
        total = len(waiting)
        while waiting:
            first, waiting = first_of_each_aggregate(waiting)
            outcomes = await asyncio.gather(*(self._post(batch) for batch in batches(first)))
            for outcome in outcomes:
                failed |= outcome
            stuck = {parcel.aggregate for parcel in first if parcel.id in failed}
            failed |= {parcel.id: None for parcel in waiting if parcel.aggregate in stuck}
            waiting = [parcel for parcel in waiting if parcel.aggregate not in stuck]
        if len(failed) == total:
            for error in failed.values():
                if error is not None:
                    raise error
        return list(failed)

    async def _post(self, batch: Sequence[Parcel]) -> dict[str, Down | None]:
        """Send one batch to its one destination; what failed, with the error if the whole call did."""
        queue = batch[0].queue
        with ExitStack() as stack:
            # The last span entered is current: let it be the first parcel's, so that the call shows up in that trace.
            spans = [stack.enter_context(producer_span(parcel, self._bus_name)) for parcel in reversed(batch)][::-1]
            batch = [traced(parcel, span) for parcel, span in zip(batch, spans, strict=True)]
            stack.enter_context(telemetry.context(synthetic=batch[0].metadata.synthetic))
            try:
                refused = await (self._put_events(batch) if queue is None else self._send_messages(queue, batch))
            except (AwsError, DependencyUnavailable, DependencyTimeout) as error:
                for span in spans:
                    span.fail(error)
                return {parcel.id: error for parcel in batch}
            for index, code in refused.items():
                spans[index].fail(code)
        return {batch[index].id: None for index in refused}

    async def _put_events(self, batch: Sequence[Parcel]) -> dict[int, str]:
        """Error codes of the refused entries, by position."""
        entries = [
            {
                "EventBusName": self._bus_name,
                "Source": f"shop.{parcel.metadata.producer}",
                "DetailType": parcel.metadata.type,
                "Detail": parcel.body,
            }
            for parcel in batch
        ]
        answer = await self._aws.call("events", "PutEvents", Entries=entries)
        return {index: entry["ErrorCode"] for index, entry in enumerate(answer["Entries"]) if entry.get("ErrorCode")}

    async def _send_messages(self, queue: str, batch: Sequence[Parcel]) -> dict[int, str]:
        """Error codes of the refused entries, by position."""
        entries: list[dict[str, str]] = []
        for index, parcel in enumerate(batch):
            entry = {"Id": str(index), "MessageBody": parcel.body}
            if queue.endswith(".fifo"):
                entry |= {"MessageGroupId": parcel.aggregate, "MessageDeduplicationId": parcel.id}
            entries.append(entry)
        answer = await self._aws.call("sqs", "SendMessageBatch", QueueUrl=self._prefix + queue, Entries=entries)
        return {int(entry["Id"]): entry.get("Code", "Failed") for entry in answer.get("Failed", ())}


def producer_span(parcel: Parcel, bus_name: str) -> telemetry.Span:
    """The span of one message's sending: a child of what caused it."""
    destination = parcel.queue or bus_name
    attributes = {
        names.MESSAGING_SYSTEM: "aws_sqs" if parcel.queue else "aws_eventbridge",
        names.MESSAGING_OPERATION_TYPE: "send",
        names.MESSAGING_DESTINATION_NAME: destination,
        names.EVENT_ID: parcel.id,
        names.EVENT_TYPE: parcel.metadata.type,
    }
    parent = parcel.metadata.traceparent
    with telemetry.context(synthetic=parcel.metadata.synthetic):
        return telemetry.span(f"send {destination}", kind="producer", attributes=attributes, parent=parent)


def traced(parcel: Parcel, span: telemetry.Span) -> Parcel:
    """The parcel with the context of its sending, a child of its cause; its processing will be a child of that."""
    _, data = read_metadata(parcel.body)
    metadata = msgspec.structs.replace(parcel.metadata, traceparent=span.traceparent)
    body = msgspec.json.encode({"metadata": metadata, "data": data}).decode()
    return replace(parcel, metadata=metadata, body=body)


def first_of_each_aggregate(parcels: Sequence[Parcel]) -> tuple[list[Parcel], list[Parcel]]:
    """The first parcel of each aggregate, and the rest, both in the order given."""
    seen: set[str] = set()
    first: list[Parcel] = []
    rest: list[Parcel] = []
    for parcel in parcels:
        (rest if parcel.aggregate in seen else first).append(parcel)
        seen.add(parcel.aggregate)
    return first, rest


def batches(parcels: Sequence[Parcel]) -> Iterator[list[Parcel]]:
    """The parcels by destination, in batches that one call takes."""
    for queue in dict.fromkeys(parcel.queue for parcel in parcels):
        batch: list[Parcel] = []
        room = BATCH_BYTES
        for parcel in parcels:
            if parcel.queue != queue:
                continue
            weight = size(parcel.body)
            if len(batch) == BATCH or weight > room:
                yield batch
                batch, room = [], BATCH_BYTES
            batch.append(parcel)
            room -= weight
        yield batch
