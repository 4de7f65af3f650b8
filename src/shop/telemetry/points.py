"""The twenty observability points: what each means, and its value over a window of time.

They stand in points.yaml (`make generate` checks them and makes points.json). The value is exact: delta points are
added up, each once, nothing is extrapolated.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from shop.telemetry.samples import Sample, Selector, Window, grouped, pooled, selected, total
from shop.telemetry.spread import Spread, Stats

__all__ = ["Answer", "Line", "Point", "Quantile", "Query", "Ratio", "Sum", "Text", "points"]


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    ja: str
    en: str


class Sum(msgspec.Struct, frozen=True, tag="sum", tag_field="kind", forbid_unknown_fields=True):
    """How often something happened."""

    of: Selector

    def evaluate(self, samples: Sequence[Sample], window: Window) -> "Answer":
        """The number of times."""
        return Answer(value=total(selected(samples, self.of, window)))

    def promql(self, window: str) -> str:
        """It as PromQL."""
        return counted(self.of, window)

    def promql_by(self, labels: str, window: str) -> str:
        """How often for each value of these labels."""
        return f"sum by ({labels}) (sum_over_time({self.of.promql}[{window}]))"


class Ratio(msgspec.Struct, frozen=True, tag="ratio", tag_field="kind", forbid_unknown_fields=True):
    """Which share: `part` / `whole`."""

    part: Selector
    whole: Selector

    @property
    def of(self) -> Selector:
        """The series that it is broken down into."""
        return Selector(self.part.metric, self.part.service)

    def evaluate(self, samples: Sequence[Sample], window: Window) -> "Answer":
        """The share; None when the whole is 0."""
        part = total(selected(samples, self.part, window))
        whole = total(selected(samples, self.whole, window))
        return Answer(value=part / whole if whole else None, numerator=part, denominator=whole)

    def promql(self, window: str) -> str:
        """It as PromQL."""
        return f"({counted(self.part, window)}) / sum(sum_over_time({self.whole.promql}[{window}]))"

    def promql_by(self, labels: str, window: str) -> str:
        """How often each of what the share is made from."""
        return f"sum by ({labels}) (sum_over_time({self.of.promql}[{window}]))"


class Quantile(msgspec.Struct, frozen=True, tag="quantile", tag_field="kind", forbid_unknown_fields=True):
    """How long, or how many: what 95 of 100 stay below."""

    of: Selector

    def evaluate(self, samples: Sequence[Sample], window: Window) -> "Answer":
        """The 95th percentile of all values together, and their statistics."""
        stats = pooled(selected(samples, self.of, window)).stats
        return Answer(value=stats.p95, stats=stats)

    def promql(self, window: str) -> str:
        """It as PromQL."""
        return f"histogram_quantile(0.95, sum(sum_over_time({self.of.promql}[{window}])))"

    def promql_by(self, labels: str, window: str) -> str:
        """It for each value of these labels."""
        return f"histogram_quantile(0.95, sum by ({labels}) (sum_over_time({self.of.promql}[{window}])))"


Measure: TypeAlias = Sum | Ratio | Quantile


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A further look at a point, in the logs."""

    title: Text
    insights: str


class Line(msgspec.Struct, frozen=True):
    """One of the series behind a value."""

    attributes: dict[str, str]
    value: float | None
    stats: Stats | None = None


class Answer(msgspec.Struct, frozen=True):
    """What a point is over a window."""

    value: float | None
    stats: Stats | None = None
    numerator: float | None = None
    denominator: float | None = None
    series: tuple[Line, ...] = ()


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An observability point. `insights` gives its value from the logs, where these can; `spans` looks at the spans
    behind it, as Transaction Search keeps them in the log group `aws/spans`.
    """

    id: str
    service: str
    title: Text
    question: Text
    definition: Text
    why: Text
    unit: str
    measure: Measure
    by: list[str] = []
    insights: str | None = None
    spans: str | None = None
    queries: list[Query] = []

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it is made from."""
        if isinstance(self.measure, Ratio):
            return frozenset({self.measure.part.metric, self.measure.whole.metric})
        return frozenset({self.measure.of.metric})

    def promql(self, window: timedelta) -> str:
        """The query that gives its value over the last `window`."""
        return self.measure.promql(written(window))

    def promql_by(self, window: timedelta) -> str | None:
        """The query of the series behind it, one for each value of `by`; None where there is but one."""
        labels = ", ".join(f'"{label}"' for label in self.by)
        return self.measure.promql_by(labels, written(window)) if labels else None

    def evaluate(self, samples: Iterable[Sample], window: Window) -> Answer:
        """Its value, from delta points of its `metrics` (others are passed over)."""
        given = [each for each in samples if each.metric in self.metrics]
        answer = self.measure.evaluate(given, window)
        groups = grouped(selected(given, self.measure.of, window), self.by)
        lines = (line(dict(key), group) for key, group in groups.items())
        return msgspec.structs.replace(answer, series=tuple(lines))


def written(window: timedelta) -> str:
    """A length of time in PromQL, to the millisecond."""
    milliseconds = max(1, round(window / timedelta(milliseconds=1)))
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"


def counted(selector: Selector, window: str) -> str:
    """How often, in PromQL: 0 where there is no such series."""
    return f"sum(sum_over_time({selector.promql}[{window}])) or vector(0)"


def line(attributes: dict[str, str], samples: Sequence[Sample]) -> Line:
    """One of the series behind a value."""
    if isinstance(samples[0].value, Spread):
        stats = pooled(samples).stats
        return Line(attributes, stats.p95, stats)
    return Line(attributes, total(samples))


@cache
def points() -> tuple[Point, ...]:
    """All of them, in the order of the contract."""
    return read(Path(__file__).with_name("points.json").read_bytes())


def read(text: bytes) -> tuple[Point, ...]:
    """Points from JSON. Raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=tuple[Point, ...])


def convert(data: Any) -> tuple[Point, ...]:
    """Points from what YAML gave. Raises msgspec.ValidationError."""
    return msgspec.convert(data, tuple[Point, ...])
