"""Orders in PostgreSQL: the stream, its read rows, first answers, and the copy of catalog's products."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from shop.contracts import events
from shop.contracts.events import OrderFact
from shop.contracts.messages import Envelope, Message, envelope
from shop.contracts.shapes import Order, Product
from shop.kernel.clock import parse, stamp
from shop.orders.model import OrderEventShown
from shop.orders.saga import Step
from shop.orders.stream import fold, merge_patch, plain
from shop.runtime import outbox
from shop.runtime.postgres import Connection, Database, Raced
from shop.telemetry import Origin, origin, trace_id

__all__ = [
    "PRODUCT_COLUMNS",
    "FirstAnswer",
    "Kept",
    "claim_key",
    "copy_product",
    "copy_products",
    "find_events",
    "find_order",
    "find_order_at",
    "find_shown",
    "keep_answer",
    "list_orders",
    "lock_stuck",
    "place",
    "product_row",
    "record",
    "trim",
]

_ENCODER = msgspec.json.Encoder()
encode = _ENCODER.encode
_ORDER = msgspec.json.Decoder(Order)
FACTS: dict[str, type[OrderFact]] = {
    kind.__name__: kind
    for kind in (
        events.OrderPlaced,
        events.OrderConfirmed,
        events.OrderShipped,
        events.OrderDelivered,
        events.OrderCancelled,
    )
}


@dataclass(frozen=True, slots=True)
class Kept:
    """An order, when it last moved, how often the sweeper has nudged it, and what began it."""

    order: Order
    moved_at: datetime
    nudges: int = 0
    began: Origin = Origin()  # noqa: RUF009 - it cannot be changed


# ------------------------------------------------------------------------------------------------------------- writing

# One statement, since every step of every order waits for it: stream, read row, and what others hear.
RECORD = f"""
    with event as (
        insert into order_events (order_id, seq, type, data, occurred_at, trace_id, traceparent, synthetic)
        values ($4, $5, $6, $7, $8, $9, $14, $15)
    ), read_row as (
        insert into orders (id, user_id, status, version, at_rest, moved_at, body)
        values ($4, $10, $11, $5, $12, $8, $13)
        on conflict (id) do update set status = excluded.status, version = excluded.version,
            at_rest = excluded.at_rest, moved_at = excluded.moved_at, body = excluded.body
    ), told as ({outbox.ROWS})
    {outbox.WAKE}
"""  # noqa: S608 - constants
NUDGE = """
    insert into nudges (order_id, times, last_at) values ($1, 1, $2)
    on conflict (order_id) do update set times = nudges.times + 1, last_at = excluded.last_at
"""
PAY_LATER = "insert into payments (order_id, token, amount) values ($1, $2, $3)"


async def place(tx: Connection, order: Order, token: str, commands: Iterable[Message]) -> bytes:
    """A new order, with the first commands it sends; how it is shown."""
    await tx.execute(PAY_LATER, order.id, token, order.total.amount)
    return await append(tx, None, order, "OrderPlaced", order.placed_at, told(order, "OrderPlaced", commands))


async def record(tx: Connection, before: Order, step: Step, *, cause: str | None = None) -> Order:
    """Take a step: append its event, refresh the read row, send what others must hear; the order after it.

    Raises Raced when somebody else has taken a step since `before` was read.
    """
    if step.event is None:
        await outbox.put(tx, *told(before, None, step.commands, cause))
        return before
    at = stamp()
    kind = type(step.event).__name__
    after = step.event.apply(before, at)
    await append(tx, before, after, kind, at, told(after, kind, step.commands, cause))
    return after


async def append(
    tx: Connection, before: Order | None, after: Order, kind: str, at: str, messages: Sequence[Envelope[Any]]
) -> bytes:
    """One event more in the stream, the read row as it is now, and what others hear of it."""
    patch = encode(merge_patch(plain(before), plain(after))).decode()
    body = encode(after)
    id_, user_id, status, version, rest, moved_at, shown = row_of(after, parse(at), body)
    event = (id_, version, kind, patch, moved_at, trace_id())
    try:
        # The key (order_id, seq) is the lock: the slower of two writers fails here and starts over from its reading on.
        await tx.execute(RECORD, *outbox.columns(messages), *event, user_id, status, rest, shown, *origin())
    except asyncpg.UniqueViolationError as error:
        raise Raced from error
    return body


def row_of(order: Order, moved_at: datetime, body: bytes) -> tuple[Any, ...]:
    """The read row of an order."""
    return (order.id, order.user_id, order.status, order.version, at_rest(order), moved_at, body.decode())


def at_rest(order: Order) -> bool:
    """Whether nothing more is to come by itself."""
    if order.status == "CANCELLED":
        return order.payment.status != "APPROVED"
    return order.status not in ("PLACED", "STOCK_RESERVED")


def told(order: Order, kind: str | None, commands: Iterable[Message], cause: str | None = None) -> list[Envelope[Any]]:
    """The commands of a step, and the fact of its event if others hear of it. What the order waits for goes first."""
    fact = FACTS.get(kind or "")
    facts: list[Message] = [fact(order=order)] if fact else []
    return [
        envelope(message, aggregate_id=order.id, aggregate_version=order.version, causation_id=cause)
        for message in (*commands, *facts)
    ]


# ------------------------------------------------------------------------------------------------------------- reading

FIND_ORDER = "select body, moved_at from orders where id = $1"
FIND_EVENTS = """
    select seq, type, occurred_at, data, trace_id from order_events
    where order_id = $1 and seq > $2 order by seq limit $3
