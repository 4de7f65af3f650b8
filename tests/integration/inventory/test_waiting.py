"""Who wants to be told: low-stock alerts of operators, customers who wait for a product to be back."""

import asyncio

from tests.integration.inventory.conftest import lines

from shop.contracts.commands import ReleaseStock, ReserveStock
from shop.contracts.events import ProductDeleted, StockReplenished
from shop.contracts.shapes import Product
from shop.inventory import restock
from shop.inventory.model import MOST_ALERTS
from shop.kernel.money import yen


def alerts_about(inventory, product):
    async def found():
        told = await inventory.announced(product)
        data = [each["data"] for each in told if each["metadata"]["type"] == "LowStockDetected"]
        return [(each["threshold"], each.get("email")) for each in data]

    return found()


def test_an_alert_fires_each_time_stock_falls_to_it(inventory, run):
    async def scenario():
        product = await inventory.product(20)
        alert = {"productId": product, "threshold": 10, "email": "buyer@example.com"}
        made = await inventory.api.call("POST", "/inventory/alerts", alert, token=inventory.operator)
        assert (made.status, {**made.json, "id": ""}) == (201, {**alert, "id": ""})
        assert (await inventory.stock(product))["version"] == 1  # nobody sees alerts in a stock
        for left in (15, 10, 8, 12, 9, 9, 3, 11):
            await inventory.put(product, {"onHand": left})
        assert await alerts_about(inventory, product) == [
            (10, "buyer@example.com"), (10, "buyer@example.com"), (5, None),
        ]  # fmt: skip
        path = f"/inventory/alerts/{made.json['id']}"
        assert (await inventory.api.call("DELETE", path, token=inventory.operator)).status == 204
        gone = await inventory.api.call("DELETE", path, token=inventory.operator)
        assert (gone.status, gone.code) == (404, "ALERT_NOT_FOUND")
        await inventory.put(product, {"onHand": 10})
        await inventory.put(product, {"onHand": 7})
        assert len(await alerts_about(inventory, product)) == 3

    run(scenario())


def test_alerts_are_listed_in_pages_and_checked(inventory, run):
    async def scenario():
        product = await inventory.product(20)

        async def post(**body):
            return await inventory.api.call("POST", "/inventory/alerts", body, token=inventory.operator)

        made = [(await post(productId=product, threshold=n)).json["id"] for n in range(3)]
        seen: list[str] = []
        token: str | None = ""
        while token is not None:
            path = f"/inventory/alerts?limit=2{'&nextToken=' if token else ''}{token}"
            page = (await inventory.api.call("GET", path, token=inventory.operator)).json
            seen += [each["id"] for each in page["items"]]
            token = page["nextToken"]
        assert [each for each in seen if each in made] == made
        assert (await post(productId="no-such-product", threshold=1)).code == "PRODUCT_NOT_FOUND"
        for wrong in ({"productId": product}, {"productId": product, "threshold": -1},
                      {"productId": product, "threshold": True},
                      {"productId": product, "threshold": 1, "email": "buyer@example.com\n"},
                      {"productId": product, "threshold": 1, "email": "nobody"}):  # fmt: skip
            assert (await post(**wrong)).status == 422, wrong
        for path in ("/inventory/alerts", "/inventory/alerts?limit=1"):
            assert (await inventory.api.call("GET", path, token=inventory.customer)).status == 403
        forged = await inventory.api.call("GET", "/inventory/alerts?nextToken=xxxx", token=inventory.operator)
        assert (forged.status, forged.code) == (400, "PAGE_TOKEN_INVALID")

    run(scenario())


def test_alerts_made_at_once_are_all_kept_up_to_a_limit(inventory, run):
    async def scenario():
        product = await inventory.product(100)
        body = {"productId": product, "threshold": 50}
        lanes = asyncio.Semaphore(6)  # who loses for eight seconds is told to come again: here none may

        async def post():
            async with lanes:
                return await inventory.api.call("POST", "/inventory/alerts", body, token=inventory.operator)

        answers = [answer.status for answer in await asyncio.gather(*(post() for _ in range(52)))]
        assert (answers.count(201), answers.count(409)) == (MOST_ALERTS, 2)
        await inventory.put(product, {"onHand": 10})
        assert len(await alerts_about(inventory, product)) == MOST_ALERTS

    run(scenario())


async def wait(inventory, product, token=None):
    return await inventory.api.call("POST", f"/inventory/{product}/notify", token=token or inventory.customer)


async def notices(inventory, *registrations):
    announced = await inventory.all_announced()
    return [each["data"] for one in registrations for each in announced.get(one, [])]


