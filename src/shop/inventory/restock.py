"""Who waits for a product, and how each is told once that it is back."""

from shop import telemetry
from shop.contracts.events import RestockNoticeDue
from shop.contracts.messages import Envelope, envelope
from shop.inventory import signals, store
from shop.inventory.model import InStock, ProductNotFound, Registration, StockRecord
from shop.inventory.stock import Contention
from shop.kernel.clock import stamp
from shop.kernel.ids import new_id
from shop.runtime.dynamo import ConditionFailed, Item, Table, outbox_item

__all__ = ["forget", "leave", "register", "tell"]

TOLD_AT_ONCE = 25  # registrants of one transaction, with one outbox item for all of them


async def register(table: Table, product_id: str, user_id: str) -> tuple[Registration, bool]:
    """The registration of a customer, and whether it is new. Raises ProductNotFound, InStock."""
    contention = Contention()
    while await contention.again():
        record = await store.find_stock(table, product_id)
        if record is None or record.retired:
            raise ProductNotFound
        if record.available > 0:
            raise InStock
        known = await store.find_registration(table, product_id, user_id)
        if known is not None:
            return known, False
        registration = Registration(id=new_id(), product_id=product_id, registered_at=stamp())
        try:
            await table.transact(*store.register(table, registration, user_id, record, telemetry.synthetic()))
        except ConditionFailed:
            continue
        signals.customer_registered()
        return registration, True
    raise AssertionError("contention ends by returning or raising")


async def leave(table: Table, product_id: str, user_id: str) -> None:
    """Not wait any more. Raises ProductNotFound."""
    if await store.find_stock(table, product_id) is None:
        raise ProductNotFound
    await table.write(store.remove_registration(table, product_id, user_id))


async def tell(table: Table, product_id: str, version: int, cause: str) -> None:
    """Announce to everybody who has waited since before `version` of the stock that it is back, and end the waiting.

    A repeated or late word of a restock reaches nobody who began to wait after it.
    """
    record = await store.find_stock(table, product_id)
    if record is None or record.retired:
        return
    start: Item | None = None
    while True:
        found = await store.find_waiting(table, product_id, TOLD_AT_ONCE, start)
        due = [item for item in found.items if item["since"] < version]
        if not await told(table, record, due, cause):
            continue  # somebody has left at this moment: look again who still waits
        start = found.start
        if start is None:
            return


async def told(table: Table, record: StockRecord, due: list[Item], cause: str) -> bool:
    """Announce one notice each and end their waiting, in one transaction; False when one of them waits no more."""
    if not due:
        return True
    first, *more = (notice(record, item, cause) for item in due)
    ends = [store.remove_registration(table, record.product_id, item["userId"], item["id"]) for item in due]
    try:
        await table.transact(*ends, table.put(outbox_item(first, *more)))
    except ConditionFailed:
        return False
    return True


def notice(record: StockRecord, item: Item, cause: str) -> Envelope[RestockNoticeDue]:
    """What one registrant is to be told."""
    due = RestockNoticeDue(
        product_id=record.product_id,
        sku=record.sku,
        name=record.name,
        translations=record.translations,
        user_id=item["userId"],
        registration_id=item["id"],
    )
    return envelope(
        due,
        aggregate_id=item["id"],
        aggregate_version=1,
        correlation_id=record.product_id,
        causation_id=cause,
        synthetic=item.get("synthetic"),
    )


async def forget(table: Table, product_id: str) -> None:
    """Nobody waits any more for a product that is gone."""
    while True:
        found = await store.find_waiting(table, product_id, TOLD_AT_ONCE, None)
        if not found.items:
            return
        await table.transact(*(store.remove_registration(table, product_id, item["userId"]) for item in found.items))
