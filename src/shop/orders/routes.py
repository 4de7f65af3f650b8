"""HTTP in: carts and orders."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shop.contracts.shapes import Order, OrderStatus, Shipment
from shop.kernel.errors import (
    DependencyTimeout,
    DependencyUnavailable,
    PageTokenInvalid,
    ValidationFailed,
    VersionMismatch,
)
from shop.kernel.ids import new_id
from shop.kernel.money import Money
from shop.orders import carts, checkout, progress, saga, signals, store
from shop.orders.checkout import Checkout, fingerprint_of
from shop.orders.model import (
    EMPTY,
    TOKENS,
    AddressUnknown,
    Cart,
    CartEmpty,
    CartFull,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    ItemNotFound,
    OrderEventShown,
    OrderNotCancellable,
    OrderNotDeliverable,
    OrderNotFound,
    OrderNotShippable,
    OutOfStock,
    PriceChanged,
    ProductNotFound,
    ProductUnavailable,
)
from shop.orders.parts import Orders
from shop.runtime.http import (
    ADMIN,
    CUSTOMER,
    OPERATOR,
    OWNER,
    Answer,
    Body,
    Caller,
    Header,
    Page,
    PageRequest,
    Routes,
    Version,
    etag,
)
from shop.runtime.http.language import Language

__all__ = ["routes"]

routes = Routes("orders")
PRIVATE = {"cache-control": "private, no-cache"}
LONGEST_KEY = 64

Quantity = Annotated[int, Meta(ge=1, le=99)]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Label = Annotated[str, Meta(min_length=1, max_length=100)]
Moment = Annotated[datetime, Meta(tz=True)]


class NewItem(Body):
    """So many of a product."""

    product_id: Id
    quantity: Quantity


class NewQuantity(Body):
    """How many it shall be."""

    quantity: Quantity


class CardBody(Body):
    """How to pay: a token of the payment provider; a card number never comes here."""

    method: Literal["card"]
    token: Label


class MoneyBody(Body):
    """An amount of yen."""

    amount: Annotated[int, Meta(ge=0)]
    currency: Literal["JPY"]


class NewOrder(Body):
    """Where the cart goes, and how it is paid; with `expectedTotal`, only at that price."""

    address_id: Id
    payment: CardBody
    expected_total: MoneyBody | None = None


class Cancellation(Body):
    """Why."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class NewShipment(Body):
    """Who carries it, under which number."""

    carrier: Label
    tracking_number: Label


# --------------------------------------------------------------------------------------------------------------- carts


@routes.get("/carts/{userId}", who=OWNER | ADMIN)
async def get_cart(orders: Orders, caller: Caller, language: Language, user_id: str) -> Answer[Cart]:
    """A user's cart at the prices of now."""
    return shown_cart(await carts.show(orders, caller, user_id, language), language)


@routes.post("/carts/{userId}/items", who=OWNER, raises=[ProductNotFound, OutOfStock, CartFull])
async def add_item(orders: Orders, caller: Caller, language: Language, user_id: str, body: NewItem) -> Answer[Cart]:
    """Put a product into the cart, or more of it; stock is looked at, not taken."""
    stock = await carts.add(orders, caller, user_id, body.product_id, body.quantity, new_id())
    return shown_cart(await carts.show(orders, caller, user_id, language, stock), language)


@routes.put("/carts/{userId}/items/{itemId}", who=OWNER, raises=[ItemNotFound, OutOfStock, VersionMismatch])
async def set_item(
    orders: Orders,
    caller: Caller,
    language: Language,
    user_id: str,
    item_id: str,
    body: NewQuantity,
    if_match: Version | None = None,
) -> Answer[Cart]:
    """Say how many of a line it shall be."""
    stock = await carts.set_quantity(orders, caller, user_id, item_id, body.quantity, if_match)
    return shown_cart(await carts.show(orders, caller, user_id, language, stock), language)


@routes.delete("/carts/{userId}/items/{itemId}", who=OWNER, raises=[ItemNotFound, VersionMismatch], status=200)
async def remove_item(
    orders: Orders, caller: Caller, language: Language, user_id: str, item_id: str, if_match: Version | None = None
) -> Answer[Cart]:
    """Take a line out."""
    await carts.change(orders, user_id, lambda basket: basket.remove(item_id), if_match)
    return shown_cart(await carts.show(orders, caller, user_id, language), language)


@routes.delete("/carts/{userId}", who=OWNER, raises=[VersionMismatch])
async def empty_cart(orders: Orders, user_id: str, if_match: Version | None = None) -> None:
    """Take everything out."""
    await carts.change(orders, user_id, lambda _basket: EMPTY, if_match)


def shown_cart(cart: Cart, language: Language) -> Answer[Cart]:
    """A cart with its version as ETag."""
    body = store.encode(cart)
    return Answer(body, headers=PRIVATE, etag=etag(cart.version, language, body))


# -------------------------------------------------------------------------------------------------------------- orders


