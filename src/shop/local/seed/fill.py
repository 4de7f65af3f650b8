"""Fills a shop: in which order, and into which store."""

import msgspec

from shop.catalog import bulk
from shop.inventory.store import seed_stock
from shop.local.seed.chosen import DRAWINGS, Shelved, chosen
from shop.local.seed.gallery import hang
from shop.local.seed.more import Stores, add
from shop.local.seed.people import welcome
from shop.local.seed.tree import TREE
from shop.local.tasks import together
from shop.orders import store as orders
from shop.runtime.aws import Aws, AwsSettings
from shop.runtime.dynamo import Table
from shop.runtime.postgres import Database
from shop.runtime.s3 import Bucket
from shop.runtime.wire import Client

__all__ = ["Filled", "Settings", "fill"]

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

    @property
    def mailbox(self) -> str:
        """Where the emulator shows the mails that it was given."""
        return f"{self.aws_endpoint_url}/_ministack/ses/messages?account={self.aws_access_key_id}"


class Filled(msgspec.Struct, frozen=True):
    """What a seed did: whether it wrote, and how many products there are now."""

    seeded: bool
    products: int


async def fill(settings: Settings, products: int, seed: int, *, if_empty: bool) -> Filled:
    """Bring the shop to `products` products. Raises Refused, DependencyUnavailable, DependencyTimeout."""
    client = Client()
    async with (
        Database(settings.catalog_database_url) as catalog,
        Database(settings.orders_database_url) as copies,
        Aws(client=client) as aws,
    ):
        pictures = Bucket(settings.images_bucket, pictures_of(settings), client)
        stores = Stores(catalog, copies, Table(aws, settings.inventory_table), pictures)
        is_new = not await bulk.has_products(catalog)
        if is_new:
            await open_shop(settings, stores, client, chosen(seed)[:products])
        there = await bulk.count_products(catalog)
        if if_empty and not is_new:
            return Filled(seeded=False, products=there)
        await add(stores, there, products, seed)
        return Filled(seeded=is_new or products > there, products=max(there, products))


async def open_shop(settings: Settings, stores: Stores, client: Client, shelves: list[Shelved]) -> None:
    """People, pictures, stock and orders' copies; at last the catalog: a shop that has products has all the rest."""
    snapshots = [each.entry.snapshot() for each in shelves]
    pieces = [each.pieces or 0 for each in shelves]
    await together(
        welcome(client, settings.gateway_url, stores.stock.aws, settings.user_pool_id, settings.mailbox),
        hang(stores.pictures, DRAWINGS),
        seed_stock(stores.stock, zip(snapshots, pieces, strict=True)),
        orders.copy_products(stores.copies, snapshots),
    )
    entries = [each.entry for each in shelves]
    async with stores.catalog.transaction() as tx:
        await bulk.add_categories(tx, CATEGORIES)
        await bulk.add_entries(tx, entries)
        await bulk.add_reviews(tx, [review for each in shelves for review in each.reviews])
        await bulk.count_entries(tx, entries)


def pictures_of(settings: Settings) -> AwsSettings:
    """Where S3 is."""
    return AwsSettings(aws_region=settings.aws_region, aws_endpoint_url=settings.aws_endpoint_url)
