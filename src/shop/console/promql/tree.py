"""A query as a tree: what `promql_parser` reads, checked, with every time in ns."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import promql_parser as parser
import re2

from shop.console.ports import Matcher
from shop.console.promql.labels import NAME, bare
from shop.console.promql.locate import located, words_of
from shop.console.promql.model import QueryError

__all__ = [
    "Aggregate",
    "Binary",
    "Call",
    "Expr",
    "Matching",
    "Negation",
    "Number",
    "Range",
    "Select",
    "Subquery",
    "Text",
    "parse",
    "selectors",
    "within_reach",
]

MAX_QUERY = 64 * 1024  # characters
MAX_DEPTH = 100  # of nesting; the parser recurses, too
MAX_WORDS = 2000  # names, values, operators, brackets
MAX_HEIGHT = 250  # of the tree: `a + b + c` is high without being nested
FAR = 1 << 60  # ns: no duration is longer, 36 years
LAST = 1 << 62  # ns: no time is later, the year 2116, nor as long before 1970
Card: TypeAlias = Literal["one-to-one", "many-to-one", "one-to-many", "many-to-many"]


BEFORE_1970 = re.compile(r"SystemTimeError\(([\d.]+)(s|ms|µs|ns)\)")
PARTS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class Number:
    """A literal; a duration is one, in seconds."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Select:
    """Series; the latest point of each, no older than the lookback. `at` and `offset` in ns."""

    matchers: tuple[Matcher, ...]
    at: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Range:
    """Series; all points of each in (t - length, t]."""

    select: Select
    length: int

    @property
    def at(self) -> int | None:
        """As the selector's."""
        return self.select.at

    @property
    def offset(self) -> int:
        """As the selector's."""
        return self.select.offset


@dataclass(frozen=True, slots=True)
class Subquery:
    """The values of an expression in (t - length, t], every `step`; 0 is the default step."""

    expr: "Expr"
    length: int
    step: int
    at: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of arguments."""

    name: str
    args: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Groups of series made one each; `by` keeps the labels given, else they are left out."""

    op: str
    expr: "Expr"
    param: "Expr | None"
    by: bool
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Matching:
    """Which series of two sides belong together: those that agree `on` labels, or on all others."""

    card: Card
    on: bool
    labels: frozenset[str]
    include: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two; `bool_` makes a comparison 0 or 1 instead of a filter."""

    op: str
    left: "Expr"
    right: "Expr"
    bool_: bool
    matching: Matching


@dataclass(frozen=True, slots=True)
class Negation:
    """Unary minus."""

    expr: "Expr"


Expr: TypeAlias = Number | Text | Select | Range | Subquery | Call | Aggregate | Binary | Negation


def selectors(tree: Expr) -> Iterator[tuple[Matcher, ...]]:
    """The matchers of every selector in a query."""
    match tree:
        case Select(matchers):
            yield matchers
        case Range(select=inner):
            yield inner.matchers
        case Subquery(expr=inner) | Negation(inner):
            yield from selectors(inner)
        case Aggregate(expr=inner, param=param):
            yield from selectors(inner)
            if param is not None:
                yield from selectors(param)
        case Binary(left=left, right=right):
            yield from selectors(left)
            yield from selectors(right)
        case Call(args=args):
            for each in args:
                yield from selectors(each)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The first and the last time that the whole query is computed for: `start()` and `end()`."""

    start: int
    end: int


def parse(query: str, start: int, end: int) -> Expr:
    """The tree of a query between these times, in ns."""
    if len(query) > MAX_QUERY:
        raise QueryError(f"the query is longer than {MAX_QUERY} characters", MAX_QUERY)
    refuse_depth(query)
    try:
        tree = parser.parse(query)
        return convert(tree, Bounds(start, end), 0)
    except QueryError as error:
        raise located(error.message, query) from error
    except ValueError as error:
        raise located(str(error), query) from error
    except BaseException as error:
        # The parser is Rust: a number that it cannot hold is a panic, which is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise QueryError("a number, duration or timestamp is out of bounds") from None


def refuse_depth(query: str) -> None:
    """The parser and what follows recurse for every bracket and every sign: a stack that ends, ends the process.

    It also copies what is below a node whenever it is looked at, so that its time grows with the square of the words.
    """
    depth = signs = 0
    for count, (kind, text, position) in enumerate(words_of(query)):
        depth += (kind == "open") - (kind == "close")
        signs = signs + 1 if text in ("+", "-") else 0
        if depth > MAX_DEPTH or signs > MAX_DEPTH:
            raise QueryError("the query is nested too deeply", position)
        if count > MAX_WORDS:
            raise QueryError(f"the query has more than {MAX_WORDS} words", position)


def convert(tree: Any, bounds: Bounds, depth: int) -> Expr:
    """The node of the parser's as one of ours."""
    if depth > MAX_HEIGHT:
        raise QueryError("the query has too many operators in a row, or is nested too deeply")
    maker = MAKERS[type(tree).__name__]
    return maker(tree, bounds, depth + 1)


def select(tree: parser.VectorSelector, bounds: Bounds, _depth: int) -> Select:
    """A selector; its name is a matcher like the others."""
    if tree.matchers.or_matchers:
        raise QueryError("unexpected 'or' in label matching")
    found = [Matcher(bare(each.name), OPS[member(each.op)], each.value) for each in tree.matchers.matchers]
    if tree.name:
        found.insert(0, Matcher(NAME, "=", tree.name))
    for each in found:
        check_regex(each)
    return Select(tuple(found), at(tree, bounds), nanoseconds(tree.offset))


