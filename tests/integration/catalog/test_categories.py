"""Categories, pictures and reviews over HTTP; and what inventory says."""

import asyncpg
import pytest
from tests.integration.catalog.conftest import a_product

from shop.catalog import app
from shop.catalog.worker import events
from shop.contracts.events import StockChanged
from shop.contracts.messages import encode, envelope
from shop.runtime.aws import Aws, AwsSettings
from shop.runtime.consume import Queues, Received
from shop.runtime.s3 import Bucket


def test_the_tree_counts_active_products_with_all_below(run, catalog):
    async def story():
        made = [await catalog.create(categoryId=place) for place in ("kitchen", "pans", "pans", "egg-pans", "books")]
        await catalog.create(categoryId="pans", status="draft")

        async def counts():
            listed = (await catalog.get("/categories")).json["items"]
            for item in listed:
                assert (await catalog.get(f"/categories/{item['id']}")).json == item
            return {item["id"]: item["productCount"] for item in listed}

        assert await counts() == {"kitchen": 4, "pans": 3, "egg-pans": 1, "books": 1}
        moved = a_product(sku=made[1]["sku"], categoryId="books")
        await catalog.api.call("PUT", f"/products/{made[1]['id']}", moved, token=catalog.admin)
        hidden = a_product(sku=made[3]["sku"], categoryId="egg-pans", status="archived")
        await catalog.api.call("PUT", f"/products/{made[3]['id']}", hidden, token=catalog.admin)
        await catalog.api.call("DELETE", f"/products/{made[4]['id']}", token=catalog.admin)
        assert await counts() == {"kitchen": 2, "pans": 1, "egg-pans": 0, "books": 1}

    run(story())


def test_a_category_knows_its_place(run, catalog):
    async def story():
        answer = await catalog.get("/categories/egg-pans", headers={"accept-language": "en"})
        assert answer.json | {"productCount": 0} == {
            "id": "egg-pans",
            "name": "玉子焼き器",
            "parentId": "pans",
            "path": ["kitchen", "pans", "egg-pans"],
            "depth": 2,
            "productCount": 0,
            "translations": {},
            "version": 1,
        }
        tag = answer.headers["etag"]
        english = {"accept-language": "en", "if-none-match": tag}
        assert (await catalog.get("/categories/egg-pans", headers=english)).status == 304
        await catalog.create(categoryId="egg-pans")
        assert (await catalog.get("/categories/egg-pans", headers=english)).status == 200
        roots = (await catalog.get("/categories?tree=true", headers={"accept-language": "en"})).json["items"]
        assert [root["name"] for root in roots] == ["Kitchen", "本"]
        assert roots[0]["children"][0]["children"][0]["id"] == "egg-pans"
        absent = await catalog.get("/categories/none")
        assert (absent.status, absent.code) == (404, "CATEGORY_NOT_FOUND")

    run(story())


PICTURE = """
insert into images (id, product_id, status, folder, content_type, width, height, created_at, error)
values ($1, $2, $3, $4, 'image/svg+xml', 1200, 1200, now(), $5)
"""


def test_a_finished_picture_is_read_for_ever_and_the_others_are_told_of(run, catalog):
    async def story():
        product = await catalog.create()
        bucket = Bucket(catalog.account.environment()["IMAGES_BUCKET"], settings(catalog))
        async with bucket:
            for size in ("original", "medium", "small"):
                await bucket.put(f"folder 1/{size}", f"<svg>{size}</svg>".encode(), "image/svg+xml")
        await catalog.sql(PICTURE, "pic-1", product["id"], "ready", "folder 1", None)
        await catalog.sql(PICTURE, "pic-2", product["id"], "failed", "folder 2", "not an image")
        path = f"/products/{product['id']}/images"
        listed = (await catalog.get(path)).json["items"]
        assert [(item["id"], item["status"], item["error"]) for item in listed] == [
            ("pic-1", "ready", None),
            ("pic-2", "failed", "not an image"),
        ]
        assert listed[0]["url"] == f"{path}/pic-1/original"
        assert listed[0]["alt"] == product["name"]
        assert listed[1]["url"] is None
        for url in (listed[0]["url"], listed[0]["thumbnails"]["small"]):
            picture = await catalog.get(url)
            assert picture.body == f"<svg>{url.rpartition('/')[2]}</svg>".encode()
            assert picture.headers["content-type"] == "image/svg+xml"
            assert picture.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "sandbox" in picture.headers["content-security-policy"]
            again = await catalog.get(url, headers={"if-none-match": picture.headers["etag"]})
            assert (again.status, again.headers["cache-control"]) == (304, picture.headers["cache-control"])
        for absent in ("pic-1/huge", "pic-2/small", "pic-3/small"):
            answer = await catalog.get(f"{path}/{absent}")
            assert (answer.status, answer.code) == (404, "IMAGE_NOT_FOUND")

    run(story())


def settings(catalog):
    """Where the test's AWS is."""
    access = catalog.account.access
    return AwsSettings(aws_region=access.region, aws_endpoint_url=access.endpoint)


