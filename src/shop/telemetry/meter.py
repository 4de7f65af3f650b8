"""Metrics: what was counted, observed and gauged since the last collection, exactly once, from any thread."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from shop.telemetry import names
from shop.telemetry.attributes import Attributes, Value
from shop.telemetry.histogram import Histogram
from shop.telemetry.tracing import SCOPE, carried, current

__all__ = ["Collected", "Kind", "Meter", "Metric", "catalogue"]

Kind: TypeAlias = Literal["counter", "updowncounter", "histogram", "gauge"]
Key: TypeAlias = frozenset[tuple[str, Value]]

NO_ATTRIBUTES: Key = frozenset()
OVERFLOW: Key = frozenset({(names.OTEL_METRIC_OVERFLOW, True)})
MAX_SERIES = 2000  # of one metric; OpenTelemetry's limit, beyond which all are one series that says so
IDLE_NS = 60_000_000_000  # how often a counter that rests says 0, so that a look at the last minutes finds it
SYNTHETIC = names.USER_AGENT_SYNTHETIC_TYPE


class Metric(msgspec.Struct, frozen=True):
    """What the registry says of a metric. `initial` are the points that are there as 0 in each of `services`."""

    name: str
    kind: Kind
    unit: str = "1"
    brief: str = ""
    services: tuple[str, ...] = ()
    initial: tuple[dict[str, str], ...] = ()


def catalogue() -> dict[str, Metric]:
    """Every metric of the registry, by name."""
    text = Path(__file__).with_name("catalogue.json").read_bytes()
    return {metric.name: metric for metric in msgspec.json.decode(text, type=list[Metric])}


class Collected(NamedTuple):
    """The points of one metric between two moments (ns since 1970)."""

    metric: Metric
    start: int
    end: int
    cumulative: bool
    points: Mapping[Key, Any]  # a number or a Histogram


class Series:
    """All points of one metric."""

    __slots__ = ("initial", "metric", "points", "start")

    def __init__(self, metric: Metric, start: int) -> None:
        self.metric = metric
        self.points: dict[Key, Any] = {}
        self.initial: set[Key] = set()
        self.start = start


class Meter:
    """The metrics of one instrumentation scope."""

    def __init__(self, scope: str = SCOPE, metrics: Mapping[str, Metric] | None = None) -> None:
        self.scope = scope
        self.metrics = dict(metrics or {})
        self.series: dict[str, Series] = {}
        # Re-entrant: a signal handler may count while the main thread is in here.
        self.lock = threading.RLock()
        self.watched: list[Callable[[], None]] = []  # asked at each collection
        self.began = time.time_ns()
        self.idle_since = 0

    def add(self, name: str, attributes: Attributes, n: float, kind: Kind = "counter") -> None:
        """Adds `n` to a sum; 0 makes the point known, so that it is there before anything happens."""
        key = key_of(attributes)
        with self.lock:
            points = self.of(name, kind).points
            if key not in points:
                key = self.admit(name, key, n)
            points[key] = points.get(key, 0) + n

    def observe(self, name: str, value: float, attributes: Attributes) -> None:
        """Puts `value` into a histogram, with the current trace as its exemplar; a negative one is none and ignored."""
        if not 0.0 <= value < math.inf:
            return
        key = key_of(attributes)
        span = current.get()
        with self.lock:
            points = self.of(name, "histogram").points
            if (histogram := points.get(key)) is None:
                key = self.admit(name, key, 1)
                histogram = points.setdefault(key, Histogram())
            histogram.add(value)
            if span is not None and span.sampled:
                histogram.exemplar = (value, time.time_ns(), span.trace_id, span.span_id)

    def gauge(self, name: str, value: float, attributes: Attributes) -> None:
        """Says what a value is now."""
        key = key_of(attributes)
        with self.lock:
            points = self.of(name, "gauge").points
            points[key if key in points else self.admit(name, key, 1)] = value

    def of(self, name: str, kind: Kind) -> Series:
        """The series of a metric; one that the registry does not know gets the unit 1. TypeError for another kind."""
        series = self.series.get(name)
        if series is None:
            series = self.series[name] = Series(self.metrics.get(name) or Metric(name, kind), self.began)
        if series.metric.kind != kind:
            raise TypeError(f"{name} is a {series.metric.kind}, no {kind}")
        return series

    def admit(self, name: str, key: Key, n: float) -> Key:
        """The key for a new point: the overflow when there are too many. One that begins with 0 is remembered."""
        series = self.series[name]
        if len(series.points) >= MAX_SERIES:
            return OVERFLOW
        if n == 0:
            series.initial.add(key)
        return key

    def begin(self, service: str) -> None:
        """Makes the registry's initial points of `service` known."""
        for metric in self.metrics.values():
            if service in metric.services:
                for attributes in metric.initial:
                    self.add(metric.name, attributes, 0)

    def collect(self, *, cumulative: bool = False) -> list[Collected]:
        """What came since the last collection (or, if cumulative, since the beginning)."""
        for ask in self.watched:
            ask()
        with self.lock:
            end = time.time_ns()
            if not cumulative:
                self.remember(end)
            return [self.take(series, end, cumulative=cumulative) for series in self.series.values() if series.points]

    def remember(self, now: int) -> None:
        """Once a minute, every initial point that rests says 0."""
        if now - self.idle_since < IDLE_NS:
            return
        self.idle_since = now
        for series in self.series.values():
            for key in series.initial:
                series.points.setdefault(key, 0)

    def take(self, series: Series, end: int, *, cumulative: bool) -> Collected:
        """The points of a series; with delta temporality, the next begin where these end."""
        points, start = series.points, series.start
        cumulative = (cumulative and series.metric.kind != "gauge") or series.metric.kind == "updowncounter"
        if cumulative:
            points = {key: point.copy() if isinstance(point, Histogram) else point for key, point in points.items()}
        else:
            series.points = {}
            series.start = end
        return Collected(series.metric, start, end, cumulative, points)


def key_of(attributes: Attributes) -> Key:
    """What two points of the same series have in common; None is left out, synthetic traffic marked."""
    synthetic = carried.get().get(SYNTHETIC)
    if synthetic is not None:
        attributes = {**(attributes or {}), SYNTHETIC: synthetic}
    if not attributes:
        return NO_ATTRIBUTES
    try:
        if None in attributes.values():
            return frozenset((key, value) for key, value in attributes.items() if value is not None)
        return frozenset(attributes.items())
    except TypeError:  # a list, or something else that cannot be the key of a series
        return frozenset((key, str(type(value).__name__)) for key, value in attributes.items())
