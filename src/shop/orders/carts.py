"""Carts: one per user, in PostgreSQL, at the prices of the product copy."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from shop import telemetry
from shop.contracts.events import CartAbandoned
from shop.contracts.messages import envelope
from shop.kernel.clock import now, stamp
from shop.kernel.money import yen
from shop.orders import neighbours, signals, store
from shop.orders.model import Basket, Cart, ItemNotFound, Line, OnOffer, ProductNotFound, cart_of
from shop.orders.parts import Orders
from shop.runtime import outbox
from shop.runtime.http import Caller, check_version
from shop.runtime.http.language import Language
from shop.runtime.postgres import Connection, Database
from shop.telemetry import names

__all__ = ["Locked", "abandon", "add", "change", "empty", "lines_on_offer", "lock", "set_quantity", "show"]

Stock = dict[str, int | None]  # pieces there are, by product; None: inventory was asked and did not tell

FIND_CART = "select version, updated_at from carts where user_id = $1"
LOCK_CART = """
    insert into carts (user_id, updated_at) values ($1, $2) on conflict (user_id) do update set user_id = $1
    returning version, lines, abandoned_at
"""  # an update that changes nothing locks the row, like one that has just been made
TOUCH_CART = """
    update carts set version = version + 1, lines = $2, updated_at = $3, abandoned_at = null, synthetic = $4
    where user_id = $1
"""
LINES = "select item_id, product_id, quantity from cart_lines where user_id = $1 order by item_id"
LINES_ON_OFFER = """
    select l.item_id, l.product_id, l.quantity, p.sku, p.name, p.name_en, p.category_id, p.price, p.on_sale
    from cart_lines l join products p on p.id = l.product_id where l.user_id = $1 order by l.item_id
"""
DROP_LINES = "delete from cart_lines where user_id = $1 and item_id <> all($2::text[])"
PUT_LINE = """
    insert into cart_lines (item_id, user_id, product_id, quantity) values ($1, $2, $3, $4)
    on conflict (item_id) do update set quantity = excluded.quantity
"""
ON_SALE = "select on_sale from products where id = $1"
ABANDON = """
    update carts set abandoned_at = $2 where user_id in (
        select user_id from carts where lines > 0 and abandoned_at is null and updated_at < $1
        order by updated_at limit $3 for update skip locked
    ) returning user_id, version, updated_at, synthetic
"""
ABANDONED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Locked:
    """A cart that a transaction has for itself."""

    user_id: str
    version: int
    was_abandoned: bool


async def show(orders: Orders, caller: Caller, user_id: str, language: Language, stock: Stock | None = None) -> Cart:
    """A cart as it is now. `stock`: what inventory has been asked just now, which it is not asked again."""
    row = await orders.db.fetchrow(FIND_CART, user_id)
    lines = await lines_on_offer(orders.db, user_id, language)
    known = stock or {}
    if any(line.on_sale and line.product_id not in known for line in lines):
        known = await stock_of(orders, caller, lines)
    version, updated_at = (row["version"], stamp(row["updated_at"])) if row else (0, None)
    return cart_of(user_id, version, updated_at, lines, known)


async def lines_on_offer(db: Database | Connection, user_id: str, language: Language) -> list[OnOffer]:
    """The lines of a cart with today's prices, and names in a language."""
    return [
        OnOffer(
            item_id=row["item_id"],
            product_id=row["product_id"],
            quantity=row["quantity"],
            sku=row["sku"],
            name=(row["name_en"] or row["name"]) if language == "en" else row["name"],
            category_id=row["category_id"],
            price=row["price"],
            on_sale=row["on_sale"],
        )
        for row in await db.fetch(LINES_ON_OFFER, user_id)
    ]


async def require_product(orders: Orders, caller: Caller, product_id: str) -> None:
    """Make sure that the product is in the copy and for sale; catalog is asked when its event has not come yet.

    Raises ProductNotFound; catalog down or silent, 503 or 504.
    """
    on_sale = await orders.db.fetchval(ON_SALE, product_id)
    if on_sale is None:
        product = await neighbours.product(orders.peers, caller, product_id)
        if product is not None:
            await store.copy_product(orders.db, product, version=product.version)
            on_sale = product.status == "active"
    if not on_sale:
        raise ProductNotFound


async def find_basket(db: Database | Connection, user_id: str) -> Basket:
    """The lines alone."""
    return Basket(tuple(Line(**row) for row in await db.fetch(LINES, user_id)))


