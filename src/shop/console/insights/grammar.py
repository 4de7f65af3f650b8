"""The grammar of CloudWatch Logs Insights: a query's text as commands."""

import re
from collections.abc import Callable
from typing import TypeVar

from shop.console.insights.errors import InsightsError
from shop.console.insights.patterns import from_glob, numbered
from shop.console.insights.reader import Reader
from shop.console.insights.tree import (
    Binary,
    Call,
    Command,
    Dedup,
    Display,
    Expr,
    Field,
    Fields,
    Filter,
    In,
    Item,
    Like,
    Limit,
    Literal,
    Negation,
    Not,
    Parse,
    Period,
    Sort,
    Stats,
)

__all__ = ["MAX_LIMIT", "parse"]

T = TypeVar("T")
MAX_QUERY = 10_000  # characters, as on AWS
MAX_DEPTH = 50
MAX_LIMIT = 10_000
MAX_STATS = 2
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
PART = re.compile(r"`([^`]+)`|\[(\d+)\]|([\w@]+)")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
ELSEWHERE = frozenset(
    ("pattern", "diff", "anomaly", "unmask", "filterindex", "source", "unnest", "lookup", "join", "addtotals")
)


def parse(query: str) -> list[Command]:
    """The commands of a query."""
    control = CONTROL.search(query)
    if control:
        raise InsightsError("control characters have no place in a query", control.start())
    if len(query) > MAX_QUERY:
        raise InsightsError(f"the query is longer than {MAX_QUERY} characters", MAX_QUERY)
    reader = Reader(query)
    if reader.peek().kind == "end":
        return []
    commands = [command(reader)]
    while reader.take("|"):
        commands.append(command(reader))
    if reader.peek().kind != "end":
        raise reader.unexpected("expected '|' or the end")
    stats = [each for each in commands if isinstance(each, Stats)]
    if len(stats) > MAX_STATS:
        raise InsightsError(f"at most {MAX_STATS} stats commands in a query", stats[MAX_STATS].at)
    return commands


def command(reader: Reader) -> Command:
    """The next command."""
    word = reader.peek()
    name = word.text.lower()
    if name in ELSEWHERE:
        raise InsightsError(f"the command {name} is not supported here; it is on AWS", word.at)
    if word.kind != "field" or name not in COMMANDS:
        raise reader.unexpected(f"expected a command ({', '.join(COMMANDS)})")
    reader.next()
    return COMMANDS[name](reader, word.at)


def fields(reader: Reader, at: int) -> Fields:
    """What to show: fields a, f(b) as c."""
    return Fields(tuple(listed(reader, item)), at)


def display(reader: Reader, at: int) -> Display:
    """What alone to show: display a, b."""
    return Display(tuple(listed(reader, item)), at)


def filter_(reader: Reader, at: int) -> Filter:
    """Which rows: filter a = 1 and b like /c/."""
    return Filter(expression(reader), at)


def stats(reader: Reader, at: int) -> Stats:
    """Groups: stats count(*) as n by a, bin(5m)."""
    items = listed(reader, item)
    by = listed(reader, item) if reader.take("by") else []
    return Stats(tuple(items), tuple(by), at)


def sort(reader: Reader, at: int) -> Sort:
    """The order: sort a desc, b."""

    def key(reader: Reader) -> tuple[Expr, bool]:
        expr = expression(reader)
        word = reader.take("asc", "desc")
        return expr, bool(word and word.is_("desc"))

    return Sort(tuple(listed(reader, key)), at)


def limit(reader: Reader, at: int) -> Limit:
    """How many: limit 20."""
    word = reader.peek()
    if word.kind != "number" or not word.text.isdecimal() or not 1 <= int(word.text) <= MAX_LIMIT:
        raise reader.unexpected(f"expected a whole number from 1 to {MAX_LIMIT}")
    return Limit(int(reader.next().text), at)


def dedup(reader: Reader, at: int) -> Dedup:
    """One of each: dedup a, b."""
    return Dedup(tuple(listed(reader, field)), at)


def parse_(reader: Reader, at: int) -> Parse:
    """New fields: parse a "x=* y=*" as x, y, or parse a /x=(?<x>.*)/; of @message if none is named."""
    quoted = reader.peek().kind == "text" or reader.query.startswith("/", reader.place)
    source = Field(("@message",), "@message", at) if quoted else field(reader)
    regex = reader.regex()
    if regex:
        pattern, groups = numbered(*regex)
        if not groups:
            raise InsightsError("a regular expression needs a named group, (?<name>...), for each field", regex[1])
        return Parse(source, pattern, groups, at)
    glob = reader.string()
    if glob is None:
        raise reader.unexpected("expected a pattern: a string with *, or /a regular expression/")
    reader.expect("as")
    names = [each.name for each in listed(reader, field)]
    if len(names) != glob[0].count("*"):
        raise InsightsError(f"the pattern has {glob[0].count('*')} *, but {len(names)} names follow", glob[1])
    return Parse(source, from_glob(glob[0]), tuple(enumerate(names, 1)), at)


COMMANDS: dict[str, Callable[[Reader, int], Command]] = {
    "fields": fields,
    "filter": filter_,
    "parse": parse_,
    "stats": stats,
    "sort": sort,
    "limit": limit,
    "dedup": dedup,
    "display": display,
}


def listed(reader: Reader, one: Callable[[Reader], T]) -> list[T]:
    """One or more, with commas between them."""
    found = [one(reader)]
    while reader.take(","):
        found.append(one(reader))
    return found


def item(reader: Reader) -> Item:
    """An expression, with a name or named as it is written."""
    start = reader.peek().at
    expr = expression(reader)
    written = reader.query[start : reader.before]
    if reader.take("as"):
        return Item(expr, field(reader).name)
    return Item(expr, expr.name if isinstance(expr, Field) else written)


