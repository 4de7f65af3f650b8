"""The functions of expressions, each as SQL, with what AWS says of it."""

from collections.abc import Callable
from dataclasses import dataclass

from shop.console.insights.addresses import in_subnet, in_subnet_4, in_subnet_6, valid_4, valid_6
from shop.console.insights.sql import Sql, number, text

__all__ = ["FUNCTIONS", "Function", "fields_present"]


@dataclass(frozen=True, slots=True)
class Function:
    """How it is computed, and how many arguments it takes; None is any number of them."""

    compute: Callable[..., Sql]
    least: int = 1
    most: int | None = 1


def of_numbers(template: str) -> Callable[..., Sql]:
    """A number of numbers."""
    return lambda *args: Sql(template.format(*map(number, args)), "number")


def variadic(name: str) -> Callable[..., Sql]:
    """A number of any number of numbers."""
    return lambda *args: Sql(f"{name}({', '.join(map(number, args))})", "number")


def of_texts(template: str) -> Callable[..., Sql]:
    """A text of texts."""
    return lambda *args: Sql(template.format(*map(text, args)), "text")


def is_present(given: Sql) -> Sql:
    """The field exists."""
    return Sql(f"({text(given)}) IS NOT NULL", "bool")


fields_present = is_present


def coalesced(*args: Sql) -> Sql:
    """The first that exists."""
    kinds = {each.kind for each in args}
    if len(kinds) == 1 and args[0].kind != "json":
        return Sql(f"coalesce({', '.join(each.code for each in args)})", args[0].kind)
    as_json = [each.code if each.kind == "json" else f"to_json({plain(each)})" for each in args]
    return Sql(f"coalesce({', '.join(as_json)})", "json", f"coalesce({', '.join(map(text, args))})")


def plain(given: Sql) -> str:
    """A value as JSON is to have it."""
    return number(given) if given.kind in ("number", "bool") else text(given)


def trimmed(side: str) -> Callable[..., Sql]:
    """Without white space at a side, or without the characters given."""

    def compute(given: Sql, chars: Sql | None = None) -> Sql:
        what = f", {text(chars)}" if chars else ""
        return Sql(f"{side}({text(given)}{what})", "text")

    return compute


def substring(given: Sql, start: Sql, length: Sql | None = None) -> Sql:
    """From an index counted from 0 on, or so many characters from there."""
    size = f", CAST(greatest({number(length)}, 0) AS BIGINT)" if length else ""
    return Sql(f"substr({text(given)}, CAST(greatest({number(start)}, 0) AS BIGINT) + 1{size})", "text")


def contains(given: Sql, sought: Sql) -> Sql:
    """1 or 0."""
    return Sql(f"CAST(coalesce(contains({text(given)}, {text(sought)}), false) AS DOUBLE)", "number")


def flag(template: str) -> Callable[..., Sql]:
    """1 or 0."""
    return lambda *args: Sql(f"CAST({template.format(*map(text, args))} AS DOUBLE)", "number")


def from_millis(given: Sql) -> Sql:
    """A time."""
    return Sql(f"CAST({number(given)} AS BIGINT) * 1000000", "time")


def to_millis(given: Sql) -> Sql:
    """Milliseconds since 1970; what is no time has none."""
    return Sql(number(given), "number") if given.kind == "time" else Sql("CAST(NULL AS DOUBLE)", "number")


def json_parsed(given: Sql) -> Sql:
    """A map or a list; nothing of anything else."""
    parsed = f"TRY_CAST({text(given)} AS JSON)"
    return Sql(f"CASE WHEN json_type({parsed}) IN ('OBJECT', 'ARRAY') THEN {parsed} END", "json")


def json_written(given: Sql) -> Sql:
    """JSON as text."""
    return Sql(f"CAST(json({given.code}) AS VARCHAR)", "text") if given.kind == "json" else Sql(text(given), "text")


def rounded(given: Sql, digits: Sql | None = None) -> Sql:
    """To a whole number, or to so many decimal places."""
    places = f", CAST({number(digits)} AS INTEGER)" if digits else ""
    return Sql(f"round({number(given)}{places})", "number")


FUNCTIONS: dict[str, Function] = {
    "abs": Function(of_numbers("abs({})")),
    "ceil": Function(of_numbers("ceil({})")),
    "floor": Function(of_numbers("floor({})")),
    "sqrt": Function(of_numbers("CASE WHEN {0} >= 0 THEN sqrt({0}) END")),
    "log": Function(of_numbers("CASE WHEN {0} > 0 THEN ln({0}) END")),
    "round": Function(rounded, 1, 2),
    "tonumber": Function(of_numbers("{}")),
    "todouble": Function(of_numbers("{}")),
    "toint": Function(of_numbers("trunc({})")),
    "tolong": Function(of_numbers("trunc({})")),
    "greatest": Function(variadic("greatest"), 1, None),
    "least": Function(variadic("least"), 1, None),
    "ispresent": Function(is_present),
    "coalesce": Function(coalesced, 1, None),
    "isempty": Function(flag("(coalesce({}, '') = '')")),
    "isblank": Function(flag("(trim(coalesce({}, ''), ' \t\n\r\f\v') = '')")),
    "concat": Function(lambda *args: Sql(f"concat({', '.join(map(text, args))})", "text"), 1, None),
    "trim": Function(trimmed("trim"), 1, 2),
    "ltrim": Function(trimmed("ltrim"), 1, 2),
    "rtrim": Function(trimmed("rtrim"), 1, 2),
    "strlen": Function(lambda given: Sql(f"CAST(length({text(given)}) AS DOUBLE)", "number")),
    "toupper": Function(of_texts("upper({})")),
    "tolower": Function(of_texts("lower({})")),
    "substr": Function(substring, 2, 3),
    "replace": Function(of_texts("replace({}, {}, {})"), 3, 3),
    "strcontains": Function(contains, 2, 2),
    "frommillis": Function(from_millis),
    "tomillis": Function(to_millis),
    "jsonparse": Function(json_parsed),
    "jsonstringify": Function(json_written),
    "isvalidipv4": Function(lambda given: Sql(valid_4(text(given)), "bool")),
    "isvalidipv6": Function(lambda given: Sql(valid_6(text(given)), "bool")),
    "isvalidip": Function(lambda given: Sql(f"({valid_4(text(given))} OR {valid_6(text(given))})", "bool")),
    "isipv4insubnet": Function(lambda given, net: Sql(in_subnet_4(text(given), text(net)), "bool"), 2, 2),
    "isipv6insubnet": Function(lambda given, net: Sql(in_subnet_6(text(given), text(net)), "bool"), 2, 2),
    "isipinsubnet": Function(lambda given, net: Sql(in_subnet(text(given), text(net)), "bool"), 2, 2),
}
