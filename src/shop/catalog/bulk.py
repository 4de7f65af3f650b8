"""Many products at once, by COPY: what a seed writes. Nothing is announced; the search index is told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from shop.catalog.model import OTHER_ROOT, ROOTS_SHOWN, CategoryText, Entry, Review
from shop.catalog.store import columns
from shop.kernel.clock import parse
from shop.runtime.postgres import Connection, Database

__all__ = [
    "NewCategory",
    "add_categories",
    "add_entries",
    "add_reviews",
    "count_entries",
    "count_products",
    "has_products",
    "is_taken",
    "last_sku",
]

PATIENCE = 60.0  # seconds for one COPY: the disk may be busy with a checkpoint

PRODUCT_COLUMNS = (
    "id", "sku", "name", "description", "price", "category_id", "status", "attributes", "translations", "version",
    "created_at", "updated_at", "json_ja", "json_en", "rating_sum", "rating_count", "stock_status", "stock_version",
)  # fmt: skip
IMAGE_COLUMNS = ("id", "product_id", "status", "folder", "content_type", "width", "height", "created_at")
REVIEW_COLUMNS = ("id", "product_id", "user_id", "author", "rating", "title", "body", "created_at")
ADD_CATEGORY = """
    insert into categories (id, parent_id, path, name, translations, root_label) values ($1, $2, $3, $4, $5, $6)
    on conflict (id) do nothing
"""
COUNT_OWN = "update categories set own_products = own_products + $2 where id = $1"
ROOTS = "select id from categories where parent_id is null order by position"
PATHS = "select id, path, root_label from categories"
LAST_SKU = """
    select sku from products where sku between $1 and $2 and translate(sku, '0123456789', '0000000000')
        = translate($1, '0123456789', '0000000000') order by sku desc limit 1
"""


@dataclass(frozen=True, slots=True)
class NewCategory:
    """A category to add; its parent is there, or stands before it."""

    id: str
    parent: str | None
    ja: str
    en: str


async def add_categories(tx: Connection, categories: Sequence[NewCategory]) -> None:
    """Add categories; those that are there stay as they are."""
    roots = [row["id"] for row in await tx.fetch(ROOTS)]
    known = {row["id"]: (list(row["path"]), row["root_label"]) for row in await tx.fetch(PATHS)}
    for category in categories:
        if category.id in known:
            continue
        path, label = known[category.parent] if category.parent else ([], "")
        if not category.parent:
            roots.append(category.id)
            label = category.id if len(roots) <= ROOTS_SHOWN else OTHER_ROOT
        known[category.id] = ([*path, category.id], label)
        translations = msgspec.json.encode({"en": CategoryText(name=category.en)}).decode()
        await tx.execute(
            ADD_CATEGORY, category.id, category.parent, [*path, category.id], category.ja, translations, label
        )


async def add_entries(tx: Connection, entries: Sequence[Entry]) -> None:
    """Add new products with their pictures, stock and ratings as they are told. All are active; `count_entries` must
    follow in the same transaction.
    """
    rows = [
        (*columns(each), each.rating_sum, each.rating_count, each.stock_status, int(each.stock_status is not None))
        for each in entries
    ]
    pictures = [
        (picture.id, each.id, picture.status, picture.folder, picture.content_type, picture.width, picture.height,
         each.created_at)
        for each in entries
        for picture in each.pictures
    ]  # fmt: skip
    await copy(tx, "products", PRODUCT_COLUMNS, rows)
    await copy(tx, "images", IMAGE_COLUMNS, pictures)
    await copy(tx, "product_changes", ("product_id",), [(each.id,) for each in entries])


async def count_entries(tx: Connection, entries: Sequence[Entry]) -> None:
    """Count new products in their categories. It locks these until the transaction ends, hence it comes last."""
    counts = Counter(each.draft.category_id for each in entries)
    for category in sorted(counts):
        await tx.execute(COUNT_OWN, category, counts[category])


async def add_reviews(tx: Connection, reviews: Sequence[Review]) -> None:
    """Add reviews; their products' ratings are told with the products."""
    rows = [
        (each.id, each.product_id, each.user_id, each.author, each.rating, each.title, each.body,
         parse(each.created_at))
        for each in reviews
    ]  # fmt: skip
    await copy(tx, "reviews", REVIEW_COLUMNS, rows)


async def copy(tx: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """New rows of a table, in one stream."""
    await tx.raw.copy_records_to_table(table, records=rows, columns=columns, timeout=PATIENCE)


async def has_products(db: Database) -> bool:
    """Whether there is, or ever was, a product."""
    return bool(await db.fetchval("select exists (select from products)"))


async def count_products(db: Database) -> int:
    """How many products there are."""
    return int(await db.fetchval("select count(*) from products where status <> 'deleted'"))


async def last_sku(db: Database, least: str, most: str) -> str | None:
    """The last SKU between these two that is written as they are: as long, and with digits where they have some."""
    return await db.fetchval(LAST_SKU, least, most)  # type: ignore[no-any-return]  # one text column


async def is_taken(db: Database, product_id: str) -> bool:
    """Whether a product has, or had, this id."""
    return bool(await db.fetchval("select exists (select from products where id = $1)", product_id))
