"""Native histograms, exponential or with bounds of their own, and what can be computed with whole ones.

Buckets are numbered as OpenTelemetry does: bucket i at scale s holds (2**(i / 2**s), 2**((i + 1) / 2**s)]; with own
bounds, bucket i ends at bounds[i], and the last one is open.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from shop.console.promql.numbers import divide

__all__ = ["Bucket", "Histogram", "Incompatible", "added", "quotient", "scaled", "went_back"]

Counts: TypeAlias = dict[int, float]


class Incompatible(Exception):
    """An exponential histogram and one with own bounds have no bucket in common."""


class Bucket(NamedTuple):
    """Its bounds and what is in it; positive ones hold their upper bound, negative ones the lower, zero's both."""

    lower: float
    upper: float
    size: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """The observations of a span of time. Counts are floats: rates and averages are histograms too."""

    count: float
    sum: float
    scale: int = 0
    positive: Counts = field(default_factory=dict)
    negative: Counts = field(default_factory=dict)
    zero_count: float = 0.0
    zero_threshold: float = 0.0
    bounds: tuple[float, ...] | None = None

    def buckets(self) -> Iterator[Bucket]:
        """Those with something in them, lowest first."""
        if self.bounds is not None:
            edges = (-math.inf, *self.bounds, math.inf)
            yield from (Bucket(edges[i], edges[i + 1], n) for i, n in sorted(self.positive.items()) if n)
            return
        for index, count in sorted(self.negative.items(), reverse=True):
            if count:
                yield Bucket(-edge(index + 1, self.scale), -edge(index, self.scale), count)
        if self.zero_count > 0:
            yield Bucket(-self.zero_threshold, self.zero_threshold, self.zero_count)
        for index, count in sorted(self.positive.items()):
            if count:
                yield Bucket(edge(index, self.scale), edge(index + 1, self.scale), count)

    @property
    def only_positive(self) -> bool:
        """No observation was below zero, so that the zero bucket begins at zero."""
        return bool(self.positive) and not self.negative

    @property
    def only_negative(self) -> bool:
        """No observation was above zero, so that the zero bucket ends at zero."""
        return bool(self.negative) and not self.positive

    @property
    def mean(self) -> float:
        """The average of all observations; NaN of none."""
        return self.sum / self.count if self.count else math.nan

    def variance(self) -> float:
        """Of the observations, each taken to be in the middle of its bucket (the geometric one if exponential)."""
        if not self.count:
            return math.nan
        mean = self.mean
        total = math.fsum(each.size * (middle(each, self.bounds is not None) - mean) ** 2 for each in self.buckets())
        return total / self.count


def edge(index: int, scale: int) -> float:
    """The lower bound of a bucket at any scale, those coarser than doubling too."""
    try:
        return math.ldexp(1.0, index << -scale) if scale <= 0 else exact_edge(index, scale)
    except OverflowError:
        return math.inf


def exact_edge(index: int, scale: int) -> float:
    """The fraction is raised, the doubling is exact."""
    whole, part = divmod(index, 1 << scale)
    return math.ldexp(2.0 ** (part / (1 << scale)), whole)


def middle(bucket: Bucket, linear: bool) -> float:
    """What an observation of this bucket is taken to be."""
    if linear:
        return (bucket.lower + bucket.upper) / 2
    if bucket.lower <= 0.0 <= bucket.upper:
        return 0.0
    root = math.sqrt(bucket.lower * bucket.upper)
    return -root if bucket.upper < 0 else root


def added(a: Histogram, b: Histogram, sign: float = 1.0) -> Histogram:
    """Both together (or a without b): at the coarser scale, the wider zero bucket, the bounds that both have."""
    if (a.bounds is None) != (b.bounds is None):
        raise Incompatible
    if a.bounds is not None and b.bounds is not None:
        a, b = with_common_bounds(a, b)
    elif a.scale != b.scale or a.zero_threshold != b.zero_threshold:
        scale = min(a.scale, b.scale)
        a, b = with_common_zero(coarser(a, scale), coarser(b, scale))
    return replace(
        a,
        count=a.count + sign * b.count,
        sum=a.sum + sign * b.sum,
        positive=merged(a.positive, b.positive, sign),
        negative=merged(a.negative, b.negative, sign),
        zero_count=a.zero_count + sign * b.zero_count,
    )