def field(reader: Reader) -> Field:
    """A field's name."""
    word = reader.peek()
    if word.kind != "field":
        raise reader.unexpected("expected a field")
    reader.next()
    return Field(tuple(next(filter(None, found)) for found in PART.findall(word.text)), word.text, word.at)


def expression(reader: Reader, depth: int = 0) -> Expr:
    """or, and, not; then comparisons; then arithmetic."""
    if depth > MAX_DEPTH:
        raise InsightsError("the expression is nested too deeply", reader.place)
    left = conjunction(reader, depth + 1)
    while word := reader.take("or"):
        left = Binary("or", left, conjunction(reader, depth + 1), word.at)
    return left


def conjunction(reader: Reader, depth: int) -> Expr:
    """Both: a and b."""
    left = inversion(reader, depth)
    while word := reader.take("and"):
        left = Binary("and", left, inversion(reader, depth), word.at)
    return left


def inversion(reader: Reader, depth: int) -> Expr:
    """The opposite: not a."""
    if depth > MAX_DEPTH:
        raise InsightsError("the expression is nested too deeply", reader.place)
    word = reader.take("not")
    return Not(inversion(reader, depth + 1), word.at) if word else comparison(reader, depth)


def comparison(reader: Reader, depth: int) -> Expr:
    """A test: a < b, a like b, a in [b, c], and their opposites."""
    left = terms(reader, depth)
    word = reader.peek()
    if word.is_(*COMPARISONS):
        reader.next()
        return Binary(word.text, left, terms(reader, depth), word.at)
    negated = reader.take("not")
    test = reader.take("like", "=~", "in")
    if test is None:
        if negated:
            raise reader.unexpected("expected 'like' or 'in'")
        return left
    found = members(reader, left, test.at, depth) if test.is_("in") else like(reader, left, test.at)
    return Not(found, negated.at) if negated else found


def like(reader: Reader, left: Expr, at: int) -> Like:
    """What follows the word."""
    regex = reader.regex()
    if regex:
        return Like(left, numbered(*regex)[0], regex=True, at=at)
    text = reader.string()
    if text is None:
        raise reader.unexpected("expected a string or a /regular expression/")
    return Like(left, text[0], regex=False, at=at)


def members(reader: Reader, left: Expr, at: int, depth: int) -> In:
    """What follows the word."""
    reader.expect("[")
    items = listed(reader, lambda inner: terms(inner, depth))
    reader.expect("]")
    return In(left, tuple(items), at)


def terms(reader: Reader, depth: int) -> Expr:
    """A sum: a + b - c."""
    left = factors(reader, depth)
    while word := reader.take("+", "-"):
        left = Binary(word.text, left, factors(reader, depth), word.at)
    return left


def factors(reader: Reader, depth: int) -> Expr:
    """A product: a * b / c % d."""
    left = powers(reader, depth)
    while word := reader.take("*", "/", "%"):
        left = Binary(word.text, left, powers(reader, depth), word.at)
    return left


def powers(reader: Reader, depth: int) -> Expr:
    """A power: a ^ b, the right one first; a sign binds less."""
    if depth > MAX_DEPTH:
        raise InsightsError("the expression is nested too deeply", reader.place)
    sign = reader.take("-", "+")
    if sign:
        inner = powers(reader, depth + 1)
        return Negation(inner, sign.at) if sign.text == "-" else inner
    left = primary(reader, depth)
    word = reader.take("^")
    return Binary("^", left, powers(reader, depth + 1), word.at) if word else left


def primary(reader: Reader, depth: int) -> Expr:
    """A literal, a field, a call, or something in brackets."""
    word = reader.peek()
    text = reader.string()
    if text:
        return Literal(*text)
    if word.kind == "number":
        return Literal(float(reader.next().text), word.at)
    if word.kind == "period":
        return period(reader)
    if reader.take("("):
        inner = expression(reader, depth + 1)
        reader.expect(")")
        return inner
    if reader.take("true", "false"):
        return Literal(word.is_("true"), word.at)
    found = field(reader)
    return call(reader, found, depth) if reader.peek().is_("(") else found


def call(reader: Reader, name: Field, depth: int) -> Call:
    """The function's arguments."""
    reader.expect("(")
    args: list[Expr] = []
    if not reader.take("*") and not reader.peek().is_(")"):
        args = listed(reader, lambda inner: expression(inner, depth + 1))
    reader.expect(")")
    return Call(name.text.lower(), tuple(args), reader.query[name.at : reader.before], name.at)


UNITS = {
    "ms": ("millisecond", "ms", "msec"),
    "s": ("second", "s", "sec"),
    "m": ("minute", "m", "min"),
    "h": ("hour", "h", "hr"),
    "d": ("day", "d"),
    "w": ("week", "w"),
    "mo": ("month", "mo", "mon"),
    "q": ("quarter", "q", "qtr"),
    "y": ("year", "y", "yr"),
}
NAMES = {name: unit for unit, names in UNITS.items() for name in names}
NAMES |= {f"{name}s": unit for name, unit in NAMES.items() if len(name) > 1}
CAPS = {"ms": 1000, "s": 60, "m": 60, "h": 24}  # AWS takes what is more for this


def period(reader: Reader) -> Period:
    """5m, 1 hour."""
    word = reader.next()
    number, name = re.fullmatch(r"(\d+)(\w+)", word.text).groups()  # type: ignore[union-attr]
    unit = NAMES.get(name.lower())
    if unit is None or not int(number):
        raise InsightsError(f"{word.text!r} is no period of time: use such as 30s, 5m, 1h, 1d", word.at)
    return Period(min(int(number), CAPS.get(unit, 1000)), unit, word.at)
