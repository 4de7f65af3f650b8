"""Points of metrics as the evaluators read them: what a receiver in a test and the console's store both can give.

Nothing here does any I/O. A delta point counts for the moment at which it ends; a window is open at its beginning and
closed at its end, as in PromQL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from shop.telemetry.spread import Spread

__all__ = ["Sample", "Selector", "Window", "deltas", "grouped", "pooled", "selected", "total"]


class Sample(NamedTuple):
    """A point of a metric. `start` and `end` are ns since 1970; a counter's or histogram's value is what came between.

    `source` tells apart the series of two senders with the same attributes: the service.instance.id.
    """

    metric: str
    service: str
    source: str
    attributes: Mapping[str, str | int | float | bool]
    start: int
    end: int
    value: float | Spread


class Window(NamedTuple):
    """From (not included) to (included), in ns since 1970."""

    start: int
    end: int


class Selector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which series: of `metric`, of `service` if given, whose attributes have one of the values in `where`.

    The empty text stands for an attribute that is absent.
    """

    metric: str
    service: str | None = None
    where: dict[str, list[str]] = {}

    def matches(self, sample: Sample) -> bool:
        """Whether a point is one of these."""
        if sample.metric != self.metric or (self.service is not None and sample.service != self.service):
            return False
        return all(str(sample.attributes.get(name, "")) in values for name, values in self.where.items())

    @property
    def promql(self) -> str:
        """It in PromQL's braces, names in UTF-8."""
        parts = [f'"{self.metric}"']
        if self.service is not None:
            parts.append(f'"@resource.service.name"="{self.service}"')
        for name, values in self.where.items():
            operator = "=" if len(values) == 1 else "=~"
            parts.append(f'"{name}"{operator}"{"|".join(values)}"')
        return f"{{{', '.join(parts)}}}"


def selected(samples: Iterable[Sample], selector: Selector, window: Window) -> Iterator[Sample]:
    """The points of a selector that end within the window, each once: a sender that got no answer repeats itself."""
    seen: set[tuple[object, ...]] = set()
    for sample in samples:
        if window.start < sample.end <= window.end and selector.matches(sample):
            attributes = frozenset(sample.attributes.items())
            identity = (sample.service, sample.source, attributes, sample.start, sample.end)
            if identity not in seen:
                seen.add(identity)
                yield sample


def total(samples: Iterable[Sample]) -> float:
    """What was counted; of histograms, how many values there were."""
    return sum(each.value.count if isinstance(each.value, Spread) else each.value for each in samples)


def pooled(samples: Iterable[Sample]) -> Spread:
    """All values of histograms together."""
    return Spread.pooled(each.value for each in samples if isinstance(each.value, Spread))


def grouped(samples: Iterable[Sample], by: Sequence[str]) -> dict[tuple[tuple[str, str], ...], list[Sample]]:
    """The points by their values of some attributes, in order of these; an attribute that is absent is left out."""
    groups: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
    for sample in samples:
        key = tuple((name, str(sample.attributes[name])) for name in by if name in sample.attributes)
        groups.setdefault(key, []).append(sample)
    return dict(sorted(groups.items()))


def deltas(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Points of cumulative series as the delta points that they stand for. Repeated ones come to nothing and go."""
    before: dict[tuple[object, ...], Sample] = {}
    for sample in sorted(samples, key=lambda each: each.end):
        series = (sample.metric, sample.service, sample.source, frozenset(sample.attributes.items()), sample.start)
        last, before[series] = before.get(series), sample
        if last is None:
            yield sample
        elif last.end != sample.end:
            yield sample._replace(start=last.end, value=difference(sample.value, last.value))


def difference(now: float | Spread, before: float | Spread) -> float | Spread:
    """What came in between."""
    if isinstance(now, Spread) and isinstance(before, Spread):
        return now.minus(before)
    if isinstance(now, Spread) or isinstance(before, Spread):
        raise TypeError("a series is either of numbers or of histograms")
    return now - before
