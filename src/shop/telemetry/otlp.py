"""The shapes of OTLP as JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).

64-bit integers are decimal strings there, ids are hex, enumerations are numbers.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from shop.telemetry.attributes import Value

__all__ = [
    "Buckets",
    "Event",
    "ExemplarShape",
    "HistogramPoint",
    "Link",
    "MetricShape",
    "NumberPoint",
    "Points",
    "SpanShape",
    "Status",
    "attributes",
    "encode",
]

MAX_TEXT = 4096  # characters of an attribute's value

encode = msgspec.json.Encoder().encode


class Shape(msgspec.Struct, gc=False, rename="camel", omit_defaults=True):
    """Base of all; names in camelCase, what is absent is left out, none is ever part of a cycle."""


class StringValue(Shape):
    """A text."""

    string_value: str


class IntValue(Shape):
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
    """How a span ended: 1 well, 2 badly, 0 nobody said."""

    code: int
    message: str = ""


class SpanShape(Shape):
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


class NumberPoint(Shape):
    """A point of a sum or gauge."""

    attributes: list[KeyValue]
    start_time_unix_nano: str
    time_unix_nano: str
    as_int: str | None = None
    as_double: float | None = None


class ExemplarShape(Shape):
    """One of the values in a histogram, and the span that it comes from."""

    time_unix_nano: str
    as_double: float
    trace_id: str
    span_id: str


class Buckets(Shape):
    """Counts of neighbouring buckets from index `offset` on."""

    offset: int
    bucket_counts: list[str]


class HistogramPoint(Shape):
    """A point of an exponential histogram."""

    attributes: list[KeyValue]
    start_time_unix_nano: str
    time_unix_nano: str
    count: str
    sum: float
    scale: int
    zero_count: str
    positive: Buckets
    min: float
    max: float
    exemplars: list[ExemplarShape] = []


class Points(Shape):
    """The points of a metric, and how they are to be read."""

    data_points: list[Any]
    aggregation_temporality: int = 0
    is_monotonic: bool = False


class MetricShape(Shape):
    """A metric; exactly one of the last three is there."""

    name: str
    unit: str
    description: str = ""
    sum: Points | None = None
    gauge: Points | None = None
    exponential_histogram: Points | None = None


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


def attributes(given: Iterable[tuple[str, Value]]) -> list[KeyValue]:
    """All attributes but those that are None."""
    return [
        KeyValue(key, StringValue(each) if type(each) is str and len(each) <= MAX_TEXT else value(each))
        for key, each in given
        if each is not None
    ]
