"""Every access to the table of inventory; `records` says what is in it, and under which keys."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import Any, get_args

from shop.contracts.messages import Message, envelope
from shop.contracts.shapes import Product, StockStatus
from shop.inventory.model import (
    DEFAULT_THRESHOLD,
    NOTHING,
    Alert,
    Change,
    Movement,
    Registration,
    Reservation,
    StockRecord,
    Sums,
    called,
)
from shop.inventory.records import (
    ALERTS,
    COMMITTED,
    LAPSING,
    MOVE,
    RETIRED,
    WAIT,
    WAITING,
    alert_item,
    alert_of,
    check_item,
    check_of,
    movement_item,
    movement_of,
    registration_item,
    registration_of,
    reservation_item,
    reservation_of,
    stock_item,
    stock_of,
    version_of,
)
from shop.kernel.clock import stamp
from shop.runtime.dynamo import Found, Item, Table, Write, outbox_item, wire

__all__ = [
    "KEYS",
    "LONGEST_ID",
    "PAGE",
    "add_alert",
    "answer",
    "corrections",
    "count_by_status",
    "count_waiting",
    "every_hold",
    "every_stock",
    "find_alert",
    "find_alerts",
    "find_checks",
    "find_many",
    "find_movements",
    "find_order",
    "find_place",
    "find_registration",
    "find_reservation",
    "find_stock",
    "find_waiting",
    "lapsing",
    "put_stock",
    "register",
    "remove_alert",
    "remove_registration",
    "save_check",
    "save_place",
    "save_reservation",
    "seed_stock",
    "sums",
    "writes_of",
]

NEW = "attribute_not_exists(pk)"
UNCHANGED = "revision = :revision"
BY_GSI1 = ("gsi1", "gsi1pk", "gsi1sk")
STATUSES: tuple[StockStatus, ...] = get_args(StockStatus)
PARTITIONS = (*(f"STATUS#{status}" for status in STATUSES), RETIRED)  # of the index: together all products
LONGEST_ID = 64  # no product's id is longer: what is asked for by a longer one need not be looked for
KEYS = 100  # of one BatchGetItem
BATCH = 25  # items of one BatchWriteItem
PAGE = 1000  # items when all are wanted
SEED_LANES = 8


# -------------------------------------------------------------------------------------------------------------- stocks


async def find_stock(table: Table, product_id: str) -> StockRecord | None:
    """The stock record of a product."""
    if len(product_id) > LONGEST_ID:
        return None
    item = await table.get(f"PRODUCT#{product_id}", "STOCK")
    return stock_of(item) if item else None


async def find_many(table: Table, product_ids: Iterable[str]) -> dict[str, StockRecord]:
    """The stock records that exist among up to 100 products, by product."""
    wanted = [each for each in dict.fromkeys(product_ids) if 0 < len(each) <= LONGEST_ID]
    items = await table.get_many((f"PRODUCT#{each}", "STOCK") for each in wanted) if wanted else []
    return {record.product_id: record for record in map(stock_of, items)}


async def every_stock(table: Table, place: Item | None = None) -> AsyncIterator[tuple[list[str], Item | None]]:
    """All products in pages, from `place` on, each with the place where the next begins (None: this was the last).

    One whose status changes meanwhile may come twice, or not at all: who needs all of them walks again.
    """
    place = place or {"partition": 0, "start": None}
    while place is not None:
        partition = place["partition"]
        found = await table.query(PARTITIONS[partition], index=BY_GSI1, limit=PAGE, start=place["start"])
        if found.start:
            place = {"partition": partition, "start": found.start}
        else:
            place = {"partition": partition + 1, "start": None} if partition + 1 < len(PARTITIONS) else None
        yield [item["productId"] for item in found.items], place


def writes_of(table: Table, change: Change, *, correlation: str | None = None) -> list[Write]:
    """A change of stock as writes of one transaction: the stock, the movement, and what others hear; at most three.

    The first is refused when somebody else has written the stock since `before` was read.
    """
    writes = [put_stock(table, change.before, change.after)]
    if change.movement is not None:
        writes.append(table.put(movement_item(change.after, change.movement), condition=NEW))
    if change.facts:
        about, version = change.after.product_id, change.after.version
        first, *more = (
            envelope(fact, aggregate_id=about, aggregate_version=version, correlation_id=correlation)
            for fact in change.facts
        )
        writes.append(table.put(outbox_item(first, *more)))
    return writes


def put_stock(table: Table, before: StockRecord, after: StockRecord) -> Write:
    """The write of a stock record that is refused when it is no longer as `before`."""
    item = stock_item(after) | {"revision": before.revision + 1}
    if before.revision == 0:
        return table.put(item, condition=NEW)
    return table.put(item, condition=UNCHANGED, values={"revision": before.revision})


async def count_by_status(table: Table) -> dict[StockStatus, int]:
    """How many products there are in each state; those that are gone don't count."""
    counts = await asyncio.gather(*(table.count(f"STATUS#{status}", index=BY_GSI1) for status in STATUSES))
    return dict(zip(STATUSES, counts, strict=True))


