"""Stock as an operator changes it and everybody sees it."""

import asyncio

from tests.integration.inventory.conftest import lines

from shop.contracts.commands import ReserveStock
from shop.contracts.events import ProductCreated, ProductUpdated
from shop.contracts.shapes import Product
from shop.kernel.money import yen


def test_counting_and_correcting(inventory, run):
    async def scenario():
        product = await inventory.product(10)
        up = await inventory.put(product, {"onHand": 12})
        assert (up.status, up.json["onHand"], up.json["version"]) == (200, 12, 2)
        await inventory.put(product, {"onHand": 11})
        await inventory.put(product, {"adjustment": -1, "reason": "破損"})
        same = await inventory.put(product, {"onHand": 10})
        assert same.json["version"] == 4
        threshold = await inventory.put(product, {"lowStockThreshold": 20})
        assert (threshold.json["status"], threshold.json["onHand"]) == ("LOW_STOCK", 10)
        assert await inventory.ledger(product) == [
            ("RECEIPT", 10), ("RECEIPT", 2), ("ADJUSTMENT", -1), ("ADJUSTMENT", -1),
        ]  # fmt: skip
        assert (await inventory.types(product)).count("LowStockDetected") == 0

    run(scenario())


def test_what_is_refused(inventory, run):
    async def scenario():
        product = await inventory.product(3)
        await inventory.receive(ReserveStock(order_id="refused", lines=lines(**{product: 2})))
        assert (await inventory.put(product, {"onHand": 1})).code == "STOCK_NEGATIVE"
        assert (await inventory.put(product, {"adjustment": -2, "reason": "x"})).code == "STOCK_NEGATIVE"
        for wrong in (
            {}, {"adjustment": 1}, {"adjustment": 0, "reason": "x"}, {"onHand": -1}, {"onHand": "1"}, {"onHand": 1.5},
            {"onHand": 1, "adjustment": 1, "reason": "x"}, {"onHand": 3, "reason": "x"}, {"reserved": 0},
        ):  # fmt: skip
            assert (await inventory.put(product, wrong)).status == 422, wrong
        assert (await inventory.put("no-such-product", {"onHand": 1})).code == "PRODUCT_NOT_FOUND"
        stale = await inventory.put(product, {"onHand": 5}, **{"if-match": '"1"'})
        assert (stale.status, stale.code) == (412, "VERSION_MISMATCH")
        for token, status in ((None, 401), (inventory.customer, 403)):
            answer = await inventory.api.call("PUT", f"/inventory/{product}", {"onHand": 5}, token=token)
            assert answer.status == status
        assert await inventory.levels(product) == (3, 2, 1)

    run(scenario())


def test_adjustments_at_once_all_count(inventory, run):
    async def scenario():
        product = await inventory.product(0)
        step = {"adjustment": 1, "reason": "入荷"}
        lanes = asyncio.Semaphore(6)

        async def adjust():
            async with lanes:
                return await inventory.put(product, step)

        answers = await asyncio.gather(*(adjust() for _ in range(20)))
        assert {answer.status for answer in answers} == {200}
        assert await inventory.levels(product) == (20, 0, 20)
        assert (await inventory.types(product)).count("StockReplenished") == 1

    run(scenario())


def test_several_products_at_once(inventory, run):
    async def scenario():
        first, second = await inventory.product(1), await inventory.product(0)
        answer = await inventory.api.call("GET", f"/inventory?productIds={second},none,{first},{second}")
        assert [(each["productId"], each["status"]) for each in answer.json["items"]] == [
            (second, "OUT_OF_STOCK"), (first, "LOW_STOCK"),
        ]  # fmt: skip
        assert (await inventory.api.call("GET", "/inventory")).status == 422
        many = ",".join(f"p{number}" for number in range(101))
        assert (await inventory.api.call("GET", f"/inventory?productIds={many}")).status == 422
        assert (await inventory.api.call("GET", "/inventory/none")).code == "PRODUCT_NOT_FOUND"

    run(scenario())


def test_products_that_come_twice_or_late_enter_their_stock_once(inventory, run):
    async def scenario():
        def product(version: int, name: str) -> Product:
            return Product(
                id="late", sku="S", name=name, price=yen(1), category_id="t", status="active", translations={},
                version=version,
            )  # fmt: skip

        await inventory.receive(ProductUpdated(product=product(2, "new")), aggregate="late", version=2)
        assert await inventory.levels("late") == (0, 0, 0)
        created = ProductCreated(product=product(1, "old"), initial_stock=8)
        await inventory.receive(created, created, aggregate="late", version=1)
        assert await inventory.levels("late") == (8, 0, 8)
        record = await inventory.deps.inventory.table.get("PRODUCT#late", "STOCK")
        assert record["name"] == "new"
        assert await inventory.ledger("late") == [("RECEIPT", 8)]

    run(scenario())