@routes.post(
    "/orders",
    who=CUSTOMER,
    raises=[
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        AddressUnknown,
        CartEmpty,
        PriceChanged,
        ProductUnavailable,
        DependencyUnavailable,
        DependencyTimeout,
    ],
)
async def place_order(
    orders: Orders,
    caller: Caller,
    language: Language,
    key: Annotated[str | None, Header("Idempotency-Key", missing=IdempotencyKeyRequired)],
    body: NewOrder,
) -> Answer[Order]:
    """Order what is in the caller's cart. Stock and payment follow; the same key never makes a second order."""
    if body.payment.token not in TOKENS:
        raise ValidationFailed(("payment.token", f"must be one of the test tokens {', '.join(TOKENS)}"))
    if key is None or len(key) > LONGEST_KEY:
        raise ValidationFailed(("Idempotency-Key", f"must be 1 to {LONGEST_KEY} characters long"))
    expected = body.expected_total
    wish = Checkout(
        user_id=caller.user_id or "",
        key=key,
        fingerprint=fingerprint_of(body),
        address_id=body.address_id,
        token=body.payment.token,
        expected_total=Money(expected.amount, expected.currency) if expected else None,
        language=language,
    )
    placed = await checkout.check_out(orders, caller, wish)
    headers = {**PRIVATE, "location": f"/orders/{placed.order_id}"}
    if placed.replayed:
        headers["idempotency-replayed"] = "true"
        signals.order_replayed(placed.order_id)
    return Answer(placed.body, headers=headers, etag=etag(1, language, placed.body))


@routes.get("/orders/{orderId}", who=CUSTOMER | OPERATOR, raises=[OrderNotFound])
async def get_order(
    orders: Orders, caller: Caller, language: Language, order_id: str, at: Moment | None = None
) -> Answer[Order]:
    """The order as it is, or as it was `at` a moment in the past."""
    if at is not None:
        then = await store.find_order_at(orders.db, order_id, at)
        found = None if then is None else (then, store.encode(then))
    else:
        found = await store.find_shown(orders.db, order_id)
    if found is None or not caller.may_see(found[0].user_id):
        raise OrderNotFound  # somebody else's order must look like none
    signals.order_read(order_id)
    order, body = found
    return Answer(body, headers=PRIVATE, etag=etag(order.version, language, body))


@routes.get("/orders/{orderId}/events", who=CUSTOMER | OPERATOR, raises=[OrderNotFound, PageTokenInvalid])
async def list_events(orders: Orders, caller: Caller, order_id: str, page: PageRequest) -> Page[OrderEventShown]:
    """The order's event stream, oldest first; `data`, applied in order to `{}` (RFC 7396), gives the order."""
    await visible(orders, caller, order_id)
    scope = f"/orders/{order_id}/events"
    after = orders.pages.open(scope, page.next_token) if page.next_token else 0
    found = await store.find_events(orders.db, order_id, after, page.limit + 1)
    items = found[: page.limit]
    return Page(items=items, next_token=orders.pages.seal(scope, items[-1].seq) if len(found) > page.limit else None)


@routes.get("/users/{userId}/orders", who=OWNER | OPERATOR, raises=[PageTokenInvalid])
async def list_orders(
    orders: Orders, user_id: str, page: PageRequest, status: OrderStatus | None = None
) -> Answer[Page[Order]]:
    """A user's orders, newest first."""
    scope = f"/users/{user_id}/orders?status={status}"
    before = orders.pages.open(scope, page.next_token) if page.next_token else None
    found = await store.list_orders(orders.db, user_id, status, before, page.limit + 1)
    shown = found[: page.limit]
    token: Any = orders.pages.seal(scope, shown[-1][0]) if len(found) > page.limit else None
    items = [msgspec.Raw(body) for _, body in shown]
    return Answer(store.encode({"items": items, "nextToken": token}), headers=PRIVATE)


@routes.post(
    "/orders/{orderId}/cancel", who=CUSTOMER | OPERATOR, status=202, raises=[OrderNotFound, OrderNotCancellable]
)
async def cancel_order(
    orders: Orders, caller: Caller, language: Language, order_id: str, body: Cancellation
) -> Answer[Order]:
    """Cancel an order before it is shipped; stock and money go back."""
    order = await visible(orders, caller, order_id)
    wish = saga.CancelOrder(body.reason, by_operator=caller.user_id != order.user_id)
    return await moved(orders, order_id, wish, language)


@routes.post("/orders/{orderId}/shipments", who=OPERATOR, raises=[OrderNotFound, OrderNotShippable])
async def ship_order(orders: Orders, language: Language, order_id: str, body: NewShipment) -> Answer[Order]:
    """A carrier has taken the order."""
    shipment = Shipment(carrier=body.carrier, tracking_number=body.tracking_number)
    return await moved(orders, order_id, saga.ShipOrder(shipment), language)


@routes.post("/orders/{orderId}/deliveries", who=OPERATOR, raises=[OrderNotFound, OrderNotDeliverable])
async def deliver_order(orders: Orders, language: Language, order_id: str) -> Answer[Order]:
    """The customer has the order."""
    return await moved(orders, order_id, saga.DeliverOrder(), language)


async def visible(orders: Orders, caller: Caller, order_id: str) -> Order:
    """An order that the caller may see. Raises OrderNotFound."""
    kept = await store.find_order(orders.db, order_id)
    if kept is None or not caller.may_see(kept.order.user_id):
        raise OrderNotFound
    signals.order_read(order_id)
    return kept.order


async def moved(orders: Orders, order_id: str, wish: saga.Wish, language: Language) -> Answer[Order]:
    """The order after what somebody has asked for."""
    order = await progress.advance(orders.db, order_id, wish)
    if order is None:
        raise OrderNotFound
    body = store.encode(order)
    return Answer(body, headers=PRIVATE, etag=etag(order.version, language, body))
