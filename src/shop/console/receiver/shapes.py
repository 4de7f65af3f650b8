"""The shapes of OTLP that the console reads: from JSON directly, from protobuf by `protobuf`.

Read leniently, as protobuf's JSON asks for: 64-bit integers as text or number, unknown fields passed over.
"""

import base64
import math
from typing import Any

import msgspec

__all__ = [
    "AnyValue",
    "Buckets",
    "Event",
    "ExemplarShape",
    "KeyValue",
    "Link",
    "LogRecord",
    "LogsRequest",
    "MetricShape",
    "MetricsRequest",
    "Point",
    "Points",
    "Resource",
    "ResourceLogs",
    "ResourceMetrics",
    "ResourceSpans",
    "Scope",
    "ScopeLogs",
    "ScopeMetrics",
    "ScopeSpans",
    "SpanShape",
    "Status",
    "TracesRequest",
    "plain",
    "plain_attributes",
]


class Shape(msgspec.Struct, gc=False, rename="camel"):
    """Base of all: none is ever part of a cycle."""


class AnyValue(Shape):
    """An attribute's value: the one member that is set."""

    string_value: str | None = None
    int_value: int | None = None
    double_value: float | None = None
    bool_value: bool | None = None
    array_value: "ArrayValue | None" = None
    kvlist_value: "KeyValues | None" = None
    bytes_value: str | None = None  # base64


class KeyValue(Shape):
    """An attribute."""

    key: str = ""
    value: AnyValue | None = None


class ArrayValue(Shape):
    """Several values."""

    values: list[AnyValue] = []


class KeyValues(Shape):
    """An object."""

    values: list[KeyValue] = []


class Resource(Shape):
    """Who speaks."""

    attributes: list[KeyValue] = []


class Scope(Shape):
    """Which library speaks."""

    name: str = ""
    version: str = ""
    attributes: list[KeyValue] = []


class Event(Shape):
    """What happened at one moment of a span."""

    time_unix_nano: int = 0
    name: str = ""
    attributes: list[KeyValue] = []


class Link(Shape):
    """Another span that a span belongs to."""

    trace_id: str = ""
    span_id: str = ""
    attributes: list[KeyValue] = []


class Status(Shape):
    """How a span ended."""

    code: int = 0
    message: str = ""


class SpanShape(Shape):
    """A span."""

    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    name: str = ""
    kind: int = 0
    start_time_unix_nano: int = 0
    end_time_unix_nano: int = 0
    attributes: list[KeyValue] = []
    events: list[Event] = []
    links: list[Link] = []
    status: Status | None = None


class ScopeSpans(Shape):
    """The spans of one library."""

    scope: Scope | None = None
    spans: list[SpanShape] = []


class ResourceSpans(Shape):
    """The spans of one process."""

    resource: Resource | None = None
    scope_spans: list[ScopeSpans] = []


class TracesRequest(Shape):
    """A POST to /v1/traces."""

    resource_spans: list[ResourceSpans] = []


class ExemplarShape(Shape):
    """One of the values of a point."""

    time_unix_nano: int = 0
    as_double: float | None = None
    as_int: int | None = None
    trace_id: str = ""
    span_id: str = ""


class Buckets(Shape):
    """Neighbouring exponential buckets from index `offset` on."""

    offset: int = 0
    bucket_counts: list[int] = []


class Point(Shape):
    """A point of any metric; what its kind has not stays as it is here."""

    attributes: list[KeyValue] = []
    start_time_unix_nano: int = 0
    time_unix_nano: int = 0
    flags: int = 0
    exemplars: list[ExemplarShape] = []
    as_double: float | None = None
    as_int: int | None = None
    count: int = 0
    sum: float | None = None
    min: float | None = None
    max: float | None = None
    bucket_counts: list[int] = []
    explicit_bounds: list[float] = []
    scale: int = 0
    zero_count: int = 0
    zero_threshold: float = 0.0
    positive: Buckets | None = None
    negative: Buckets | None = None


class Points(Shape):
    """The points of a metric, and how they are to be read."""

    data_points: list[Point] = []
    aggregation_temporality: int = 0
    is_monotonic: bool = False


class MetricShape(Shape):
    """A metric: the one of the last five that is set."""

    name: str = ""
    description: str = ""
    unit: str = ""
    sum: Points | None = None
    gauge: Points | None = None
    histogram: Points | None = None
    exponential_histogram: Points | None = None
    summary: Any = None


class ScopeMetrics(Shape):
    """The metrics of one library."""

    scope: Scope | None = None
    metrics: list[MetricShape] = []


class ResourceMetrics(Shape):
    """The metrics of one process."""

    resource: Resource | None = None
    scope_metrics: list[ScopeMetrics] = []


class MetricsRequest(Shape):
    """A POST to /v1/metrics."""

    resource_metrics: list[ResourceMetrics] = []


class LogRecord(Shape):
    """A log record."""

    time_unix_nano: int = 0
    observed_time_unix_nano: int = 0
    severity_number: int = 0
    severity_text: str = ""
    body: AnyValue | None = None
    attributes: list[KeyValue] = []
    trace_id: str = ""
    span_id: str = ""
    event_name: str = ""


class ScopeLogs(Shape):
    """The records of one library."""

    scope: Scope | None = None
    log_records: list[LogRecord] = []


class ResourceLogs(Shape):
    """The records of one process."""

    resource: Resource | None = None
    scope_logs: list[ScopeLogs] = []


class LogsRequest(Shape):
    """A POST to /v1/logs."""

    resource_logs: list[ResourceLogs] = []


def plain(value: AnyValue | None) -> Any:
    """The value as JSON has it."""
    if value is None:
        return None
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return value.int_value
    if value.bool_value is not None:
        return value.bool_value
    if value.double_value is not None:
        return value.double_value if math.isfinite(value.double_value) else str(value.double_value)
    if value.array_value is not None:
        return [plain(each) for each in value.array_value.values]
    if value.kvlist_value is not None:
        return plain_attributes(value.kvlist_value.values)
    return value.bytes_value


def plain_attributes(given: list[KeyValue]) -> dict[str, Any]:
    """The attributes as an object."""
    return {
        each.key: text
        if (value := each.value) is not None and (text := value.string_value) is not None
        else plain(value)
        for each in given
    }


def base64_of(content: bytes) -> str:
    """Bytes as JSON has them."""
    return base64.b64encode(content).decode()
