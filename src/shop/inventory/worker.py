"""Messages in: commands of orders, catalog's products, and what time brings."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from shop.contracts.commands import CommitStock, ReconcileDue, ReleaseStock, ReserveStock, ShipStock, SweepDue
from shop.contracts.events import ProductCreated, ProductDeleted, ProductUpdated, StockReplenished
from shop.contracts.messages import Envelope
from shop.inventory import reconcile, restock, signals, stock, store
from shop.inventory.parts import Inventory
from shop.inventory.reconcile import Deadline
from shop.inventory.records import reservation_of
from shop.runtime import relay
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer
from shop.runtime.dynamo import Item
from shop.runtime.peers import Peers

__all__ = ["Sweeping", "commands", "events", "sweep"]

PAGE = 100
LANES = 4  # reservations ended at once
PIECE_OF_WORK = 5.0  # seconds that a sweep may take: a function has ten
REST = 20  # times as long as the counting of all products took, they are not counted again
commands = Consumer("inventory-commands.fifo")
events = Consumer("inventory-events")


class Rest:
    """Leaves alone for a while what takes long: a big shop is not counted as often as a small one."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def over(self) -> bool:
        """Whether it may be done again."""
        return monotonic() >= self._until

    @contextmanager
    def after(self) -> Iterator[None]:
        """Rest when this is done."""
        began = monotonic()
        yield
        self._until = monotonic() + REST * (monotonic() - began)


@dataclass(frozen=True, slots=True)
class Sweeping:
    """What the side of the queue works with."""

    inventory: Inventory
    bus: Bus
    peers: Peers
    census: Rest = field(default_factory=Rest)
    waiting: dict[str | None, int] = field(default_factory=lambda: {None: 0})  # customers, as told the last time


@commands.on(ReserveStock)
async def on_reserve(deps: Sweeping, message: Envelope[ReserveStock]) -> None:
    """Reserve all lines or none."""
    inventory, data = deps.inventory, message.data
    await stock.reserve(
        inventory.table, data.order_id, data.lines, inventory.reservation_ttl, message.metadata.event_id
    )


@commands.on(CommitStock)
async def on_commit(deps: Sweeping, message: Envelope[CommitStock]) -> None:
    """Make a reservation permanent."""
    await stock.commit(deps.inventory.table, message.data.order_id, message.data.lines, message.metadata.event_id)


@commands.on(ReleaseStock)
async def on_release(deps: Sweeping, message: Envelope[ReleaseStock]) -> None:
    """Give a reservation back."""
    await stock.release(deps.inventory.table, message.data.order_id, message.data.lines, message.metadata.event_id)


@commands.on(ShipStock)
async def on_ship(deps: Sweeping, message: Envelope[ShipStock]) -> None:
    """The goods have left."""
    await stock.ship(deps.inventory.table, message.data.order_id, message.data.lines)


@events.on(ProductCreated)
async def on_product_created(deps: Sweeping, message: Envelope[ProductCreated]) -> None:
    """Open the stock record with what there is at the beginning."""
    data, version = message.data, message.metadata.aggregate_version
    await stock.learn(deps.inventory.table, data.product, version, initial_stock=data.initial_stock)


@events.on(ProductUpdated)
async def on_product_updated(deps: Sweeping, message: Envelope[ProductUpdated]) -> None:
    """Know its new name."""
    await stock.learn(deps.inventory.table, message.data.product, message.metadata.aggregate_version)


@events.on(ProductDeleted)
async def on_product_deleted(deps: Sweeping, message: Envelope[ProductDeleted]) -> None:
    """Retire the record: no new reservation; those that exist are committed and shipped. Nobody waits for it now."""
    table, product = deps.inventory.table, message.data.product
    await stock.learn(table, product, message.metadata.aggregate_version, gone=True)
    await restock.forget(table, product.id)


@events.on(StockReplenished)
async def on_replenished(deps: Sweeping, message: Envelope[StockReplenished]) -> None:
    """Tell everybody who waits that it is back."""
    told = message.metadata
    await restock.tell(deps.inventory.table, message.data.product_id, told.aggregate_version, told.event_id)


@events.on(SweepDue)
async def on_sweep(deps: Sweeping, _message: Envelope[SweepDue]) -> None:
    """Send what the relay has left behind, end what has had its time, count, and go on reconciling."""
    deadline = Deadline(PIECE_OF_WORK)
    await relay.sweep(deps.inventory.table, deps.bus)
    await sweep(deps.inventory, deadline)
    await count(deps)
    await reconcile.advance(deps.inventory.table, deps.peers, deadline)


async def count(deps: Sweeping) -> None:
    """Tell how many products are in each state, and how many customers wait."""
    table = deps.inventory.table
    deps.waiting.update(dict.fromkeys(deps.waiting, 0) | await store.count_waiting(table))
    signals.customers_wait(deps.waiting)
    if deps.census.over:
        with deps.census.after():
            signals.products_counted(await store.count_by_status(table))


@events.on(ReconcileDue)
async def on_reconcile(deps: Sweeping, _message: Envelope[ReconcileDue]) -> None:
    """Hold stock against its ledger, and catalog's copy against stock."""
    await reconcile.begin(deps.inventory.table)
    await reconcile.advance(deps.inventory.table, deps.peers, Deadline(PIECE_OF_WORK))


async def sweep(inventory: Inventory, deadline: Deadline) -> None:
    """Every reservation that is due by now, as far as time allows; a second sweep finds nothing more.

    One that cannot be ended keeps none of the others; it fails the sweep at its end.
    """
    start: Item | None = None
    failures: list[BaseException] = []
    while not deadline.passed:
        found = await store.lapsing(inventory.table, PAGE, start)
        due = [reservation_of(item) for item in found.items]
        for some in (due[first : first + LANES] for first in range(0, len(due), LANES)):
            ended = await asyncio.gather(*(stock.lapse(inventory.table, each) for each in some), return_exceptions=True)
            failures += [one for one in ended if isinstance(one, BaseException)]
        start = found.start
        if start is None:
            break
    if failures:
        raise failures[0]
