"""HTTP in: what there is of a product, and an operator's hand on it."""

from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import Meta

from shop.contracts.shapes import Shape
from shop.inventory import alerts, restock, signals, stock, store
from shop.inventory.model import (
    Alert,
    AlertLimit,
    AlertNotFound,
    Change,
    InStock,
    Movement,
    MovementType,
    ProductNotFound,
    Registration,
    Stock,
    StockNegative,
    StockRecord,
)
from shop.inventory.parts import Inventory
from shop.kernel.clock import stamp
from shop.kernel.errors import PageTokenInvalid, ValidationFailed, VersionMismatch
from shop.runtime.http import (
    CUSTOMER,
    OPERATOR,
    Answer,
    Body,
    Caller,
    Page,
    PageRequest,
    Routes,
    Version,
    check_version,
    etag,
)
from shop.runtime.http.language import Language

__all__ = ["routes"]

routes = Routes("inventory")
FRESH = {"cache-control": "no-cache"}
MOST_IDS = 100
Pieces = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Step = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]


class Stocks(Shape):
    """The stock of those products that are known."""

    items: list[Stock]


class StockBody(Body):
    """`{onHand?, lowStockThreshold?}` or `{adjustment, reason}`."""

    on_hand: Pieces | None = None
    low_stock_threshold: Pieces | None = None
    adjustment: Step | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class AlertBody(Body):
    """At or below which `available` somebody wants to know; `email` is told beside the operator."""

    product_id: Annotated[str, Meta(min_length=1, max_length=64)]
    threshold: Pieces
    email: Annotated[str, Meta(max_length=100, pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+(?!\n)$")] | None = None


@routes.get("/inventory")
async def list_stock(inventory: Inventory, product_ids: Annotated[str, Meta(min_length=1)]) -> Stocks:
    """The stock of up to 100 products, named by `productIds=a,b`; those unknown are left out."""
    ids = [each for each in dict.fromkeys(product_ids.split(",")) if each]
    if not ids or len(ids) > MOST_IDS:
        raise ValidationFailed(("productIds", f"names 1 to {MOST_IDS} products"))
    found = await store.find_many(inventory.table, ids)
    signals.stock_checked(found.values())
    return Stocks(items=[found[each].shown for each in ids if each in found])


@routes.post("/inventory/alerts", who=OPERATOR, raises=[ProductNotFound, AlertLimit])
async def add_alert(inventory: Inventory, body: AlertBody) -> Alert:
    """Be told by mail each time what is available falls to a threshold, or below it."""
    return await alerts.add(inventory.table, body.product_id, body.threshold, body.email)


@routes.get("/inventory/alerts", who=OPERATOR, raises=[PageTokenInvalid])
async def list_alerts(inventory: Inventory, page: PageRequest) -> Page[Alert]:
    """All low-stock alerts, oldest first."""
    scope = "/inventory/alerts"
    start = inventory.pages.open(scope, page.next_token) if page.next_token else None
    found, end = await store.find_alerts(inventory.table, page.limit, start)
    return Page(items=found, next_token=inventory.pages.seal(scope, end) if end else None)


@routes.delete("/inventory/alerts/{alertId}", who=OPERATOR, raises=[AlertNotFound])
async def remove_alert(inventory: Inventory, alert_id: str) -> None:
    """End an alert."""
    await alerts.remove(inventory.table, alert_id)


@routes.get("/inventory/{productId}", raises=[ProductNotFound])
async def get_stock(inventory: Inventory, language: Language, product_id: str) -> Answer[Stock]:
    """The stock of a product."""
    record = await store.find_stock(inventory.table, product_id)
    if record is None:
        raise ProductNotFound
    signals.stock_checked([record])
    return shown(record, language)


@routes.put("/inventory/{productId}", who=OPERATOR, raises=[ProductNotFound, StockNegative, VersionMismatch])
async def change_stock(
    inventory: Inventory, language: Language, product_id: str, body: StockBody, if_match: Version | None = None
) -> Answer[Stock]:
    """Count the shelf, or correct it. Only the fields that are named change."""
    check_form(body)

    def decide(record: StockRecord) -> Change | None:
        check_version(if_match, record.version)
        return wanted(record, body)

    return shown(await stock.change_stock(inventory.table, product_id, decide), language)


def check_form(body: StockBody) -> None:
    """Whether it is one of the two forms. Raises ValidationFailed."""
    counted = body.on_hand is not None or body.low_stock_threshold is not None
    if body.adjustment is None:
        if not counted:
            raise ValidationFailed(("", "needs onHand, lowStockThreshold, or adjustment with reason"))
        if body.reason is not None:
            raise ValidationFailed(("reason", "goes with adjustment"))
        return
    if counted:
        raise ValidationFailed(("adjustment", "does not go with onHand or lowStockThreshold"))
    if body.reason is None:
        raise ValidationFailed(("reason", "is required with adjustment"))
    if body.adjustment == 0:
        raise ValidationFailed(("adjustment", "must not be 0"))


def wanted(record: StockRecord, body: StockBody) -> Change | None:
    """What an operator's words make of a stock; None when it is so already. Raises StockNegative."""
    after = record
    if body.low_stock_threshold is not None:
        after = replace(record, threshold=body.low_stock_threshold)
    step = body.adjustment if body.adjustment is not None else difference(record, body)
    if step:
        kind: MovementType = "RECEIPT" if body.adjustment is None and step > 0 else "ADJUSTMENT"
        movement = Movement(type=kind, quantity=step, at=stamp(), reason=body.reason)
        return Change(record, after.moved(movement), movement)
    if after == record:
        return None
    return Change(record, replace(after, version=record.version + 1, updated_at=stamp()))


def difference(record: StockRecord, body: StockBody) -> int:
    """From what the books say to what was counted."""
    return 0 if body.on_hand is None else body.on_hand - record.on_hand


@routes.get("/inventory/{productId}/movements", who=OPERATOR, raises=[ProductNotFound, PageTokenInvalid])
async def list_movements(inventory: Inventory, product_id: str, page: PageRequest) -> Page[Movement]:
    """A product's ledger, oldest first; it sums to the stock."""
    scope = f"/inventory/{product_id}/movements"
    start = inventory.pages.open(scope, page.next_token) if page.next_token else None
    if await store.find_stock(inventory.table, product_id) is None:
        raise ProductNotFound
    found, end = await store.find_movements(inventory.table, product_id, page.limit, start)
    return Page(items=found, next_token=inventory.pages.seal(scope, end) if end else None)


@routes.post("/inventory/{productId}/notify", who=CUSTOMER, raises=[ProductNotFound, InStock])
async def wait_for_stock(inventory: Inventory, caller: Caller, product_id: str) -> Answer[Registration]:
    """Be told by mail, once, when the product is back. 200 when that was asked for already."""
    registration, is_new = await restock.register(inventory.table, product_id, caller.user_id or "")
    return Answer(registration, status=201 if is_new else 200)


@routes.delete("/inventory/{productId}/notify", who=CUSTOMER, raises=[ProductNotFound])
async def stop_waiting(inventory: Inventory, caller: Caller, product_id: str) -> None:
    """Not be told any more; nor is it an error not to have been waiting."""
    await restock.leave(inventory.table, product_id, caller.user_id or "")


def shown(record: StockRecord, language: Language) -> Answer[Stock]:
    """A stock with its version as ETag."""
    body = msgspec.json.encode(record.shown)
    return Answer(body, headers=FRESH, etag=etag(record.version, language, body))
