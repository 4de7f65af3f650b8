"""Every read row thrown away and made anew from the events, while the shop goes on."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec

from shop.orders.store import encode, row_of
from shop.orders.stream import fold
from shop.runtime.postgres import Connection, Database

__all__ = ["count_orders", "rebuild"]

COUNT = "select count(*) from order_events where seq = 1"
NEXT_ORDERS = "select order_id from order_events where seq = 1 and order_id > $1 order by order_id limit $2"
LOCK_ROWS = "select from orders where id = any($1) order by id for update"
DROP_ROWS = "delete from orders where id = any($1)"
EVENTS = "select order_id, data, occurred_at from order_events where order_id = any($1) order by order_id, seq"
MAKE_ROW = """
    insert into orders (id, user_id, status, version, at_rest, moved_at, body) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (id) do nothing
"""
DROP_UNFOUNDED = "delete from orders o where not exists (select from order_events e where e.order_id = o.id)"
BATCH = 500


async def count_orders(db: Database) -> int:
    """How many orders there are."""
    return int(await db.fetchval(COUNT))


async def rebuild(db: Database, progress: Callable[[int], None] = lambda _count: None) -> int:
    """Make every read row anew; how many there are. `progress(n)` hears each time that n more are done.

    Some at a time, each time one transaction: who reads meanwhile finds a row always, who writes waits for a moment.
    """
    made, last = 0, ""
    while ids := [row["order_id"] for row in await db.fetch(NEXT_ORDERS, last, BATCH)]:
        async with db.transaction() as tx:
            await rebuild_some(tx, ids)
        made, last = made + len(ids), ids[-1]
        progress(len(ids))
    await db.execute(DROP_UNFOUNDED)
    return made


async def rebuild_some(tx: Connection, ids: Sequence[str]) -> None:
    """Make these rows anew. Locked before their events are read: nobody adds one to them then."""
    await tx.fetch(LOCK_ROWS, ids)
    await tx.execute(DROP_ROWS, ids)
    events = await tx.fetch(EVENTS, ids)
    await tx.executemany(MAKE_ROW, [folded(list(some)) for _, some in groupby(events, key=lambda row: row["order_id"])])


def folded(events: Sequence[Any]) -> tuple[Any, ...]:
    """The read row that the events of an order make."""
    order = fold(msgspec.json.decode(event["data"]) for event in events)
    assert order is not None  # noqa: S101 - there is at least one event
    moved_at: datetime = events[-1]["occurred_at"]
    return row_of(order, moved_at, encode(order))
