"""OTLP as protobuf, turned into the shapes that JSON gives: one way from there on."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shop.console.receiver import shapes
from shop.console.receiver.shapes import base64_of

__all__ = ["logs", "metrics", "traces"]


def traces(body: bytes) -> shapes.TracesRequest:
    """A POST to /v1/traces; ValueError when it is none."""
    return shapes.TracesRequest(
        [
            shapes.ResourceSpans(
                resource(each),
                [shapes.ScopeSpans(scope(part), [span(one) for one in part.spans]) for part in each.scope_spans],
            )
            for each in parsed(ExportTraceServiceRequest(), body).resource_spans
        ]
    )


def metrics(body: bytes) -> shapes.MetricsRequest:
    """A POST to /v1/metrics; ValueError when it is none."""
    return shapes.MetricsRequest(
        [
            shapes.ResourceMetrics(
                resource(each),
                [
                    shapes.ScopeMetrics(scope(part), [metric(one) for one in part.metrics])
                    for part in each.scope_metrics
                ],
            )
            for each in parsed(ExportMetricsServiceRequest(), body).resource_metrics
        ]
    )


def logs(body: bytes) -> shapes.LogsRequest:
    """A POST to /v1/logs; ValueError when it is none."""
    return shapes.LogsRequest(
        [
            shapes.ResourceLogs(
                resource(each),
                [shapes.ScopeLogs(scope(part), [record(one) for one in part.log_records]) for part in each.scope_logs],
            )
            for each in parsed(ExportLogsServiceRequest(), body).resource_logs
        ]
    )


def parsed(message: Any, body: bytes) -> Any:
    """The message of these bytes."""
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise ValueError(str(error)) from error
    return message


def resource(given: Any) -> shapes.Resource:
    """Who speaks."""
    return shapes.Resource(attributes(given.resource.attributes))


def scope(given: Any) -> shapes.Scope:
    """Which library speaks."""
    return shapes.Scope(given.scope.name, given.scope.version, attributes(given.scope.attributes))


def attributes(given: Iterable[Any]) -> list[shapes.KeyValue]:
    """Key by key."""
    return [shapes.KeyValue(each.key, value(each.value)) for each in given]


def value(given: Any) -> shapes.AnyValue | None:
    """The member that is set."""
    match given.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            members = [each for each in map(value, given.array_value.values) if each is not None]
            return shapes.AnyValue(array_value=shapes.ArrayValue(members))
        case "kvlist_value":
            return shapes.AnyValue(kvlist_value=shapes.KeyValues(attributes(given.kvlist_value.values)))
        case "bytes_value":
            return shapes.AnyValue(bytes_value=base64_of(given.bytes_value))
        case name:
            return shapes.AnyValue(**{name: getattr(given, name)}) if name in PLAIN else None


PLAIN = ("string_value", "int_value", "double_value", "bool_value")


def span(given: Any) -> shapes.SpanShape:
    """A span."""
    return shapes.SpanShape(
        given.trace_id.hex(), given.span_id.hex(), given.parent_span_id.hex(), given.name, given.kind,
        given.start_time_unix_nano, given.end_time_unix_nano, attributes(given.attributes),
        [shapes.Event(each.time_unix_nano, each.name, attributes(each.attributes)) for each in given.events],
        [shapes.Link(each.trace_id.hex(), each.span_id.hex(), attributes(each.attributes)) for each in given.links],
        shapes.Status(given.status.code, given.status.message),
    )  # fmt: skip


KINDS = ("sum", "gauge", "histogram", "exponential_histogram")


def metric(given: Any) -> shapes.MetricShape:
    """A metric."""
    shape = shapes.MetricShape(given.name, given.description, given.unit)
    kind = given.WhichOneof("data")
    if kind in KINDS:
        data = getattr(given, kind)
        points = shapes.Points(
            [point(each, kind) for each in data.data_points],
            getattr(data, "aggregation_temporality", 0),
            getattr(data, "is_monotonic", False),
        )
        setattr(shape, kind, points)
    elif kind == "summary":
        shape.summary = {"dataPoints": [{}] * len(given.summary.data_points)}
    return shape


def point(given: Any, kind: str) -> shapes.Point:
    """A point of a metric of this kind."""
    shape = shapes.Point(
        attributes(given.attributes),
        given.start_time_unix_nano,
        given.time_unix_nano,
        given.flags,
        [exemplar(each) for each in given.exemplars],
    )
    if kind in ("sum", "gauge"):
        if (which := given.WhichOneof("value")) is not None:
            setattr(shape, which, getattr(given, which))
        return shape
    shape.count = given.count
    for name in ("sum", "min", "max"):
        if given.HasField(name):
            setattr(shape, name, getattr(given, name))
    if kind == "histogram":
        shape.bucket_counts, shape.explicit_bounds = list(given.bucket_counts), list(given.explicit_bounds)
        return shape
    shape.scale, shape.zero_count, shape.zero_threshold = given.scale, given.zero_count, given.zero_threshold
    shape.positive = shapes.Buckets(given.positive.offset, list(given.positive.bucket_counts))
    shape.negative = shapes.Buckets(given.negative.offset, list(given.negative.bucket_counts))
    return shape


def exemplar(given: Any) -> shapes.ExemplarShape:
    """One of the values of a point."""
    shape = shapes.ExemplarShape(given.time_unix_nano, trace_id=given.trace_id.hex(), span_id=given.span_id.hex())
    if (which := given.WhichOneof("value")) is not None:
        setattr(shape, which, getattr(given, which))
    return shape


def record(given: Any) -> shapes.LogRecord:
    """A log record."""
    return shapes.LogRecord(
        given.time_unix_nano, given.observed_time_unix_nano, given.severity_number, given.severity_text,
        value(given.body), attributes(given.attributes), given.trace_id.hex(), given.span_id.hex(), given.event_name,
    )  # fmt: skip
