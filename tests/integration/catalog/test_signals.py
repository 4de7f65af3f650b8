"""What the catalog tells about its visitors: exactly who looked at what, and nobody else."""

import json

import pytest
from tests.integration.catalog.conftest import a_product, started
from tests.support.otlp import Receiver

from shop import telemetry
from shop.telemetry import names


@pytest.fixture(scope="module")
def collector():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def told(run, database, emulator, collector):
    """The catalog, whose telemetry is heard."""
    environment = {
        "OTEL_SDK_DISABLED": "false",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "EXPORT_EVERY": "50ms",
    }
    with started(run, database, emulator, **environment) as under_test:
        yield under_test
    telemetry.shutdown()


class Counted:
    """By how much a metric has risen since it was last looked at."""

    def __init__(self, collector: Receiver) -> None:
        self.collector = collector
        self.before: dict[tuple[str, frozenset[tuple[str, object]]], float] = {}

    def __call__(self, metric: str, **attributes: object) -> float:
        telemetry.flush(5)
        key = metric, frozenset(attributes.items())
        now = self.collector.total(metric, **attributes)
        risen = now - self.before.get(key, 0.0)
        self.before[key] = now
        return risen


@pytest.fixture
def counted(collector):
    return Counted(collector)


def test_a_detail_view_is_a_get_of_an_active_product_by_a_client(run, told, counted, capfd):
    async def story():
        product = await told.create(categoryId="egg-pans")
        hidden = await told.create(categoryId="egg-pans", status="draft")
        path = f"/products/{product['id']}"
        counted(names.CATALOG_PRODUCT_VIEWS)
        counted(names.CATALOG_PRODUCT_VIEWS, shop__category__root="kitchen")
        capfd.readouterr()

        tag = (await told.get(path)).headers["etag"]
        assert (await told.get(path, headers={"if-none-match": tag})).status == 304
        assert (await told.get(path, headers={"accept-language": "en", "if-none-match": tag})).status == 200
        assert (await told.get(path, headers={"user-agent": "shop-traffic/1.0"})).status == 200
        assert (await told.get(path, token=told.admin)).status == 200

        assert (await told.api.call("HEAD", path)).status == 200
        assert (await told.get(path, headers={"user-agent": "shop-orders/0.1.0"})).status == 200
        assert (await told.get(f"/products/{hidden['id']}", token=told.admin)).status == 200
        assert (await told.get(f"/products/{hidden['id']}")).status == 404
        assert (await told.get("/products/none")).status == 404
        assert (await told.get(f"{path}/reviews")).status == 200
        assert (await told.api.call("PUT", path, a_product(categoryId="egg-pans"), token=told.admin)).status == 200
        return product["id"]

    product_id = run(story())
    assert counted(names.CATALOG_PRODUCT_VIEWS) == 5
    assert counted(names.CATALOG_PRODUCT_VIEWS, shop__category__root="kitchen") == 5
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    viewed = [line for line in lines if line["event"] == "shop.product.viewed"]
    assert [line["productId"] for line in viewed] == [product_id] * 5
    requests = {line["trace_id"] for line in lines if line["event"] == "shop.request"}
    assert {line["trace_id"] for line in viewed} <= requests, "each view is found from its request, and back"


def test_a_category_view_is_the_first_page_of_its_products(run, told, counted):
    async def story():
        for _ in range(3):
            await told.create(categoryId="pans")
            await told.create(categoryId="books")
        for root in ("kitchen", "_OTHER"):
            counted(names.CATALOG_CATEGORY_VIEWS, shop__category__root=root)

        for path in ("/categories/pans/products", "/products?categoryId=pans", "/categories/books/products"):
            joint = "&" if "?" in path else "?"
            first = await told.get(f"{path}{joint}limit=2")
            token = first.json["nextToken"]
            assert (await told.get(f"{path}{joint}limit=2&nextToken={token}")).status == 200
            assert (await told.api.call("HEAD", path)).status == 200
            assert (await told.get(path, headers={"user-agent": "shop-orders/0.1.0"})).status == 200
        for nothing in ("/products", "/products?categoryId=none", "/categories", "/categories/pans"):
            assert (await told.get(nothing)).status == 200
        assert (await told.get("/categories/none/products")).status == 404
        assert (await told.get("/categories/pans/products?nextToken=forged")).status == 400

    run(story())
    assert counted(names.CATALOG_CATEGORY_VIEWS, shop__category__root="kitchen") == 2
    assert counted(names.CATALOG_CATEGORY_VIEWS, shop__category__root="_OTHER") == 1


def test_what_a_robot_looks_at_counts_and_is_told_apart(run, told, counted):
    async def story():
        product = await told.create()
        counted(names.CATALOG_PRODUCT_VIEWS)
        counted(names.CATALOG_PRODUCT_VIEWS, user_agent__synthetic__type="bot")
        for headers in ({}, {"x-synthetic": "bot"}, {"x-synthetic": "nonsense"}):
            assert (await told.get(f"/products/{product['id']}", headers=headers)).status == 200

    run(story())
    assert counted(names.CATALOG_PRODUCT_VIEWS) == 3
    assert counted(names.CATALOG_PRODUCT_VIEWS, user_agent__synthetic__type="bot") == 1


def test_every_answer_has_its_time_by_route(run, told, counted, collector):
    route = {"http__route": "/products/{productId}", "http__request__method": "GET"}

    async def story():
        product = await told.create()
        for status in (200, 404):
            counted(names.HTTP_SERVER_REQUEST_DURATION, http__response__status_code=status, **route)
        found = await told.get(f"/products/{product['id']}")
        await told.get("/products/none")
        return found.headers["x-trace-id"]

    trace = run(story())
    for status in (200, 404):
        assert counted(names.HTTP_SERVER_REQUEST_DURATION, http__response__status_code=status, **route) == 1
    spans = collector.wait(lambda: collector.trace(trace))
    assert [(span.name, span.kind) for span in spans] == [
        ("GET /products/{productId}", "server"),
        ("SELECT products", "client"),
    ]
    assert "$1" in spans[1].attributes["db.query.text"]
