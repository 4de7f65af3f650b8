"""Products in PostgreSQL, one at a time. Lists of them are in `listing`, categories in `shelves`."""

from collections.abc import Iterable
from typing import Any

import asyncpg
import msgspec

from shop.catalog.model import LANGUAGES, Draft, Entry, Language, Picture, ProductIdTaken, SkuTaken
from shop.contracts.events import ProductCreated, ProductDeleted, ProductUpdated
from shop.contracts.messages import Message, envelope
from shop.contracts.shapes import StockStatus, Translations
from shop.kernel.clock import now
from shop.kernel.errors import ValidationFailed
from shop.runtime import outbox
from shop.runtime.postgres import Connection, Database

__all__ = [
    "Shown",
    "change",
    "create",
    "delete",
    "find_entry",
    "find_pictures",
    "find_product",
    "find_status",
    "note_stock",
    "reshow",
]

_ENCODER = msgspec.json.Encoder()
encode = _ENCODER.encode
_ATTRIBUTES = msgspec.json.Decoder(dict[str, str])
_TRANSLATIONS = msgspec.json.Decoder(Translations)


class Shown(msgspec.Struct, frozen=True):
    """A product as it is answered, and what an answer has to know of it."""

    json: bytes
    status: str
    version: int
    root_label: str


# ------------------------------------------------------------------------------------------------------------- reading

FIND_PRODUCT = """
    select p.json_{language}, p.status, p.version, c.root_label
    from products p join categories c on c.id = p.category_id where p.id = $1
"""
FIND_PRODUCT_IN = {language: FIND_PRODUCT.format(language=language) for language in LANGUAGES}
ENTRY = """
    select id, sku, name, description, price, category_id, status, attributes, translations,
           rating_sum, rating_count, stock_status, stock_version, version, created_at, updated_at
    from products where id = $1 and status <> 'deleted'
"""
LOCK_ENTRY = ENTRY + " for no key update"
PICTURES = """
    select id, status, error, folder, content_type, width, height from images
    where product_id = $1 order by created_at, id
"""
STATUS = "select status from products where id = $1 and status <> 'deleted'"


async def find_product(db: Database, product_id: str, language: Language) -> Shown | None:
    """A product ready to be sent; a deleted one is none."""
    row = await db.fetchrow(FIND_PRODUCT_IN[language], product_id)
    return None if row is None else Shown(*row)


async def find_entry(db: Database | Connection, product_id: str, *, lock: bool = False) -> Entry | None:
    """The whole of a product, to decide on; with `lock` nobody else changes it until this transaction ends."""
    row = await db.fetchrow(LOCK_ENTRY if lock else ENTRY, product_id)
    return None if row is None else entry_of(row, await find_pictures(db, product_id))


async def find_pictures(db: Database | Connection, product_id: str) -> tuple[Picture, ...]:
    """A product's pictures, those not finished among them, oldest first."""
    return tuple(Picture(**row) for row in await db.fetch(PICTURES, product_id))


async def find_status(db: Database, product_id: str) -> str | None:
    """Whether a product is active, draft or archived; None when there is none."""
    status: str | None = await db.fetchval(STATUS, product_id)
    return status


def entry_of(row: asyncpg.Record, pictures: tuple[Picture, ...]) -> Entry:
    """A row as an entry."""
    draft = Draft(
        sku=row["sku"],
        name=row["name"],
        description=row["description"],
        price=row["price"],
        category_id=row["category_id"],
        status=row["status"],
        attributes=_ATTRIBUTES.decode(row["attributes"]),
        translations=_TRANSLATIONS.decode(row["translations"]),
    )
    return Entry(
        id=row["id"],
        draft=draft,
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        pictures=pictures,
        rating_sum=row["rating_sum"],
        rating_count=row["rating_count"],
        stock_status=row["stock_status"],
    )


# ------------------------------------------------------------------------------------------------------------- writing

KNOWN_CATEGORY = "select 1 from categories where id = $1 for key share"  # it cannot go while this product comes
INSERT_PRODUCT = """
    insert into products (id, sku, name, description, price, category_id, status, attributes, translations,
                          version, created_at, updated_at, json_ja, json_en)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
UPDATE_PRODUCT = """
    update products set sku = $2, name = $3, description = $4, price = $5, category_id = $6, status = $7,
           attributes = $8, translations = $9, version = $10, created_at = $11, updated_at = $12,
           json_ja = $13, json_en = $14
    where id = $1
"""
DELETE_PRODUCT = """
    update products set status = 'deleted', sku = null, category_id = null, name = '', description = '',
           attributes = '{}', translations = '{}', json_ja = '', json_en = '',
           version = $2, updated_at = $3
    where id = $1
"""
DELETE_REVIEWS = "delete from reviews where product_id = $1"
COUNT_ACTIVE = "update categories set own_products = own_products + $2 where id = $1"
NOTE_CHANGE = "insert into product_changes (product_id, hides) values ($1, $2)"
RESHOW = """
    update products set rating_sum = $2, rating_count = $3, stock_status = $4, json_ja = $5, json_en = $6 where id = $1
