"""The telemetry of orders in business words. Never a name, an address, a token or a reason in somebody's words."""

from shop.contracts.events import CartAbandoned, StockCommitted, StockRejected, StockReserved
from shop.contracts.messages import Message, Metadata
from shop.contracts.shapes import Order
from shop.kernel.clock import now
from shop.orders.saga import PaymentApproved, PaymentDeclined, PaymentTimedOut, Wish
from shop.orders.store import Kept
from shop.telemetry import count, log, names, observe
from shop.telemetry.attributes import error_type

__all__ = [
    "cart_abandoned",
    "cart_changed",
    "left_outbox",
    "order_moved",
    "order_placed",
    "order_read",
    "order_replayed",
    "payment_tried",
]

STAGES: dict[type[Message | Wish], str] = {
    StockReserved: "reserve",
    StockRejected: "reserve",
    PaymentApproved: "payment",
    PaymentDeclined: "payment",
    PaymentTimedOut: "payment",
    StockCommitted: "confirm",
}


def cart_changed(lines_before: int, lines_after: int, *, was_abandoned: bool) -> None:
    """`orders.cart_abandonment`: which share of carts is left behind? Touching an abandoned cart begins a new one."""
    if was_abandoned or (lines_before == 0 and lines_after > 0):
        count(names.ORDERS_CARTS, {names.CART_OUTCOME: "created"})
    if lines_before > 0 and lines_after == 0:
        count(names.ORDERS_CARTS, {names.CART_OUTCOME: "emptied"})


def cart_abandoned() -> None:
    """`orders.cart_abandonment`: one was left alone for too long."""
    count(names.ORDERS_CARTS, {names.CART_OUTCOME: "abandoned"})


def order_placed(order: Order, *, was_abandoned: bool) -> None:
    """`orders.completion`, `orders.cart_abandonment`: a cart has become an order."""
    if was_abandoned:
        count(names.ORDERS_CARTS, {names.CART_OUTCOME: "created"})
    count(names.ORDERS_CARTS, {names.CART_OUTCOME: "converted"})
    count(names.ORDERS_TRANSITIONS, {names.ORDER_STATUS: order.status})
    log.add({names.ORDER_ID: order.id, names.ORDER_TOTAL: order.total.amount})


def order_read(order_id: str) -> None:
    """Which order was this about?"""
    log.add({names.ORDER_ID: order_id})


def order_replayed(order_id: str) -> None:
    """Whose first answer was given once more?"""
    log.add({names.ORDER_ID: order_id, names.IDEMPOTENCY_REPLAYED: True})


def order_moved(before: Kept, after: Order, message: Message | Wish) -> None:
    """`orders.completion`: which share of placed orders is confirmed, and what ended the others?

    And `orders.bottleneck`: how long did this stretch take?
    """
    log.add({names.ORDER_ID: after.id, names.ORDER_STATUS: after.status})
    if after.version == before.order.version:
        return
    stage = STAGES.get(type(message))
    if stage and before.order.status != "CANCELLED":
        observe(
            names.ORDERS_STAGE_DURATION, max(0.0, (now() - before.moved_at).total_seconds()), {names.ORDER_STAGE: stage}
        )
    if after.status != before.order.status:
        failure = after.failure.code if after.failure else None
        count(names.ORDERS_TRANSITIONS, {names.ORDER_STATUS: after.status, names.ORDER_FAILURE: failure})


def left_outbox(metadata: Metadata, seconds: float) -> None:
    """`orders.bottleneck`: how long did an order's message wait from its commit until it was acknowledged?"""
    if metadata.type != CartAbandoned.__name__:  # no order's
        observe(names.ORDERS_STAGE_DURATION, seconds, {names.ORDER_STAGE: "outbox"})


def payment_tried(seconds: float, error: Exception | str | None) -> None:
    """`orders.payment_time`: how long does a try take, and why do some fail?"""
    outcome = (
        {names.OUTCOME: "success"} if error is None else {names.OUTCOME: "failure", names.ERROR_TYPE: error_type(error)}
    )
    observe(names.ORDERS_PAYMENT_DURATION, seconds, outcome)
