"""What search reads in PostgreSQL: products to index, changes to follow, products to answer.

A change is a row of `product_changes` with the transaction that wrote it. What an index has is a snapshot: all
transactions that had ended then. Following compares two snapshots, so that a transaction that ends late, after others
that began later, is not missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shop.catalog.model import Language
from shop.catalog.search.tree import Tree
from shop.contracts.shapes import Translations
from shop.runtime.postgres import Connection, Database

__all__ = [
    "Change",
    "Now",
    "Row",
    "Unseen",
    "before",
    "find_active",
    "find_changes",
    "find_now",
    "find_rows",
    "find_tree",
    "find_unseen",
    "note_rebuild",
    "scan_rows",
]

_TRANSLATIONS = msgspec.json.Decoder(Translations)
NOW = """
    select pg_current_snapshot()::text as snapshot, (select id::text from search_source) as database,
           (select coalesce(max(seq), 0) from search_rebuilds) as rebuild
"""
CHANGES = """
    select transaction::text, seq, product_id from product_changes
    where (transaction, seq) > ($3::text::xid8, $4) and not pg_visible_in_snapshot(transaction, $1::text::pg_snapshot)
          and pg_visible_in_snapshot(transaction, $2::text::pg_snapshot)
    order by transaction, seq limit $5
"""
ROW = """
    select id, sku, name, description, attributes::text, translations::text, category_id, price, created_at, rating
    from products where status = 'active'
"""
ROWS = ROW + " and id = any($1)"
SCAN = ROW + " and id > $1 order by id limit $2"
COUNT = "select count(*) from products where status = 'active'"
UNSEEN = """
    select array(
        select distinct product.id::text from product_changes change join products product on product.id = product_id
        where hides and transaction >= pg_snapshot_xmin($1::text::pg_snapshot)
              and not pg_visible_in_snapshot(transaction, $1::text::pg_snapshot) and product.status <> 'active'
    ) as hidden, (select concat_ws('.', count(*), sum(version), max(position)) from categories) as categories
"""
ACTIVE = "select id, json_{language} from products where id = any($1) and status = 'active'"
TREE = "select id, name, translations, path from categories"
DEMAND = "insert into search_rebuilds default values returning seq"


class Row(msgspec.Struct, frozen=True):
    """A product as PostgreSQL has it."""

    id: str
    sku: str
    name: str
    description: str
    attributes: str
    translations: str
    category_id: str
    price: int
    created_at: datetime
    rating: float


@dataclass(frozen=True, slots=True)
class Now:
    """The database at this moment: its name, what has been written, the last demand to build indexes anew."""

    snapshot: str
    database: str
    rebuild: int


@dataclass(frozen=True, slots=True)
class Change:
    """A product was written, by this transaction."""

    transaction: int
    seq: int
    product_id: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """What an index does not know: products that are gone since, and the state of the categories."""

    hidden: list[str]
    categories: str


async def find_now(db: Database) -> Now:
    """This moment."""
    row = await db.fetchrow(NOW)
    assert row is not None  # noqa: S101 - a select without from
    return Now(**row)


async def find_changes(db: Database, seen: str, until: str, after: tuple[int, int], limit: int) -> list[Change]:
    """Changes that `until` has and `seen` has not, behind `after` (transaction and number), in that order."""
    rows = await db.fetch(CHANGES, seen, until, str(after[0]), after[1], limit)
    return [Change(int(row["transaction"]), row["seq"], row["product_id"]) for row in rows]


def before(snapshot: str, transaction: int) -> str:
    """As `snapshot`, but without this transaction and any that began later."""
    least, most, running = snapshot.split(":")
    kept = [each for each in running.split(",") if each and int(each) < transaction]
    return f"{min(int(least), transaction)}:{min(int(most), transaction)}:{','.join(kept)}"


async def find_rows(db: Database, ids: Sequence[str]) -> list[Row]:
    """Those of these products that are active."""
    return [Row(**row) for row in await db.fetch(ROWS, ids)]


async def scan_rows(db: Database, after: str, limit: int) -> list[Row]:
    """Active products behind an id, in the order of ids."""
    return [Row(**row) for row in await db.fetch(SCAN, after, limit)]


async def find_unseen(db: Database, seen: str) -> Unseen:
    """What an index that has seen this much does not know."""
    row = await db.fetchrow(UNSEEN, seen)
    assert row is not None  # noqa: S101 - a select without from
    return Unseen(**row)


async def count_active(db: Database) -> int:
    """How many products an index has when it has all."""
    return int(await db.fetchval(COUNT))


async def find_active(db: Database, ids: Sequence[str], language: Language) -> dict[str, bytes]:
    """Active products ready to be sent, by id."""
    return {row[0]: row[1] for row in await db.fetch(ACTIVE.format(language=language), ids)}


async def find_tree(db: Database, mark: str) -> Tree:
    """All categories."""
    rows = await db.fetch(TREE)
    below: dict[str, list[str]] = {row["id"]: [] for row in rows}
    for row in rows:
        for ancestor in row["path"]:
            below.setdefault(ancestor, []).append(row["id"])
    return Tree(mark, {row["id"]: names_of(row) for row in rows}, below)


def names_of(row: Any) -> dict[Language, str]:
    """A category's name in every language."""
    english = _TRANSLATIONS.decode(row["translations"]).get("en")
    return {"ja": row["name"], "en": english.name if english else row["name"]}


async def note_rebuild(tx: Database | Connection) -> int:
    """Demand that every process builds its index anew: the demand's number."""
    return int(await tx.fetchval(DEMAND))
