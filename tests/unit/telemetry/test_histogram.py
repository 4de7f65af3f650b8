from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from shop.telemetry.histogram import MAX_BUCKETS, MAX_SCALE, Histogram

values = st.lists(st.floats(min_value=1e-9, max_value=1e9), min_size=1, max_size=60)


def bucket_of(value, scale):
    """The bucket by its definition, computed with 50 digits: 2**(i / 2**s) < value <= 2**((i + 1) / 2**s)."""
    with localcontext(prec=50):
        exact = (Decimal(value).ln() / Decimal(2).ln()) * Decimal(2) ** scale
        return int(exact.to_integral_value("ROUND_CEILING")) - 1


def filled(given_values):
    histogram = Histogram()
    for value in given_values:
        histogram.add(value)
    return histogram


def expected(given_values, scale):
    counts: dict[int, int] = {}
    for value in given_values:
        index = bucket_of(value, scale)
        counts[index] = counts.get(index, 0) + 1
    return counts


@given(values)
def test_every_value_is_in_the_bucket_that_the_definition_gives(some):
    histogram = filled(some)
    assert histogram.buckets == expected(some, histogram.scale)


@given(values)
def test_it_is_as_fine_as_160_buckets_allow(some):
    histogram = filled(some)
    assert len(histogram.counts()) <= MAX_BUCKETS
    if histogram.scale < MAX_SCALE:
        finer = expected(some, histogram.scale + 1)
        assert max(finer) - min(finer) + 1 > MAX_BUCKETS


@given(values, st.randoms())
def test_the_order_of_values_does_not_matter(some, random):
    shuffled = list(some)
    random.shuffle(shuffled)
    one, other = filled(some), filled(shuffled)
    assert (one.scale, one.buckets, one.low, one.high) == (other.scale, other.buckets, other.low, other.high)


@given(st.integers(min_value=-30, max_value=30))
def test_a_power_of_two_is_the_upper_bound_of_its_bucket(exponent):
    histogram = filled([2.0**exponent])
    assert list(histogram.buckets) == [(exponent << MAX_SCALE) - 1]


def test_zeros_have_a_bucket_of_their_own():
    histogram = filled([0, 0.0, 2])
    assert (histogram.count, histogram.zeros, sum(histogram.counts())) == (3, 2, 1)
    assert (histogram.smallest, histogram.largest, histogram.total) == (0, 2, 2)


def test_a_payment_of_three_seconds_is_seen_as_three_seconds():
    histogram = filled([3.0] * 100)
    base = 2 ** (2**-histogram.scale)
    lower = base**histogram.low
    assert 2.99999 < lower < 3.00001


def test_a_copy_is_not_changed_by_later_values():
    histogram = filled([1, 2])
    histogram.exemplar = (1.0, 1, "trace", "span")
    copy = histogram.copy()
    histogram.add(3)
    assert (copy.count, histogram.count) == (2, 3)
    assert copy.exemplar is not None
    assert histogram.exemplar is None
