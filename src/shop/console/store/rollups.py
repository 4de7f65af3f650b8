"""Rollups, and what both they and the map are made of: entries into services, and flows from node to node. Also how
long traces took, of which spans come in several batches: a stretch from each.

A flow is a call, message or query from one node of the map to another. Its two ends may be spans of two processes, of
which either may come first: the pair is rolled up with the later of the two. So every span and every pair is counted
once, in the rollups or, until it is there, by the same query over the spans themselves.
"""

from typing import Final

from shop.console.store.database import Database

__all__ = ["BUCKETS", "ENTRIES", "FLOWS", "roll"]

BUCKETS: Final = 16  # per doubling of a duration
REACH: Final = 600 * 10**9  # ns between the start of a span and that of its parent, at most
BUCKET: Final = f"floor(log2(greatest(duration, 1)) * {BUCKETS})::smallint"

ENTRIES: Final = """
    select start, service, name, kind, status = 2 as error, duration from spans where {these}"""

# `ours` is the part of the spans that is looked at; `mine` and `theirs` are it, for a child and for its parent.
FLOWS: Final = """
    with nodes as not materialized (
        select batch, start, duration, trace_hi, trace_lo, span_id, parent_id, service, kind, status, peer_kind, peer,
            case when service = 'gateway' then 'gateway' else 'service' end as service_kind from spans
        where start between {low} and {high}
    ), pairs as (
        select child.start, child.duration, child.status, child.kind, child.service, child.service_kind, child.peer,
            child.peer_kind, parent.service as parent_service, parent.service_kind as parent_service_kind,
            parent.kind as parent_kind, parent.peer as parent_peer, parent.peer_kind as parent_peer_kind,
            parent.start as parent_start
        from nodes child join nodes parent on parent.trace_lo = child.trace_lo and parent.span_id = child.parent_id
            and parent.trace_hi = child.trace_hi
        where child.kind in (2, 5) and child.parent_id <> 0 and ({pair})
    )
    select start, service_kind as from_kind, service as from_name, peer_kind as to_kind, peer as to_name,
        status = 2 as error, duration
    from nodes where kind in (3, 4) and peer_kind <> 'maybe' and ({child})
    union all
    select start, peer_kind, peer, service_kind, service, status = 2, duration
    from nodes child where kind = 5 and peer is not null and ({child})
    union all
    select start, parent_service_kind, parent_service, service_kind, service, status = 2, duration
    from pairs where kind = 2 and parent_service <> service
    union all
    select start, parent_peer_kind, parent_peer, peer_kind, peer, false, greatest(start - parent_start, 0)
    from pairs where kind = 5 and parent_kind = 4 and parent_peer <> peer
    union all
    select start, service_kind, service, 'external', peer, status = 2, duration
    from nodes child where kind = 3 and peer_kind = 'maybe' and ({child}) and start < {settled}
        and not exists (
            select 1 from nodes answer where answer.trace_lo = child.trace_lo and answer.parent_id = child.span_id
                and answer.trace_hi = child.trace_hi and answer.kind = 2)"""

ROLL_RED: Final = f"""
    insert into red select start // 60000000000, service, name, kind, error, {BUCKET}, count(*) from ({ENTRIES})
    group by all"""
ROLL_EDGES: Final = f"""
    insert into edges
    select start // 60000000000, from_kind, from_name, to_kind, to_name, error, {BUCKET}, count(*) from ({FLOWS})
    group by all"""

ROLL_STRETCHES: Final = """
    insert into stretches select trace_hi, trace_lo, min(start), max(start + duration) from spans where {these}
    group by trace_hi, trace_lo"""


def roll(database: Database, upto: int) -> None:
    """Put the batches up to this one into the rollups, with the note that they are, in one transaction."""
    since = database.rolled
    if upto <= since:
        return
    new = f"batch > {since} and batch <= {upto}"
    later = "greatest(child.batch, parent.batch)"
    low, high = database.query(f"select min(start), max(start) from spans where {new}")[0]
    with database.transaction() as tx:
        if low is not None:
            tx.execute(ROLL_RED.format(these=new))
            tx.execute(ROLL_STRETCHES.format(these=new))
            tx.execute(
                ROLL_EDGES.format(
                    low=low - REACH,
                    high=high + REACH,
                    child=new,
                    pair=f"{later} > {since} and {later} <= {upto}",
                    settled=high + 1,
                )
            )
        tx.execute("update state set rolled = ?", (upto,))
    database.rolled = upto
