"""Adds generated products to a shop, however many: several chunks under way at once, which appear in their order.

The order makes it safe to be killed: what is there ends at some number, and the next seed goes on behind it.
"""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from shop.catalog import bulk
from shop.inventory.store import seed_stock
from shop.local.seed.bar import Bar
from shop.local.seed.chosen import Shelved
from shop.local.seed.gallery import hang
from shop.local.seed.many import DRAWINGS, generated, id_of, number_of, sku_of
from shop.local.tasks import together
from shop.orders import store as orders
from shop.runtime.dynamo import Table
from shop.runtime.postgres import Connection, Database
from shop.runtime.s3 import Bucket

__all__ = ["Stores", "add", "next_number"]

CHUNK = 2_500  # products of one transaction
LANES = 3  # chunks under way: while one is put together, PostgreSQL writes the others
STOCKED = 10_000  # a stock record costs the emulator 3 to 5 ms


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a product leaves its traces."""

    catalog: Database
    copies: Database  # of orders
    stock: Table
    pictures: Bucket


@dataclass(slots=True)
class Turn:
    """Lets one after the other go on, by number."""

    number: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait(self, number: int) -> None:
        """Until it is this number's turn."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.number == number)

    async def pass_on(self) -> None:
        """It is the next one's."""
        async with self.changed:
            self.number += 1
            self.changed.notify_all()


async def next_number(catalog: Database, seed: int) -> int:
    """The first number of a seed whose product was never there: behind the last one there is, or was until an admin
    deleted it.
    """
    last = await bulk.last_sku(catalog, sku_of(seed, 0), sku_of(seed, 10**8 - 1))
    number = number_of(last) + 1 if last else 0
    while await bulk.is_taken(catalog, id_of(seed, number)):
        number += 1
    return number


async def add(stores: Stores, there: int, products: int, seed: int) -> None:
    """Bring a shop of `there` products to `products`."""
    if products <= there:
        return
    await hang(stores.pictures, DRAWINGS)
    first = await next_number(stores.catalog, seed)
    numbers = range(first, first + products - there)
    source = enumerate(chunks(generated(seed, numbers, first + max(0, STOCKED - there))))
    turn, bar = Turn(), Bar(len(numbers))

    async def lane() -> None:
        for place, chunk in source:
            await write(stores, chunk, place, turn)
            bar.advance(len(chunk))

    await together(*(lane() for _ in range(LANES)))


def chunks(items: Iterator[Shelved]) -> Iterator[list[Shelved]]:
    """Lists of at most CHUNK."""
    while chunk := list(itertools.islice(items, CHUNK)):
        yield chunk


async def write(stores: Stores, chunk: list[Shelved], place: int, turn: Turn) -> None:
    """A chunk into every store; into the catalog last, and in its turn."""
    async with stores.catalog.transaction() as tx:
        await together(
            seed_stock(stores.stock, ((one.entry.snapshot(), one.pieces) for one in chunk if one.pieces is not None)),
            copy_products(stores.copies, chunk),
            shelve(tx, chunk),
        )
        await turn.wait(place)
        await bulk.count_entries(tx, [each.entry for each in chunk])
    await turn.pass_on()


async def shelve(tx: Connection, chunk: list[Shelved]) -> None:
    """Products and what is said of them."""
    await bulk.add_entries(tx, [each.entry for each in chunk])
    await bulk.add_reviews(tx, [review for each in chunk for review in each.reviews])


async def copy_products(copies: Database, chunk: list[Shelved]) -> None:
    """Orders' copy of many products; those it has already stay."""
    rows = [orders.product_row(each.entry.snapshot()) for each in chunk]
    async with copies.transaction() as tx:
        await tx.execute("create temporary table new_products (like products) on commit drop")
        await tx.raw.copy_records_to_table("new_products", records=rows, columns=orders.PRODUCT_COLUMNS)
        await tx.execute("insert into products select * from new_products on conflict (id) do nothing")