# -------------------------------------------------------------------------------------------------------------- ledger


async def find_movements(
    table: Table, product_id: str, limit: int, start: Item | None
) -> tuple[list[Movement], Item | None]:
    """A page of a product's ledger, oldest first, and where the next one begins."""
    found = await table.query(f"PRODUCT#{product_id}", prefix=MOVE, limit=limit, start=start, consistent=True)
    return [movement_of(item) for item in found.items], found.start


async def sums(table: Table, product_id: str, version: int, since: Sums = NOTHING) -> Sums:
    """What a ledger adds up to at a version of its stock, when it adds up to `since` before."""
    pk = f"PRODUCT#{product_id}"
    start: Item | None = {"pk": pk, "sk": f"{MOVE}{since.version:012d}"}
    total = since
    while start:
        found = await table.query(pk, prefix=MOVE, limit=PAGE, start=start, consistent=True)
        for item in found.items:
            if version_of(item) > version:
                return replace(total, version=version)
            total = total.plus(movement_of(item), version_of(item))
        start = found.start
    return replace(total, version=version)


def corrections(table: Table, before: StockRecord, movements: Sequence[Movement]) -> list[Write]:
    """Lines that a ledger lacks, as writes of one transaction; the numbers of the stock stay as they are."""
    writes: list[Write] = []
    after = before
    for movement in movements:
        after = replace(after, version=after.version + 1, updated_at=movement.at)
        writes.append(table.put(movement_item(after, movement), condition=NEW))
    return [put_stock(table, before, after), *writes]


async def find_checks(table: Table, product_ids: Sequence[str]) -> dict[str, Sums]:
    """What is known of the ledgers of products."""
    found: dict[str, Sums] = {}
    for first in range(0, len(product_ids), KEYS):
        keys = ((f"PRODUCT#{each}", "CHECK") for each in product_ids[first : first + KEYS])
        found |= {item["productId"]: check_of(item) for item in await table.get_many(keys)}
    return found


async def save_check(table: Table, product_id: str, known: Sums) -> None:
    """Keep what a ledger has been added up to."""
    await table.write(table.put(check_item(product_id, known)))


async def find_place(table: Table, walk: str) -> tuple[Any, bool]:
    """How far a walk of the reconciliation has come, and whether it is over, as one that never began is."""
    item = await table.get("RECONCILE", walk)
    return (item["place"], item["done"]) if item else (None, True)


async def save_place(table: Table, walk: str, place: Any, *, done: bool) -> None:
    """Note how far a walk of the reconciliation has come."""
    await table.write(table.put({"pk": "RECONCILE", "sk": walk, "place": place, "done": done}))


# -------------------------------------------------------------------------------------------------------- reservations


async def find_reservation(table: Table, order_id: str) -> Reservation | None:
    """What is, or was, held for an order."""
    item = await table.get(f"ORDER#{order_id}", "RESERVATION")
    return reservation_of(item) if item else None


