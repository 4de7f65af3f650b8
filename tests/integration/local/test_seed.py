"""The seed as `shop up` runs it: its own process, against real stores and a users service that listens."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock
from xml.etree import ElementTree as ET

import asyncpg
import jwt
import pytest
import uvicorn
from tests.support.account import Account
from tests.support.asgi import Answered, InProcess

from shop.catalog import app as catalog_app
from shop.inventory.store import find_movements, find_stock
from shop.kernel.config import load
from shop.local.environment import process
from shop.local.ports import free_port
from shop.local.seed.chosen import chosen
from shop.local.seed.many import id_of
from shop.runtime.aws import Aws, AwsSettings
from shop.runtime.dynamo import Table
from shop.runtime.postgres import Database, migrate
from shop.runtime.s3 import Bucket
from shop.runtime.wire import Client
from shop.users import app as users_app

PASSWORD = "Mieruka-2026"
PEOPLE = {
    "admin": {"email": "admin@mieruka.example", "password": PASSWORD},
    "operator": {"email": "operator@mieruka.example", "password": PASSWORD},
    "customers": [
        {"email": email, "password": PASSWORD} for email in ("hanako@example.jp", "taro@example.jp", "emma@example.com")
    ],
}
EVERYTHING = (
    "select * from products order by id",
    "select * from images order by id",
    "select * from reviews order by id",
    "select * from categories order by id",
    "select product_id from product_changes order by 1",
)


@dataclass
class Filling:
    """A shop to fill: the seed's environment, a catalog that reads what it wrote, users over HTTP."""

    environment: dict[str, str]
    account: Account
    catalog: InProcess
    users: InProcess

    async def seed(self, *arguments: str, code: int = 0, **changed: str) -> Any:
        """Run the seed; the JSON of its last line, or what it said when it was refused."""
        command = [sys.executable, "-m", "shop.local.seed", *arguments]
        environment = {**process(), **self.environment, **changed}
        done = await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout.splitlines()[-1]) if code == 0 else done.stderr

    async def rows(self, sql: str, database: str = "CATALOG") -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.environment[f"{database}_DATABASE_URL"])
        try:
            return [tuple(row.values()) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def everything(self) -> list[list[tuple[Any, ...]]]:
        return [await self.rows(sql) for sql in EVERYTHING] + [
            await self.rows("select * from products order by id", "ORDERS")
        ]

    async def pages(self, path: str) -> list[dict[str, Any]]:
        """All items of a list."""
        found, token = [], ""
        while True:
            page = (await self.catalog.call("GET", f"{path}?limit=100{token}")).json
            found += page["items"]
            if page["nextToken"] is None:
                return found
            token = f"&nextToken={page['nextToken']}"

    async def login(self, email: str) -> Answered:
        return await self.users.call("POST", "/auth/login", {"email": email, "password": PASSWORD})


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """An application that listens: its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def fresh(postgres: Callable[[str], str]) -> dict[str, str]:
    """Empty databases, up to date."""
    stores = {service: await asyncio.to_thread(postgres, f"seed_{service}") for service in ("catalog", "orders")}
    for service, dsn in stores.items():
        async with Database(dsn) as database:
            await migrate(database, f"shop.{service}")
    return {f"{service.upper()}_DATABASE_URL": dsn for service, dsn in stores.items()}


@pytest.fixture(scope="module")
def empty(run, postgres, emulator: Account):
    """A shop without products or people."""
    stores = run(fresh(postgres))
    common = {**emulator.environment(), "OTEL_SDK_DISABLED": "true"}
    service = {**common, "TABLE_NAME": "users", "DATABASE_URL": stores["CATALOG_DATABASE_URL"]}
    with mock.patch.dict(os.environ, service):
        api = users_app.api()
        serving, catalog = served(api), InProcess(catalog_app.api())
        gateway = run(serving.__aenter__())
        run(catalog.__aenter__())
        filling = Filling({**common, **stores, "GATEWAY_URL": gateway}, emulator, catalog, InProcess(api))
        yield filling
        run(catalog.__aexit__(None, None, None))
        run(serving.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def shop(run, empty: Filling):
    """The same, filled with the hand-picked products."""
    person = {"email": "operator@mieruka.example", "password": PASSWORD, "name": "運用 みどり", "locale": "ja"}
    run(empty.users.call("POST", "/users", person))  # all that was done by a seed that died: not even confirmed
    told = run(empty.seed("--products", "120", "--seed", "1", "--if-empty"))
    assert told == {"seeded": True, "products": 120, **PEOPLE}
    return empty


def test_the_catalog_has_the_hand_picked_in_a_tree_of_three_levels(run, shop: Filling):
    async def story() -> None:
        products = await shop.pages("/products")
        assert [one["id"] for one in reversed(products)] == [each.entry.id for each in chosen(1)]
        categories = (await shop.catalog.call("GET", "/categories")).json["items"]
        assert max(one["depth"] for one in categories) == 2
        assert sum(one["productCount"] for one in categories if one["depth"] == 0) == 120
        assert {one["productCount"] for one in categories if one["depth"] == 2} == {5}
        english = (await shop.catalog.call("GET", "/categories/kitchen", headers={"accept-language": "en"})).json
        assert english["name"] == "Kitchen"

    run(story())


def test_every_product_shows_its_pictures_and_the_average_of_its_reviews(run, shop: Filling):
    async def story() -> None:
        for product in await shop.pages("/products"):
            reviews = await shop.pages(f"/products/{product['id']}/reviews")
            stars = [one["rating"] for one in reviews]
            assert product["rating"] == {"average": sum(stars) / len(stars) if stars else 0, "count": len(stars)}
            (image,) = product["images"]
            assert (image["status"], image["width"]) == ("ready", 1000)
            for url, edge in (
                (image["url"], 1000),
                *((image["thumbnails"][size], edge) for size, edge in (("small", 160), ("medium", 480))),
            ):
                answer = await shop.catalog.call("GET", url)
                assert answer.headers["content-type"] == image["contentType"]
                assert ET.fromstring(answer.body).get("width") == str(edge)

    run(story())


def test_inventory_and_orders_know_what_the_catalog_shows(run, shop: Filling):
    async def story() -> None:
        copies = {
            row[0]: row[1:]
            for row in await shop.rows("select id, name, name_en, price, on_sale from products", "ORDERS")
        }
        products = await shop.pages("/products")
        async with Aws() as aws:
            table = Table(aws, "inventory")
            for product in products:
                stock = await find_stock(table, product["id"])
                assert stock
                assert stock.status == product["stockStatus"]
                movements, _ = await find_movements(table, product["id"], 10, None)
                received = [("RECEIPT", stock.on_hand)] if stock.on_hand else []
                assert [(one.type, one.quantity) for one in movements] == received
        english = {one["id"]: one["translations"]["en"]["name"] for one in products}
        assert copies == {
            one["id"]: (one["name"], english[one["id"]], one["price"]["amount"], True) for one in products
        }

    run(story())


def test_nothing_was_announced(run, shop: Filling):
    async def story() -> None:
        assert await shop.rows("select * from outbox") == []
        assert await shop.rows("select * from outbox", "ORDERS") == []

    run(story())


def test_its_people_can_sign_in_and_have_what_they_need(run, shop: Filling):
    async def story() -> None:
        for email, groups, addresses in (
            ("admin@mieruka.example", {"admin"}, 0),
            ("operator@mieruka.example", {"operator"}, 0),
            ("hanako@example.jp", set(), 1),
            ("taro@example.jp", set(), 1),
            ("emma@example.com", set(), 1),
        ):
            answer = await shop.login(email)
            assert answer.status == 200, answer.body
            path, token = f"/users/{answer.json['userId']}", answer.json["accessToken"]
            profile = (await shop.users.call("GET", f"{path}/profile", token=token)).json
            assert profile["locale"] == ("en" if email == "emma@example.com" else "ja")
            assert groups <= set(jwt.decode(token, options={"verify_signature": False})["cognito:groups"])
            assert len((await shop.users.call("GET", f"{path}/addresses", token=token)).json["items"]) == addresses

    run(story())


def test_a_full_shop_is_left_alone(run, shop: Filling):
    async def story() -> None:
        before = await shop.everything()
        assert await shop.seed("--if-empty", "--products", "500") == {"seeded": False, "products": 120, **PEOPLE}
        assert await shop.seed("--products", "50") == {"seeded": False, "products": 120, **PEOPLE}
        assert await shop.everything() == before

    run(story())


def test_a_seed_that_was_killed_before_its_end_is_completed_by_the_next(run, shop: Filling, postgres):
    """All but the catalog is there; it comes last."""

    async def story() -> None:
        before = await shop.everything()
        stores = await fresh(postgres)
        orders = shop.environment["ORDERS_DATABASE_URL"]
        again = Filling(
            {**shop.environment, **stores, "ORDERS_DATABASE_URL": orders}, shop.account, shop.catalog, shop.users
        )
        assert (await again.seed("--if-empty"))["seeded"]
        assert await again.everything() == before

    run(story())


async def pictures_are_there(filling: Filling) -> None:
    """Every picture that a product tells of, in every size."""
    client = Client()
    bucket = Bucket(filling.environment["IMAGES_BUCKET"], load(AwsSettings), client)
    for (folder,) in await filling.rows("select distinct folder from images"):
        for size, edge in (("original", 1000), ("medium", 480), ("small", 160)):
            stored = await bucket.get(f"{folder}/{size}")
            assert stored
            assert ET.fromstring(stored.body).get("width") == str(edge)
    await client.aclose()


def test_more_products_come_in_their_order_however_often_one_asks(run, shop: Filling, postgres):
    async def story() -> None:
        stores = await fresh(postgres)
        grown = Filling({**shop.environment, **stores}, shop.account, shop.catalog, shop.users)
        for products in ("3000", "5500", "5500"):
            await grown.seed("--products", products)
        ids = [row[0] for row in await grown.rows("select id from products where sku like 'S1-%' order by id")]
        assert ids == [id_of(1, number) for number in range(5500 - 120)]
        assert await grown.rows("select sum(own_products) from categories") == [(5500,)]
        assert await grown.rows("select count(*) from products", "ORDERS") == [(5500,)]
        await pictures_are_there(grown)
        await grown.rows(
            "update products set status = 'deleted', sku = null, category_id = null where sku = 'S1-00005379'"
        )
        assert (await grown.seed("--products", "5501"))["products"] == 5501
        (last,) = await grown.rows("select id from products where sku like 'S1-%' order by id desc limit 1")
        assert last == (id_of(1, 5381),)

    run(story())


@pytest.mark.parametrize(
    ("arguments", "changed", "says"),
    [
        (("--products", "-1"), {}, "-1"),
        (("--seed", "-1"), {}, "-1"),
        ((), {"CATALOG_DATABASE_URL": "postgresql://catalog:x@127.0.0.1:1/catalog"}, "cannot be filled"),
        ((), {"AWS_REGION": ""}, "AWS_REGION"),
    ],
    ids=["a negative number", "a negative seed", "no database", "a setting is missing"],
)
def test_what_cannot_be_is_said_in_words(run, shop: Filling, arguments, changed, says):
    said = run(shop.seed(*arguments, code=2, **changed))
    assert says in said
    assert "Traceback" not in said


def test_without_a_gateway_nothing_appears(run, shop: Filling, postgres):
    async def story() -> None:
        alone = Filling({**shop.environment, **await fresh(postgres)}, shop.account, shop.catalog, shop.users)
        said = await alone.seed(code=2, GATEWAY_URL="http://127.0.0.1:1")
        assert "cannot be filled" in said
        assert "Traceback" not in said
        assert await alone.rows("select * from products") == []

    run(story())