"""
NEWER_STOCK = """
    select stock_status = $3 and position($4::bytea in json_ja) > 0 and position($4 in json_en) > 0 as is_shown
    from products where id = $1 and status <> 'deleted' and stock_version < $2 for no key update
"""
NOTE_STOCK_VERSION = "update products set stock_version = $2 where id = $1"


async def create(tx: Connection, entry: Entry, initial_stock: int) -> None:
    """Write a new product and announce it. SkuTaken, ProductIdTaken, ValidationFailed for an unknown category."""
    await require_category(tx, entry.draft.category_id)
    try:
        await tx.execute(INSERT_PRODUCT, *columns(entry))
    except asyncpg.UniqueViolationError as error:
        raise taken(error) from error
    event = ProductCreated(product=entry.snapshot(), initial_stock=initial_stock)
    await note(tx, event, entry, before=None, after=entry)


async def change(tx: Connection, before: Entry, after: Entry) -> None:
    """Write the next version of a locked product and announce it. Raises as `create` does."""
    try:
        await tx.execute(UPDATE_PRODUCT, *columns(after))
    except asyncpg.UniqueViolationError as error:
        raise taken(error) from error
    await note(tx, ProductUpdated(product=after.snapshot()), after, before=before, after=after)


async def delete(tx: Connection, before: Entry) -> None:
    """Delete a locked product and announce it. Its id stays, so that nobody takes it."""
    gone = before.gone(now())
    await tx.execute(DELETE_REVIEWS, gone.id)
    await tx.execute(DELETE_PRODUCT, gone.id, gone.version, gone.updated_at)
    await note(tx, ProductDeleted(product=gone.snapshot()), gone, before=before, after=None)


async def note(tx: Connection, event: Message, entry: Entry, *, before: Entry | None, after: Entry | None) -> None:
    """What every change of a product entails: its category's count, the search index's note, the event."""
    await count_active(tx, before, after)
    await tx.execute(NOTE_CHANGE, entry.id, after is None or after.draft.status != "active")
    await outbox.put(tx, envelope(event, aggregate_id=entry.id, aggregate_version=entry.version))


async def count_active(tx: Connection, before: Entry | None, after: Entry | None) -> None:
    """Keep the counts of active products. In the order of ids: two moves in opposite directions must not wait for
    each other.
    """
    change: dict[str, int] = {}
    for entry, step in ((before, -1), (after, 1)):
        if entry is not None and entry.draft.status == "active":
            category = entry.draft.category_id
            change[category] = change.get(category, 0) + step
    for category in sorted(category for category, step in change.items() if step):
        await tx.execute(COUNT_ACTIVE, category, change[category])


async def reshow(tx: Connection, entry: Entry) -> None:
    """Write what came about without an admin to a locked product: stock, rating, pictures. Its version stays."""
    await tx.execute(RESHOW, entry.id, entry.rating_sum, entry.rating_count, entry.stock_status, *both(entry))
    await tx.execute(NOTE_CHANGE, entry.id, entry.draft.status != "active")


async def note_stock(tx: Connection, product_id: str, status: StockStatus, stock_version: int) -> None:
    """Copy what inventory says. An older word than the one we hold, or one about a product that is gone, is nothing."""
    shown = f'"stockStatus":"{status}"'.encode()
    row = await tx.fetchrow(NEWER_STOCK, product_id, stock_version, status, shown)
    if row is None:
        return
    await tx.execute(NOTE_STOCK_VERSION, product_id, stock_version)
    if row["is_shown"]:  # most often: the number changed, the word did not
        return
    entry = await find_entry(tx, product_id)
    assert entry is not None  # noqa: S101 - locked above
    await reshow(tx, entry.stocked(status))


async def require_category(tx: Connection, category_id: str) -> None:
    """ValidationFailed unless there is this category; it cannot be deleted until this transaction ends."""
    if await tx.fetchval(KNOWN_CATEGORY, category_id) is None:
        raise ValidationFailed(("categoryId", "There is no such category."))


def taken(error: asyncpg.UniqueViolationError) -> SkuTaken | ProductIdTaken:
    """What a broken unique constraint means."""
    return SkuTaken() if error.constraint_name == "products_sku" else ProductIdTaken()


def columns(entry: Entry) -> Iterable[Any]:
    """The parameters that INSERT_PRODUCT and UPDATE_PRODUCT share."""
    draft = entry.draft
    return (
        entry.id,
        draft.sku,
        draft.name,
        draft.description,
        draft.price,
        draft.category_id,
        draft.status,
        encode(draft.attributes).decode(),
        encode(draft.translations).decode(),
        entry.version,
        entry.created_at,
        entry.updated_at,
        *both(entry),
    )


def both(entry: Entry) -> tuple[bytes, ...]:
    """What clients are shown, in each language."""
    return tuple(encode(entry.shown(language)) for language in LANGUAGES)
