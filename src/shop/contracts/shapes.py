"""Values that cross a service's border: in an HTTP answer and in an event they look the same."""

from typing import Literal, dataclass_transform

import msgspec

from shop.kernel.money import Money

__all__ = [
    "Address",
    "Failure",
    "Order",
    "OrderItem",
    "OrderLine",
    "OrderStatus",
    "Payment",
    "PaymentStatus",
    "Product",
    "Shape",
    "Shipment",
    "Shortage",
    "StockStatus",
    "Text",
    "Translations",
]

OrderStatus = Literal["PLACED", "STOCK_RESERVED", "CONFIRMED", "SHIPPED", "DELIVERED", "CANCELLED"]
PaymentStatus = Literal["PENDING", "APPROVED", "DECLINED", "TIMED_OUT", "REFUNDED"]
StockStatus = Literal["IN_STOCK", "LOW_STOCK", "OUT_OF_STOCK"]
FailureCode = Literal[
    "OUT_OF_STOCK",
    "PAYMENT_DECLINED",
    "PAYMENT_TIMEOUT",
    "CUSTOMER_CANCELLED",
    "OPERATOR_CANCELLED",
    "RESERVATION_EXPIRED",
    "STUCK",
]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A value in camelCase JSON. Readers ignore fields they do not know: a version only ever gains some."""


class Text(Shape):
    """What a product or category is called in one language."""

    name: str
    description: str = ""


Translations = dict[str, Text]  # by language; today `en`, the shop's own texts being Japanese


class Product(Shape):
    """A product as its events carry it: all that another service may keep a copy of."""

    id: str
    sku: str
    name: str
    price: Money
    category_id: str
    status: Literal["draft", "active", "archived"]
    translations: Translations
    version: int


class OrderLine(Shape):
    """How many of which product: what stock commands and their answers speak of."""

    product_id: str
    quantity: int


class Shortage(Shape):
    """A line that cannot be reserved, and what there is of it."""

    product_id: str
    requested: int
    available: int


class OrderItem(Shape):
    """A line of an order, with the name and price at which it was bought."""

    item_id: str
    product_id: str
    sku: str
    name: str
    category_id: str
    unit_price: Money
    quantity: int
    line_total: Money


class Address(Shape):
    """Where an order goes: copied into it when it is placed."""

    recipient: str
    postal_code: str
    prefecture: str
    city: str
    line1: str
    line2: str | None = None
    country: str = "JP"
    phone: str | None = None


class Payment(Shape):
    """How an order is paid; the card itself never reaches the shop."""

    method: Literal["card"]
    last4: str
    status: PaymentStatus
    transaction_id: str | None = None


class Failure(Shape):
    """Why an order was cancelled."""

    code: FailureCode
    detail: str


class Shipment(Shape):
    """Who carries an order, under which number."""

    carrier: str
    tracking_number: str


class Order(Shape):
    """An order as `GET /orders/{id}` shows it; every fact of an order carries the whole of it."""

    id: str
    user_id: str
    status: OrderStatus
    items: list[OrderItem]
    subtotal: Money
    shipping_fee: Money
    tax: Money
    total: Money
    shipping_address: Address
    payment: Payment
    placed_at: str
    version: int
    failure: Failure | None = None
    shipment: Shipment | None = None
    confirmed_at: str | None = None
    shipped_at: str | None = None
    delivered_at: str | None = None
    cancelled_at: str | None = None
