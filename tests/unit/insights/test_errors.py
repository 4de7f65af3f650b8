"""Queries that are wrong, that need more than there is here, or that are meant to do harm."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.lines import Lines

from shop.console.insights import InsightsError, ask

LINES = Lines("2026-11-28T10:00:00", [(0, {"a": 1, "b'c": "x", 'd"e': "y", "f/~g": "z", "c1": "own", "time": "mine"})])


def asked(query):
    return ask(LINES, query, LINES.start, LINES.start + 10**12)


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("bogus", 0),
        ("fields a | | limit 2", 11),
        ("fields a |", 10),
        ('filter "abc', 7),
        ("filter a == 1", 10),
        ("filter a like /[/", 15),
        ("filter a like /(?=b)/", 15),
        ("filter a like b", 14),
        ("filter a in 1", 12),
        ("filter (a = 1", 13),
        ("filter a = 1 b", 13),
        ("stats avg(a", 11),
        ("stats a by b", 6),
        ("stats sum(count(*))", 10),
        ("filter count(*) > 1", 7),
        ("stats count(a, b)", 6),
        ("stats pct(a, 101)", 6),
        ("stats count(*) by bin(5x)", 22),
        ("stats count(*) by bin(a)", 18),
        ("stats count(*) as n by a | stats sum(b)", 37),
        ("stats count(*) as n by a | stats sum(n) by bin(5m)", 43),
        ("stats count(*) | stats count(*) | stats count(*)", 34),
        ("fields foo(1)", 7),
        ("fields substr(a)", 7),
        ("fields datefloor(a, 1h)", 7),
        ("fields 5m", 7),
        ('parse @message "a * b *" as x', 15),
        ("parse @message /a(b)c/", 16),
        ("parse @message a", 15),
        ("limit 0", 6),
        ("limit 10001", 6),
        ("limit 1.5", 6),
        ("sort", 4),
        ("fields a as 1", 12),
        ("fields a \x00", 9),
        ("fields a; drop table lines", 8),
        ("filter " + "(" * 200 + "a" + ")" * 200, None),
        ("fields " + "a" * 20000, None),
        ("fields " + "-" * 3000 + "1", None),
        ("filter " + "not " * 2000 + "a", None),
        ("filter " + " or ".join(["a=1"] * 1000), None),
        ("fields " + "+".join(["a"] * 3000), None),
        ("fields " + "sqrt(" * 20 + "a" + ")" * 20, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_read_says_where(query, position):
    with pytest.raises(InsightsError) as caught:
        asked(query)
    assert position is None or caught.value.position == position


def test_what_doubles_with_every_step_does_not_grow_without_end():
    steps = " | ".join(f'parse b{index} "*" as b{index + 1}' for index in range(60))
    assert asked(f'parse "{{*" as b0 | {steps} | filter b60 like "own" | display b60').matched == 1
    assert asked(f"fields a as b{' | fields b * 2 as b' * 60} | display b").rows == [[2.0**60]]


def test_an_expression_may_be_long():
    assert asked("filter " + " or ".join(["a = 1"] * 140) + " | stats count(*)").rows == [[1]]
    assert asked("fields " + "+".join(["1"] * 250) + " as n | display n").rows == [[250]]


@pytest.mark.parametrize("command", ["pattern @message", "diff", "anomaly @message", "unmask a", "unnest a"])
def test_a_command_that_only_aws_has_says_so(command):
    with pytest.raises(InsightsError, match="not supported here") as caught:
        asked(f"fields a | {command}")
    assert caught.value.position == 11


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("fields `b'c`", [["x"]]),
        ('fields `d"e`', [["y"]]),
        ("fields `f/~g`", [["z"]]),
        ("fields c1, time, a + 1 as c1x | filter c1 = 'own' | limit 5 | filter time = 'mine'", [["own", "mine", 2]]),
        ("fields a as `x' || (select 1) || '`", [[1]]),
        ("""filter a = "1' or '1'='1" """, []),
        ("fields '?' as q, \"$1\" as d | filter q = '?'", [["?", "$1"]]),
        ("filter `a') or true --` = 1", []),
        ("fields concat('\\'', '\"') as x", [["'\""]]),
    ],
)
def test_names_and_values_are_never_sql(query, rows):
    assert asked(query).rows == rows


WORDS = """fields filter parse stats sort limit dedup display by as like in not and or count(*) sum(a) a `b'c` @message
1 2.5 "x" 'y' /z/ 5m bin(5m) | , ( ) [ ] = != < + - * / ^ % desc avg( pct(a,50) ispresent(a) @timestamp jsonParse(a)
x.y.0"""


@given(st.lists(st.sampled_from(WORDS.split()), max_size=14))
@settings(max_examples=150, deadline=None)
def test_every_query_has_an_answer_or_an_error_with_its_place(parts):
    query = " ".join(parts)
    try:
        answer = asked(query)
    except InsightsError as error:
        place = error.position
        answer = None
    assert 0 <= place <= len(query) if answer is None else all(len(row) == len(answer.fields) for row in answer.rows)
