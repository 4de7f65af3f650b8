"""Pieces of SQL with the kind of value that they have, and their parameters.

Parameters and paths into a line's fields are marks in the text until the whole statement is written, since a piece can
stand in it any number of times: a query's own words never become SQL.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = ["Kind", "Sql", "Words", "number", "pointer", "quoted", "text"]

Kind: TypeAlias = Literal["text", "number", "bool", "time", "json"]
MARK = re.compile("\x01([peEtT])(\\d+)\x02")


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression and its kind: times are ns since 1970, `json` is a value whose kind only the row knows.

    `as_text` and `as_number` are how a json value is had as these, where there is a better way than from the value.
    """

    code: str
    kind: Kind
    as_text: str | None = None
    constant: bool = False
    as_number: str | None = None


@dataclass(slots=True)
class Words:
    """What stands behind the marks of a statement."""

    parameters: list[Any] = field(default_factory=list)
    paths: dict[str, int] = field(default_factory=dict)

    def parameter(self, value: Any) -> str:
        """A mark for a value of the query's."""
        self.parameters.append(value)
        return f"\x01p{len(self.parameters) - 1}\x02"

    def path(self, path: str, *, text: bool, likely: bool = True) -> str:
        """A mark for what is at a path of a line's fields, as text or as JSON; unlikely ones are read last."""
        place = self.paths.setdefault(path, len(self.paths))
        letter = "t" if text else "e"
        return f"\x01{letter if likely else letter.upper()}{place}\x02"

    def used(self, code: str, kind: str) -> list[int]:
        """Which paths stand in a piece of SQL."""
        return sorted({int(number) for letter, number in MARK.findall(code) if letter == kind})

    def uses(self, code: str, kind: str) -> int:
        """How often paths stand in a piece of SQL."""
        return sum(letter == kind for letter, _ in MARK.findall(code))

    def written(self, code: str, shared: dict[tuple[str, int], str]) -> tuple[str, list[Any]]:
        """The statement with ? for each parameter, and the parameters in their order. `shared`: paths read already."""
        given: list[Any] = []
        names = list(self.paths)

        def replace(found: re.Match[str]) -> str:
            letter, place = found.group(1), int(found.group(2))
            if letter == "p":
                given.append(self.parameters[place])
                return "?"
            known = shared.get((letter, place))
            if known:
                return known
            function = "json_extract_string" if letter in "tT" else "json_extract"
            return f"{function}(fields, {quoted(names[place])})"

        return MARK.sub(replace, code), given


def quoted(value: str) -> str:
    """A string of SQL."""
    return "'" + value.replace("'", "''") + "'"


def pointer(parts: tuple[str, ...]) -> str:
    """A JSON pointer (RFC 6901): names may hold whatever they like."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def text(given: Sql) -> str:
    """The value as text."""
    match given.kind:
        case "text":
            return given.code
        case "json":
            return given.as_text or f"(({given.code}) ->> '$')"
        case "number":
            return f"regexp_replace(CAST({given.code} AS VARCHAR), '\\.0$', '')"
        case "bool":
            return f"CASE WHEN {given.code} THEN '1' ELSE '0' END"
        case "time":
            return f"strftime(make_timestamp_ns({given.code}), '%Y-%m-%d %H:%M:%S.%g')"


def number(given: Sql) -> str:
    """The value as a number, or nothing; times are ms since 1970."""
    match given.kind:
        case "number":
            return given.code
        case "bool":
            return f"CAST({given.code} AS DOUBLE)"
        case "time":
            return f"floor({given.code} / 1e6)"
        case _:
            return given.as_number or f"TRY_CAST({text(given)} AS DOUBLE)"
