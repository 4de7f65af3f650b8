"""What inventory keeps, as items of its table and back.

PRODUCT#<id>  STOCK              the stock record; writers condition on its revision. gsi1: products by status
PRODUCT#<id>  MOVE#<version>     the ledger, in order
PRODUCT#<id>  CHECK              up to where the ledger has been added up, and to what
PRODUCT#<id>  WAIT#<user>        who wants to be told when it is back. gsi1: all who wait
ALERT#<id>    ALERT              a low-stock alert; the stock record has it too. gsi1: all alerts
ORDER#<id>    RESERVATION        what is held for an order. gsi1: those that may lapse, and those that hold for good
RECONCILE     STOCK, COPIES      how far the reconciliation has come
OUTBOX#<id>   OUTBOX             what is to be announced
"""

from typing import Final

import msgspec

from shop.contracts.shapes import OrderLine, Shortage, Translations
from shop.inventory.model import Alert, Movement, Registration, Reservation, StockRecord, Sums
from shop.kernel.clock import now
from shop.runtime.dynamo import Item

__all__ = [
    "ALERTS",
    "COMMITTED",
    "LAPSING",
    "MOVE",
    "RETIRED",
    "WAIT",
    "WAITING",
    "alert_item",
    "alert_of",
    "check_item",
    "check_of",
    "movement_item",
    "movement_of",
    "registration_item",
    "registration_of",
    "reservation_item",
    "reservation_of",
    "stock_item",
    "stock_of",
    "version_of",
]

ALERTS: Final = "ALERTS"  # partitions of the index gsi1; products are in STATUS#<status>
COMMITTED: Final = "COMMITTED"
LAPSING: Final = "LAPSING"
RETIRED: Final = "RETIRED"
WAITING: Final = "WAITING"
MOVE: Final = "MOVE#"  # sort keys
WAIT: Final = "WAIT#"
KEPT_DAYS = 90  # how long a finished reservation answers repeated commands


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
        "revision": record.revision,
        "updatedAt": record.updated_at,
        "sku": record.sku,
        "name": record.name,
        "translations": msgspec.to_builtins(record.translations),
        "catalogVersion": record.catalog_version,
        "opened": record.opened,
        "retired": record.retired,
        "alerts": msgspec.to_builtins(record.alerts),
        "gsi1pk": RETIRED if record.retired else f"STATUS#{record.status}",
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
        revision=item["revision"],
        updated_at=item["updatedAt"],
        sku=item["sku"],
        name=item["name"],
        translations=msgspec.convert(item["translations"], Translations),
        catalog_version=item["catalogVersion"],
        opened=item["opened"],
        retired=item["retired"],
        alerts=tuple(msgspec.convert(item["alerts"], list[Alert])),
    )


# -------------------------------------------------------------------------------------------------------------- ledger


def movement_item(record: StockRecord, movement: Movement) -> Item:
    """A line of the ledger; the version of the stock after it is its place."""
    fields = {name: value for name, value in msgspec.to_builtins(movement).items() if value is not None}
    return {"pk": f"PRODUCT#{record.product_id}", "sk": f"{MOVE}{record.version:012d}"} | fields


def movement_of(item: Item) -> Movement:
    """An item as a line of the ledger."""
    return msgspec.convert(item, Movement)


def version_of(item: Item) -> int:
    """The version of the stock after this line of its ledger."""
    return int(item["sk"].removeprefix(MOVE))


def check_item(product_id: str, sums: Sums) -> Item:
    """Up to where a ledger has been added up."""
    keys = {"pk": f"PRODUCT#{product_id}", "sk": "CHECK", "productId": product_id}
    return keys | {"onHand": sums.on_hand, "reserved": sums.reserved, "version": sums.version, "lines": sums.lines}


def check_of(item: Item) -> Sums:
    """What a ledger has been added up to."""
    return Sums(item["onHand"], item["reserved"], item["version"], item["lines"])


# -------------------------------------------------------------------------------------------------------- reservations


def reservation_item(reservation: Reservation) -> Item:
    """A reservation as an item; one that holds stock is in the index."""
    item: Item = {
        "pk": f"ORDER#{reservation.order_id}",
        "sk": "RESERVATION",
        "orderId": reservation.order_id,
        "state": reservation.state,
        "lines": msgspec.to_builtins(reservation.lines),
        "dueAt": reservation.due_at,
        "shortages": msgspec.to_builtins(reservation.shortages),
        "traceparent": reservation.traceparent,
        "synthetic": reservation.synthetic,
    }
    if reservation.state == "RESERVED":
        return item | {"gsi1pk": LAPSING, "gsi1sk": reservation.due_at}
    if reservation.state == "COMMITTED":
        return item | {"gsi1pk": COMMITTED, "gsi1sk": reservation.order_id}
    return item | {"expiresAt": int(now().timestamp()) + KEPT_DAYS * 86_400}


def reservation_of(item: Item) -> Reservation:
    """An item as a reservation."""
    return Reservation(
        order_id=item["orderId"],
        state=item["state"],
        lines=tuple(msgspec.convert(item["lines"], list[OrderLine])),
        due_at=item["dueAt"],
        shortages=tuple(msgspec.convert(item["shortages"], list[Shortage])),
        traceparent=item.get("traceparent"),
        synthetic=item.get("synthetic"),
    )


# ---------------------------------------------------------------------------------------------- alerts, and who waits


def alert_item(alert: Alert) -> Item:
    """An alert as an item."""
    fields = {name: value for name, value in msgspec.to_builtins(alert).items() if value is not None}
    return {"pk": f"ALERT#{alert.id}", "sk": "ALERT", "gsi1pk": ALERTS, "gsi1sk": alert.id} | fields


def alert_of(item: Item) -> Alert:
    """An item as an alert."""
    return msgspec.convert(item, Alert)


def registration_item(registration: Registration, user_id: str, version: int, synthetic: str | None) -> Item:
    """Who waits, and since which version of the stock; and whether that is synthetic traffic."""
    keys: Item = {"pk": f"PRODUCT#{registration.product_id}", "sk": f"{WAIT}{user_id}", "userId": user_id}
    keys |= {"since": version, "synthetic": synthetic}
    fields: Item = msgspec.to_builtins(registration)
    return keys | fields | {"gsi1pk": WAITING, "gsi1sk": registration.id}


def registration_of(item: Item) -> Registration:
    """An item as a registration."""
    return msgspec.convert(item, Registration)
