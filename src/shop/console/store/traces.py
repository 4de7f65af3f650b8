"""Traces as they are looked for: newest first, in steps back in time, so that the newest cost what few do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from shop.console.store.database import Database

__all__ = ["Position", "Search", "Summary", "find", "lines_of", "spans_of"]

FIRST_STEP: Final = 10 * 10**9  # ns
LARGER: Final = 4  # each step by the one before
REACH: Final = 900 * 10**9  # ns between the first and the last start in one trace, at most
LATER: Final = 600 * 10**9  # ns after a trace's start in which its spans are looked for, for the next page


class Position(NamedTuple):
    """Where a page ended: the last trace's start and id."""

    start: int
    trace_hi: int
    trace_lo: int


class Summary(NamedTuple):
    """A trace in one line. Times in ns."""

    trace_hi: int
    trace_lo: int
    start: int
    end: int
    spans: int
    errors: int
    services: list[str]
    root_service: str
    root_name: str

    @property
    def position(self) -> Position:
        """Where it stands in the order."""
        return Position(self.start, self.trace_hi, self.trace_lo)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: traces that began in [start, end] with a span that fits all that is said of one."""

    start: int
    end: int
    service: str | None = None
    operation: str | None = None
    min_duration: int = 0  # ns, of the whole trace
    status: str | None = None  # `error`: a span that fits has failed; `ok`: none of the trace has
    attributes: tuple[tuple[str, str], ...] = ()


SUMMARIES: Final = """
    select trace_hi, trace_lo, min(start) as begun, max(start + duration), count(*), count(*) filter (status = 2),
        list(distinct service order by service), arg_min(service, (parent_id <> 0, start)),
        arg_min(name, (parent_id <> 0, start))
    from spans where start between ? and ? and (trace_hi, trace_lo) in ({found})
    group by trace_hi, trace_lo having begun between ? and ?"""
FOUND: Final = "select trace_hi, trace_lo from spans where start >= ? and start < ? and {fits}"
ATTRIBUTE: Final = """(
    (contains(attributes, ?) and json_extract_string(attributes, ?) = ?)
    or resource in (select id from resources where json_extract_string(attributes, ?) = ?))"""

LONG: Final = """(trace_hi, trace_lo) in (
    select trace_hi, trace_lo from (
        select trace_hi, trace_lo, begun, ended from stretches where begun between {low} and {high}
        union all select trace_hi, trace_lo, start, start + duration from spans
            where batch > {rolled} and start between {low} and {high})
    group by trace_hi, trace_lo having max(ended) - min(begun) >= {least})"""


def find(database: Database, search: Search, limit: int, after: Position | None) -> list[Summary]:
    """The newest `limit` traces that fit, below a position."""
    fits, values = conditions(search)
    found: dict[Position, Summary] = {}
    newest = min(search.end, after.start + LATER) if after else search.end
    for low, high in steps(search.start, newest):
        window = (low - REACH, high + REACH)
        here = fits
        if search.min_duration:
            bounds = {"low": window[0], "high": window[1], "rolled": database.rolled, "least": search.min_duration}
            here = f"{fits} and {LONG.format(**bounds)}"
        sql = SUMMARIES.format(found=FOUND.format(fits=here))
        for row in database.query(sql, (*window, low, high, *values, search.start, search.end)):
            summary = Summary(*row)
            if fits_whole(search, summary) and (after is None or summary.position < after):
                found[summary.position] = summary
        if sum(position.start >= low for position in found) >= limit:
            break
    return [found[position] for position in sorted(found, reverse=True)[:limit]]


def steps(oldest: int, newest: int) -> Iterator[tuple[int, int]]:
    """Half-open pieces of the time from the newest back, each larger than the one before."""
    high, size = newest + 1, FIRST_STEP
    while high > oldest:
        low = max(high - size, oldest)
        yield low, high
        high, size = low, size * LARGER


def conditions(search: Search) -> tuple[str, list[Any]]:
    """What a span must be, as SQL with its parameters."""
    parts, values = ["true"], []
    for column, wanted in (("service", search.service), ("name", search.operation)):
        if wanted is not None:
            parts.append(f"{column} = ?")
            values.append(wanted)
    if search.status == "error":
        parts.append("status = 2")
    for key, value in search.attributes:
        parts.append(ATTRIBUTE)
        path = f"$.{msgspec.json.encode(key).decode()}"
        text = msgspec.json.encode(value).decode()[1:-1]
        values += [text, path, value, path, value]
    return " and ".join(parts), values


def fits_whole(search: Search, summary: Summary) -> bool:
    """What is asked of a trace as a whole."""
    if search.status in ("ok", "unset") and summary.errors:
        return False
    return summary.end - summary.start >= search.min_duration


SPANS: Final = """
    select span_id, parent_id, service, name, kind, status, message, start, duration, s.attributes, events, links,
        scope, coalesce(r.attributes, '{}') as resource
    from spans s left join resources r on r.id = s.resource
    where trace_lo = ? and trace_hi = ? order by start, span_id limit ?"""
LINES: Final = """
    select time, message, log, coalesce(fields, message), span_id from logs
    where trace_lo = ? and trace_hi = ? order by time, id limit ?"""
MOST: Final = 20_000  # spans or lines of one trace


def spans_of(database: Database, trace_hi: int, trace_lo: int) -> list[tuple[Any, ...]]:
    """The spans of a trace, by their start."""
    return database.query(SPANS, (trace_lo, trace_hi, MOST))


def lines_of(database: Database, trace_hi: int, trace_lo: int) -> list[tuple[Any, ...]]:
    """The log lines of a trace, by their time."""
    return database.query(LINES, (trace_lo, trace_hi, MOST))