async def find_order(
    table: Table, order_id: str, product_ids: Iterable[str]
) -> tuple[Reservation | None, dict[str, StockRecord]]:
    """What is held for an order, and the stock of these products: in one call, since every command asks for both."""
    wanted = [each for each in dict.fromkeys(product_ids) if 0 < len(each) <= LONGEST_ID]
    items = await table.get_many(
        [(f"ORDER#{order_id}", "RESERVATION"), *((f"PRODUCT#{each}", "STOCK") for each in wanted)]
    )
    held = next((reservation_of(item) for item in items if item["sk"] == "RESERVATION"), None)
    return held, {item["productId"]: stock_of(item) for item in items if item["sk"] == "STOCK"}


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


async def lapsing(table: Table, limit: int, start: Item | None = None) -> Found:
    """A page of the reservations whose time is over, the longest waiting first."""
    return await table.query(LAPSING, index=BY_GSI1, below=stamp(), limit=limit, start=start)


async def every_hold(table: Table) -> AsyncIterator[Reservation]:
    """All reservations that hold stock."""
    for partition in (LAPSING, COMMITTED):
        start: Item | None = None
        while True:
            found = await table.query(partition, index=BY_GSI1, limit=PAGE, start=start)
            for item in found.items:
                yield reservation_of(item)
            start = found.start
            if start is None:
                break


# -------------------------------------------------------------------------------------------------------------- alerts


def add_alert(table: Table, before: StockRecord, after: StockRecord, alert: Alert) -> list[Write]:
    """The alert, and the stock record that has it."""
    return [put_stock(table, before, after), table.put(alert_item(alert), condition=NEW)]


def remove_alert(table: Table, before: StockRecord, after: StockRecord, alert: Alert) -> list[Write]:
    """The stock record without the alert, and the end of it."""
    gone = table.delete(f"ALERT#{alert.id}", "ALERT", condition="attribute_exists(pk)")
    return [put_stock(table, before, after), gone]


async def find_alert(table: Table, alert_id: str) -> Alert | None:
    """An alert."""
    item = await table.get(f"ALERT#{alert_id}", "ALERT") if len(alert_id) <= LONGEST_ID else None
    return alert_of(item) if item else None


async def find_alerts(table: Table, limit: int, start: Item | None) -> tuple[list[Alert], Item | None]:
    """A page of all alerts, oldest first, and where the next one begins."""
    found = await table.query(ALERTS, index=BY_GSI1, limit=limit, start=start)
    return [alert_of(item) for item in found.items], found.start


# ----------------------------------------------------------------------------------------------------------- who waits


async def find_registration(table: Table, product_id: str, user_id: str) -> Registration | None:
    """Somebody's registration for a product."""
    item = await table.get(f"PRODUCT#{product_id}", f"{WAIT}{user_id}")
    return registration_of(item) if item else None


def register(
    table: Table, registration: Registration, user_id: str, stock: StockRecord, synthetic: str | None
) -> list[Write]:
    """The registration, refused when there is one, or when the stock is no longer as it was read: goods that come at
    the same moment come before it or after it, and it is told of the latter.
    """
    key = f"PRODUCT#{registration.product_id}"
    return [
        table.put(registration_item(registration, user_id, stock.version, synthetic), condition=NEW),
        table.check(key, "STOCK", UNCHANGED, values={"revision": stock.revision}),
    ]


async def find_waiting(table: Table, product_id: str, limit: int, start: Item | None) -> Found:
    """A page of those who wait for a product."""
    return await table.query(f"PRODUCT#{product_id}", prefix=WAIT, limit=limit, start=start, consistent=True)


def remove_registration(table: Table, product_id: str, user_id: str, registration_id: str | None = None) -> Write:
    """The end of a registration; with its id, refused when it is gone or another one."""
    key = (f"PRODUCT#{product_id}", f"{WAIT}{user_id}")
    if registration_id is None:
        return table.delete(*key)
    return table.delete(*key, condition="id = :id", values={"id": registration_id})


async def count_waiting(table: Table) -> dict[str | None, int]:
    """How many registrations there are, by the kind of synthetic traffic they are of."""
    return await table.count_by("synthetic", WAITING, index=BY_GSI1)


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
            revision=1,
            updated_at=at,
            sku=product.sku,
            name=product.name,
            translations=called(product),
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
        await table.write_many([{"PutRequest": {"Item": wire(item)}} for item in batch])