async def lock(tx: Connection, user_id: str) -> Locked:
    """A cart that nobody else changes until `tx` ends; an empty one is made when there is none."""
    row = await tx.fetchrow(LOCK_CART, user_id, now())
    assert row is not None  # noqa: S101 - it is there or was just made
    return Locked(user_id, row["version"], row["abandoned_at"] is not None and row["lines"] > 0)


async def write(tx: Connection, user_id: str, before: Basket, after: Basket) -> None:
    """Replace the lines of a locked cart."""
    kept = [line.item_id for line in after.lines]
    if any(line.item_id not in kept for line in before.lines):
        await tx.execute(DROP_LINES, user_id, kept)
    changed = [line for line in after.lines if line not in before.lines]
    if changed:
        rows = [(line.item_id, user_id, line.product_id, line.quantity) for line in changed]
        await tx.executemany(PUT_LINE, rows)
    await tx.execute(TOUCH_CART, user_id, len(after.lines), now(), telemetry.synthetic())


async def empty(tx: Connection, user_id: str) -> None:
    """No lines any more, of a locked cart."""
    await tx.execute(DROP_LINES, user_id, [])
    await tx.execute(TOUCH_CART, user_id, 0, now(), telemetry.synthetic())


async def change(orders: Orders, user_id: str, decide: Callable[[Basket], Basket], if_match: int | None = None) -> None:
    """Change a cart: what `decide` makes of its lines. Whoever comes at the same time comes after."""
    async with orders.db.transaction() as tx:
        locked = await lock(tx, user_id)
        check_version(if_match, locked.version)
        before = await find_basket(tx, user_id)
        after = decide(before)
        if after != before:
            await write(tx, user_id, before, after)
    if after != before:
        signals.cart_changed(len(before.lines), len(after.lines), was_abandoned=locked.was_abandoned)


async def stock_of(orders: Orders, caller: Caller, lines: Collection[OnOffer]) -> Stock:
    """What there is for each line: of a product that is gone, nothing."""
    gone: Stock = {line.product_id: 0 for line in lines if not line.on_sale}
    there = [line.product_id for line in lines if line.on_sale]
    return gone | await neighbours.available(orders.peers, caller, there)


async def add(orders: Orders, caller: Caller, user_id: str, product_id: str, quantity: int, item_id: str) -> Stock:
    """Put pieces of a product into the cart; what inventory said about the stock of all lines."""
    await require_product(orders, caller, product_id)
    before = await find_basket(orders.db, user_id)
    wanted = {product_id, *(line.product_id for line in before.lines)}
    stock = await neighbours.available(orders.peers, caller, wanted)
    await change(orders, user_id, lambda basket: basket.add(item_id, product_id, quantity, stock[product_id]))
    return stock


async def set_quantity(
    orders: Orders, caller: Caller, user_id: str, item_id: str, quantity: int, if_match: int | None
) -> Stock:
    """Say how many of a line it shall be; what inventory said about the stock of all lines. Raises ItemNotFound."""
    lines = await lines_on_offer(orders.db, user_id, "ja")
    line = next((line for line in lines if line.item_id == item_id), None)
    if line is None:
        raise ItemNotFound
    stock = await stock_of(orders, caller, lines)
    await change(orders, user_id, lambda basket: basket.set(item_id, quantity, stock[line.product_id]), if_match)
    return stock


async def abandon(db: Database, after: timedelta) -> int:
    """Note, once, which carts have been left alone, and announce it; how many they were."""
    moment = now()
    async with db.transaction() as tx:
        rows = await tx.fetch(ABANDON, moment - after, moment, ABANDONED_AT_ONCE)
        for row in rows:
            began = telemetry.Origin(synthetic=row["synthetic"])
            with telemetry.due("cart", began, {names.USER_ID: row["user_id"]}):
                await announce_abandoned(tx, row["user_id"], row["version"], row["updated_at"], moment)
    for row in rows:
        with telemetry.context(synthetic=row["synthetic"]):
            signals.cart_abandoned()
    return len(rows)


async def announce_abandoned(
    tx: Connection, user_id: str, version: int, updated_at: datetime, moment: datetime
) -> None:
    """Tell of one cart that was left alone."""
    lines = await lines_on_offer(tx, user_id, "ja")
    fact = CartAbandoned(
        user_id=user_id,
        value=yen(sum(line.price * line.quantity for line in lines)),
        items=sum(line.quantity for line in lines),
        idle_seconds=(moment - updated_at).total_seconds(),
    )
    await outbox.put(tx, envelope(fact, aggregate_id=f"cart-{user_id}", aggregate_version=version))
