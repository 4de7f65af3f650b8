"""POST /orders: a cart becomes an order, once, in one transaction."""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from shop.contracts.shapes import Address, Order
from shop.kernel.clock import stamp
from shop.kernel.errors import DependencyUnavailable
from shop.kernel.ids import new_id
from shop.kernel.money import Money
from shop.orders import carts, neighbours, signals, store
from shop.orders.model import CartEmpty, IdempotencyKeyReused, PriceChanged, ProductUnavailable, new_order
from shop.orders.parts import Orders
from shop.orders.saga import first_commands
from shop.orders.store import FirstAnswer
from shop.runtime.http import Caller
from shop.runtime.http.language import Language
from shop.runtime.postgres import Connection

__all__ = ["Checkout", "Placed", "check_out", "fingerprint_of"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a customer asks for. `fingerprint` tells another request with the same key from a repeated one."""

    user_id: str
    key: str
    fingerprint: bytes
    address_id: str
    token: str
    expected_total: Money | None
    language: Language


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer: a new order's, or the first one again."""

    order_id: str
    body: bytes
    replayed: bool = False


def fingerprint_of(body: Any) -> bytes:
    """The same for the same JSON values, in whatever order and spacing they came."""
    return hashlib.sha256(msgspec.json.encode(body, order="sorted")).digest()


async def check_out(orders: Orders, caller: Caller, wish: Checkout) -> Placed:
    """Order what is in the caller's cart.

    Raises CartEmpty, ProductUnavailable, PriceChanged, AddressUnknown, IdempotencyKeyReused; users down or silent,
    503 or 504.
    """
    first = await store.find_answer(orders.db, wish.user_id, wish.key)
    if first is not None:
        return replay(wish, first)
    address = await neighbours.address(orders.peers, caller, wish.address_id)
    order_id = new_id()
    async with orders.db.transaction() as tx:
        placed = await place(tx, order_id, wish, address)
    if placed is not None:
        order, body, was_abandoned = placed
        signals.order_placed(order, was_abandoned=was_abandoned)
        return Placed(order_id, body)
    first = await store.find_answer(orders.db, wish.user_id, wish.key)
    if first is None:  # the other request with this key was rolled back after all, or is a day old this very moment
        raise DependencyUnavailable("Another request with this Idempotency-Key has just failed: try again.")
    return replay(wish, first)


def replay(wish: Checkout, first: FirstAnswer) -> Placed:
    """The first answer again. Raises IdempotencyKeyReused when it was one to something else."""
    if first.fingerprint != wish.fingerprint:
        raise IdempotencyKeyReused
    return Placed(first.order_id, first.body, replayed=True)


async def place(tx: Connection, order_id: str, wish: Checkout, address: Address) -> tuple[Order, bytes, bool] | None:
    """The order, how it is shown, and whether its cart had been left alone; None when another request has the key."""
    if not await store.claim_key(tx, wish.user_id, wish.key, wish.fingerprint, order_id):
        return None
    cart = await carts.lock(tx, wish.user_id)
    lines = await carts.lines_on_offer(tx, wish.user_id, wish.language)
    if not lines:
        raise CartEmpty
    if gone := [line.product_id for line in lines if not line.on_sale]:
        raise ProductUnavailable(productIds=gone)
    order = new_order(order_id, wish.user_id, lines, address, wish.token, stamp())
    if wish.expected_total is not None and wish.expected_total != order.total:
        raise PriceChanged(total=order.total)
    body = await store.place(tx, order, wish.token, first_commands(order))
    await carts.empty(tx, wish.user_id)
    await store.keep_answer(tx, wish.user_id, wish.key, body)
    return order, body, cart.was_abandoned