def test_reviews_come_newest_first_in_pages(run, catalog):
    async def story():
        product = await catalog.create()
        for number in range(7):
            await catalog.sql(
                "insert into reviews (id, product_id, user_id, author, rating, title, body, created_at) "
                "values ($1, $2, $1, '花子', 4, '良い', '気に入りました', "
                "timestamptz '2026-01-01' + $3 * interval '1 hour')",
                f"{product['id']}-{number}",
                product["id"],
                number // 3,
            )
        path = f"/products/{product['id']}/reviews"
        seen, token = [], None
        while True:
            page = (await catalog.get(f"{path}?limit=2" + (f"&nextToken={token}" if token else ""))).json
            seen += page["items"]
            token = page["nextToken"]
            if token is None:
                break
        assert [review["id"].rpartition("-")[2] for review in seen] == ["6", "3", "4", "5", "0", "1", "2"]
        assert seen[0] == {
            "id": f"{product['id']}-6",
            "productId": product["id"],
            "userId": f"{product['id']}-6",
            "author": "花子",
            "rating": 4,
            "title": "良い",
            "body": "気に入りました",
            "createdAt": "2026-01-01T02:00:00.000Z",
        }
        absent = await catalog.get("/products/none/reviews")
        assert (absent.status, absent.code) == (404, "PRODUCT_NOT_FOUND")

    run(story())


@pytest.fixture(scope="module")
def say(run, catalog):
    """`say(product id, version, status)`: a StockChanged handled as the worker does."""
    parts = app.parts(
        app.CommonSettings(
            database_url=catalog.dsn,
            images_bucket=catalog.account.environment()["IMAGES_BUCKET"],
            page_token_key="test",
        )
    )
    run(parts.db.__aenter__())
    queues = Queues(Aws(settings(catalog)), catalog.account.access.queue_url_prefix)

    async def handled(product_id, version, status):
        message = envelope(
            StockChanged(product_id=product_id, available=3, status=status),
            aggregate_id=product_id,
            aggregate_version=version,
        )
        received = Received("m", "r", encode(message).decode())
        assert await events.handle(parts, [received], queues) == []

    yield handled
    run(parts.db.__aexit__(None, None, None))


def test_stock_is_shown_as_inventory_last_said_and_never_as_before_that(run, catalog, say):
    async def story():
        product = await catalog.create()
        path = f"/products/{product['id']}"
        tag = (await catalog.get(path)).headers["etag"]
        for version, status, shown in (
            (2, "IN_STOCK", "IN_STOCK"),
            (5, "OUT_OF_STOCK", "OUT_OF_STOCK"),
            (4, "LOW_STOCK", "OUT_OF_STOCK"),
            (5, "IN_STOCK", "OUT_OF_STOCK"),
            (6, "OUT_OF_STOCK", "OUT_OF_STOCK"),
            (7, "LOW_STOCK", "LOW_STOCK"),
        ):
            await say(product["id"], version, status)
            answer = await catalog.get(path, headers={"if-none-match": tag})
            assert (answer.status, answer.json["stockStatus"]) == (200, shown)
            assert answer.json["version"] == 1
        english = await catalog.get(path, headers={"accept-language": "en"})
        assert english.json["stockStatus"] == "LOW_STOCK"
        put = await catalog.api.call("PUT", path, a_product(), token=catalog.admin)
        assert put.json["stockStatus"] == "LOW_STOCK"
        listed = (await catalog.get("/products?limit=1")).json["items"][0]
        assert (listed["id"], listed["stockStatus"]) == (product["id"], "LOW_STOCK")

    run(story())


@pytest.mark.parametrize("column", ["json_ja", "json_en", "stock_status"])
def test_a_copy_of_stock_that_was_spoiled_is_right_again_once_inventory_says_it_anew(run, catalog, say, column):
    spoiled = "'OUT_OF_STOCK'"
    if column != "stock_status":
        spoiled = f"""convert_to(replace(convert_from({column}, 'UTF8'), '"IN_STOCK"', '"OUT_OF_STOCK"'), 'UTF8')"""

    async def story():
        product = await catalog.create(name="kettle")
        await say(product["id"], 2, "IN_STOCK")
        connection = await asyncpg.connect(catalog.dsn)
        await connection.execute(f"update products set {column} = {spoiled} where id = $1", product["id"])
        await say(product["id"], 3, "IN_STOCK")
        states = await connection.fetchval("select stock_status from products where id = $1", product["id"])
        await connection.close()
        assert states == "IN_STOCK"
        for language in ("ja", "en"):
            answer = await catalog.get(f"/products/{product['id']}", headers={"accept-language": language})
            assert answer.json["stockStatus"] == "IN_STOCK"

    run(story())


def test_stock_of_a_product_that_is_gone_is_nothing(run, catalog, say):
    async def story():
        product = await catalog.create()
        await catalog.api.call("DELETE", f"/products/{product['id']}", token=catalog.admin)
        await say(product["id"], 2, "IN_STOCK")
        await say("never-was", 2, "IN_STOCK")
        assert (await catalog.get(f"/products/{product['id']}")).status == 404

    run(story())
