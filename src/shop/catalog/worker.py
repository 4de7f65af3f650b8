"""Messages in: what inventory says of stock."""

from shop.catalog import store
from shop.catalog.parts import Catalog
from shop.contracts.events import StockChanged
from shop.contracts.messages import Envelope
from shop.runtime.consume import Consumer
from shop.runtime.postgres import again_if_raced

__all__ = ["events"]

events = Consumer("catalog-events")


@events.on(StockChanged)
async def on_stock_changed(catalog: Catalog, message: Envelope[StockChanged]) -> None:
    """Show what is available now. The stock's version makes this idempotent: an older or repeated word is nothing."""
    stock = message.data

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            await store.note_stock(tx, stock.product_id, stock.status, message.metadata.aggregate_version)

    await again_if_raced(write)