"""
PATCHES_UNTIL = """
    select data from order_events where order_id = $1 and seq <= (
        select max(seq) from order_events where order_id = $1 and occurred_at <= $2
    ) order by seq
"""  # all before the last one: clocks of two machines may differ
LIST = "select id, body from orders where user_id = $1 and id < $2 order by id desc limit $3"
LIST_OF_STATUS = """
    select id, body from orders where user_id = $1 and status = $4 and id < $2 order by id desc limit $3
"""
AFTER_ALL = "\U0010ffff"
LOCK_STUCK = """
    select o.body, o.moved_at, coalesce(n.times, 0) as nudges, e.traceparent, e.synthetic
    from orders o left join nudges n on n.order_id = o.id left join order_events e on e.order_id = o.id and e.seq = 1
    where not o.at_rest and o.moved_at < $1 and (n.last_at is null or n.last_at < $1)
    order by o.moved_at limit 1
    for update of o skip locked
"""


async def find_order(db: Database | Connection, order_id: str) -> Kept | None:
    """An order to decide on."""
    row = await db.fetchrow(FIND_ORDER, order_id)
    return None if row is None else Kept(_ORDER.decode(row["body"]), row["moved_at"])


async def find_shown(db: Database, order_id: str) -> tuple[Order, bytes] | None:
    """An order, and how it is shown."""
    row = await db.fetchrow(FIND_ORDER, order_id)
    return None if row is None else (_ORDER.decode(row["body"]), row["body"].encode())


async def find_order_at(db: Database, order_id: str, at: datetime) -> Order | None:
    """An order as it was; None before it was placed."""
    return fold(msgspec.json.decode(row["data"]) for row in await db.fetch(PATCHES_UNTIL, order_id, at))


async def find_events(db: Database, order_id: str, after: int, limit: int) -> list[OrderEventShown]:
    """Events of a stream behind `after`, oldest first."""
    return [
        OrderEventShown(
            seq=row["seq"],
            type=row["type"],
            occurred_at=stamp(row["occurred_at"]),
            data=msgspec.json.decode(row["data"]),
            trace_id=row["trace_id"],
        )
        for row in await db.fetch(FIND_EVENTS, order_id, after, limit)
    ]


async def list_orders(
    db: Database, user_id: str, status: str | None, before: str | None, limit: int
) -> list[tuple[str, bytes]]:
    """Ids and shown orders of a user, newest first, those older than `before`."""
    older_than = before or AFTER_ALL
    if status is None:
        rows = await db.fetch(LIST, user_id, older_than, limit)
    else:
        rows = await db.fetch(LIST_OF_STATUS, user_id, older_than, limit, status)
    return [(row["id"], row["body"].encode()) for row in rows]


async def lock_stuck(tx: Connection, since: datetime) -> Kept | None:
    """The order that has waited longest: no step, no nudge since `since`. Other sweepers pass it by."""
    row = await tx.fetchrow(LOCK_STUCK, since)
    if row is None:
        return None
    began = Origin(row["traceparent"], row["synthetic"])
    return Kept(_ORDER.decode(row["body"]), row["moved_at"], row["nudges"], began)


async def nudge(tx: Connection, order_id: str, at: datetime) -> None:
    """Remember that the sweeper has looked at this order."""
    await tx.execute(NUDGE, order_id, at)


# ------------------------------------------------------------------------------------------------------- first answers

CLAIM_KEY = """
    insert into idempotency (user_id, key, fingerprint, order_id, answer) values ($1, $2, $3, $4, '')
    on conflict (user_id, key) do update set fingerprint = excluded.fingerprint, order_id = excluded.order_id,
        answer = excluded.answer, created_at = excluded.created_at
    where idempotency.created_at < now() - interval '24 hours'
    returning true
