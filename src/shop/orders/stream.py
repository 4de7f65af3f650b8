"""An order as a stream of events: what each does to it, how it is written down, and the fold that gives it back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from shop.contracts.shapes import Failure, FailureCode, Order, PaymentStatus, Shipment

__all__ = [
    "OrderCancelled",
    "OrderConfirmed",
    "OrderDelivered",
    "OrderEvent",
    "OrderPaid",
    "OrderRefunded",
    "OrderReserved",
    "OrderShipped",
    "fold",
    "merge_patch",
    "patched",
    "plain",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """Something that has happened to an order; the name of its class is its type in the stream."""

    def change(self, order: Order, at: str) -> Order:
        """The order after it, its version aside."""
        raise NotImplementedError

    def apply(self, order: Order, at: str) -> Order:
        """The order after it."""
        return replace(self.change(order, at), version=order.version + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReserved(OrderEvent):
    """All lines are reserved."""

    def change(self, order: Order, at: str) -> Order:  # noqa: ARG002 - an order does not show when
        """The order after it."""
        return replace(order, status="STOCK_RESERVED")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid(OrderEvent):
    """The money is taken; of a cancelled order too, which then gets it back."""

    transaction_id: str

    def change(self, order: Order, at: str) -> Order:  # noqa: ARG002 - an order does not show when
        """The order after it."""
        return replace(order, payment=replace(order.payment, status="APPROVED", transaction_id=self.transaction_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed(OrderEvent):
    """Paid, and the stock is committed."""

    def change(self, order: Order, at: str) -> Order:
        """The order after it."""
        return replace(order, status="CONFIRMED", confirmed_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShipped(OrderEvent):
    """A carrier has it."""

    shipment: Shipment

    def change(self, order: Order, at: str) -> Order:
        """The order after it."""
        return replace(order, status="SHIPPED", shipment=self.shipment, shipped_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDelivered(OrderEvent):
    """The customer has it."""

    def change(self, order: Order, at: str) -> Order:
        """The order after it."""
        return replace(order, status="DELIVERED", delivered_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(OrderEvent):
    """It ended early. `payment` is what became of the payment, if that is why."""

    code: FailureCode
    detail: str
    payment: PaymentStatus | None = None

    def change(self, order: Order, at: str) -> Order:
        """The order after it."""
        payment = replace(order.payment, status=self.payment) if self.payment else order.payment
        failure = Failure(code=self.code, detail=self.detail)
        return replace(order, status="CANCELLED", failure=failure, payment=payment, cancelled_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded(OrderEvent):
    """The money of a cancelled order is back."""

    def change(self, order: Order, at: str) -> Order:  # noqa: ARG002 - an order does not show when
        """The order after it."""
        return replace(order, payment=replace(order.payment, status="REFUNDED"))


def plain(order: Order | None) -> dict[str, Any]:
    """An order as JSON values, what is null left out; nothing for none."""
    return {} if order is None else without_nulls(msgspec.to_builtins(order))


def without_nulls(value: Any) -> Any:
    """Members that are null count as absent."""
    match value:
        case dict():
            return {name: without_nulls(member) for name, member in value.items() if member is not None}
        case list():
            return [without_nulls(member) for member in value]
    return value


def merge_patch(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What has to be merged into `before` to give `after` (RFC 7396). Neither holds a null."""
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        old = before.get(name)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := merge_patch(old, value):
                patch[name] = inner
        elif name not in before or value != old:
            patch[name] = value
    return patch


def patched(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """`target` with a merge patch applied (RFC 7396)."""
    result = dict(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            inner = result.get(name)
            result[name] = patched(inner if isinstance(inner, dict) else {}, value)
        else:
            result[name] = value
    return result


def fold(patches: Iterable[dict[str, Any]]) -> Order | None:
    """The order that the events of a stream, in order, have made; None for none."""
    state: dict[str, Any] = {}
    for patch in patches:
        state = patched(state, patch)
    return msgspec.convert(state, Order) if state else None
