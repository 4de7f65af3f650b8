"""The table of inventory: its keys, its items, and every access to it.

PRODUCT#<id>  STOCK              the stock record; its version is what every writer conditions on
PRODUCT#<id>  MOVE#<version>     the ledger, in order
ORDER#<id>    RESERVATION        what is held for an order; gsi1 finds those that lapse
OUTBOX#<id>   OUTBOX             what is to be announced
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from shop.contracts.messages import Message, envelope
from shop.contracts.shapes import OrderLine, Product, Shortage, Translations
from shop.inventory.model import DEFAULT_THRESHOLD, Alert, Movement, Reservation, StockRecord, facts
from shop.kernel.clock import now, stamp
from shop.runtime.dynamo import Found, Item, Table, Write, outbox_item, wire

__all__ = [
    "Change",
    "answer",
    "find_many",
    "find_movements",
    "find_reservation",
    "find_stock",
    "lapsing",
    "records_of",
    "reservation_of",
    "reserve_writes",
    "save_reservation",
    "seed_stock",
    "stock_of",
    "writes_of",
]

NEW = "attribute_not_exists(pk)"
BY_GSI1 = ("gsi1", "gsi1pk", "gsi1sk")
LAPSING = "LAPSING"
KEPT_DAYS = 90  # how long a finished reservation answers repeated commands
BATCH = 25  # items of one BatchWriteItem
SEED_LANES = 8


@dataclass(frozen=True, slots=True)
class Change:
    """A stock before and after, and the movement between; None when only its terms changed."""

    before: StockRecord
    after: StockRecord
    movement: Movement | None = None


# -------------------------------------------------------------------------------------------------------------- stocks


def stock_item(record: StockRecord) -> Item:
    """A stock record as an item."""
    return {
        "pk": f"PRODUCT#{record.product_id}",
        "sk": "STOCK",
        "productId": record.product_id,
        "onHand": record.on_hand,
        "reserved": record.reserved,
        "threshold": record.threshold,
        "version": record.version,
        "updatedAt": record.updated_at,
        "sku": record.sku,
        "name": record.name,
        "translations": msgspec.to_builtins(record.translations),
        "catalogVersion": record.catalog_version,
        "opened": record.opened,
        "retired": record.retired,
        "alerts": msgspec.to_builtins(record.alerts),
        "gsi1pk": f"STATUS#{record.status}",
        "gsi1sk": record.product_id,
    }


def stock_of(item: Item) -> StockRecord:
    """An item as a stock record."""
    return StockRecord(
        product_id=item["productId"],
        on_hand=item["onHand"],
        reserved=item["reserved"],
        threshold=item["threshold"],
        version=item["version"],
        updated_at=item["updatedAt"],
        sku=item["sku"],
        name=item["name"],
        translations=msgspec.convert(item["translations"], Translations),
        catalog_version=item["catalogVersion"],
        opened=item["opened"],
        retired=item["retired"],
        alerts=tuple(msgspec.convert(item["alerts"], list[Alert])),
    )


async def find_stock(table: Table, product_id: str) -> StockRecord | None:
    """The stock record of a product."""
    item = await table.get(f"PRODUCT#{product_id}", "STOCK")
    return stock_of(item) if item else None


async def find_many(table: Table, product_ids: Iterable[str]) -> dict[str, StockRecord]:
    """The stock records that exist among up to 100 products."""
    items = await table.get_many((f"PRODUCT#{product_id}", "STOCK") for product_id in dict.fromkeys(product_ids))
    return records_of(items)


def records_of(items: Iterable[Item]) -> dict[str, StockRecord]:
    """Items as stock records, by product."""
    return {record.product_id: record for record in map(stock_of, items)}


def movement_item(record: StockRecord, movement: Movement) -> Item:
    """A line of the ledger; the version of the stock after it is its place."""
    fields = {name: value for name, value in msgspec.to_builtins(movement).items() if value is not None}
    return {"pk": f"PRODUCT#{record.product_id}", "sk": f"MOVE#{record.version:012d}"} | fields


async def find_movements(
    table: Table, product_id: str, limit: int, start: Item | None
) -> tuple[list[Movement], Item | None]:
    """A page of a product's ledger, oldest first, and where the next one begins."""
    found = await table.query(f"PRODUCT#{product_id}", prefix="MOVE#", limit=limit, start=start, consistent=True)
    return [msgspec.convert(item, Movement) for item in found.items], found.start


