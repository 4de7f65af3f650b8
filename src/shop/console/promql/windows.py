"""A series seen through a range that moves along the steps of a query."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from shop.console.promql.histogram import Histogram, went_back
from shop.console.promql.model import NS, Series, Value

__all__ = ["Window", "total"]


class Window:
    """The points of `series` in (start, end], for the step at `now`; all times in ns."""

    __slots__ = (
        "end",
        "first",
        "floats_only",
        "histograms_only",
        "last",
        "length",
        "now",
        "running",
        "series",
        "start",
        "stepped",
    )

    def __init__(self, series: Series, length: int) -> None:
        self.series = series
        self.length = length
        kinds = set(map(type, series.values))
        self.floats_only = Histogram not in kinds
        self.histograms_only = kinds == {Histogram}
        self.stepped: list[float] | None = None
        self.running: object = None
        self.first = self.last = 0
        self.start = self.end = self.now = 0

    def move(self, end: int, now: int) -> bool:
        """To the range that ends there; whether it holds a point."""
        self.start, self.end, self.now = end - self.length, end, now
        self.first = bisect_right(self.series.times, self.start)
        self.last = bisect_right(self.series.times, end, lo=self.first)
        return self.first < self.last

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def values(self) -> Sequence[Value]:
        """The points' values."""
        return self.series.values[self.first : self.last]

    @property
    def times(self) -> Sequence[int]:
        """The points' ends."""
        return self.series.times[self.first : self.last]

    @property
    def floats(self) -> list[float]:
        """The values that are floats."""
        if self.floats_only:
            return list(self.values)  # type: ignore[arg-type]
        if self.histograms_only:
            return []
        return [value for value in self.values if not isinstance(value, Histogram)]

    @property
    def histograms(self) -> list[Histogram]:
        """The values that are histograms."""
        if self.histograms_only:
            return list(self.values)  # type: ignore[arg-type]
        return [] if self.floats_only else [value for value in self.values if isinstance(value, Histogram)]

    def seconds(self) -> float:
        """The length of the range."""
        return self.length / NS

    def fallen(self) -> float:
        """What a counter had reached whenever it began anew within the range, summed."""
        if self.stepped is None:
            values: list[float] = self.series.values  # type: ignore[assignment]
            falls = (before if now < before else 0.0 for before, now in pairwise(values))
            self.stepped = list(accumulate(falls, initial=0.0))
        return self.stepped[self.last - 1] - self.stepped[self.first]


def total(values: Sequence[float]) -> float:
    """The sum, rounded once; infinities and what is too large as floats elsewhere have it."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return sum(values)


def fell(now: Value, before: Value) -> bool:
    """A counter began anew."""
    if isinstance(now, Histogram) and isinstance(before, Histogram):
        return went_back(now, before)
    if isinstance(now, Histogram) or isinstance(before, Histogram):
        return True
    return now < before
