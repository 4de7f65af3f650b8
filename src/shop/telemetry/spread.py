"""Exponential histograms, to be read: pooled, and asked for a quantile or a share.

Quantiles are Prometheus's for native histograms: rank q * count, exponential interpolation within the bucket. So a
point's value is what its PromQL gives, although the greatest value, which no query sees, may be a little lower.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

__all__ = ["Spread", "Stats"]


LARGEST = 1024  # exponent of 2 from which on there is no float


class Stats(msgspec.Struct, frozen=True):
    """What is said of values. All but the first two are None when there is none."""

    count: int
    sum: float
    avg: float | None
    p50: float | None
    p95: float | None
    p99: float | None


class Spread(msgspec.Struct, frozen=True):
    """How values are spread. Bucket i holds those in (2**(i / 2**scale), 2**((i + 1) / 2**scale)]; none is negative."""

    count: int = 0
    sum: float = 0.0
    zeros: int = 0
    scale: int = 20
    buckets: Mapping[int, int] = {}
    least: float | None = None
    greatest: float | None = None

    @classmethod
    def pooled(cls, spreads: Iterable["Spread"]) -> "Spread":
        """All values of several, at the scale of the coarsest."""
        given = [each for each in spreads if each.count]
        if not given:
            return cls()
        scale = min((each.scale for each in given if each.buckets), default=20)
        buckets: dict[int, int] = {}
        for each in given:
            for index, count in each.at(scale):
                buckets[index] = buckets.get(index, 0) + count
        return cls(
            count=sum(each.count for each in given),
            sum=math.fsum(each.sum for each in given),
            zeros=sum(each.zeros for each in given),
            scale=scale,
            buckets=dict(sorted(buckets.items())),
            least=outermost(min, [each.least for each in given]),
            greatest=outermost(max, [each.greatest for each in given]),
        )

    def at(self, scale: int) -> Iterator[tuple[int, int]]:
        """The buckets at a scale that is not above its own."""
        shift = self.scale - scale
        return ((index >> shift, count) for index, count in self.buckets.items())

    def minus(self, before: "Spread") -> "Spread":
        """What came since `before`, an earlier state of the same cumulative series."""
        scale = min(self.scale, before.scale if before.buckets else self.scale)
        buckets: dict[int, int] = {}
        for sign, each in ((1, self), (-1, before)):
            for index, count in each.at(scale):
                buckets[index] = buckets.get(index, 0) + sign * count
        return Spread(
            count=self.count - before.count,
            sum=self.sum - before.sum,
            zeros=self.zeros - before.zeros,
            scale=scale,
            buckets={index: count for index, count in sorted(buckets.items()) if count},
        )

    def upper(self, index: int) -> float:
        """The upper bound of a bucket, which is the lower one of the next."""
        exponent = (index + 1) / 2**self.scale
        return float(2**exponent) if exponent < LARGEST else math.inf

    def quantile(self, q: float) -> float | None:
        """The value below which the share `q` (0..1) of all values is; None when there is none."""
        if not self.count:
            return None
        rank = q * self.count - self.zeros
        found = 0.0
        if rank > 0:
            for index, count in sorted(self.buckets.items()):
                lower, found = self.upper(index - 1), self.upper(index)
                if rank <= count:
                    found = lower * (found / lower) ** (rank / count) if lower > 0 and found < math.inf else lower
                    break
                rank -= count
        return found

    def share_up_to(self, bound: float) -> float | None:
        """The share (0..1) of values that are at most `bound`; None when there is none."""
        if not self.count:
            return None
        if self.greatest is not None and self.greatest <= bound:
            return 1.0
        below = float(self.zeros)
        for index, count in self.buckets.items():
            lower, upper = self.upper(index - 1), self.upper(index)
            if upper <= bound:
                below += count
            elif 0 < lower < bound:
                below += count * math.log(bound / lower) / math.log(upper / lower)
        return below / self.count

    @property
    def stats(self) -> Stats:
        """Count, sum, average and the usual quantiles."""
        average = self.sum / self.count if self.count else None
        return Stats(self.count, self.sum, average, self.quantile(0.5), self.quantile(0.95), self.quantile(0.99))


def outermost(choose: Callable[[list[float]], float], bounds: list[float | None]) -> float | None:
    """The least or greatest of bounds, unless one of them is unknown."""
    known = [each for each in bounds if each is not None]
    return choose(known) if len(known) == len(bounds) else None
