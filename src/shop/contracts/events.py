"""Every fact on the bus, typed once. Past tense: it has happened, nobody may refuse it."""

from typing import ClassVar

from shop.contracts.messages import Message
from shop.contracts.shapes import Order, OrderLine, Product, Shortage, StockStatus, Translations
from shop.kernel.money import Money

__all__ = ["EVENTS"]


class ProductCreated(Message):
    """A product exists; inventory opens its stock record with `initial_stock`."""

    producer: ClassVar[str] = "catalog"
    product: Product
    initial_stock: int = 0


class ProductUpdated(Message):
    """A product changed: its new price and name reach carts."""

    producer: ClassVar[str] = "catalog"
    product: Product


class ProductDeleted(Message):
    """A product is gone: no new cart line, no new reservation."""

    producer: ClassVar[str] = "catalog"
    product: Product


class ReviewPosted(Message):
    """A customer has rated a product, 1 to 5."""

    producer: ClassVar[str] = "catalog"
    product_id: str
    review_id: str
    rating: int


class UserConfirmed(Message):
    """An account is confirmed; notifications may write to it."""

    producer: ClassVar[str] = "users"
    user_id: str
    email: str
    name: str
    locale: str


class ProfileChanged(Message):
    """An account's contact data changed."""

    producer: ClassVar[str] = "users"
    user_id: str
    email: str
    name: str
    locale: str


class OrderFact(Message):
    """What happened to an order, with the whole order as GET showed it then."""

    producer: ClassVar[str] = "orders"
    order: Order


class OrderPlaced(OrderFact):
    """A customer has ordered; stock and money follow."""


class OrderConfirmed(OrderFact):
    """Stock is committed and the money is there."""


class OrderShipped(OrderFact):
    """The parcel is on its way."""


class OrderDelivered(OrderFact):
    """The parcel has arrived."""


class OrderCancelled(OrderFact):
    """The order ended; `failure` says why."""


class CartAbandoned(Message):
    """A cart with items was left alone."""

    producer: ClassVar[str] = "orders"
    user_id: str
    value: Money
    items: int
    idle_seconds: float


class StockAnswer(Message):
    """Inventory's answer about an order's lines."""

    producer: ClassVar[str] = "inventory"
    order_id: str
    lines: list[OrderLine]


class StockReserved(StockAnswer):
    """All lines are reserved."""


class StockRejected(StockAnswer):
    """None is reserved; `shortages` says which lines were short."""

    shortages: list[Shortage]


class StockCommitted(StockAnswer):
    """The reservation no longer lapses."""


class StockCommitRejected(StockAnswer):
    """There is no reservation to commit, or it had lapsed."""


class StockReleased(StockAnswer):
    """The reservation was given back."""


class StockChanged(Message):
    """What is available of a product now; the only event that copies follow."""

    producer: ClassVar[str] = "inventory"
    product_id: str
    available: int
    status: StockStatus


class StockDepleted(Message):
    """Nothing of a product is available any more."""

    producer: ClassVar[str] = "inventory"
    product_id: str


class StockReplenished(Message):
    """A product is available again."""

    producer: ClassVar[str] = "inventory"
    product_id: str
    available: int


class RestockNoticeDue(Message):
    """One registrant is to be told that a product is back."""

    producer: ClassVar[str] = "inventory"
    product_id: str
    sku: str
    name: str
    translations: Translations
    user_id: str
    registration_id: str


class LowStockDetected(Message):
    """What is available has fallen to a threshold: the product's own, or a registered alert's."""

    producer: ClassVar[str] = "inventory"
    product_id: str
    sku: str
    name: str
    translations: Translations
    available: int
    threshold: int
    alert_id: str | None = None
    email: str | None = None


class MailFact(Message):
    """What became of a mail; `type` is its kind, `cause` the event (or registration) that it answers."""

    producer: ClassVar[str] = "notifications"
    id: str
    type: str
    cause: str


class NotificationSent(MailFact):
    """SES has accepted the mail."""


class NotificationFailed(MailFact):
    """The mail can never be sent."""


class NotificationOpened(MailFact):
    """Its reader opened the mail for the first time."""


EVENTS: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (
        ProductCreated, ProductUpdated, ProductDeleted, ReviewPosted,
        UserConfirmed, ProfileChanged,
        OrderPlaced, OrderConfirmed, OrderShipped, OrderDelivered, OrderCancelled, CartAbandoned,
        StockReserved, StockRejected, StockCommitted, StockCommitRejected, StockReleased,
        StockChanged, StockDepleted, StockReplenished, RestockNoticeDue, LowStockDetected,
        NotificationSent, NotificationFailed, NotificationOpened,
    )
}  # fmt: skip
