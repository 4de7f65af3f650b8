"""Reviews, one per customer and product, and the rating that comes of them."""

from typing import Any

import asyncpg

from shop.catalog import store
from shop.catalog.model import AlreadyReviewed, Entry, Review
from shop.contracts.events import ReviewPosted
from shop.contracts.messages import envelope
from shop.kernel.clock import parse, stamp
from shop.runtime import outbox
from shop.runtime.postgres import Connection, Database

__all__ = ["BEFORE_ALL", "add", "find", "find_page", "remove"]

Position = tuple[int, str]
BEFORE_ALL: Position = (-(2**63), "")

COLUMNS = "id, product_id, user_id, author, rating, title, body, created_at"
PAGE = f"""
    select {COLUMNS}, newest from reviews
    where product_id = $1 and (newest, id) > ($2, $3) order by newest, id limit $4
"""  # noqa: S608 - constants of this module
ONE = f"select {COLUMNS} from reviews where id = $1 and product_id = $2"  # noqa: S608 - ditto
INSERT = f"""
    insert into reviews ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (product_id, user_id) do nothing returning true
"""  # noqa: S608 - ditto
DELETE = "delete from reviews where id = $1"


async def find_page(db: Database, product_id: str, after: Position, limit: int) -> list[tuple[Position, Review]]:
    """Reviews of a product behind the position `after`, newest first, each with its own position."""
    return [((row["newest"], row["id"]), review_of(row)) for row in await db.fetch(PAGE, product_id, *after, limit)]


async def find(tx: Connection, product_id: str, review_id: str) -> Review | None:
    """One review of a product."""
    row = await tx.fetchrow(ONE, review_id, product_id)
    return None if row is None else review_of(row)


async def add(tx: Connection, entry: Entry, review: Review) -> None:
    """Write a review of a locked product, count it in, and announce it. AlreadyReviewed: by this customer."""
    values = (getattr(review, name) for name in Review.__struct_fields__[:-1])
    if not await tx.fetchval(INSERT, *values, parse(review.created_at)):
        raise AlreadyReviewed
    await store.reshow(tx, entry.rated(review.rating))
    event = ReviewPosted(product_id=entry.id, review_id=review.id, rating=review.rating)
    await outbox.put(tx, envelope(event, aggregate_id=review.id, aggregate_version=1))


async def remove(tx: Connection, entry: Entry, review: Review) -> None:
    """Delete a review of a locked product, and take its stars back."""
    await tx.execute(DELETE, review.id)
    await store.reshow(tx, entry.rated(review.rating, -1))


def review_of(row: asyncpg.Record) -> Review:
    """A row as a review."""
    values: dict[str, Any] = {name: row[name] for name in Review.__struct_fields__}
    return Review(**values | {"created_at": stamp(row["created_at"])})
