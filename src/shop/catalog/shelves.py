"""Categories in PostgreSQL: the tree, its counts, and what lies below a category."""

from dataclasses import dataclass
from typing import Any

import msgspec

from shop.catalog.model import Category, CategoryText, Language
from shop.runtime.postgres import Connection, Database

__all__ = ["Shelf", "find_categories", "find_category", "find_shelf", "tree_json"]

_TRANSLATIONS = msgspec.json.Decoder(dict[str, CategoryText])
_encode = msgspec.json.Encoder().encode

ALL = "select id, name, parent_id, path, translations, version, own_products from categories order by position"
ONE = """
    select id, name, parent_id, path, translations, version,
           (select sum(own_products) from categories below where below.path @> array[category.id::text]) as all_products
    from categories category where id = $1
"""
SHELF = """
    select root_label,
           array(select id::text from categories below where below.path @> array[category.id::text]) as below
    from categories category where id = $1
"""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a category's products are: itself and what is below it. `root_label` is its root as metrics name it."""

    root_label: str
    categories: list[str]


async def find_shelf(db: Database, category_id: str) -> Shelf | None:
    """The category and its descendants."""
    row = await db.fetchrow(SHELF, category_id)
    return None if row is None else Shelf(row["root_label"], row["below"])


async def find_category(db: Database | Connection, category_id: str, language: Language) -> Category | None:
    """One category; its count includes its descendants'."""
    row = await db.fetchrow(ONE, category_id)
    return None if row is None else category_of(row, int(row["all_products"]), language)


async def find_categories(db: Database, language: Language) -> list[Category]:
    """All categories, a parent before its children."""
    rows = await db.fetch(ALL)
    counts: dict[str, int] = {}
    for row in rows:
        for ancestor in row["path"]:
            counts[ancestor] = counts.get(ancestor, 0) + row["own_products"]
    return in_tree_order([category_of(row, counts[row["id"]], language) for row in rows])


def category_of(row: Any, product_count: int, language: Language) -> Category:
    """A row as a category in `language`."""
    translations = _TRANSLATIONS.decode(row["translations"])
    own = CategoryText(name=row["name"])
    return Category(
        id=row["id"],
        name=(own if language == "ja" else translations.get(language, own)).name,
        parent_id=row["parent_id"],
        path=row["path"],
        depth=len(row["path"]) - 1,
        product_count=product_count,
        translations=translations,
        version=row["version"],
    )


def in_tree_order(categories: list[Category]) -> list[Category]:
    """Each category followed by all that is below it; siblings as they were given."""
    place = {category.id: number for number, category in enumerate(categories)}
    return sorted(categories, key=lambda category: [place[ancestor] for ancestor in category.path])


def tree_json(categories: list[Category]) -> bytes:
    """`{"items": [...]}`: the roots, each with its `children`. Built from the leaves up: a tree may be deeper than
    Python can recurse.
    """
    children: dict[str | None, list[bytes]] = {}
    for category in reversed(categories):  # each comes before its parent
        below = b",".join(reversed(children.pop(category.id, [])))
        node = _encode(category)[:-1] + b',"children":[' + below + b"]}"
        children.setdefault(category.parent_id, []).append(node)
    return b'{"items":[' + b",".join(reversed(children.get(None, []))) + b"]}"
