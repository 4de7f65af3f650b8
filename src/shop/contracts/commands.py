"""Every command on a queue, typed once. Imperative: its consumer does it, or answers that it cannot."""

from typing import ClassVar

from shop.contracts.messages import Message
from shop.contracts.shapes import OrderLine

__all__ = ["COMMANDS"]


class StockCommand(Message):
    """What inventory is to do with the stock of an order's lines; the command's id is its `eventId`."""

    producer: ClassVar[str] = "orders"
    queue: ClassVar[str | None] = "inventory-commands.fifo"  # message group: the order
    order_id: str
    lines: list[OrderLine]


class ReserveStock(StockCommand):
    """Reserve all lines or none."""


class CommitStock(StockCommand):
    """Make the reservation permanent."""


class ReleaseStock(StockCommand):
    """Give the reservation back; without one, leave a tombstone that rejects a later ReserveStock."""


class ShipStock(StockCommand):
    """The goods have left: lower `onHand` and `reserved` together."""


class PaymentCommand(Message):
    """What the orders worker is to do about an order's money."""

    producer: ClassVar[str] = "orders"
    queue: ClassVar[str | None] = "orders-payments"
    order_id: str


class TakePayment(PaymentCommand):
    """Take the money of an order whose stock is reserved."""


class RefundPayment(PaymentCommand):
    """Give the money of a cancelled order back."""


class SweepDue(Message):
    """Time to look for what was left behind and what has expired."""

    producer: ClassVar[str] = "scheduler"


class ReconcileDue(Message):
    """Time to hold stock against its ledger and the catalog's copy."""

    producer: ClassVar[str] = "scheduler"


COMMANDS: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (ReserveStock, CommitStock, ReleaseStock, ShipStock, TakePayment, RefundPayment, SweepDue, ReconcileDue)
}
