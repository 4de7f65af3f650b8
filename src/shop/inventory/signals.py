"""The telemetry of inventory in business words."""

from collections.abc import Iterable, Mapping
from typing import Literal

from shop.contracts.shapes import StockStatus
from shop.inventory.model import Change, MovementType, Reservation, StockRecord
from shop.telemetry import context, count, gauge, log, names

__all__ = [
    "customer_registered",
    "customers_wait",
    "drifted",
    "moved",
    "order_handled",
    "products_counted",
    "stock_changed",
    "stock_checked",
]


def stock_checked(records: Iterable[StockRecord]) -> None:
    """`inventory.stock_out`: how often does somebody meet an empty shelf? One check per known product looked up."""
    for record in records:
        count(names.INVENTORY_CHECKS, {names.STOCK_STATUS: record.status})


def stock_changed(change: Change) -> None:
    """`inventory.updates`, `inventory.low_stock_alerts`: how often does stock change, and run low?"""
    if change.movement is not None:
        moved(change.movement.type)
    if change.alerts:
        count(names.INVENTORY_ALERTS_FIRED, None, change.alerts)


def moved(kind: MovementType) -> None:
    """`inventory.updates`: how often does stock change? One per line of a ledger."""
    count(names.INVENTORY_MOVEMENTS, {names.MOVEMENT_TYPE: kind})


def customer_registered() -> None:
    """`inventory.restock_registrations`: how much demand meets an empty shelf?"""
    count(names.INVENTORY_RESTOCK_REGISTRATIONS)


def products_counted(by_status: Mapping[StockStatus, int]) -> None:
    """`inventory.stock_out`: how many products are out of stock now?"""
    for status, products in by_status.items():
        gauge(names.INVENTORY_PRODUCTS, products, {names.STOCK_STATUS: status})


def customers_wait(waiting: Mapping[str | None, int]) -> None:
    """`inventory.restock_registrations`: how many customers wait for a product now? By kind of synthetic traffic."""
    for synthetic, customers in waiting.items():
        with context(synthetic=synthetic):
            gauge(names.INVENTORY_RESTOCK_WAITING, customers)


def drifted(product_id: str, what: Literal["ledger", "damaged ledger", "copy", "impossible ledger"]) -> None:
    """How often do stock, ledger and copies disagree, and for which product? An impossible ledger is not repaired."""
    if what != "impossible ledger":
        count(names.INVENTORY_REPAIRS)
    log(names.STOCK_DRIFTED, {names.PRODUCT_ID: product_id, names.REASON: what}, level="WARN")


def order_handled(reservation: Reservation) -> None:
    """Which order was this about?"""
    log.add({names.ORDER_ID: reservation.order_id})
