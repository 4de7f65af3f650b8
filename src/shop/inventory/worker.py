"""Messages in: commands of orders, catalog's products, and what time brings."""

from dataclasses import dataclass

from shop.contracts.commands import CommitStock, ReconcileDue, ReleaseStock, ReserveStock, ShipStock, SweepDue
from shop.contracts.events import ProductCreated, ProductDeleted, ProductUpdated, StockReplenished
from shop.contracts.messages import Envelope
from shop.inventory import stock, store
from shop.inventory.parts import Inventory
from shop.runtime import relay
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer
from shop.runtime.dynamo import Item

__all__ = ["Sweeping", "commands", "events", "sweep"]

PAGE = 100
commands = Consumer("inventory-commands.fifo")
events = Consumer("inventory-events")


@dataclass(frozen=True, slots=True)
class Sweeping:
    """What the side of the queue works with."""

    inventory: Inventory
    bus: Bus


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
    await stock.ship(deps.inventory.table, message.data.order_id)


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
    """Retire the record: no new reservation; those that exist are committed and shipped."""
    await stock.learn(deps.inventory.table, message.data.product, message.metadata.aggregate_version, gone=True)


@events.on(StockReplenished)
async def on_replenished(_deps: Sweeping, _message: Envelope[StockReplenished]) -> None:
    """Nobody can register to be told yet, so nobody is."""


@events.on(SweepDue)
async def on_sweep(deps: Sweeping, _message: Envelope[SweepDue]) -> None:
    """Send what the relay has left behind, and end what has had its time."""
    await relay.sweep(deps.inventory.table, deps.bus)
    await sweep(deps.inventory)


@events.on(ReconcileDue)
async def on_reconcile(deps: Sweeping, _message: Envelope[ReconcileDue]) -> None:
    """Hold stock against its ledger."""
    await sweep(deps.inventory)


async def sweep(inventory: Inventory) -> None:
    """Every reservation that is due by now; a second sweep finds nothing more."""
    start: Item | None = None
    while True:
        found = await store.lapsing(inventory.table, PAGE, start)
        for item in found.items:
            await stock.lapse(inventory.table, store.reservation_of(item))
        start = found.start
        if start is None:
            return
