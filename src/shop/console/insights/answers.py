"""Queries over the lines of a store, and their answers."""

import json
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import duckdb
import msgspec

from shop.console.insights.grammar import parse
from shop.console.insights.sql import Kind, Words, quoted
from shop.console.insights.stages import CHOSEN, LINES, planned
from shop.console.ports import LINES as RELATION
from shop.console.ports import Logs

__all__ = ["Answer", "ask"]

NS = 1_000_000_000
CHECKED = f"(SELECT * REPLACE (TRY_CAST(fields AS JSON) AS fields) FROM {RELATION})"  # noqa: S608 - a constant
COUNT = f"SELECT count(*) FROM {LINES}"  # noqa: S608 - a constant
decode = msgspec.json.Decoder().decode


class Answer(NamedTuple):
    """Rows in the order of `fields`; how many lines were there, and how many of them the filters let through."""

    fields: list[str]
    rows: list[list[Any]]
    scanned: int
    matched: int


def ask(logs: Logs, query: str, start: int, end: int) -> Answer:
    """The query over the lines of [start, end], in ns since 1970."""
    words = Words()
    plan = planned(parse(query), words, time.time_ns())
    columns = [READ[column.value.kind] for column in plan.columns]
    scanned = int(run(logs, COUNT, words, start, end)[0][0])
    rows = run(logs, plan.rows, words, start, end)
    if rows and plan.counts:
        matched = int(rows[0][-1])
    elif plan.chosen and plan.counts:
        matched = 0
    else:
        matched = scanned if plan.matched is None else int(run(logs, plan.matched, words, start, end)[0][0])
    answered = [[read(cell) for read, cell in zip(columns, row, strict=False)] for row in rows]
    return Answer([column.name for column in plan.columns], answered, scanned, matched)


def run(logs: Logs, statement: str, words: Words, start: int, end: int) -> list[tuple[Any, ...]]:
    """The rows of a statement over the lines of the time asked for.

    A line that is JSON for its writer can be none for DuckDB (half a surrogate pair): looking at every line for that
    would take as long as the query itself, so it is done when one was met.
    """
    try:
        return attempt(logs, statement, words, (start, end), RELATION)
    except duckdb.InvalidInputException as error:
        if "Malformed JSON" not in str(error):
            raise
        return attempt(logs, statement, words, (start, end), CHECKED)


def attempt(logs: Logs, statement: str, words: Words, span: tuple[int, int], relation: str) -> list[tuple[Any, ...]]:
    """The rows of a statement over a relation with the columns of the lines."""
    extra, shared = read_once(statement, words)
    bounds = f"time BETWEEN {int(span[0])} AND {int(span[1])}"
    what = ", ".join(["*", *extra])
    lines = f"(SELECT {what} FROM {relation} WHERE {bounds})"  # noqa: S608 - nothing of the query's but quoted paths
    few = f"(SELECT * FROM {relation} WHERE {bounds} AND id IN (SELECT id FROM chosen))"  # noqa: S608 - ditto
    chosen = f"(SELECT {what} FROM {few})"  # noqa: S608 - ditto
    code, parameters = words.written(statement.replace(LINES, lines).replace(CHOSEN, chosen), shared)
    return logs.run(code, parameters)


def read_once(statement: str, words: Words) -> tuple[list[str], dict[tuple[str, int], str]]:
    """Columns that read the fields of a line in one pass over its JSON, and what in them stands for each path."""
    paths = list(words.paths)
    uses = {letter: words.uses(statement, letter) for letter in "te"}
    if uses["e"] and uses["t"]:  # what is read as JSON is text soon
        used = sorted({*words.used(statement, "t"), *words.used(statement, "e")})
        places = {place: f"e_[{index}]" for index, place in enumerate(used, 1)}
        texts = {("t", place): f"({column} ->> '$')" for place, column in places.items()}
        return [together("json_extract", used, paths, "e_")], texts | {
            ("e", at): column for at, column in places.items()
        }
    for letter, function in (("t", "json_extract_string"), ("e", "json_extract")):
        if uses[letter] > 1:
            used = words.used(statement, letter)
            found = {(letter, place): f"{letter}_[{index}]" for index, place in enumerate(used, 1)}
            return [together(function, used, paths, f"{letter}_")], found
    return [], {}


def together(function: str, used: list[int], paths: list[str], name: str) -> str:
    """A column with what is at these paths."""
    return f"{function}(fields, [{', '.join(quoted(paths[place]) for place in used)}]) AS {name}"


def read_number(cell: float | None) -> float | int | None:
    """Whole numbers without a fraction; what JSON has no number for is nothing."""
    if cell is None or not math.isfinite(cell):
        return None
    return int(cell) if float(cell).is_integer() and abs(cell) < 2**53 else float(cell)


def read_json(cell: str | None) -> Any:
    """The value; objects and lists as JSON."""
    if cell is None:
        return None
    value = decode(cell)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return read_number(value) if isinstance(value, float) else value


def read_time(cell: int | None) -> str | None:
    """As AWS writes times: UTC, with milliseconds."""
    if cell is None:
        return None
    seconds, nanos = divmod(cell, NS)
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{nanos // 1_000_000:03d}"


READ: dict[Kind, Callable[[Any], Any]] = {
    "text": lambda cell: cell,
    "number": read_number,
    "bool": lambda cell: None if cell is None else int(cell),
    "time": read_time,
    "json": read_json,
}
