"""Orders as their facts carry them."""

from typing import Any

import msgspec

from shop.contracts.events import OrderFact
from shop.contracts.messages import Envelope, envelope
from shop.contracts.shapes import Address, Failure, Order, OrderItem, Payment, Shipment
from shop.kernel.clock import stamp
from shop.kernel.ids import new_id
from shop.kernel.money import yen

__all__ = ["an_address", "an_item", "an_order", "cancelled", "shipped", "told"]


def an_address(**changes: Any) -> Address:
    """Where orders go."""
    address = Address(
        recipient="山田 花子", postal_code="150-0001", prefecture="東京都", city="渋谷区", line1="神宮前1-2-3",
        line2="メゾン神宮前 201", phone="03-1234-5678",
    )  # fmt: skip
    return msgspec.structs.replace(address, **changes)


def an_item(name: str, price: int, quantity: int = 1) -> OrderItem:
    """A line of an order."""
    return OrderItem(
        item_id=new_id(), product_id=new_id(), sku="KET-08", name=name, category_id="kitchen",
        unit_price=yen(price), quantity=quantity, line_total=yen(price * quantity),
    )  # fmt: skip


def an_order(user_id: str, *items: OrderItem, **changes: Any) -> Order:
    """An order of these lines, confirmed."""
    lines = list(items) or [an_item("ドリップケトル 0.8L", 4980, 2), an_item("マグカップ 白", 1200)]
    subtotal = sum(line.line_total.amount for line in lines)
    fee = 0 if subtotal >= 5000 else 550
    order = Order(
        id=new_id(), user_id=user_id, status="CONFIRMED", items=lines, subtotal=yen(subtotal), shipping_fee=yen(fee),
        tax=yen((subtotal + fee) * 10 // 110), total=yen(subtotal + fee), shipping_address=an_address(),
        payment=Payment(method="card", last4="4242", status="APPROVED"), placed_at=stamp(), confirmed_at=stamp(),
        version=5,
    )  # fmt: skip
    return msgspec.structs.replace(order, **changes)


def told(kind: type[OrderFact], order: Order) -> Envelope[Any]:
    """The fact of this kind about `order`."""
    return envelope(kind(order=order), aggregate_id=order.id, aggregate_version=order.version)


def shipped(order: Order, carrier: str = "ヤマト運輸", number: str = "1234-5678-9012") -> Order:
    """The same order on its way."""
    parcel = Shipment(carrier=carrier, tracking_number=number)
    return msgspec.structs.replace(order, status="SHIPPED", shipment=parcel, shipped_at=stamp(), version=6)


def cancelled(order: Order, code: Any, detail: str = "") -> Order:
    """The same order, ended."""
    failure = Failure(code=code, detail=detail)
    return msgspec.structs.replace(order, status="CANCELLED", failure=failure, cancelled_at=stamp(), version=6)