def merged(a: Counts, b: Counts, sign: float) -> Counts:
    """Bucket by bucket."""
    if not b:
        return a
    result = dict(a)
    for index, count in b.items():
        result[index] = result.get(index, 0.0) + sign * count
    return result


def scaled(a: Histogram, factor: Callable[[float], float]) -> Histogram:
    """Every count and the sum, each through `factor`."""
    return replace(
        a,
        count=factor(a.count),
        sum=factor(a.sum),
        positive={index: factor(count) for index, count in a.positive.items()},
        negative={index: factor(count) for index, count in a.negative.items()},
        zero_count=factor(a.zero_count),
    )


def quotient(a: Histogram, divisor: float) -> Histogram:
    """Every count and the sum divided; by zero there are no buckets left."""
    result = scaled(a, lambda count: divide(count, divisor))
    return result if divisor else replace(result, positive={}, negative={})


def coarser(a: Histogram, scale: int) -> Histogram:
    """The same observations in the wider buckets of a lower scale."""
    shift = a.scale - scale
    return (
        a
        if not shift
        else replace(a, scale=scale, positive=folded(a.positive, shift), negative=folded(a.negative, shift))
    )


def folded(counts: Counts, shift: int) -> Counts:
    """2**shift neighbours become one."""
    result: Counts = {}
    for index, count in counts.items():
        result[index >> shift] = result.get(index >> shift, 0.0) + count
    return result


def with_common_zero(a: Histogram, b: Histogram) -> tuple[Histogram, Histogram]:
    """Both with one zero bucket: the wider one, wide enough to cut no other bucket of either."""
    while a.zero_threshold != b.zero_threshold:
        a, b = widened(a, b.zero_threshold), widened(b, a.zero_threshold)
    return a, b


def widened(a: Histogram, threshold: float) -> Histogram:
    """With a zero bucket of at least this width; buckets that it reaches into become part of it."""
    if threshold <= a.zero_threshold:
        return a
    inside = {i for counts in (a.positive, a.negative) for i, n in counts.items() if n and edge(i, a.scale) < threshold}
    reached = max([threshold, *(edge(index + 1, a.scale) for index in inside)])
    zeros = sum(counts.get(index, 0.0) for counts in (a.positive, a.negative) for index in inside)
    return replace(
        a,
        zero_threshold=reached,
        zero_count=a.zero_count + zeros,
        positive={index: count for index, count in a.positive.items() if index not in inside},
        negative={index: count for index, count in a.negative.items() if index not in inside},
    )


def with_common_bounds(a: Histogram, b: Histogram) -> tuple[Histogram, Histogram]:
    """Both with only the bounds that both have."""
    if a.bounds == b.bounds:
        return a, b
    common = tuple(sorted(set(a.bounds or ()) & set(b.bounds or ())))
    return with_bounds(a, common), with_bounds(b, common)


def with_bounds(a: Histogram, bounds: tuple[float, ...]) -> Histogram:
    """Fewer, wider buckets."""
    own = a.bounds or ()
    counts: Counts = {}
    for index, count in a.positive.items():
        upper = own[index] if index < len(own) else math.inf
        target = next((i for i, bound in enumerate(bounds) if upper <= bound), len(bounds))
        counts[target] = counts.get(target, 0.0) + count
    return replace(a, bounds=bounds, positive=counts)


def went_back(now: Histogram, before: Histogram) -> bool:
    """Whether a cumulative histogram began anew between two points: something in it has become less, or finer."""
    if now.count < before.count or (now.bounds is None) != (before.bounds is None):
        return True
    if now.bounds is not None:
        return now.bounds != before.bounds or fell(now.positive, before.positive)
    if now.scale > before.scale or now.zero_threshold < before.zero_threshold:
        return True
    before = widened(coarser(before, now.scale), now.zero_threshold)
    return (
        before.zero_threshold != now.zero_threshold
        or now.zero_count < before.zero_count
        or fell(now.positive, before.positive)
        or fell(now.negative, before.negative)
    )


def fell(now: Counts, before: Counts) -> bool:
    """Whether any bucket has less in it than before."""
    return any(count > now.get(index, 0.0) for index, count in before.items())