"""
FIND_ANSWER = """
    select fingerprint, order_id, answer from idempotency
    where user_id = $1 and key = $2 and created_at >= now() - interval '24 hours'
"""
KEEP_ANSWER = "update idempotency set answer = $3 where user_id = $1 and key = $2"
TRIM_ANSWERS = "delete from idempotency where created_at < now() - interval '24 hours'"
TRIM_NUDGES = "delete from nudges n using orders o where o.id = n.order_id and o.at_rest"


class FirstAnswer(msgspec.Struct, frozen=True):
    """What was answered to the first request with a key, and what that request was."""

    fingerprint: bytes
    order_id: str
    body: bytes


async def find_answer(db: Database, user_id: str, key: str) -> FirstAnswer | None:
    """The first answer to this key, if there was one in the last 24 hours."""
    row = await db.fetchrow(FIND_ANSWER, user_id, key)
    return None if row is None else FirstAnswer(*row)


async def claim_key(tx: Connection, user_id: str, key: str, fingerprint: bytes, order_id: str) -> bool:
    """Whether this transaction is the first with this key in 24 hours. Another one that has it is waited for."""
    return bool(await tx.fetchval(CLAIM_KEY, user_id, key, fingerprint, order_id))


async def keep_answer(tx: Connection, user_id: str, key: str, body: bytes) -> None:
    """What a repeated request gets."""
    await tx.execute(KEEP_ANSWER, user_id, key, body)


async def trim(db: Database) -> None:
    """Forget what nobody asks for any more."""
    await db.execute(TRIM_ANSWERS)
    await db.execute(TRIM_NUDGES)


# ------------------------------------------------------------------------------------------------------ catalog's copy

COPY_PRODUCTS = """
    insert into products (id, sku, name, name_en, price, category_id, on_sale, version)
    select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::bool[], $8::bigint[]
    )
    on conflict (id) do update set sku = excluded.sku, name = excluded.name, name_en = excluded.name_en,
        price = excluded.price, category_id = excluded.category_id, on_sale = excluded.on_sale,
        version = excluded.version
    where products.version < excluded.version
"""
PRODUCT_COLUMNS = ("id", "sku", "name", "name_en", "price", "category_id", "on_sale", "version")


def product_row(product: Product, *, version: int | None = None, gone: bool = False) -> tuple[Any, ...]:
    """A product as a row of the copy."""
    english = product.translations.get("en")
    return (
        product.id,
        product.sku,
        product.name,
        english.name if english else None,
        product.price.amount,
        product.category_id,
        product.status == "active" and not gone,
        version if version is not None else product.version,
    )


async def copy_product(db: Database | Connection, product: Product, *, version: int, gone: bool = False) -> None:
    """Follow catalog's word, unless a newer one is here."""
    await copy_rows(db, [product_row(product, version=version, gone=gone)])


async def copy_products(db: Database | Connection, products: Sequence[Product]) -> None:
    """Follow what catalog says of many products."""
    await copy_rows(db, [product_row(product) for product in products])


async def copy_rows(db: Database | Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of `product_row` into the copy."""
    if rows:
        await db.execute(COPY_PRODUCTS, *(list(column) for column in zip(*rows, strict=True)))
