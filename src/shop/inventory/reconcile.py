"""Reconciliation (在庫データ同期): now and then stock is held against its ledger, and catalog's copy against stock.

These are two walks, each in pieces: a function has ten seconds, and a shop may have a million products. Each sweep goes
on from where the one before it had to stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal, get_args
from urllib.parse import urlencode

import msgspec

from shop.contracts.events import StockChanged
from shop.contracts.messages import envelope
from shop.contracts.shapes import Shape, StockStatus
from shop.inventory import ledger, signals, store
from shop.inventory.model import StockRecord
from shop.kernel.clock import now, seconds_since, stamp
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime.dynamo import ConditionFailed, Table, outbox_item
from shop.runtime.http import Caller
from shop.runtime.peers import PeerProblem, Peers

__all__ = ["Deadline", "Shown", "advance", "begin", "compare_copies"]

PIECE = 100  # products held against their ledgers at once
MOST_PAGES = 200  # of catalog's, in one piece of work: a big catalog is walked slowly
SETTLED = 5.0  # seconds: a copy may lag; what changed just now proves nothing
NOBODY = Caller()


class Deadline:
    """When a piece of work has to be over."""

    def __init__(self, seconds: float) -> None:
        self._at = monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether it is time to stop."""
        return monotonic() >= self._at


class Shown(Shape):
    """What matters here of a product as catalog shows it."""

    id: str
    stock_status: StockStatus | None = None


class ShownPage(Shape):
    """A page of what catalog shows."""

    items: list[Shown]
    next_token: str | None = None


Walk = Literal["STOCK", "COPIES"]
WALKS: tuple[Walk, ...] = get_args(Walk)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a walk has come; `place` None: it is at its beginning."""

    place: Any = None
    done: bool = False


DONE = Position(done=True)


async def begin(table: Table) -> None:
    """Begin both walks, unless they are still on their way."""
    for walk in WALKS:
        _, done = await store.find_place(table, walk)
        if done:
            await store.save_place(table, walk, None, done=False)


async def advance(table: Table, peers: Peers, deadline: Deadline) -> None:
    """Go on with what is not done yet, until the time is over."""
    for walk in WALKS:
        place, done = await store.find_place(table, walk)
        if done:
            continue
        at = Position(place)
        at = await (walk_stock(table, at, deadline) if walk == "STOCK" else walk_copies(table, peers, at, deadline))
        await store.save_place(table, walk, at.place, done=at.done)


async def walk_stock(table: Table, at: Position, deadline: Deadline) -> Position:
    """Hold products against their ledgers, and repair them; where to go on."""
    async for products, following in store.every_stock(table, at.place):
        for first in range(0, len(products), PIECE):
            if deadline.passed:
                return at  # the same page again: what was found right costs little the second time
            await ledger.check(table, products[first : first + PIECE])
        at = Position(following)
    return DONE


async def walk_copies(table: Table, peers: Peers, at: Position, deadline: Deadline) -> Position:
    """Hold what catalog shows against stock, and say it anew; where to go on. Raises nothing when catalog is down."""
    for _ in range(MOST_PAGES):
        if deadline.passed:
            break
        query = {"limit": str(PIECE), **({"nextToken": at.place} if at.place else {})}
        try:
            page = msgspec.convert(await peers.get(f"/products?{urlencode(query)}", NOBODY), ShownPage)
        except (DependencyUnavailable, DependencyTimeout):
            break  # the next sweep asks again
        except PeerProblem:
            return DONE  # the place is of another day: the next walk begins anew
        await compare_copies(table, page.items)
        if page.next_token is None:
            return DONE
        at = Position(page.next_token)
    return at


async def compare_copies(table: Table, copies: Sequence[Shown]) -> None:
    """Say anew what the stock is of those products whose copy says something else, and did so for a while."""
    records = await store.find_many(table, (copy.id for copy in copies))
    for copy in copies:
        record = records.get(copy.id)
        if record and copy.stock_status != record.status and seconds_since(record.updated_at) > SETTLED:
            await say_anew(table, record)


async def say_anew(table: Table, record: StockRecord) -> None:
    """Announce a stock as it is, with a version above any that a copy can hold.

    A copy takes only what is newer than what it has, and that may be of a future which this table has lost: so the
    version becomes the time, in seconds, which no count of changes has reached.
    """
    version = max(record.version + 1, int(now().timestamp()))
    after = replace(record, version=version, updated_at=stamp())
    told = StockChanged(product_id=after.product_id, available=after.available, status=after.status)
    said = envelope(told, aggregate_id=after.product_id, aggregate_version=version)
    try:
        await table.transact(store.put_stock(table, record, after), table.put(outbox_item(said)))
    except ConditionFailed:
        return  # it changes at this moment, which is announced by itself
    signals.drifted(record.product_id, "copy")
