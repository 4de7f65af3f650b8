"""What was recorded, as OTLP/JSON requests."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shop import __version__
from shop.telemetry.attributes import Value
from shop.telemetry.histogram import Histogram
from shop.telemetry.masking import masked
from shop.telemetry.meter import Collected
from shop.telemetry.otlp import (
    Buckets,
    ExemplarShape,
    HistogramPoint,
    Link,
    MetricShape,
    NumberPoint,
    Points,
    SpanShape,
    Status,
    attributes,
    encode,
)
from shop.telemetry.tracing import SCOPE, Span

__all__ = ["metrics_request", "resource", "span", "traces_request"]

DELTA, CUMULATIVE = 1, 2
SAMPLED, REMOTE_KNOWN, REMOTE = 0x001, 0x100, 0x200


def span(ended: Span, end: int) -> bytes:
    """A span that has ended at `end` (ns since 1970)."""
    shape = SpanShape(
        ended.trace_id,
        ended.span_id,
        ended.name,
        ended.kind,
        SAMPLED | REMOTE_KNOWN | (REMOTE if ended.parent_remote else 0),
        str(ended.start),
        str(end),
        ended.parent_id,
        attributes(ended.attributes.items()),
        ended.events,
        [Link(each.trace_id, each.span_id, int(each.sampled) | REMOTE_KNOWN | REMOTE) for each in ended.links],
        Status(ended.status, ended.message) if ended.status else None,
    )
    return masked(encode(shape))


def metric(collected: Collected) -> MetricShape:
    """A metric with all its points of one interval."""
    about = collected.metric
    start, end = str(collected.start), str(collected.end)
    temporality = CUMULATIVE if collected.cumulative else DELTA
    shape = MetricShape(about.name, about.unit, about.brief)
    points = [
        histogram_point(key, start, end, point) if isinstance(point, Histogram) else number(key, start, end, point)
        for key, point in collected.points.items()
    ]
    match about.kind:
        case "histogram":
            shape.exponential_histogram = Points(points, temporality)
        case "gauge":
            shape.gauge = Points(points)
        case kind:
            shape.sum = Points(points, temporality, kind == "counter")
    return shape


def number(key: Iterable[tuple[str, Value]], start: str, end: str, point: float) -> NumberPoint:
    """A point of a sum or gauge."""
    described = attributes(sorted(key))
    if isinstance(point, int):
        return NumberPoint(described, start, end, str(point))
    return NumberPoint(described, start, end, None, point)


def histogram_point(key: Iterable[tuple[str, Value]], start: str, end: str, point: Histogram) -> HistogramPoint:
    """A point of a histogram."""
    buckets = Buckets(point.low, [str(count) for count in point.counts()])
    exemplars = []
    if point.exemplar is not None:
        seen, moment, trace_id, span_id = point.exemplar
        exemplars.append(ExemplarShape(str(moment), seen, trace_id, span_id))
    return HistogramPoint(
        attributes(sorted(key)), start, end, str(point.count), point.total, point.scale, str(point.zeros), buckets,
        point.smallest, point.largest, exemplars,
    )  # fmt: skip


def scope(name: str) -> bytes:
    """The instrumentation scope: the shop itself, or the library that calls OpenTelemetry's API."""
    return encode({"name": name, "version": __version__} if name == SCOPE else {"name": name})


def resource(given: Mapping[str, Value]) -> bytes:
    """Who speaks."""
    return encode({"attributes": attributes(given.items())})


def traces_request(resource: bytes, name: str, spans: Sequence[bytes]) -> bytes:
    """The body of a POST to /v1/traces."""
    return b"".join(
        (b'{"resourceSpans":[{"resource":', resource, b',"scopeSpans":[{"scope":', scope(name), b',"spans":[',
         b",".join(spans), b"]}]}]}")
    )  # fmt: skip


def metrics_request(resource: bytes, collected: Iterable[tuple[str, Sequence[Collected]]]) -> bytes:
    """The body of a POST to /v1/metrics."""
    scopes = [
        {"scope": msgspec.Raw(scope(name)), "metrics": [metric(each) for each in metrics]}
        for name, metrics in collected
        if metrics
    ]
    return masked(encode({"resourceMetrics": [{"resource": msgspec.Raw(resource), "scopeMetrics": scopes}]}))
