"""Histograms merged: the points of a series that end within the same stretch of time are one.

A minute's points are merged once, into the rollup `minutes`. What is asked for is merged from whole minutes of that,
and, at the edges of the window and for what came in the last minute, from the points themselves.
"""

from collections.abc import Sequence
from typing import Any, Final

from shop.console.ports import Cells
from shop.console.store.database import Database

__all__ = ["merged", "roll"]

MINUTE: Final = 60 * 10**9

SHAPE: Final = (  # of `ports.Histogram` as JSON
    '{{"count":"BIGINT","total":"DOUBLE","scale":"INTEGER","zero_count":"BIGINT","offset":"BIGINT",'
    '"positive":["BIGINT"],"negative":["BIGINT"],"zero_threshold":"DOUBLE","bounds":["DOUBLE"],"smallest":"DOUBLE",'
    '"largest":"DOUBLE"}}'
)
# Of those with explicit buckets only the count and the sum are kept. They and others that have more than positive
# buckets and zeros are `odd`: a query that needs all of it has to read their points.
POINTS: Final = f"""
    select series, {{cell}} as cell, h.scale as scale, start, time, h.count as n, h.total as total,
        h.zero_count as zeros, h.smallest as least, h.largest as greatest,
        case when h.bounds is null then range(h.offset, h.offset + len(h.positive)) else [] end as places,
        case when h.bounds is null then h.positive else [] end as counts,
        h.bounds is not null or len(h.negative) > 0 or h.zero_threshold > 0 as odd
    from (select series, start, time, from_json(histogram, '{SHAPE}') as h from points
        where histogram is not null and {{these}})"""
MINUTES: Final = """
    select series, {cell} as cell, scale, start, time, n, total, zeros, least, greatest, places, counts, odd
    from minutes where {these}"""
MERGED: Final = """
    with pieces as ({pieces}),
    heads as (
        select series, cell, scale, min(start) as start, max(time) as time, sum(n)::bigint as n, fsum(total) as total,
            sum(zeros)::bigint as zeros, case when count(least) = count(*) filter (n > 0) then min(least) end as least,
            case when count(greatest) = count(*) filter (n > 0) then max(greatest) end as greatest, bool_or(odd) as odd
        from (select * replace (case when n > 0 then least end as least, case when n > 0 then greatest end as greatest)
            from pieces) group by series, cell, scale
    ), each as (
        select series, cell, scale, unnest(places) as place, unnest(counts) as count from pieces
    ), buckets as (
        select series, cell, scale, place, sum(count)::bigint as count from each where count > 0 group by all
    ), lists as (
        select series, cell, scale, list(place order by place) as places, list(count order by place) as counts
        from buckets group by all
    )
    select series, cell, scale, start, time, n, total, zeros, least, greatest, coalesce(places, []),
        coalesce(counts, []), odd
    from heads left join lists using (series, cell, scale)"""
DELTAS: Final = "select id from series where kind = 'histogram' and temporality = 'delta'"


def merged(
    database: Database, series: Sequence[int], since: int, until: int, cells: Cells | None
) -> list[tuple[Any, ...]]:
    """The histograms of (since, until] by series, cell and scale; without cells all of it is one."""
    if not series:
        return []
    pieces = " union all ".join(parts(database, since, until, cells, "series in (select unnest($1::ubigint[]))"))
    return database.query(MERGED.format(pieces=pieces), (list(series),))


def parts(database: Database, since: int, until: int, cells: Cells | None, which: str) -> list[str]:
    """Where the pieces of a window come from, each once."""
    cell = cells.of("time") if cells else "0"
    first, last = -(-since // MINUTE), until // MINUTE
    if first >= last or not (cells is None or cells.of_minutes):
        return [POINTS.format(cell=cell, these=f"{which} and time > {since} and time <= {until}")]
    low, high = first * MINUTE, last * MINUTE
    beside = f"(time > {since} and time <= {low} or time > {high} and time <= {until})"
    fresh = f"(time > {low} and time <= {high} and batch > {database.pieced})"
    whole = cells.of(f"(minute + 1) * {MINUTE}") if cells else "0"
    return [
        *(POINTS.format(cell=cell, these=f"{which} and {these}") for these in (beside, fresh)),
        MINUTES.format(cell=whole, these=f"{which} and minute >= {first} and minute < {last}"),
    ]


def roll(database: Database) -> None:
    """Merge what came since the last time into the minutes, with the note that it is there."""
    upto, since = database.batch, database.pieced
    if upto <= since:
        return
    new = f"batch > {since} and batch <= {upto} and series in ({DELTAS})"
    pieces = POINTS.format(cell=f"((time - 1) // {MINUTE})::integer", these=new)
    with database.transaction() as tx:
        tx.execute(f"insert into minutes {MERGED.format(pieces=pieces)}")
        tx.execute("update state set pieced = ?", (upto,))
    database.pieced = upto
