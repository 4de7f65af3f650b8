"""The transition table of an order: what a message does to it. docs/saga.md shows it too; a test compares."""

from dataclasses import dataclass

from shop.contracts.commands import (
    CommitStock,
    RefundPayment,
    ReleaseStock,
    ReserveStock,
    ShipStock,
    StockCommand,
    TakePayment,
)
from shop.contracts.events import StockCommitRejected, StockCommitted, StockRejected, StockReserved
from shop.contracts.messages import Message
from shop.contracts.shapes import FailureCode, Order, OrderLine, PaymentStatus, Shipment
from shop.orders.model import OrderNotCancellable, OrderNotDeliverable, OrderNotShippable
from shop.orders.stream import (
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderEvent,
    OrderPaid,
    OrderRefunded,
    OrderReserved,
    OrderShipped,
)

__all__ = [
    "CancelOrder",
    "DeliverOrder",
    "PaymentApproved",
    "PaymentDeclined",
    "PaymentRefunded",
    "PaymentTimedOut",
    "ShipOrder",
    "Step",
    "Stuck",
    "Wish",
    "first_commands",
    "react",
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What comes to an order from within this service."""


@dataclass(frozen=True, slots=True)
class PaymentApproved(Wish):
    """The provider has taken the money."""

    transaction_id: str


@dataclass(frozen=True, slots=True)
class PaymentDeclined(Wish):
    """The provider says no, for good."""

    detail: str


@dataclass(frozen=True, slots=True)
class PaymentTimedOut(Wish):
    """No try brought an answer."""


@dataclass(frozen=True, slots=True)
class PaymentRefunded(Wish):
    """The provider has given the money back."""


@dataclass(frozen=True, slots=True)
class CancelOrder(Wish):
    """Somebody does not want it any more."""

    reason: str
    by_operator: bool = False


@dataclass(frozen=True, slots=True)
class ShipOrder(Wish):
    """A carrier takes it."""

    shipment: Shipment


@dataclass(frozen=True, slots=True)
class DeliverOrder(Wish):
    """The customer has it."""


@dataclass(frozen=True, slots=True)
class Stuck(Wish):
    """Nothing has happened for too long; `again`: not even after the sweeper had asked for it."""

    again: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What follows: the event to append, if any, and the commands to send."""

    event: OrderEvent | None = None
    commands: tuple[Message, ...] = ()


def first_commands(order: Order) -> tuple[Message, ...]:
    """What follows when an order is placed."""
    return (stock(ReserveStock, order),)


def react(order: Order, message: Message | Wish) -> Step:  # noqa: C901, PLR0911, PLR0912 - a table, one row a line
    """What `message` does to `order`. Late or repeated, it does nothing.

    Raises OrderNotCancellable, OrderNotShippable, OrderNotDeliverable: somebody asks for what cannot be any more.
    """
    commit, release, ship = (stock(kind, order) for kind in (CommitStock, ReleaseStock, ShipStock))
    take, refund = TakePayment(order_id=order.id), RefundPayment(order_id=order.id)
    # fmt: off
    match order.status, order.payment.status, message:
        case "PLACED", "PENDING", StockReserved():                 return Step(OrderReserved(), (take,))
        case "PLACED", "PENDING", StockRejected():                 return Step(out_of_stock(message))
        case "STOCK_RESERVED", "PENDING", PaymentApproved():       return Step(paid(message), (commit,))
        case "STOCK_RESERVED", "PENDING", PaymentDeclined():       return Step(declined(message), (release,))
        case "STOCK_RESERVED", "PENDING", PaymentTimedOut():       return Step(timed_out(), (release,))
        case "STOCK_RESERVED", "APPROVED", StockCommitted():       return Step(OrderConfirmed())
        case "STOCK_RESERVED", "APPROVED", StockCommitRejected():  return Step(lapsed(), (refund,))
        case "PLACED" | "STOCK_RESERVED" | "CONFIRMED", "APPROVED", CancelOrder():
                                                                   return Step(cancelled(message), (release, refund))
        case "PLACED" | "STOCK_RESERVED" | "CONFIRMED", _, CancelOrder():
                                                                   return Step(cancelled(message), (release,))
        case "CONFIRMED", _, ShipOrder():                          return Step(shipped(message), (ship,))
        case "SHIPPED", _, DeliverOrder():                         return Step(OrderDelivered())
        case "CANCELLED", _, StockReserved():                      return Step(None, (release,))
        case "CANCELLED", "PENDING", PaymentApproved():            return Step(paid(message), (refund,))
        case "CANCELLED", "APPROVED", PaymentRefunded():           return Step(OrderRefunded())
        case "PLACED" | "STOCK_RESERVED", "PENDING", Stuck():      return Step(stuck(), (release,))
        case "STOCK_RESERVED", "APPROVED", Stuck(again=False):     return Step(None, (commit,))
        case "STOCK_RESERVED", "APPROVED", Stuck():                return Step(stuck(), (release, refund))
        case "CANCELLED", "APPROVED", Stuck():                     return Step(None, (refund,))
        case "SHIPPED" | "DELIVERED", _, CancelOrder():            raise OrderNotCancellable
        case _, _, ShipOrder():                                    raise OrderNotShippable
        case _, _, DeliverOrder():                                 raise OrderNotDeliverable
        case _:                                                    return Step()
    # fmt: on


def stock(kind: type[StockCommand], order: Order) -> StockCommand:
    """A command about all lines of an order."""
    lines = [OrderLine(product_id=item.product_id, quantity=item.quantity) for item in order.items]
    return kind(order_id=order.id, lines=lines)


def paid(message: PaymentApproved) -> OrderPaid:
    """The money is there."""
    return OrderPaid(transaction_id=message.transaction_id)


def shipped(message: ShipOrder) -> OrderShipped:
    """It is on its way."""
    return OrderShipped(shipment=message.shipment)


def ended(code: FailureCode, detail: str, payment: PaymentStatus | None = None) -> OrderCancelled:
    """The order ends early."""
    return OrderCancelled(code=code, detail=detail, payment=payment)


def out_of_stock(message: StockRejected) -> OrderCancelled:
    """Not enough of some product."""
    short = ", ".join(f"{each.product_id} ({each.available} of {each.requested})" for each in message.shortages)
    return ended("OUT_OF_STOCK", f"Not enough in stock: {short}")


def declined(message: PaymentDeclined) -> OrderCancelled:
    """The card was refused."""
    return ended("PAYMENT_DECLINED", message.detail, "DECLINED")


def timed_out() -> OrderCancelled:
    """The provider did not answer."""
    return ended("PAYMENT_TIMEOUT", "The payment provider did not answer in time.", "TIMED_OUT")


def lapsed() -> OrderCancelled:
    """The reservation was gone when the money came."""
    return ended("RESERVATION_EXPIRED", "The reservation of the stock had expired.")


def cancelled(message: CancelOrder) -> OrderCancelled:
    """Somebody asked for it, in these words."""
    return ended("OPERATOR_CANCELLED" if message.by_operator else "CUSTOMER_CANCELLED", message.reason)


def stuck() -> OrderCancelled:
    """It did not move."""
    return ended("STUCK", "The order did not move on in time.")
