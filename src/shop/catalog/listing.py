"""Lists of products: four orders, each a range of an index, whatever the page.

A position is the sort key and id of the last product shown. All keys ascend (newest is minus the time), so that one row
comparison says what comes next, ties by id, and page 1,000 costs what page 1 does. A category's products are read from
each of the categories below it, a page from each at most, and merged: there are few categories and many products.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from shop.catalog.model import Language, Status
from shop.runtime.postgres import Database

__all__ = ["Filter", "Found", "Position", "Sort", "find_page"]

Sort = Literal["newest", "priceAsc", "priceDesc", "rating"]
Position = tuple[float, str]
MAX_PRICE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """Which products, in which order. `categories`: those to take them from; None means all there are."""

    status: Status = "active"
    sort: Sort = "newest"
    categories: list[str] | None = None
    min_price: int | None = None
    max_price: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page: products ready to be sent, and where the next page begins (None: this was the last)."""

    products: list[bytes]
    next: Position | None


@dataclass(frozen=True, slots=True)
class Order:
    """A sort as SQL: its key, a value before all keys, and a price filter that its index understands."""

    key: str
    before_all: float
    priced: str = "and price between $5 and $6"


ORDERS: dict[Sort, Order] = {
    "newest": Order("newest", -(2**63)),
    "priceAsc": Order("price", -(2**31)),
    "priceDesc": Order("(-price)", -(2**31), "and (-price) between -$6::integer and -$5::integer"),
    "rating": Order("(-rating)", float("-inf")),
}
OF_ALL = """
    select {key} as key, id from products
    where status = $1 and ({key}, id) > ($2, $3) {priced} order by {key}, id limit $4
"""
OF_CATEGORIES = """
    select found.key, found.id from unnest({categories}::text[]) as category (id) cross join lateral (
        select {key} as key, id from products
        where category_id = category.id and status = $1 and ({key}, id) > ($2, $3) {priced} order by {key}, id limit $4
    ) found order by found.key, found.id limit $4
"""
PAGE = """
    select product.json_{language}, found.key, found.id
    from ({found}) found join products product on product.id = found.id order by found.key, found.id
"""


@cache
def page_query(sort: Sort, language: Language, *, priced: bool, of_categories: bool) -> str:
    """One of the 32 statements of this module; a filter that is not asked for does not stand in the way of the plan."""
    order = ORDERS[sort]
    found = OF_CATEGORIES if of_categories else OF_ALL
    values = {
        "key": order.key,
        "priced": order.priced if priced else "",
        "categories": "$7" if priced else "$5",
    }
    return PAGE.format(language=language, found=found.format(**values))


async def find_page(db: Database, wanted: Filter, after: Position | None, limit: int, language: Language) -> Found:
    """The `limit` products behind `after` (None: the first ones)."""
    priced = wanted.min_price is not None or wanted.max_price is not None
    key, last = after or (ORDERS[wanted.sort].before_all, "")
    values: list[Any] = [wanted.status, key, last, limit + 1]  # one more tells whether there is a next page
    if priced:
        highest = MAX_PRICE if wanted.max_price is None else min(wanted.max_price, MAX_PRICE)
        values += [min(wanted.min_price or 0, MAX_PRICE), highest]
    if wanted.categories is not None:
        values.append(wanted.categories)
    sql = page_query(wanted.sort, language, priced=priced, of_categories=wanted.categories is not None)
    rows = await db.fetch(sql, *values)
    return Found(
        [row[0] for row in rows[:limit]], (rows[limit - 1][1], rows[limit - 1][2]) if len(rows) > limit else None
    )
