"""Writes the goods: in which order, into which store, with a bar on the terminal when it takes long."""

import asyncio
import itertools
import sys
import time
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from shop.catalog import bulk
from shop.catalog.model import Entry
from shop.inventory.store import seed_stock
from shop.local.language import say
from shop.local.seed.chosen import Shelved, chosen, folder_of
from shop.local.seed.many import generated, prefix
from shop.local.seed.people import welcome
from shop.local.seed.pictures import CONTENT_TYPE, PALETTES, SHAPES, SIZES, picture
from shop.local.seed.tree import TREE
from shop.orders import store as orders
from shop.runtime.aws import Aws, AwsSettings
from shop.runtime.dynamo import Table
from shop.runtime.postgres import Connection, Database
from shop.runtime.s3 import Bucket
from shop.runtime.wire import Client

__all__ = ["Settings", "fill"]

T = TypeVar("T")
CHUNK = 5_000  # products of one transaction
STOCKED = 10_000  # a stock record costs the emulator 3 to 5 ms
LANES = 16  # pictures under way at once
BAR = 30
CATEGORIES = [bulk.NewCategory(each.id, each.parent, each.ja, each.en) for each in TREE]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The shop to fill."""

    catalog_database_url: str
    orders_database_url: str
    gateway_url: str
    images_bucket: str
    user_pool_id: str
    aws_endpoint_url: str
    aws_region: str
    aws_access_key_id: str
    inventory_table: str = "inventory"


async def fill(settings: Settings, products: int, seed: int, *, if_empty: bool) -> int:
    """Bring the shop to `products` products; how many were written. Raises Refused, DependencyUnavailable."""
    client = Client()
    async with Database(settings.catalog_database_url) as catalog, Aws(client=client) as aws:
        empty = not await bulk.count_products(catalog)
        if if_empty and not empty:
            return 0
        table = Table(aws, settings.inventory_table)
        async with Database(settings.orders_database_url) as copies:
            written = 0
            if empty:
                mailbox = f"{settings.aws_endpoint_url}/_ministack/ses/messages?account={settings.aws_access_key_id}"
                shelves = chosen(seed)[:products]
                await asyncio.gather(
                    welcome(client, settings.gateway_url, aws, settings.user_pool_id, mailbox),
                    draw(Bucket(settings.images_bucket, pictures_of(settings), client)),
                    seed_stock(table, ((each.entry.snapshot(), each.stock) for each in shelves)),
                    orders.copy_products(copies, [each.entry.snapshot() for each in shelves]),
                )
                await open_shop(catalog, shelves)
                written = len(shelves)
            return written + await add(catalog, copies, table, products, seed)


def pictures_of(settings: Settings) -> AwsSettings:
    """Where S3 is."""
    return AwsSettings(aws_region=settings.aws_region, aws_endpoint_url=settings.aws_endpoint_url)


async def draw(bucket: Bucket) -> None:
    """Every category's thing in every colour and size."""
    waiting = [
        (f"{folder_of(category, variant)}/{size}", picture(category, variant, edge))
        for category in SHAPES
        for variant in range(len(PALETTES))
        for size, edge in SIZES.items()
    ]

    async def lane(some: list[tuple[str, bytes]]) -> None:
        for key, drawing in some:
            await bucket.put(key, drawing, CONTENT_TYPE)

    await asyncio.gather(*(lane(waiting[number::LANES]) for number in range(LANES)))


async def open_shop(catalog: Database, shelves: list[Shelved]) -> None:
    """Categories, products and reviews appear at once."""
    async with catalog.transaction() as tx:
        await bulk.add_categories(tx, CATEGORIES)
        await bulk.add_entries(tx, [each.entry for each in shelves])
        await bulk.add_reviews(tx, [review for each in shelves for review in each.reviews])


async def add(catalog: Database, copies: Database, table: Table, products: int, seed: int) -> int:
    """Generated products until there are `products` in all; how many were written."""
    there = await bulk.count_generated(catalog, prefix(seed))
    total = max(0, products - len(chosen(seed)))
    if total <= there:
        return 0
    bar = Bar(total - there)
    stocked = max(0, STOCKED - len(chosen(seed)))
    for chunk in chunks(generated(seed, there, total, stocked), CHUNK):
        entries = [entry for entry, _ in chunk]
        await seed_stock(table, ((entry.snapshot(), pieces) for entry, pieces in chunk if pieces is not None))
        async with copies.transaction() as tx:
            await copy_products(tx, entries)
        async with catalog.transaction() as tx:
            await bulk.add_entries(tx, entries)
        bar.advance(len(chunk))
    bar.done()
    return total - there


async def copy_products(tx: Connection, entries: list[Entry]) -> None:
    """Orders' copy of many products; those it has already stay."""
    await tx.execute("create temporary table new_products (like products) on commit drop")
    rows = [orders.product_row(entry.snapshot()) for entry in entries]
    await tx.raw.copy_records_to_table("new_products", records=rows, columns=orders.PRODUCT_COLUMNS)
    await tx.execute("insert into products select * from new_products on conflict (id) do nothing")


def chunks(items: Iterable[T], size: int) -> Iterable[list[T]]:
    """Lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


class Bar:
    """Progress on stderr: a bar that moves at a terminal, a line every tenth elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.done_so_far, self.told = total, 0, 0
        self.began, self.moving = time.monotonic(), sys.stderr.isatty()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self.done_so_far += count
        share = self.done_so_far / self.total
        rate = self.done_so_far / max(0.001, time.monotonic() - self.began)
        left = round((self.total - self.done_so_far) / max(1.0, rate))
        words = say(
            f"{self.done_so_far:,} / {self.total:,} 商品、残り {left} 秒",
            f"{self.done_so_far:,} / {self.total:,} products, {left} s left",
        )
        if self.moving:
            full = round(share * BAR)
            sys.stderr.write(f"\r[{'#' * full}{'.' * (BAR - full)}] {words}   ")
            sys.stderr.flush()
        elif int(share * 10) > self.told:
            self.told = int(share * 10)
            sys.stderr.write(words + "\n")

    def done(self) -> None:
        """Leave the line."""
        if self.moving:
            sys.stderr.write("\n")
