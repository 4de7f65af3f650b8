"""The exponential histogram of OpenTelemetry: base 2, at most 160 buckets, as fine as its values allow.

Bucket i at scale s holds the values in (2**(i / 2**s), 2**((i + 1) / 2**s)]. Two buckets of one scale are one of the
scale below, so an index at the finest scale, shifted right, is the index at any other.
"""

import math
from typing import TypeAlias

__all__ = ["MAX_BUCKETS", "MAX_SCALE", "Exemplar", "Histogram"]

MAX_BUCKETS = 160
MAX_SCALE = 20
STEPS = float(1 << MAX_SCALE)  # buckets per doubling at the finest scale

Exemplar: TypeAlias = tuple[float, int, str, str]  # value, time in ns, trace id, span id


class Histogram:
    """The values of one series since its start. None of them is negative; zeros have a bucket of their own."""

    __slots__ = ("buckets", "count", "exemplar", "high", "largest", "low", "shift", "smallest", "total", "zeros")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.zeros = 0
        self.smallest = math.inf
        self.largest = -math.inf
        self.shift = 0  # scale is MAX_SCALE - shift
        self.low = self.high = 0  # indexes of the outermost buckets in use
        self.buckets: dict[int, int] = {}
        self.exemplar: Exemplar | None = None

    @property
    def scale(self) -> int:
        """How fine it is: 2**scale buckets per doubling."""
        return MAX_SCALE - self.shift

    def add(self, value: float) -> None:
        """Counts one value, which must be finite and not negative."""
        self.count += 1
        self.total += value
        # min() and max() would cost as much as all the rest.
        if value < self.smallest:  # noqa: PLR1730
            self.smallest = value
        if value > self.largest:  # noqa: PLR1730
            self.largest = value
        if value <= 0.0:
            self.zeros += 1
            return
        # log2 is exact for powers of two, which belong to the bucket below them.
        index = math.ceil(math.log2(value) * STEPS) - 1 >> self.shift
        if not self.buckets:
            self.low = self.high = index
        elif index < self.low or index > self.high:
            index = self.widen(index)
        self.buckets[index] = self.buckets.get(index, 0) + 1

    def widen(self, index: int) -> int:
        """Makes room for a bucket outside of those in use; gives its index at the scale that is then right."""
        low, high = min(self.low, index), max(self.high, index)
        coarser = 0
        while (high >> coarser) - (low >> coarser) >= MAX_BUCKETS:
            coarser += 1
        if coarser:
            merged: dict[int, int] = {}
            for each, count in self.buckets.items():
                merged[each >> coarser] = merged.get(each >> coarser, 0) + count
            self.buckets = merged
            self.shift += coarser
        self.low, self.high = low >> coarser, high >> coarser
        return index >> coarser

    def counts(self) -> list[int]:
        """The buckets from `low` on, those without a value included."""
        return [self.buckets.get(index, 0) for index in range(self.low, self.high + 1)] if self.buckets else []

    def copy(self) -> "Histogram":
        """A copy that later values don't change; the exemplar goes with it, since each is sent once."""
        other = Histogram()
        for name in Histogram.__slots__:
            setattr(other, name, getattr(self, name))
        other.buckets = dict(self.buckets)
        self.exemplar = None
        return other
