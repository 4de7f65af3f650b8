"""What a query works on: series as they come from the store, its errors, and its notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from shop.console import ports
from shop.console.promql.histogram import Histogram
from shop.console.promql.labels import Labels, label_set

__all__ = ["NS", "Notes", "QueryError", "QueryTooLarge", "Series", "Value", "loaded"]

NS = 1_000_000_000
Value: TypeAlias = float | Histogram


@dataclass(frozen=True, slots=True)
class Series:
    """A series' points, oldest first; `times` are their ends in ns since 1970. `mixed`: floats and histograms."""

    labels: Labels
    times: Sequence[int]
    values: Sequence[Value]
    ended: Sequence[int] = ()  # when it was said to have ended

    @property
    def delta(self) -> bool:
        """Each point counts what came since the one before, not since the start."""
        return ("__temporality__", "delta") in self.labels


def loaded(series: ports.Series) -> Series:
    """A series of the store."""
    points = [(time, value) for _, time, value in series.samples if value is not None]
    values = [value if isinstance(value, float) else native(value) for _, value in points]
    ended = [time for _, time, value in series.samples if value is None]
    return Series(label_set(series.labels), [time for time, _ in points], values, ended)


def native(given: ports.Histogram | ports.Sum | float) -> Value:
    """A point's value as the engine computes with it."""
    if isinstance(given, ports.Sum):
        buckets = {index: float(count) for index, count in given.buckets.items()}
        return Histogram(float(given.count), given.total, given.scale, buckets, {}, float(given.zero_count))
    if not isinstance(given, ports.Histogram):
        return float(given)
    return Histogram(
        count=float(given.count),
        sum=given.total,
        scale=given.scale,
        positive={given.offset + i: float(count) for i, count in enumerate(given.positive) if count},
        negative={given.negative_offset + i: float(count) for i, count in enumerate(given.negative) if count},
        zero_count=float(given.zero_count),
        zero_threshold=given.zero_threshold,
        bounds=None if given.bounds is None else tuple(given.bounds),
    )


class QueryError(Exception):
    """A query that cannot be read or computed. `position` is where, in characters from 0, where that is known."""

    kind = "bad_data"

    def __init__(self, message: str, position: int | None = None) -> None:
        self.message = message
        self.position = position
        super().__init__(message)


class ExecutionError(QueryError):
    """A query that can be read, but its data don't allow it: two series become one, a match is ambiguous."""

    kind = "execution"


class QueryTooLarge(ExecutionError):
    """A query that would load more than it may into memory."""


@dataclass(slots=True)
class Notes:
    """What a reader of the answer should know, each said once."""

    warnings: dict[str, None] = field(default_factory=dict)
    infos: dict[str, None] = field(default_factory=dict)

    def warn(self, message: str) -> None:
        """The result may not be what was meant."""
        self.warnings[f"PromQL warning: {message}"] = None

    def inform(self, message: str) -> None:
        """The result is right; something was left out of it."""
        self.infos[f"PromQL info: {message}"] = None

    def mixed(self, labels: Labels | None = None) -> None:
        """Floats and histograms together, which have no sum: left out."""
        name = dict(labels or ()).get("__name__", "")
        self.warn(
            "encountered a mix of histograms and floats for "
            + (f'metric name "{name}"' if labels is not None else "aggregation")
        )


def name_of(labels: Mapping[str, str] | Labels) -> str:
    """The metric's name, or nothing."""
    return dict(labels).get("__name__", "")
