"""Points as rows, each with the id of its series: a hash of all that makes one series of it."""

import math
from typing import Final, NamedTuple

from shop.console.ports import Histogram
from shop.console.receiver import shapes
from shop.console.receiver.common import (
    Decoded,
    Limits,
    Origin,
    attributes_of,
    encode,
    hashed,
    ident,
    origin_of,
    scope_text,
    trace_ident,
)
from shop.console.receiver.shapes import MetricShape, Point

__all__ = ["add"]

NO_VALUE: Final = 1  # the flag of a point that says that there is none (any more)
MOST: Final = 2**53  # of whole numbers, as floats hold them
DELTA, CUMULATIVE = 1, 2
TEMPORALITIES: Final = {DELTA: "delta", CUMULATIVE: "cumulative"}


class Metric(NamedTuple):
    """What the points of a metric share."""

    name: str
    kind: str
    temporality: str
    unit: str
    brief: str
    origin: Origin
    scope: str


def add(request: shapes.MetricsRequest, decoded: Decoded, limits: Limits) -> None:
    """Every point that is one; the others are refused, and all of a summary."""
    for resource in request.resource_metrics:
        origin = origin_of(resource.resource)
        decoded.rows.resources[origin.id] = origin.attributes
        for part in resource.scope_metrics:
            scope = scope_text(part.scope)
            for metric in part.metrics:
                add_metric(metric, origin, scope, decoded, limits)


def add_metric(shape: MetricShape, origin: Origin, scope: str, decoded: Decoded, limits: Limits) -> None:
    """The points of one metric."""
    found = points_of(shape)
    if found is None:
        points = (shape.summary or {}).get("dataPoints") or [] if isinstance(shape.summary, dict) else []
        if points:
            decoded.refuse("summaries are not kept: send histograms", len(points))
        return
    kind, points = found
    temporality = TEMPORALITIES.get(points.aggregation_temporality, "") if kind != "gauge" else ""
    if not shape.name or (kind != "gauge" and not temporality):
        decoded.refuse("a metric without a name or temporality", len(points.data_points))
        return
    metric = Metric(shape.name, kind, temporality, shape.unit, shape.description, origin, scope)
    explicit = shape.histogram is not None
    for point in points.data_points:
        if trouble := limits.trouble(point.time_unix_nano):
            decoded.refuse(f"a point's time is {trouble}")
            continue
        try:
            add_point(metric, point, decoded, explicit=explicit)
        except ValueError as error:
            decoded.refuse(str(error))


def points_of(shape: MetricShape) -> tuple[str, shapes.Points] | None:
    """Which kind of metric it is, and its points."""
    if shape.sum is not None:
        return ("counter" if shape.sum.is_monotonic else "updowncounter"), shape.sum
    if shape.gauge is not None:
        return "gauge", shape.gauge
    histogram = shape.histogram or shape.exponential_histogram
    return ("histogram", histogram) if histogram is not None else None


def add_point(metric: Metric, point: Point, decoded: Decoded, *, explicit: bool) -> None:
    """One point with its exemplars; one that says that there is no value any more ends its series.

    ValueError when it holds no value.
    """
    ends = point.flags & NO_VALUE
    value, histogram = (None, None) if ends else values(metric.kind, point, explicit=explicit)
    rows = decoded.rows
    series = series_of(metric, point, decoded)
    start = point.start_time_unix_nano
    rows.points.append(
        (series, start if 0 <= start <= point.time_unix_nano else 0, point.time_unix_nano, value, histogram)
    )
    for each in point.exemplars:
        seen = each.as_double if each.as_double is not None else each.as_int
        if seen is not None:
            span = (*trace_ident(each.trace_id), ident(each.span_id))
            moment = min(each.time_unix_nano or point.time_unix_nano, point.time_unix_nano)
            rows.exemplars.append((series, max(moment, 0), float(seen), *span))


def series_of(metric: Metric, point: Point, decoded: Decoded) -> int:
    """The id of the point's series, which is a row too."""
    attributes = encode(dict(sorted(attributes_of(point.attributes).items()))).decode()
    about = (metric.name, metric.kind, metric.temporality, metric.unit)
    series = hashed(encode((*about, metric.origin.id, metric.scope, attributes)))
    if series not in decoded.rows.series:
        decoded.rows.series[series] = (series, *about, metric.brief, metric.origin.id, metric.scope, attributes)
    return series


def values(kind: str, point: Point, *, explicit: bool) -> tuple[float | None, str | None]:
    """A number, or a histogram as JSON. ValueError when the point holds neither."""
    if kind != "histogram":
        value = point.as_double if point.as_double is not None else point.as_int
        if value is None:
            raise ValueError("a point without a value")
        return float(value), None
    if explicit and point.bucket_counts and len(point.bucket_counts) != len(point.explicit_bounds) + 1:
        raise ValueError("a histogram's bounds and counts do not fit together")
    if max(point.count, point.zero_count, *counts_of(point)) > MOST:
        raise ValueError("a histogram counts more than can be added up")
    if not all(map(math.isfinite, (*point.explicit_bounds, point.zero_threshold))):
        raise ValueError("a histogram's bounds are no numbers")
    return None, encode(packed(point, explicit=explicit)).decode()


def counts_of(point: Point) -> list[int]:
    """What its buckets count."""
    sides = [side.bucket_counts for side in (point.positive, point.negative) if side is not None]
    return [count for counts in (point.bucket_counts, *sides) for count in counts]


def finite(number: float | None) -> float | None:
    """A number that is one."""
    return number if number is not None and math.isfinite(number) else None


def packed(point: Point, *, explicit: bool) -> Histogram:
    """The histogram of a point."""
    if explicit:
        return Histogram(
            count=point.count,
            total=finite(point.sum) or 0.0,
            positive=tuple(point.bucket_counts),
            bounds=tuple(point.explicit_bounds),
            smallest=finite(point.min),
            largest=finite(point.max),
        )
    positive, negative = point.positive or shapes.Buckets(), point.negative or shapes.Buckets()
    return Histogram(
        count=point.count,
        total=finite(point.sum) or 0.0,
        scale=point.scale,
        zero_count=point.zero_count,
        zero_threshold=point.zero_threshold,
        offset=positive.offset,
        positive=tuple(positive.bucket_counts),
        negative_offset=negative.offset,
        negative=tuple(negative.bucket_counts),
        smallest=finite(point.min),
        largest=finite(point.max),
    )