def writes_of(table: Table, change: Change, *, correlation: str | None = None) -> list[Write]:
    """A change of stock as writes of one transaction: the stock, the movement, and what others hear; at most three.

    The first is refused when somebody else has changed the stock since `before` was read.
    """
    before, after = change.before, change.after
    condition = NEW if before.version == 0 and before.catalog_version == 0 else "version = :before AND #cv = :catalog"
    expression: dict[str, Any] = {}
    if condition != NEW:
        expression = {
            "values": {"before": before.version, "catalog": before.catalog_version},
            "names": {"cv": "catalogVersion"},
        }
    writes = [table.put(stock_item(after), condition=condition, **expression)]
    if change.movement is not None:
        writes.append(table.put(movement_item(after, change.movement), condition=NEW))
    if messages := facts(before, after, change.movement.type if change.movement else None):
        first, *more = (
            envelope(
                message, aggregate_id=after.product_id, aggregate_version=after.version, correlation_id=correlation
            )
            for message in messages
        )
        writes.append(table.put(outbox_item(first, *more)))
    return writes


# -------------------------------------------------------------------------------------------------------- reservations


def reservation_item(reservation: Reservation) -> Item:
    """A reservation as an item; one that may lapse is in the index."""
    item: Item = {
        "pk": f"ORDER#{reservation.order_id}",
        "sk": "RESERVATION",
        "orderId": reservation.order_id,
        "state": reservation.state,
        "lines": msgspec.to_builtins(reservation.lines),
        "dueAt": reservation.due_at,
        "shortages": msgspec.to_builtins(reservation.shortages),
    }
    if reservation.state == "RESERVED":
        return item | {"gsi1pk": LAPSING, "gsi1sk": reservation.due_at}
    if reservation.state == "COMMITTED":
        return item
    return item | {"expiresAt": int(now().timestamp()) + KEPT_DAYS * 86_400}


def reservation_of(item: Item) -> Reservation:
    """An item as a reservation."""
    return Reservation(
        order_id=item["orderId"],
        state=item["state"],
        lines=tuple(msgspec.convert(item["lines"], list[OrderLine])),
        due_at=item["dueAt"],
        shortages=tuple(msgspec.convert(item["shortages"], list[Shortage])),
    )


async def find_reservation(table: Table, order_id: str) -> Reservation | None:
    """What is, or was, held for an order."""
    item = await table.get(f"ORDER#{order_id}", "RESERVATION")
    return reservation_of(item) if item else None


def save_reservation(table: Table, before: Reservation | None, after: Reservation) -> Write:
    """The write that is refused when the reservation is no longer as `before`."""
    item = reservation_item(after)
    if before is None:
        return table.put(item, condition=NEW)
    return table.put(item, condition="#state = :state", values={"state": before.state}, names={"state": "state"})


def answer(table: Table, order_id: str, message: Message, cause: str | None) -> Write:
    """What orders hears about an order."""
    told = envelope(message, aggregate_id=order_id, aggregate_version=1, correlation_id=order_id, causation_id=cause)
    return table.put(outbox_item(told))


def reserve_writes(table: Table, changes: Sequence[Change], order_id: str) -> list[Write]:
    """All lines of an order: at most three writes each."""
    return [write for change in changes for write in writes_of(table, change, correlation=order_id)]


async def lapsing(table: Table, limit: int, start: Item | None = None) -> Found:
    """A page of the reservations whose time is over, the longest waiting first."""
    return await table.query(LAPSING, index=BY_GSI1, below=stamp(), limit=limit, start=start)


# ---------------------------------------------------------------------------------------------------------------- seed


async def seed_stock(table: Table, stocks: Iterable[tuple[Product, int]]) -> None:
    """Write stock records with one RECEIPT each, as events would have left them; nothing is announced or counted."""
    at = stamp()
    items: list[Item] = []
    for product, quantity in stocks:
        record = StockRecord(
            product_id=product.id,
            on_hand=quantity,
            threshold=DEFAULT_THRESHOLD,
            version=1,
            updated_at=at,
            sku=product.sku,
            name=product.name,
            translations=product.translations,
            catalog_version=product.version,
            opened=True,
        )
        items.append(stock_item(record))
        if quantity:
            items.append(movement_item(record, Movement(type="RECEIPT", quantity=quantity, at=at)))
    batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
    lanes = [put_all(table, batches[lane::SEED_LANES]) for lane in range(SEED_LANES)]
    await asyncio.gather(*lanes)


async def put_all(table: Table, batches: Iterable[Sequence[Item]]) -> None:
    """Write batches of items, one after the other."""
    for batch in batches:
        requests: list[dict[str, Any]] = [{"PutRequest": {"Item": wire(item)}} for item in batch]
        while requests:
            told = await table.aws.call("dynamodb", "BatchWriteItem", RequestItems={table.name: requests})
            requests = told.get("UnprocessedItems", {}).get(table.name, [])
