"""Quantiles and fractions: of values, of native histograms, and of classic ones (series with a bound in `le`)."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from shop.console.promql.histogram import Bucket, Histogram

__all__ = ["Cumulative", "classic_fraction", "classic_quantile", "fraction", "histogram_quantile", "quantile"]


def quantile(q: float, values: Sequence[float]) -> float:
    """Between the two values nearest to the rank; NaN sorts below everything."""
    if not values or math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    rank = q * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return interpolated(ordered[low], ordered[high], rank - low)


def interpolated(low: float, high: float, weight: float) -> float:
    """As Prometheus does: an infinite neighbour with no weight makes it NaN."""
    return low * (1 - weight) + high * weight


def histogram_quantile(q: float, given: Histogram) -> float:
    """Within its bucket the values are taken to be spread evenly: on a logarithmic scale if it is exponential."""
    if q < 0 or q > 1:
        return math.copysign(math.inf, q)
    if not given.count or math.isnan(q):
        return math.nan
    unordered = math.isnan(given.sum)  # there may be NaN observations, which are in the count and in no bucket
    forward = unordered or q < 0.5
    rank = (q if forward else 1 - q) * given.count
    buckets = list(given.buckets()) if forward else list(given.buckets())[::-1]
    seen, bucket = 0.0, Bucket(0.0, 0.0, 0.0)
    for bucket in buckets:
        seen += bucket.size
        if seen >= rank:
            break
    seen = min(seen, given.count)
    if given.bounds is not None and math.isinf(bucket.lower) and bucket.upper <= 0:
        return bucket.upper
    if given.bounds is not None and math.isinf(bucket.upper):
        return bucket.lower
    bucket = from_zero(bucket, given)
    if seen < rank:
        return math.nan if unordered else bucket.upper
    inside = rank - (seen - bucket.size) if forward else seen - rank
    return within(bucket, inside / bucket.size, linear=given.bounds is not None)


def from_zero(bucket: Bucket, given: Histogram) -> Bucket:
    """What is in the zero bucket is on the side where the other observations are."""
    if given.bounds is not None:
        return bucket._replace(lower=0.0) if math.isinf(bucket.lower) and bucket.upper > 0 else bucket
    if not bucket.lower <= 0 <= bucket.upper:
        return bucket
    if given.only_positive:
        return bucket._replace(lower=0.0)
    return bucket._replace(upper=0.0) if given.only_negative else bucket


def within(bucket: Bucket, share: float, *, linear: bool) -> float:
    """The value below which `share` of the bucket lies."""
    if linear or bucket.lower <= 0 <= bucket.upper:
        return bucket.lower + (bucket.upper - bucket.lower) * share
    low, high = math.log2(abs(bucket.lower)), math.log2(abs(bucket.upper))
    if bucket.lower > 0:
        return math.exp2(low + (high - low) * share)
    return -math.exp2(high + (low - high) * (1 - share))


def share_below(bucket: Bucket, value: float, *, linear: bool) -> float:
    """The share of the bucket that lies below a value inside it: `within`, turned around."""
    if linear:
        return (value - bucket.lower) / (bucket.upper - bucket.lower)
    low, high, at = (math.log2(abs(each)) for each in (bucket.lower, bucket.upper, value))
    return (at - low) / (high - low) if value > 0 else 1 - (at - high) / (low - high)


def fraction(lower: float, upper: float, given: Histogram) -> float:
    """The share of observations between two values."""
    if not given.count or math.isnan(lower) or math.isnan(upper):
        return math.nan
    if lower >= upper:
        return 0.0
    buckets = list(given.buckets())
    count = sum(each.size for each in buckets) if math.isnan(given.sum) else given.count
    below = [min(rank_of(value, buckets, given, count), count) for value in (lower, upper)]
    return (below[1] - below[0]) / given.count


def rank_of(value: float, buckets: Sequence[Bucket], given: Histogram, count: float) -> float:
    """How many observations lie below a value."""
    rank = 0.0
    for raw in buckets:
        bucket = from_zero(raw, given)
        if bucket.lower >= value:
            return rank
        if bucket.upper > value:
            if math.isinf(bucket.lower):
                return bucket.size
            linear = given.bounds is not None or raw.lower <= 0 <= raw.upper
            return rank + bucket.size * share_below(bucket, value, linear=linear)
        rank += bucket.size
    return count


class Cumulative(NamedTuple):
    """A bucket of a classic histogram: how many observations are at most `upper`."""

    upper: float
    size: float


Buckets: TypeAlias = list[Cumulative]


def joined(buckets: Buckets) -> Buckets:
    """Sorted, those with one bound together."""
    together: dict[float, float] = {}
    for upper, count in sorted(buckets):
        together[upper] = together.get(upper, 0.0) + count
    return [Cumulative(upper, count) for upper, count in together.items()]


def monotonic(buckets: Buckets) -> Buckets:
    """None less than the one below it: what is scraped bucket by bucket may differ by a moment."""
    highest = accumulate((each.size for each in buckets), max)
    return [Cumulative(each.upper, count) for each, count in zip(buckets, highest, strict=True)]


def classic_quantile(q: float, given: Buckets) -> float:
    """As `histogram_quantile`, with even spread within a bucket; the highest finite bound at most."""
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    buckets = usable(given)
    if buckets is None or not buckets[-1].size:
        return math.nan
    rank = q * buckets[-1].size
    index = next((i for i, each in enumerate(buckets[:-1]) if each.size >= rank), len(buckets) - 1)
    if index == len(buckets) - 1:
        return buckets[-2].upper
    if index == 0 and buckets[0].upper <= 0:
        return buckets[0].upper
    start, before = (buckets[index - 1].upper, buckets[index - 1].size) if index else (0.0, 0.0)
    upper, count = buckets[index]
    return start + (upper - start) * divided(rank - before, count - before)


def divided(a: float, b: float) -> float:
    """As floats divide elsewhere."""
    if b:
        return a / b
    return math.nan if not a or math.isnan(a) else math.copysign(math.inf, a)


def usable(given: Buckets) -> Buckets | None:
    """Monotonic, with at least two buckets and the last one open: else they say nothing."""
    buckets = monotonic(joined(given))
    return buckets if len(buckets) > 1 and buckets[-1].upper == math.inf else None


def classic_fraction(lower: float, upper: float, given: Buckets) -> float:
    """The share of observations between two values, by classic buckets."""
    buckets = joined(given)
    if buckets[-1].upper != math.inf or not buckets[-1].size or math.isnan(lower) or math.isnan(upper):
        return math.nan
    if lower >= upper:
        return 0.0
    low, high = (classic_rank(value, buckets) for value in (lower, upper))
    return (high - low) / buckets[-1].size


def classic_rank(value: float, buckets: Buckets) -> float:
    """How many observations lie below a value."""
    if value == math.inf:
        return buckets[-1].size
    start, before = (0.0 if buckets[0].upper > 0 else -math.inf), 0.0
    for upper, count in buckets:
        if start >= value:
            return before
        if upper > value:
            inside = 1.0 if math.isinf(start) else 0.0 if math.isinf(upper) else (value - start) / (upper - start)
            return before + (count - before) * inside
        start, before = upper, count
    return before