def check_regex(matcher: Matcher) -> None:
    """RE2 has no lookaround and no backreferences; the store and the engine read the same."""
    if matcher.op in ("=~", "!~"):
        compile_regex(matcher.value)


def compile_regex(pattern: str) -> Any:
    """A pattern that matches whole values, the dot line ends too."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(f"^(?s:{pattern})$", options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        detail = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise QueryError(f"error parsing regexp: {detail}") from error


def at(tree: Any, bounds: Bounds) -> int | None:
    """The time that `@` names."""
    modifier = tree.at
    if modifier is None:
        return None
    if modifier.type == parser.AtModifierType.Start:
        return bounds.start
    if modifier.type == parser.AtModifierType.End:
        return bounds.end
    return within_reach(round(seconds_of(modifier) * 1000) * 1_000_000)


def seconds_of(modifier: Any) -> float:
    """The time of an `@`. One before 1970 is a panic of the parser's, in which it stands."""
    try:
        return float(modifier.at.timestamp())
    except BaseException as error:
        before = BEFORE_1970.search(str(error))
        if before is None:
            raise
        return -float(before[1]) * PARTS[before[2]]


def within_reach(time: int) -> int:
    """A time that a store can look for; before and after there is nothing anyway."""
    return max(-LAST, min(LAST, time))


def nanoseconds(delta: Any) -> int:
    """A duration of the parser's, to the microsecond."""
    if delta is None:
        return 0
    result = (delta.days * 86_400_000_000 + delta.seconds * 1_000_000 + delta.microseconds) * 1000
    if abs(result) > FAR:
        raise QueryError("duration out of range")
    return int(result)


def matrix(tree: parser.MatrixSelector, bounds: Bounds, depth: int) -> Range:
    """A range of points."""
    return Range(select(cast("Any", tree).vector_selector, bounds, depth), nanoseconds(cast("Any", tree).range))


def subquery(tree: parser.SubqueryExpr, bounds: Bounds, depth: int) -> Subquery:
    """An expression over a range."""
    expr = convert(tree.expr, bounds, depth)
    return Subquery(expr, nanoseconds(tree.range), nanoseconds(tree.step), at(tree, bounds), nanoseconds(tree.offset))


def call(tree: Any, bounds: Bounds, depth: int) -> Call:
    """A function call."""
    return Call(tree.func.name, tuple(convert(each, bounds, depth) for each in tree.args))


def aggregate(tree: parser.AggregateExpr, bounds: Bounds, depth: int) -> Aggregate:
    """An aggregation; without a clause it is `by ()`."""
    modifier = tree.modifier
    by = modifier is None or modifier.type == parser.AggModifierType.By
    labels = frozenset(bare(each) for each in modifier.labels) if modifier else frozenset()
    param = None if tree.param is None else convert(tree.param, bounds, depth)
    return Aggregate(str(tree.op).lower(), convert(tree.expr, bounds, depth), param, by, labels)


def binary(tree: parser.BinaryExpr, bounds: Bounds, depth: int) -> Binary:
    """An operator; what both sides must agree on is as in SQL's `using`, or everything."""
    modifier = tree.modifier
    op = str(tree.op).lower()
    card: Card = "many-to-many" if op in ("and", "or", "unless") else "one-to-one"
    matching = Matching(card, False, frozenset(), ())
    if modifier:
        if modifier.fill_values and (modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None):
            raise QueryError("fill modifiers are not supported")
        given = modifier.matching
        matching = Matching(
            CARDS[member(modifier.card)] if op not in ("and", "or", "unless") else "many-to-many",
            bool(given and given.type == parser.LabelModifierType.Include),
            frozenset(bare(each) for each in given.labels) if given else frozenset(),
            tuple(bare(each) for each in group_labels(modifier)),
        )
    returns_bool = bool(modifier and modifier.return_bool)
    return Binary(op, convert(tree.lhs, bounds, depth), convert(tree.rhs, bounds, depth), returns_bool, matching)


def member(value: Any) -> str:
    """The name of an enumeration's member; those of the parser are no keys for a dict."""
    return str(value).rpartition(".")[2]


def group_labels(modifier: Any) -> list[str]:
    """The labels that `group_left` and `group_right` bring along."""
    return list(modifier.group_labels or ())


OPS: dict[str, Literal["=", "!=", "=~", "!~"]] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
CARDS: dict[str, Card] = {
    "OneToOne": "one-to-one",
    "ManyToOne": "many-to-one",
    "OneToMany": "one-to-many",
    "ManyToMany": "many-to-many",
}
MAKERS: dict[str, Callable[[Any, Bounds, int], Expr]] = {
    "NumberLiteral": lambda tree, _bounds, _depth: Number(tree.val),
    "StringLiteral": lambda tree, _bounds, _depth: Text(tree.val),
    "ParenExpr": lambda tree, bounds, depth: convert(tree.expr, bounds, depth),
    "UnaryExpr": lambda tree, bounds, depth: Negation(convert(tree.expr, bounds, depth)),
    "VectorSelector": select,
    "MatrixSelector": matrix,
    "SubqueryExpr": subquery,
    "Call": call,
    "AggregateExpr": aggregate,
    "BinaryExpr": binary,
}
