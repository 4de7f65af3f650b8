"""Expressions as SQL. Every comparison is true or false: with a field that is not there, it is false."""

import re
from collections.abc import Callable
from typing import Protocol

from shop.console.insights.errors import InsightsError
from shop.console.insights.functions import FUNCTIONS
from shop.console.insights.sql import Sql, Words, number, text
from shop.console.insights.times import ceiled, floored
from shop.console.insights.tree import Binary, Call, Expr, Field, In, Like, Literal, Negation, Not, Period

__all__ = ["AGGREGATES", "Compiler", "Scope", "condition"]

TRACE_ID = re.compile("[0-9a-f]{32}")
MAX_CODE = 100_000  # characters of SQL
ORDERS = {"=": "=", "!=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
ARITHMETIC = {"+": "({0} + {1})", "-": "({0} - {1})", "*": "({0} * {1})", "/": "({0} / nullif({1}, 0))",
              "%": "fmod({0}, nullif({1}, 0))", "^": "pow({0}, {1})"}  # fmt: skip


class Scope(Protocol):
    """What names mean at a place in the query."""

    def field(self, field: Field) -> Sql:
        """The value of a field."""

    def written(self, text: str) -> Sql | None:
        """The value of something that is named as it was written, such as `count(*)`."""

    def reads(self, name: str) -> bool:
        """Whether the name is a field of the line, and nothing that the query has made."""

    @property
    def time(self) -> str | None:
        """The time of a line, unless stats have taken the lines away."""


class Compiler:
    """Makes SQL of expressions; `aggregating` where stats allow aggregates, outside of their arguments."""

    def __init__(self, scope: Scope, words: Words, now: int, *, aggregating: bool = False) -> None:
        self.scope, self.words, self.now, self.aggregating = scope, words, now, aggregating

    def compile(self, expr: Expr) -> Sql:
        """The expression as SQL. Pieces that stand in it several times can make it grow: not without end."""
        compiled = self.compiled(expr)
        if len(compiled.code) > MAX_CODE:
            raise InsightsError("the expression is too large", expr.at)
        return compiled

    def compiled(self, expr: Expr) -> Sql:
        """The expression as SQL, of whatever size."""
        match expr:
            case Literal():
                return self.literal(expr)
            case Period():
                raise InsightsError("a period of time is the argument of bin, datefloor or dateceil", expr.at)
            case Field():
                return self.field(expr)
            case Call():
                return self.call(expr)
            case Negation(inner):
                return Sql(f"(-{number(self.compile(inner))})", "number")
            case Binary():
                return self.binary(expr)
            case _:
                return Sql(self.test(expr), "bool")

    def test(self, expr: Not | Like | In) -> str:
        """What is true or false."""
        match expr:
            case Not(inner):
                return f"(NOT {condition(self.compile(inner))})"
            case Like(inner, pattern, regex):
                function = "regexp_matches" if regex else "contains"
                found = f"{function}({text(self.compile(inner))}, {self.words.parameter(pattern)})"
                return f"coalesce({found}, false)"
            case In(inner, items):
                return f"({' OR '.join(equal(self.compile(inner), self.compile(each), '=') for each in items)})"

    def literal(self, given: Literal) -> Sql:
        """A value of the query's own."""
        if isinstance(given.value, bool):
            return Sql("true" if given.value else "false", "bool", constant=True)
        kind, type_ = ("text", "VARCHAR") if isinstance(given.value, str) else ("number", "DOUBLE")
        return Sql(f"CAST({self.words.parameter(given.value)} AS {type_})", kind, constant=True)  # type: ignore[arg-type]

    def field(self, field: Field) -> Sql:
        """A field; in stats only within an aggregate."""
        if self.aggregating:
            raise InsightsError(f"{field.text} is neither within an aggregate nor in the by clause", field.at)
        return self.scope.field(field)

    def binary(self, expr: Binary) -> Sql:
        """Boolean, comparing, or arithmetic."""
        left, right = self.compile(expr.left), self.compile(expr.right)
        if expr.op in ("and", "or"):
            return Sql(f"({condition(left)} {expr.op.upper()} {condition(right)})", "bool")
        if expr.op in ORDERS:
            test = equal(left, right, ORDERS[expr.op])
            if expr.op == "=" and (trace := self.trace_in(expr)) is not None:
                test = f"(trace = {trace} AND {test})"  # a number is found much faster than a text within another
            return Sql(f"(NOT {test})" if expr.op == "!=" else test, "bool")
        return Sql(ARITHMETIC[expr.op].format(number(left), number(right)), "number")

    def trace_in(self, expr: Binary) -> int | None:
        """The latter half of the trace that a line's trace_id is held against."""
        sides = (expr.left, expr.right)
        literal = next((each.value for each in sides if isinstance(each, Literal)), None)
        of_line = any(isinstance(each, Field) and each.parts == ("trace_id",) for each in sides)
        if not (of_line and self.scope.reads("trace_id")):
            return None
        named = isinstance(literal, str) and TRACE_ID.fullmatch(literal)
        return int(literal[16:], 16) if named else None  # type: ignore[index]

    def call(self, call: Call) -> Sql:
        """A function, or a result of stats under the name that it was written with."""
        known = self.scope.written(call.text)
        if known is not None:
            return known
        if call.name in AGGREGATES:
            return self.aggregate(call)
        if call.name in TIMES:
            return TIMES[call.name](self, call)
        function = FUNCTIONS.get(call.name)
        if function is None:
            raise InsightsError(f"the function {call.text.partition('(')[0]} is not known", call.at)
        expect(call, function.least, function.most)
        return function.compute(*map(self.compile, call.args))

    def aggregate(self, call: Call) -> Sql:
        """An aggregate of an expression of the lines."""
        if not self.aggregating:
            raise InsightsError(f"{call.name} belongs into a stats command", call.at)
        least, most, compute = AGGREGATES[call.name]
        expect(call, least, most)
        inner = Compiler(self.scope, self.words, self.now)
        return compute([inner.compile(each) for each in call.args], inner, call)

    def line_time(self, call: Call) -> str:
        """The time of a line, for functions that imply it."""
        time = self.scope.time
        if time is None:
            raise InsightsError(f"{call.name} needs @timestamp, which is not there after stats", call.at)
        return time


def expect(call: Call, least: int, most: int | None) -> None:
    """The number of arguments."""
    if len(call.args) < least or (most is not None and len(call.args) > most):
        wanted = str(least) if least == most else f"{least} to {most}" if most else f"at least {least}"
        raise InsightsError(f"{call.name} takes {wanted} argument(s), not {len(call.args)}", call.at)


def condition(given: Sql) -> str:
    """Whether the value holds: a number other than 0, the text true."""
    if given.kind == "bool":
        return given.code
    if given.kind == "number":
        return f"coalesce({given.code} <> 0, false)"
    return f"coalesce(lower({text(given)}) = 'true' OR TRY_CAST({text(given)} AS DOUBLE) <> 0, false)"


def equal(left: Sql, right: Sql, order: str) -> str:
    """A comparison: of numbers where one side is a number, or where both look like one."""
    a, b = (left, right) if not left.constant else (right, left)
    if "bool" in (left.kind, right.kind):
        return f"({condition(left)} {order} {condition(right)})"
    if "number" in (left.kind, right.kind) or "time" in (left.kind, right.kind):
        return f"coalesce({number(left)} {order} {number(right)}, false)"
    as_text = f"{text(left)} {order} {text(right)}"
    if order == "=" and b.constant:
        return f"coalesce({as_text}, false)"
    as_number = f"{number(left)} {order} {number(right)}"
    both = f"{number(a)} IS NOT NULL AND {number(b)} IS NOT NULL"
    return f"coalesce(CASE WHEN {both} THEN {as_number} ELSE {as_text} END, false)"


def bin_(compiler: Compiler, call: Call) -> Sql:
    """The period that a line is in."""
    return floored(compiler.line_time(call), period(call, 0, 1))


def date_function(compute: Callable[[str, Period], Sql]) -> Callable[[Compiler, Call], Sql]:
    """A function of a time and a period."""

    def compiled(compiler: Compiler, call: Call) -> Sql:
        length = period(call, 1, 2)
        time = compiler.compile(call.args[0])
        if time.kind != "time":
            raise InsightsError(f"{call.name} needs a time, such as @timestamp or fromMillis(...)", call.at)
        return compute(f"({time.code})", length)

    return compiled


def period(call: Call, place: int, count: int) -> Period:
    """The argument that is a period."""
    expect(call, count, count)
    given = call.args[place]
    if not isinstance(given, Period):
        raise InsightsError(f"{call.name} needs a period of time, such as 5m", call.at)
    return given


def now(compiler: Compiler, call: Call) -> Sql:
    """The time of the query, in seconds since 1970."""
    expect(call, 0, 0)
    return Sql(f"CAST({compiler.words.parameter(compiler.now // 1_000_000_000)} AS DOUBLE)", "number")


TIMES: dict[str, Callable[[Compiler, Call], Sql]] = {
    "bin": bin_,
    "datefloor": date_function(floored),
    "dateceil": date_function(ceiled),
    "now": now,
}


def count(args: list[Sql], _compiler: Compiler, _call: Call) -> Sql:
    """Of all lines, or of those that have the field."""
    return Sql(f"count({text(args[0])})" if args else "count(*)", "number")


def of_numbers(template: str) -> Callable[[list[Sql], Compiler, Call], Sql]:
    """An aggregate of those values that are numbers."""
    return lambda args, _compiler, _call: Sql(template.format(number(args[0])), "number")


def percentile(args: list[Sql], _compiler: Compiler, call: Call) -> Sql:
    """The value below which so many percent of the values are, between the two nearest."""
    given = call.args[1]
    if not isinstance(given, Literal) or not isinstance(given.value, float) or not 0 <= given.value <= 100:
        raise InsightsError("pct takes a field and a number from 0 to 100", call.at)
    return Sql(f"quantile_cont({number(args[0])}, {given.value / 100!r})", "number")


def extreme(name: str) -> Callable[[list[Sql], Compiler, Call], Sql]:
    """The least or greatest number, or, where there is none, text."""

    def compute(args: list[Sql], _compiler: Compiler, _call: Call) -> Sql:
        given = args[0]
        if given.kind in ("number", "time"):
            return Sql(f"{name}({given.code})", given.kind)
        if given.kind == "bool":
            return Sql(f"{name}({number(given)})", "number")
        return Sql(f"coalesce(to_json({name}({number(given)})), to_json({name}({text(given)})))", "json")

    return compute


def at_time(name: str) -> Callable[[list[Sql], Compiler, Call], Sql]:
    """The value of the line with the earliest or latest time."""

    def compute(args: list[Sql], compiler: Compiler, call: Call) -> Sql:
        return Sql(f"{name}({args[0].code}, {compiler.line_time(call)})", args[0].kind)

    return compute


def by_order(name: str) -> Callable[[list[Sql], Compiler, Call], Sql]:
    """The value that sorts first or last: text before numbers."""
    first, second = ("text", "number") if name == "min" else ("number", "text")

    def compute(args: list[Sql], _compiler: Compiler, _call: Call) -> Sql:
        as_number = number(args[0])
        parts = {
            "number": f"to_json({name}({as_number}))",
            "text": f"to_json({name}({text(args[0])}) FILTER ({as_number} IS NULL))",
        }
        return Sql(f"coalesce({parts[first]}, {parts[second]})", "json")

    return compute


# Of each: how many arguments it takes, at least and at most, and its SQL.
AGGREGATES: dict[str, tuple[int, int, Callable[[list[Sql], Compiler, Call], Sql]]] = {
    "count": (0, 1, count),
    "count_distinct": (1, 1, lambda args, _compiler, _call: Sql(f"count(DISTINCT {text(args[0])})", "number")),
    "sum": (1, 1, of_numbers("sum({})")),
    "avg": (1, 1, of_numbers("avg({})")),
    "min": (1, 1, extreme("min")),
    "max": (1, 1, extreme("max")),
    "stddev": (1, 1, of_numbers("stddev_samp({})")),
    "median": (1, 1, of_numbers("median({})")),
    "pct": (2, 2, percentile),
    "percentile": (2, 2, percentile),
    "earliest": (1, 1, at_time("arg_min")),
    "latest": (1, 1, at_time("arg_max")),
    "sortsfirst": (1, 1, by_order("min")),
    "sortslast": (1, 1, by_order("max")),
}
