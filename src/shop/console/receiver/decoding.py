"""What came in, as rows of the store. What cannot be a row is counted, and the sender told: a partial success."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal, TypeAlias

import msgspec

from shop.console.receiver import log_rows, metric_rows, shapes, span_rows
from shop.console.receiver.common import Decoded, Limits

__all__ = ["SIGNALS", "Encoding", "Signal", "decode"]

Signal: TypeAlias = Literal["traces", "metrics", "logs"]
Encoding: TypeAlias = Literal["json", "protobuf"]
SIGNALS: Final[dict[Signal, type[Any]]] = {
    "traces": shapes.TracesRequest,
    "metrics": shapes.MetricsRequest,
    "logs": shapes.LogsRequest,
}
DECODERS = {signal: msgspec.json.Decoder(kind, strict=False) for signal, kind in SIGNALS.items()}
ADD: Final[dict[Signal, Callable[[Any, Decoded, Limits], None]]] = {
    "traces": span_rows.add,
    "metrics": metric_rows.add,
    "logs": log_rows.add,
}


def reader(encoding: Encoding, signal: Signal) -> Callable[[bytes], Any]:
    """What reads a body; ValueError when it is none of this kind."""
    if encoding == "json":
        return partial(from_json, signal)
    from shop.console.receiver import protobuf  # noqa: PLC0415 - 8 MB that only foreign senders need

    readers: dict[Signal, Callable[[bytes], Any]] = {
        "traces": protobuf.traces,
        "metrics": protobuf.metrics,
        "logs": protobuf.logs,
    }
    return readers[signal]


def from_json(signal: Signal, body: bytes) -> Any:
    """A request as JSON. Protobuf's rules let a member be null, which means that it is not there: that is rare."""
    try:
        return DECODERS[signal].decode(body)
    except msgspec.ValidationError:
        return msgspec.convert(without_nulls(msgspec.json.decode(body)), SIGNALS[signal], strict=False)


def without_nulls(value: Any) -> Any:
    """The same without members that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(member) for member in value] if isinstance(value, list) else value


def decode(signal: Signal, encoding: Encoding, body: bytes, limits: Limits) -> Decoded:
    """The rows of a body. ValueError when it is no request of this kind."""
    decoded = Decoded()
    ADD[signal](reader(encoding, signal)(body), decoded, limits)
    return decoded
