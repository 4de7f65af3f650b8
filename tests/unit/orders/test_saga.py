"""The table of docs/saga.md and the code say the same, in every combination of state and message."""

import re
from itertools import product
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from tests.support.orders import an_order

from shop.contracts.commands import ReserveStock
from shop.contracts.events import StockCommitRejected, StockCommitted, StockRejected, StockReserved
from shop.contracts.shapes import Order, PaymentStatus, Shipment
from shop.kernel.clock import stamp
from shop.kernel.errors import Problem
from shop.orders import saga
from shop.orders.model import OrderNotCancellable, OrderNotDeliverable, OrderNotShippable
from shop.orders.store import FACTS

MESSAGES: dict[str, Any] = {
    "StockReserved": StockReserved(order_id="o", lines=[]),
    "StockRejected": StockRejected(order_id="o", lines=[], shortages=[]),
    "StockCommitted": StockCommitted(order_id="o", lines=[]),
    "StockCommitRejected": StockCommitRejected(order_id="o", lines=[]),
    "payment approved": saga.PaymentApproved("ch_1"),
    "payment declined": saga.PaymentDeclined("no"),
    "payment timed out": saga.PaymentTimedOut(),
    "payment refunded": saga.PaymentRefunded(),
    "cancel by customer": saga.CancelOrder("changed my mind"),
    "cancel by operator": saga.CancelOrder("recalled", by_operator=True),
    "ship": saga.ShipOrder(Shipment(carrier="ヤマト運輸", tracking_number="1")),
    "deliver": saga.DeliverOrder(),
    "stuck": saga.Stuck(again=False),
    "stuck again": saga.Stuck(again=True),
}
ASKED: dict[str, type[Problem]] = {
    "cancel by customer": OrderNotCancellable,
    "cancel by operator": OrderNotCancellable,
    "ship": OrderNotShippable,
    "deliver": OrderNotDeliverable,
}
STATES = [
    ("PLACED", "PENDING"),
    ("STOCK_RESERVED", "PENDING"),
    ("STOCK_RESERVED", "APPROVED"),
    ("CONFIRMED", "APPROVED"),
    ("SHIPPED", "APPROVED"),
    ("DELIVERED", "APPROVED"),
    *(("CANCELLED", payment) for payment in get_args(PaymentStatus)),
]
Outcome = tuple[list[str], ...]


def table() -> dict[tuple[str, str, str], Outcome]:
    """(status, payment, message) -> event and failure code, status and payment after, fact, commands."""
    rows: dict[tuple[str, str, str], Outcome] = {}
    for line in Path("docs/saga.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            states, payments, messages, *outcome = (re.findall("`([^`]+)`", cell) for cell in line.split("|")[1:-1])
            for key in product(states, payments, messages):
                assert key not in rows, f"{key} has two rows"
                rows[key] = tuple(outcome)
    return rows


TABLE = table()


def an_order_in(status: str, payment: str) -> Order:
    """An order in this state."""
    order = an_order("somebody")
    paid = msgspec.structs.replace(order.payment, status=payment)
    return msgspec.structs.replace(order, status=status, payment=paid)


def outcome(order: Order, message: Any) -> Outcome:
    """What the code makes of it, in the table's words."""
    step = saga.react(order, message)
    commands = [type(command).__name__ for command in step.commands]
    if step.event is None:
        return [], [], [], [], commands
    after = step.event.apply(order, stamp())
    assert after.version == order.version + 1
    kind = type(step.event).__name__
    codes = [after.failure.code] if after.failure else []
    return [kind, *codes], [after.status], [after.payment.status], [kind] if kind in FACTS else [], commands


@pytest.mark.parametrize(("status", "payment"), STATES)
@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_does_in_every_state_what_its_row_says_or_nothing(status, payment, message):
    order, expected = an_order_in(status, payment), TABLE.get((status, payment, message))
    if expected is None and message in ASKED and (status, message[:6]) != ("CANCELLED", "cancel"):
        with pytest.raises(ASKED[message]):
            saga.react(order, MESSAGES[message])
    else:
        assert outcome(order, MESSAGES[message]) == (expected or ([], [], [], [], []))


def test_the_table_speaks_only_of_what_there_is():
    assert {message for _, _, message in TABLE} == set(MESSAGES)
    assert {(status, payment) for status, payment, _ in TABLE} <= set(STATES)


def test_a_new_order_asks_for_its_stock():
    order = an_order("somebody")
    (command,) = saga.first_commands(order)
    assert isinstance(command, ReserveStock)
    assert [(line.product_id, line.quantity) for line in command.lines] == [
        (item.product_id, item.quantity) for item in order.items
    ]
