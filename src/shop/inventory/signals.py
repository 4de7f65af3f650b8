"""The telemetry of inventory in business words."""

from collections.abc import Iterable

from shop.inventory.model import Reservation, StockRecord, facts
from shop.inventory.store import Change
from shop.telemetry import count, log, names

__all__ = ["order_handled", "stock_changed", "stock_checked"]


def stock_checked(records: Iterable[StockRecord]) -> None:
    """`inventory.stock_out`: how often does somebody meet an empty shelf? One check per known product looked up."""
    for record in records:
        count(names.INVENTORY_CHECKS, {names.STOCK_STATUS: record.status})


def stock_changed(change: Change) -> None:
    """`inventory.updates`, `inventory.low_stock_alerts`: how often does stock change, and run low?"""
    if change.movement is None:
        return
    count(names.INVENTORY_MOVEMENTS, {names.MOVEMENT_TYPE: change.movement.type})
    fired = [fact for fact in facts(change.before, change.after, change.movement.type) if hasattr(fact, "threshold")]
    if fired:
        count(names.INVENTORY_ALERTS_FIRED, None, len(fired))


def order_handled(reservation: Reservation) -> None:
    """Which order was this about?"""
    log.add({names.ORDER_ID: reservation.order_id})
