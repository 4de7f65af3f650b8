"""The rules of orders, pure: what a cart may hold, what an order costs; and this service's errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import msgspec

from shop.contracts.shapes import Address, Order, OrderItem, Payment, Shape
from shop.kernel.errors import MalformedRequest, NotFound, Problem, ValidationFailed
from shop.kernel.money import Money, yen

__all__ = [
    "EMPTY",
    "FREE_SHIPPING_FROM",
    "SHIPPING_FEE",
    "TOKENS",
    "AddressUnknown",
    "Basket",
    "Cart",
    "CartEmpty",
    "CartFull",
    "CartItem",
    "IdempotencyKeyRequired",
    "IdempotencyKeyReused",
    "ItemNotFound",
    "Line",
    "OnOffer",
    "OrderEventShown",
    "OrderNotCancellable",
    "OrderNotDeliverable",
    "OrderNotFound",
    "OrderNotShippable",
    "OutOfStock",
    "PriceChanged",
    "ProductNotFound",
    "ProductUnavailable",
    "cart_of",
    "new_order",
]

MOST_LINES: Final = 30  # a DynamoDB transaction holds 100 items, and reserving takes three of them a line
MOST_PIECES: Final = 99
SHIPPING_FEE: Final = 550
FREE_SHIPPING_FROM: Final = 5_000
TOKENS: Final[Mapping[str, str]] = {  # the simulated provider's test cards, and the last digits an order shows of them
    "tok_visa": "4242",
    "tok_declined": "0002",
    "tok_insufficient_funds": "9995",
    "tok_slow": "3000",
    "tok_timeout": "5000",
    "tok_flaky": "0119",
}


class OrderNotFound(NotFound):
    """There is no such order."""

    code = "ORDER_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "注文が見つかりません", "en": "Order not found"}


class ProductNotFound(NotFound):
    """There is no such product, or it is not for sale."""

    code = "PRODUCT_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "商品が見つかりません", "en": "Product not found"}


class ItemNotFound(NotFound):
    """The cart has no such item."""

    code = "CART_ITEM_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "カートにその明細はありません", "en": "Cart item not found"}


class OutOfStock(Problem):
    """There is not enough of this product; `available` says how much there is."""

    status, code = 409, "OUT_OF_STOCK"
    title: ClassVar[dict[str, str]] = {"ja": "在庫が足りません", "en": "Out of stock"}


class CartFull(Problem):
    """A cart has at most 30 lines."""

    status, code = 409, "CART_FULL"
    title: ClassVar[dict[str, str]] = {"ja": "カートがいっぱいです", "en": "The cart is full"}


class CartEmpty(Problem):
    """The cart is empty: there is nothing to order."""

    status, code = 409, "CART_EMPTY"
    title: ClassVar[dict[str, str]] = {"ja": "カートが空です", "en": "The cart is empty"}


class PriceChanged(Problem):
    """The total is not the expected one; `total` is what it is now."""

    status, code = 409, "PRICE_CHANGED"
    title: ClassVar[dict[str, str]] = {"ja": "価格が変わりました", "en": "The price has changed"}


class ProductUnavailable(Problem):
    """A product in the cart is no longer for sale; `productIds` names it: remove its line."""

    status, code = 409, "PRODUCT_UNAVAILABLE"
    title: ClassVar[dict[str, str]] = {"ja": "購入できない商品があります", "en": "A product is no longer for sale"}


class AddressUnknown(Problem):
    """The caller has no address with this id."""

    status, code = 422, "ADDRESS_UNKNOWN"
    title: ClassVar[dict[str, str]] = {"ja": "その住所は登録されていません", "en": "Unknown address"}


class IdempotencyKeyRequired(MalformedRequest):
    """Send an Idempotency-Key header of 1 to 64 characters: it makes a repeated request harmless."""

    code = "IDEMPOTENCY_KEY_REQUIRED"
    title: ClassVar[dict[str, str]] = {"ja": "Idempotency-Key が必要です", "en": "Idempotency-Key required"}


class IdempotencyKeyReused(Problem):
    """This Idempotency-Key came before with another body: take a new key for a new order."""

    status, code = 422, "IDEMPOTENCY_KEY_REUSED"
    title: ClassVar[dict[str, str]] = {"ja": "Idempotency-Key が再利用されています", "en": "Idempotency-Key reused"}


class OrderNotCancellable(Problem):
    """A shipped order can only be returned."""

    status, code = 409, "ORDER_NOT_CANCELLABLE"
    title: ClassVar[dict[str, str]] = {"ja": "この注文は取り消せません", "en": "Order not cancellable"}


class OrderNotShippable(Problem):
    """Only a confirmed order can be shipped."""

    status, code = 409, "ORDER_NOT_SHIPPABLE"
    title: ClassVar[dict[str, str]] = {"ja": "この注文は発送できません", "en": "Order not shippable"}


class OrderNotDeliverable(Problem):
    """Only a shipped order can be delivered."""

    status, code = 409, "ORDER_NOT_DELIVERABLE"
    title: ClassVar[dict[str, str]] = {"ja": "この注文は配達済みにできません", "en": "Order not deliverable"}


# --------------------------------------------------------------------------------------------------------------- carts


@dataclass(frozen=True, slots=True)
class Line:
    """So many of a product, in a cart."""

    item_id: str
    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Basket:
    """The lines of a cart, oldest first, one per product."""

    lines: tuple[Line, ...] = ()

    def add(self, item_id: str, product_id: str, quantity: int, available: int | None) -> "Basket":
        """With `quantity` more. `available`: pieces in stock, None when nobody could tell."""
        there = next((line for line in self.lines if line.product_id == product_id), None)
        if there is not None:
            return self.set(there.item_id, there.quantity + quantity, available)
        if len(self.lines) >= MOST_LINES:
            raise CartFull
        check_quantity(quantity, available)
        return Basket((*self.lines, Line(item_id, product_id, quantity)))

    def set(self, item_id: str, quantity: int, available: int | None) -> "Basket":
        """With exactly `quantity` of a line."""
        self.find(item_id)
        check_quantity(quantity, available)
        return Basket(
            tuple(replace(line, quantity=quantity) if line.item_id == item_id else line for line in self.lines)
        )

    def remove(self, item_id: str) -> "Basket":
        """Without a line."""
        self.find(item_id)
        return Basket(tuple(line for line in self.lines if line.item_id != item_id))

    def find(self, item_id: str) -> Line:
        """A line. Raises ItemNotFound."""
        for line in self.lines:
            if line.item_id == item_id:
                return line
        raise ItemNotFound


EMPTY: Final = Basket()


def check_quantity(quantity: int, available: int | None) -> None:
    """Whether a line may hold so many: the contract's limit first, then what there is."""
    if quantity > MOST_PIECES:
        raise ValidationFailed(("quantity", f"a line holds at most {MOST_PIECES}, this would be {quantity}"))
    if available is not None and quantity > available:
        raise OutOfStock(available=available)


class OnOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a cart with what the product copy says of its product, in the reader's language."""

    item_id: str
    product_id: str
    quantity: int
    sku: str
    name: str
    category_id: str
    price: int
    on_sale: bool


class CartItem(Shape):
    """A line as its owner sees it. `available` is null when inventory did not answer."""

    item_id: str
    product_id: str
    sku: str
    name: str
    unit_price: Money
    quantity: int
    line_total: Money
    available: int | None


class Cart(Shape):
    """A cart at the prices of now."""

    user_id: str
    items: list[CartItem]
    subtotal: Money
    item_count: int
    version: int
    updated_at: str | None


def cart_of(
    user_id: str, version: int, updated_at: str | None, lines: Iterable[OnOffer], stock: Mapping[str, int | None]
) -> Cart:
    """A cart; `stock` has what inventory said is available, by product."""
    items = [
        CartItem(
            item_id=line.item_id,
            product_id=line.product_id,
            sku=line.sku,
            name=line.name,
            unit_price=yen(line.price),
            quantity=line.quantity,
            line_total=yen(line.price * line.quantity),
            available=stock.get(line.product_id) if line.on_sale else 0,
        )
        for line in lines
    ]
    return Cart(
        user_id=user_id,
        items=items,
        subtotal=yen(sum(item.line_total.amount for item in items)),
        item_count=sum(item.quantity for item in items),
        version=version,
        updated_at=updated_at,
    )


# -------------------------------------------------------------------------------------------------------------- orders


class OrderEventShown(Shape):
    """An event of an order's stream; `data` is a merge patch (RFC 7396), `trace_id` the trace it happened in."""

    seq: int
    type: str
    occurred_at: str
    data: dict[str, Any]
    trace_id: str


def new_order(order_id: str, user_id: str, lines: Iterable[OnOffer], address: Address, token: str, at: str) -> Order:
    """What is ordered, at what price. Prices include 10 % tax, which is told once per order."""
    items = [
        OrderItem(
            item_id=line.item_id,
            product_id=line.product_id,
            sku=line.sku,
            name=line.name,
            category_id=line.category_id,
            unit_price=yen(line.price),
            quantity=line.quantity,
            line_total=yen(line.price * line.quantity),
        )
        for line in lines
    ]
    subtotal = sum(item.line_total.amount for item in items)
    fee = 0 if subtotal >= FREE_SHIPPING_FROM else SHIPPING_FEE
    total = subtotal + fee
    return Order(
        id=order_id,
        user_id=user_id,
        status="PLACED",
        items=items,
        subtotal=yen(subtotal),
        shipping_fee=yen(fee),
        tax=yen(total * 10 // 110),
        total=yen(total),
        shipping_address=address,
        payment=Payment(method="card", last4=TOKENS[token], status="PENDING"),
        placed_at=at,
        version=1,
    )
