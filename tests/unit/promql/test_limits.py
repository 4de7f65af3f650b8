"""Queries that are wrong, too large, or meant to do harm; and how numbers are written."""

import pytest
from tests.support.series import NS, Loaded

from shop.console.promql import QueryError, instant, ranged
from shop.console.promql.numbers import written

SERIES = Loaded('load 15s\n  x{a="b"} 0+1x200\n  y{a="b"} 1x200\n  y{a="c"} 1x200')


def failing(query):
    with pytest.raises(QueryError) as caught:
        instant(SERIES, query, 60 * NS)
    return caught.value


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("foo bar", 4),
        ("foo{a=}", 6),
        ("sum(x", 3),
        ("1 +", 3),
        ('{a="b}', 3),
        ("x[5x]", 2),
        ("1 + nofunc(x)", 4),
        ("1 + rate(x)", 4),
        ("a ) b", 2),
        ("日本", 0),
        ("x > > y", 4),
        ("x[5m", 1),
        ("x\n+ +\n* y", 6),
        ("", 0),
        ("# nothing", 0),
    ],
)
def test_a_query_that_cannot_be_read_says_where(query, position):
    assert failing(query).position == position


@pytest.mark.parametrize(
    "query",
    [
        "x @ 1e300",
        "x offset 1e30",
        "x[999999y]",
        'x{a=~"["}',
        'x{a=~"(?!b)"}',
        'x{a="b" or a="c"}',
        "x offset 999999y",
        "info(x)",
        "limit_ratio(0.5, x)",
        "topk(x, y)",
        "sum(x[5m])",
        "x[5m] + 1",
        "{}",
        'label_replace(x, "a", "b", "c", "(")',
        'count_values("", x)',
        "rate(x)",
        'quantile("a", x)',
        "-" * 5000 + "x",
        "(" * 5000 + "x" + ")" * 5000,
        "x + " * 40000 + "x",
        "\x00",
        "x" * 70000,
        " + ".join(["x"] * 300),
        " + ".join(["x"] * 3000),
    ],
    ids=lambda query: query[:40],
)
def test_what_is_not_understood_is_an_error_of_the_query(query):
    assert failing(query).kind == "bad_data"


@pytest.mark.parametrize(
    "query", ["x + on() y", "x * on() group_right y * on() group_left y", 'label_replace(y, "a", "", "", "")']
)
def test_an_ambiguous_result_is_an_error_of_its_execution(query):
    assert failing(query).kind == "execution"


@pytest.mark.parametrize(
    "query", ["+".join(["x"] * 240), "-(" * 99 + "x" + ")" * 99, "x^" * 240 + "x", 'x{a!="' + "(" * 200 + '"}']
)
def test_a_query_that_is_long_has_an_answer(query):
    assert len(instant(SERIES, query, 60 * NS).result) == 1


def test_a_range_query_has_at_most_11000_points_and_a_step():
    assert len(ranged(SERIES, "1", 0, 11_000 * NS, NS).result[0]["values"]) == 11_001
    for start, end, step in ((0, 11_001 * NS, NS), (0, NS, 0), (0, NS, -1), (NS, 0, NS)):
        with pytest.raises(QueryError):
            ranged(SERIES, "1", start, end, step)


def test_a_query_that_would_fill_the_memory_is_refused_before_it_does():
    error = failing("sum_over_time(sum_over_time(x[1h:1ms])[10d:1ms])")
    assert (error.kind, "too many samples" in error.message) == ("execution", True)


def test_a_pattern_that_would_take_forever_elsewhere_takes_no_time():
    assert instant(SERIES, f'x{{a=~"(b+)+{"b*" * 30}c"}}', 60 * NS).result == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (-0.0, "-0"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e-7, "1.5e-7"),
        (0.000001, "0.000001"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
        (1 / 3, "0.3333333333333333"),
        (5e-324, "5e-324"),
    ],
)
def test_numbers_are_written_as_prometheus_writes_them(value, text):
    assert written(value) == text


def test_times_are_written_in_seconds_to_the_millisecond():
    assert instant(SERIES, "1", 1_500_000_000).result == [1.5, "1"]
    assert instant(SERIES, "1", 60 * NS).result == [60, "1"]


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("last_over_time(vector(time())[2m:1m] @ -90)", -120.0),
        ("last_over_time(vector(time())[2m:1m] @ -0.5)", -60.0),
        ("last_over_time(vector(time())[2m:1m] @ 59.5)", 0.0),
    ],
)
def test_a_time_before_1970_is_a_time(query, value):
    (found,) = instant(Loaded(""), query, 0).result
    assert float(found["value"][1]) == value


@pytest.mark.parametrize("query", ["up @ -1", "up @ -10000000000", "up[5m] @ -0.001"])
def test_nothing_is_kept_of_a_time_before_1970(query):
    assert instant(Loaded("load 1m\nup 1 2 3"), query, 0).result == []
