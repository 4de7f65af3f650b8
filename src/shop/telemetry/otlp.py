"""OTLP as JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): our shapes of it.

64-bit integers are decimal strings there, ids are hex, enumerations are numbers.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from shop import __version__
from shop.telemetry.attributes import Value

__all__ = ["MAX_EVENTS", "SCOPE", "Event", "KeyValue", "Link", "Span", "Status", "attributes", "encode", "scope"]

SCOPE = "shop"
MAX_EVENTS = 128
MAX_TEXT = 4096  # characters; OpenTelemetry's limit on an attribute's value, which its environment may set lower

encode = msgspec.json.Encoder().encode


class Shape(msgspec.Struct, gc=False, rename="camel", omit_defaults=True):
    """Base of all; names in camelCase, what is absent is left out, none is ever part of a cycle."""


class StringValue(Shape):
    """A text."""

    string_value: str


class IntValue(Shape, omit_defaults=False):
    """An integer."""

    int_value: str


class DoubleValue(Shape):
    """A float."""

    double_value: float


class BoolValue(Shape):
    """A truth."""

    bool_value: bool


class Values(Shape):
    """Several."""

    values: list[Any]


class ArrayValue(Shape):
    """A list."""

    array_value: Values


class KeyValue(Shape):
    """An attribute."""

    key: str
    value: StringValue | IntValue | DoubleValue | BoolValue | ArrayValue


class Event(Shape):
    """Something that happened at one moment of a span."""

    time_unix_nano: str
    name: str
    attributes: list[KeyValue] = []


class Link(Shape):
    """Another span that a span belongs to."""

    trace_id: str
    span_id: str
    flags: int


class Status(Shape):
    """How a span ended: 2 is an error."""

    code: int
    message: str = ""


class Span(Shape):
    """A span."""

    trace_id: str
    span_id: str
    name: str
    kind: int
    flags: int
    start_time_unix_nano: str
    end_time_unix_nano: str
    parent_span_id: str = ""
    attributes: list[KeyValue] = []
    events: list[Event] = []
    links: list[Link] = []
    status: Status | None = None


def value(given: Value) -> Any:
    """An attribute's value; what OTLP does not know is told by its type's name, never by its content."""
    match given:
        case str():
            return StringValue(given if len(given) <= MAX_TEXT else given[:MAX_TEXT])
        case bool():
            return BoolValue(given)
        case int():
            return IntValue(str(given))
        case float():
            return DoubleValue(given)
        case list() | tuple():
            return ArrayValue(Values([value(each) for each in given]))
        case _:
            return StringValue(type(given).__name__)


def attributes(given: Mapping[str, Value]) -> list[KeyValue]:
    """All attributes but those that are None."""
    return [
        KeyValue(key, StringValue(each) if type(each) is str and len(each) <= MAX_TEXT else value(each))
        for key, each in given.items()
        if each is not None
    ]


def scope(name: str) -> dict[str, str]:
    """The instrumentation scope: the shop itself, or the library that calls OpenTelemetry's API."""
    return {"name": name, "version": __version__} if name == SCOPE else {"name": name}
