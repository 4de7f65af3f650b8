"""Traces as they are looked for: newest first, in steps back in time, so that the newest cost what few do."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from shop.console.store.database import Database

__all__ = ["Bookmark", "Position", "Search", "Summary", "find", "lines_of", "spans_of", "told_of"]

FIRST_STEP: Final = 10 * 10**9  # ns
FIRST_STEP_OF_LONG: Final = 64 * FIRST_STEP  # of traces that took long: each step looks REACH around itself
LARGER: Final = 4  # each step by the one before
REACH: Final = 900 * 10**9  # ns between the first and the last start in one trace that is not rolled up, at most


class Position(NamedTuple):
    """A trace's place in the order: its start and id."""

    start: int
    trace_hi: int
    trace_lo: int


class Bookmark(NamedTuple):
    """Where a page ended: below this position; all that is left has a span that fits before `high`."""

    position: Position
    high: int


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
    from spans where start between ? and ?
        and (trace_hi, trace_lo) in (select unnest(?::ubigint[]), unnest(?::ubigint[]))
    group by trace_hi, trace_lo having begun between ? and ?"""
BOUNDS: Final = """
    select min(begun), max(ended) from stretches
    where (trace_hi, trace_lo) in (select unnest(?::ubigint[]), unnest(?::ubigint[]))"""
FOUND: Final = """
    select trace_hi, trace_lo, max(start) as seen from spans where start >= ? and start < ? and {fits}
    group by trace_hi, trace_lo order by seen desc limit ?"""
ATTRIBUTE: Final = """(
    (contains(attributes, ?) and json_extract_string(attributes, ?) = ?)
    or resource in (select id from resources where json_extract_string(attributes, ?) = ?))"""

LONG: Final = """(trace_hi, trace_lo) in (
    select trace_hi, trace_lo from (
        select trace_hi, trace_lo, begun, ended from stretches where begun between {low} and {high}
        union all select trace_hi, trace_lo, start, start + duration from spans
            where batch > {rolled} and start between {low} and {high})
    group by trace_hi, trace_lo having max(ended) - min(begun) >= {least})"""


def find(
    database: Database, search: Search, limit: int, after: Bookmark | None
) -> tuple[list[Summary], Bookmark | None]:
    """The newest `limit` traces that fit, below a bookmark, and the next one, when there are more.

    Step by step back in time. A trace begins no later than its spans, so those that began within the time looked
    through so far are certain: whatever is found further back began before them.
    """
    found: dict[Position, Summary] = {}
    seen: dict[Position, int] = {}
    high = after.high if after else search.end + 1
    size = FIRST_STEP_OF_LONG if search.min_duration else FIRST_STEP
    while high > search.start and sum(position.start >= high for position in found) <= limit:
        low = max(high - size, search.start)
        traces = matching(database, search, (low, high), at_once := 4 * limit)
        if len(traces) == at_once:
            # Others may have a span at that very moment: it is looked at again, unless nothing but it was seen.
            low = traces[-1][2] + (traces[-1][2] < traces[0][2])
        latest = {(each[0], each[1]): each[2] for each in traces}
        for summary in summaries(database, search, traces):
            position = summary.position
            if fits_whole(search, summary) and (after is None or position < after.position):
                found[position] = summary
                seen.setdefault(position, latest[position.trace_hi, position.trace_lo])
        high, size = low, size * LARGER
    order = sorted(found, reverse=True)
    shown, left = order[:limit], order[limit:]
    bookmark = Bookmark(shown[-1], max(seen[each] for each in left) + 1) if left else None
    return [found[position] for position in shown], bookmark


def matching(database: Database, search: Search, step: tuple[int, int], most: int) -> list[tuple[int, int, int]]:
    """The traces with a span in a step that fits, each with the latest start of these; the newest `most`."""
    low, high = step
    fits, values = conditions(search)
    if search.min_duration:
        bounds = {"low": low - REACH, "high": high + REACH, "rolled": database.rolled, "least": search.min_duration}
        fits = f"{fits} and {LONG.format(**bounds)}"
    rows = database.query(FOUND.format(fits=fits), (low, high, *values, most))
    return [(trace_hi, trace_lo, seen) for trace_hi, trace_lo, seen in rows]


def summaries(database: Database, search: Search, traces: list[tuple[int, int, int]]) -> list[Summary]:
    """These traces, those left out that began before or after the time that is searched."""
    if not traces:
        return []
    ids = ([each[0] for each in traces], [each[1] for each in traces])
    begun, ended = database.query(BOUNDS, ids)[0]
    low, high = traces[-1][2] - REACH, traces[0][2] + REACH
    around = (low, high) if begun is None else (min(low, begun), max(high, ended))
    rows = database.query(SUMMARIES, (*around, *ids, search.start, search.end))
    return [Summary(*row) for row in rows]


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
TOLD: Final = """
    select trace_hi, trace_lo, service, name, attributes from spans where start between ? and ?
        and (trace_hi, trace_lo) in (select unnest(?::ubigint[]), unnest(?::ubigint[]))"""
MOST: Final = 20_000  # spans or lines of one trace


def spans_of(database: Database, trace_hi: int, trace_lo: int) -> list[tuple[Any, ...]]:
    """The spans of a trace, by their start."""
    return database.query(SPANS, (trace_lo, trace_hi, MOST))


def told_of(database: Database, found: list[Summary]) -> dict[tuple[int, int], list[tuple[str, str, str]]]:
    """Service, name and attributes (as JSON) of all spans of these traces, by trace."""
    if not found:
        return {}
    bounds = (min(each.start for each in found), max(each.end for each in found))
    ids = ([each.trace_hi for each in found], [each.trace_lo for each in found])
    told: dict[tuple[int, int], list[tuple[str, str, str]]] = {}
    for trace_hi, trace_lo, *about in database.query(TOLD, (*bounds, *ids)):
        told.setdefault((trace_hi, trace_lo), []).append((about[0], about[1], about[2]))
    return told


def lines_of(database: Database, trace_hi: int, trace_lo: int) -> list[tuple[Any, ...]]:
    """The log lines of a trace, by their time."""
    return database.query(LINES, (trace_lo, trace_hi, MOST))
