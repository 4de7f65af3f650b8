"""What a story leaves behind for the tests: what was done, and what the telemetry said."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.otlp import Line, Point, Span

from shop.telemetry.points import Answer, points
from shop.telemetry.samples import Window

__all__ = ["Call", "Retold", "Told"]


@dataclass(frozen=True)
class Call:
    """A request of a client, and the trace that its answer named."""

    method: str
    path: str
    status: int
    trace_id: str
    agent: str


@dataclass
class Retold:
    """What a console says of the window, by the ids of the points; of the queries what they give."""

    answers: dict[str, Answer]
    promql: dict[str, list[float]]
    insights: dict[str, list[list[Any]]]


@dataclass
class Told:
    """The whole story. `window` is the part of it that `facts` count; orders are trace ids by what became of them."""

    window: Window = field(default_factory=lambda: Window(0, 0))
    facts: dict[str, Any] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    robots: list[str] = field(default_factory=list)  # ids of a synthetic user and his order
    calls: list[Call] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    leaks: list[tuple[str, str]] = field(default_factory=list)  # a sentinel, and what stood around it
    searched: Counter[str] = field(default_factory=Counter)  # bytes that were searched for sentinels, by signal
    failures: list[str] = field(default_factory=list)  # what no backend could have read
    retold: Retold = field(default_factory=lambda: Retold({}, {}, {}))

    def answer(self, point: str) -> Answer:
        """An observability point over the window."""
        asked = next(each for each in points() if each.id == point)
        return asked.evaluate((each.sample for each in self.points), self.window)

    def counts(self, metric: str, by: str) -> dict[str, float]:
        """What was counted in the window, by an attribute; what was never counted is left out."""
        found: dict[str, float] = defaultdict(float)
        for each in self.within(metric):
            found[str(each.attributes.get(by, ""))] += amount(each)
        return {name: count for name, count in found.items() if count}

    def once(self, metric: str, attributes: Mapping[str, Any] | None = None) -> list[Point]:
        """The points of a metric that have these attributes, each once."""
        wanted = (attributes or {}).items()
        found = (each for each in self.points if each.name == metric and wanted <= each.attributes.items())
        return list({each.identity: each for each in found}.values())

    def within(self, metric: str) -> list[Point]:
        """The points of a metric in the window, each once."""
        return [each for each in self.once(metric) if self.window.start < each.end <= self.window.end]

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace, in order of their start."""
        return sorted((span for span in self.spans if span.trace_id == trace_id), key=lambda span: span.start)


def amount(point: Point) -> float:
    """How much it counts."""
    return point.histogram["count"] if point.histogram else point.value
