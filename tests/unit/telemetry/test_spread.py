import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.telemetry.histogram import Histogram
from shop.telemetry.spread import Spread

VALUES = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e4)), min_size=1, max_size=60)


def spread(values):
    """As it arrives: through the histogram that a process sends."""
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    buckets = {histogram.low + at: count for at, count in enumerate(histogram.counts()) if count}
    return Spread(
        histogram.count,
        histogram.total,
        histogram.zeros,
        histogram.scale,
        buckets,
        histogram.smallest,
        histogram.largest,
    )


def test_nothing_has_no_quantile_and_no_share():
    assert Spread().quantile(0.5) is None
    assert Spread().share_up_to(1) is None
    assert Spread().stats.avg is None
    assert Spread.pooled([]) == Spread.pooled([Spread(), Spread()]) == Spread()


def test_three_seconds_are_three_seconds():
    one = spread([3.0])
    assert (one.quantile(0.5), one.quantile(0.95), one.stats.avg) == pytest.approx((3.0, 3.0, 3.0), rel=1e-6)


@given(VALUES, st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_as_near_as_the_buckets_are_fine(values, q):
    one = spread(values)
    found = one.quantile(q)
    exact = sorted(values)[max(0, math.ceil(q * len(values)) - 1)]
    width = 2 ** (1 / 2**one.scale)
    assert found is not None
    assert exact / width * 0.999999 <= found <= exact * width * 1.000001


@given(VALUES, VALUES)
def test_pooled_is_as_if_it_had_been_one(left, right):
    both, one = Spread.pooled([spread(left), spread(right)]), spread(left + right)
    assert (both.count, both.zeros, both.least, both.greatest) == (one.count, one.zeros, one.least, one.greatest)
    assert both.sum == pytest.approx(one.sum)
    assert sum(both.buckets.values()) == sum(one.buckets.values())
    scale = min(both.scale, one.scale)
    if one.buckets:
        assert Spread.pooled([both]).buckets == both.buckets
        assert sums(both.at(scale)) == sums(one.at(scale))


def sums(pairs):
    found: dict[int, int] = {}
    for index, count in pairs:
        found[index] = found.get(index, 0) + count
    return found


@given(VALUES, VALUES)
def test_what_came_since_is_what_came_since(before, more):
    since = spread(before + more).minus(spread(before))
    assert (since.count, sum(since.buckets.values()) + since.zeros) == (len(more), len(more))


def test_a_share_up_to_a_bound():
    one = spread([0.0, 0.1, 0.2, 5.0])
    assert one.share_up_to(0.3) == 0.75
    assert one.share_up_to(5.0) == 1.0
    assert one.share_up_to(0.05) == 0.25


def test_an_unknown_extreme_stays_unknown():
    known, unknown = spread([1.0]), Spread(1, 2.0, 0, 20, {1 << 20: 1})
    assert Spread.pooled([known, unknown]).least is None


@pytest.mark.parametrize("index", [-(2**31), 2**31])
def test_a_bucket_that_no_float_reaches_is_no_trouble(index):
    far = Spread(1, 1.0, 0, 0, {index: 1}, None, None)
    assert far.quantile(0.95) in (0.0, math.inf)
    assert far.share_up_to(1.0) in (0.0, 1.0)