def test_who_waits_is_told_once_when_stock_returns(inventory, run):
    async def scenario():
        product = await inventory.product(0)
        first, again = await wait(inventory, product), await wait(inventory, product)
        other = await wait(inventory, product, inventory.operator)
        assert (first.status, again.status, other.status) == (201, 200, 201)
        assert first.json == again.json
        assert first.json["id"] != other.json["id"]
        await inventory.put(product, {"adjustment": 3, "reason": "入荷"})
        (word,) = [
            each for each in await inventory.announced(product) if each["metadata"]["type"] == "StockReplenished"
        ]
        restocked = StockReplenished(product_id=product, available=3)
        version = word["metadata"]["aggregateVersion"]
        await inventory.receive(restocked, restocked, aggregate=product, version=version)
        told = await notices(inventory, first.json["id"], other.json["id"])
        assert [(each["productId"], each["name"], each["registrationId"]) for each in told] == [
            (product, "急須", first.json["id"]), (product, "急須", other.json["id"]),
        ]  # fmt: skip
        assert told[0]["translations"] == {"en": {"name": "Teapot", "description": ""}}
        assert (await wait(inventory, product)).code == "IN_STOCK"

        await inventory.put(product, {"onHand": 0})
        anew = await wait(inventory, product)
        assert anew.status == 201
        await inventory.receive(restocked, aggregate=product, version=version)  # a late word of the first restock
        assert await notices(inventory, anew.json["id"]) == []

    run(scenario())


def test_who_leaves_is_not_told(inventory, run):
    async def scenario():
        product = await inventory.product(0)
        waiting = await wait(inventory, product)
        path = f"/inventory/{product}/notify"
        for _ in range(2):
            assert (await inventory.api.call("DELETE", path, token=inventory.customer)).status == 204
        await inventory.put(product, {"onHand": 1})
        await inventory.receive(StockReplenished(product_id=product, available=1), aggregate=product, version=99)
        assert await notices(inventory, waiting.json["id"]) == []
        for method in ("POST", "DELETE"):
            assert (await inventory.api.call(method, path)).status == 401
            unknown = await inventory.api.call(method, "/inventory/none/notify", token=inventory.customer)
            assert (unknown.status, unknown.code) == (404, "PRODUCT_NOT_FOUND")

    run(scenario())


def test_a_release_is_no_restock(inventory, run):
    async def scenario():
        product = await inventory.product(1)
        wanted = lines(**{product: 1})
        await inventory.receive(ReserveStock(order_id=f"o-{product}", lines=wanted))
        assert (await wait(inventory, product)).status == 201
        await inventory.receive(ReleaseStock(order_id=f"o-{product}", lines=wanted))
        assert "StockReplenished" not in await inventory.types(product)
        assert (await inventory.stock(product))["status"] == "LOW_STOCK"

    run(scenario())


def test_nobody_waits_for_a_product_that_is_gone(inventory, run):
    async def scenario():
        product = await inventory.product(0)
        waiting = await wait(inventory, product)
        gone = Product(
            id=product, sku="S", name="x", price=yen(1), category_id="t", status="active", translations={}, version=2
        )
        await inventory.receive(ProductDeleted(product=gone), aggregate=product, version=2)
        assert (await wait(inventory, product)).code == "PRODUCT_NOT_FOUND"
        await inventory.put(product, {"onHand": 30})
        await inventory.put(product, {"onHand": 1})
        assert set(await inventory.types(product)) == {"StockChanged"}
        await inventory.receive(StockReplenished(product_id=product, available=1), aggregate=product, version=99)
        assert await notices(inventory, waiting.json["id"]) == []

    run(scenario())


def test_two_hundred_who_wait_are_all_told_though_some_leave_and_the_word_comes_thrice(inventory, run):
    async def scenario():
        product = await inventory.product(0)
        table = inventory.deps.inventory.table
        lanes = asyncio.Semaphore(10)

        async def register(n):
            async with lanes:
                return await restock.register(table, product, f"user-{n:03}")

        made = await asyncio.gather(*(register(n) for n in range(200)))
        assert {is_new for _, is_new in made} == {True}
        await inventory.put(product, {"onHand": 5})
        words = [
            inventory.receive(StockReplenished(product_id=product, available=5), aggregate=product, version=2)
            for _ in range(3)
        ]
        leaving = [restock.leave(table, product, f"user-{n:03}") for n in range(0, 200, 20)]
        assert (await asyncio.gather(*words, *leaving))[:3] == [[]] * 3
        told = [each["userId"] for each in await notices(inventory, *(one.id for one, _ in made))]
        assert len(told) == len(set(told))
        assert set(told) >= {f"user-{n:03}" for n in range(200) if n % 20}
        assert (await table.query(f"PRODUCT#{product}", prefix="WAIT#")).items == []

    run(scenario())
