"""The map: nodes and edges with their rate, errors and duration; and the same per operation.

What is in the rollups is taken from there for whole minutes; the edges of the window, and what came in the last
seconds, from the spans. Where few spans are in the window all comes from them, exact to the nanosecond.
"""

from typing import Any, Final, NamedTuple

from shop.console.store.database import Database
from shop.console.store.rollups import BUCKETS, ENTRIES, FLOWS, REACH

__all__ = ["Edge", "Load", "Operation", "Service", "edges", "operations", "services"]

MINUTE: Final = 60 * 10**9
FEW: Final = 200_000  # spans of which all are looked at
UNANSWERED: Final = 3 * 10**9  # ns that an answering span may take to arrive
VALUE: Final = f"pow(2, (bucket + 0.5) / {BUCKETS})"


class Load(NamedTuple):
    """What went through; durations in ns."""

    requests: int
    errors: int
    p50: float
    p95: float
    p99: float


class Service(NamedTuple):
    """A service, as a node."""

    name: str
    load: Load


class Operation(NamedTuple):
    """What a service answers, or does."""

    service: str
    name: str
    kind: int
    load: Load


class Edge(NamedTuple):
    """Calls, messages or queries from one node to another."""

    from_kind: str
    from_name: str
    to_kind: str
    to_name: str
    load: Load


LOADS: Final = """
    with parts as (select {keys}, error, value, sum(n) as n from ({rows}) group by {group}),
    running as (
        select *, sum(n) over (partition by {keys} order by value) as reached,
            sum(n) over (partition by {keys}) as total
        from parts
    )
    select {keys}, any_value(total)::bigint, coalesce(sum(n) filter (error), 0)::bigint,
        min(value) filter (reached >= total * 0.50), min(value) filter (reached >= total * 0.95),
        min(value) filter (reached >= total * 0.99)
    from running group by {keys} order by {keys}"""


class Window(NamedTuple):
    """[start, end], of which the minutes [first, last) come from the rollups."""

    start: int
    end: int
    first: int
    last: int

    @property
    def rolled(self) -> bool:
        """Whether any of it comes from there."""
        return self.first < self.last

    def spans(self, watermark: int) -> list[str]:
        """Conditions, no two of them true of the same span, for those that are to be looked at themselves."""
        if not self.rolled:
            return [f"start between {self.start} and {self.end}"]
        low, high = self.first * MINUTE, self.last * MINUTE
        return [
            f"start between {self.start} and {low - 1}",
            f"start between {high} and {self.end}",
            f"start between {low} and {high - 1} and batch > {watermark}",
        ]


def window(database: Database, start: int, end: int) -> Window:
    """How a stretch of time is best looked at."""
    first, last = -(-start // MINUTE), (end + 1) // MINUTE
    count = "select coalesce(sum(n), 0) from red where minute >= ? and minute < ?"
    if first >= last or database.query(count, (first, last))[0][0] <= FEW:
        return Window(start, end, 0, 0)
    return Window(start, end, first, last)


def services(database: Database, start: int, end: int) -> list[Service]:
    """Every service that was called, or sent a message to."""
    rows = entries(database, window(database, start, end), "kind in (2, 5)")
    return [Service(name, Load(*load)) for name, *load in loads(database, "service", rows)]


def operations(database: Database, start: int, end: int) -> list[Operation]:
    """Every operation of every service."""
    rows = entries(database, window(database, start, end), "true")
    return [
        Operation(service, name, kind, Load(*load))
        for service, name, kind, *load in loads(database, "service, name, kind", rows)
    ]


def entries(database: Database, part: Window, which: str) -> str:
    """SQL for the spans themselves, and what the rollups know of the others."""
    raw = " union all ".join(
        f"select service, name, kind, error, duration::double as value, 1 as n "
        f"from ({ENTRIES.format(these=f'{condition} and {which}')})"
        for condition in part.spans(database.rolled)
    )
    if not part.rolled:
        return raw
    return f"""{raw} union all select service, name, kind, error, {VALUE}, n from red
        where minute >= {part.first} and minute < {part.last} and {which}"""


def edges(database: Database, start: int, end: int, now: int) -> tuple[list[Edge], dict[tuple[str, str], Load]]:
    """Every flow between two nodes; and, by kind and name, all that goes into a node."""
    part = window(database, start, end)
    keys = "from_kind, from_name, to_kind, to_name"
    columns = f"{keys}, error, duration::double as value, 1 as n"
    rows = " union all ".join(
        f"select {columns} from ({flows(low, high, child, pair, now)})"
        for low, high, child, pair in looks(database, part)
    )
    if part.rolled:
        rows += f""" union all select {keys}, error, {VALUE}, n from edges
            where minute >= {part.first} and minute < {part.last}"""
    found = loads(database, keys, rows, f"grouping sets (({keys}, error, value), (to_kind, to_name, error, value))")
    each = [Edge(row[0], row[1], row[2], row[3], Load(*row[4:])) for row in found if row[1] is not None]
    return each, {(row[2], row[3]): Load(*row[4:]) for row in found if row[1] is None}


def looks(database: Database, part: Window) -> list[tuple[int, int, str, str]]:
    """Pieces of the window of which the spans are looked at: bounds, which spans, which pairs."""
    if not part.rolled:
        this = f"child.start between {part.start} and {part.end}"
        return [(part.start, part.end, f"start between {part.start} and {part.end}", this)]
    low, high = part.first * MINUTE, part.last * MINUTE
    pieces = []
    for begin, end in ((part.start, low - 1), (high, part.end)):
        if begin <= end:
            this = f"start between {begin} and {end}"
            pieces.append((begin, end, this, f"child.{this}"))
    fresh = database.query(
        "select min(start), max(start) from spans where batch > ? and start between ? and ?",
        (database.rolled, low - REACH, high),
    )[0]
    if fresh[0] is not None:
        inside = f"start between {low} and {high - 1}"
        newer = f"greatest(child.batch, parent.batch) > {database.rolled}"
        new = f"{inside} and batch > {database.rolled}"
        pieces.append((fresh[0], fresh[1], new, f"child.{inside} and {newer}"))
    return pieces


def flows(low: int, high: int, child: str, pair: str, now: int) -> str:
    """The SQL of the flows in one piece."""
    return FLOWS.format(low=low - REACH, high=high + REACH, child=child, pair=pair, settled=now - UNANSWERED)


def loads(database: Database, keys: str, rows: str, group: str = "all") -> list[tuple[Any, ...]]:
    """Keys and load, of the rows of one query."""
    return database.query(LOADS.format(keys=keys, rows=rows, group=group))
