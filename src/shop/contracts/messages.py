"""The envelope every event and command travels in, and how a body from a queue becomes a typed message."""

from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from shop.contracts.shapes import Shape
from shop.kernel.clock import parse, stamp
from shop.kernel.errors import Unprocessable
from shop.kernel.ids import new_id

__all__ = ["Envelope", "Message", "Metadata", "encode", "envelope", "read_message", "read_metadata"]


class Message(Shape):
    """Base of all events (past tense: a fact) and commands (imperative: a wish).

    `queue` is where a command goes directly; an event has none and goes to the bus.
    """

    producer: ClassVar[str]
    version: ClassVar[int] = 1
    queue: ClassVar[str | None] = None


M = TypeVar("M", bound=Message)


class Metadata(Shape):
    """Who says what, when, and because of what. `event_id` is what consumers are idempotent by."""

    event_id: str
    type: str
    version: int
    occurred_at: str
    producer: str
    aggregate_id: str
    aggregate_version: int
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None
    synthetic: str | None = None  # `user_agent.synthetic.type` of the request that began it

    def __post_init__(self) -> None:
        """ValueError for a time that is none: delays are told from it."""
        parse(self.occurred_at)


class Envelope(Shape, Generic[M]):
    """The `detail` of an EventBridge entry, and the body on every SQS queue."""

    metadata: Metadata
    data: M


class RawEnvelope(Shape):
    metadata: Metadata
    data: msgspec.Raw


def envelope(
    message: M,
    *,
    aggregate_id: str,
    aggregate_version: int,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    traceparent: str | None = None,
    synthetic: str | None = None,
) -> Envelope[M]:
    """`message` with new metadata. For an order's messages the correlation id is the order's id."""
    kind = type(message)
    metadata = Metadata(
        event_id=new_id(),
        type=kind.__name__,
        version=kind.version,
        occurred_at=stamp(),
        producer=kind.producer,
        aggregate_id=aggregate_id,
        aggregate_version=aggregate_version,
        correlation_id=correlation_id or aggregate_id,
        causation_id=causation_id,
        traceparent=traceparent,
        synthetic=synthetic,
    )
    return Envelope(metadata=metadata, data=message)


_ENCODER = msgspec.json.Encoder()


def encode(message: Envelope[Any]) -> bytes:
    """The envelope as JSON."""
    return _ENCODER.encode(message)


_RAW = msgspec.json.Decoder(RawEnvelope)
_TYPED: dict[type[Message], msgspec.json.Decoder[Any]] = {}


def read_metadata(body: str | bytes) -> tuple[Metadata, msgspec.Raw]:
    """Metadata and undecoded data of a body. Unprocessable when it is no envelope."""
    try:
        raw = _RAW.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unprocessable(f"not an envelope: {error}") from error
    return raw.metadata, raw.data


def read_message(body: str | bytes, known: dict[str, type[Message]]) -> Envelope[Any]:
    """A body as one of the `known` message types. Unprocessable: not JSON, unknown type or version, a wrong field."""
    metadata, data = read_metadata(body)
    kind = known.get(metadata.type)
    if kind is None:
        raise Unprocessable(f"unknown type {metadata.type}")
    if metadata.version != kind.version:
        raise Unprocessable(f"unknown version {metadata.version} of {metadata.type}")
    decoder = _TYPED.setdefault(kind, msgspec.json.Decoder(kind))
    try:
        return Envelope(metadata=metadata, data=decoder.decode(data))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unprocessable(f"{metadata.type}: {error}") from error
