"""Reservations: all lines or none, once per order, never more than there is."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from tests.integration.inventory.conftest import lines

from shop.contracts.commands import CommitStock, ReleaseStock, ReserveStock, ShipStock
from shop.contracts.events import ProductDeleted
from shop.contracts.shapes import OrderLine, Product
from shop.inventory import worker
from shop.inventory.reconcile import Deadline
from shop.kernel.money import yen


def test_all_lines_are_reserved_committed_and_shipped(inventory, run):
    async def scenario():
        first, second, order = await inventory.product(10), await inventory.product(8), uuid4().hex
        wanted = lines(**{first: 2, second: 8})
        await inventory.receive(ReserveStock(order_id=order, lines=wanted))
        assert await inventory.levels(first) == (10, 2, 8)
        assert await inventory.levels(second) == (8, 8, 0)
        await inventory.receive(CommitStock(order_id=order, lines=wanted))
        assert await inventory.levels(first) == (10, 2, 8)
        await inventory.receive(ShipStock(order_id=order, lines=wanted), ShipStock(order_id=order, lines=wanted))
        assert await inventory.levels(first) == (8, 0, 8)
        assert await inventory.ledger(first) == [("RECEIPT", 10), ("RESERVATION", 2), ("SHIPMENT", -2)]
        assert await inventory.types(order) == ["StockReserved", "StockCommitted"]
        told = await inventory.announced(second)
        assert [each["metadata"]["type"] for each in told] == [
            "StockChanged", "StockChanged", "StockDepleted", "LowStockDetected",
        ]  # fmt: skip
        assert told[0]["metadata"]["aggregateVersion"] < told[1]["metadata"]["aggregateVersion"]

    run(scenario())


def test_one_short_line_refuses_them_all_and_is_named(inventory, run):
    async def scenario():
        rich, poor, order = await inventory.product(10), await inventory.product(1), uuid4().hex
        wanted = lines(**{rich: 1, poor: 2, "no-such-product": 1})
        await inventory.receive(ReserveStock(order_id=order, lines=wanted), ReserveStock(order_id=order, lines=wanted))
        assert await inventory.levels(rich) == (10, 0, 10)
        answers = await inventory.announced(order)
        assert [each["metadata"]["type"] for each in answers] == ["StockRejected", "StockRejected"]
        assert answers[0]["data"]["shortages"] == answers[1]["data"]["shortages"]
        assert answers[0]["data"]["shortages"] == [
            {"productId": poor, "requested": 2, "available": 1},
            {"productId": "no-such-product", "requested": 1, "available": 0},
        ]

    run(scenario())


def test_a_repeated_command_repeats_its_answer(inventory, run):
    async def scenario():
        product, order = await inventory.product(10), uuid4().hex
        wanted = lines(**{product: 4})
        for command in (ReserveStock, CommitStock, ReleaseStock):
            await inventory.receive(command(order_id=order, lines=wanted), command(order_id=order, lines=wanted))
        assert await inventory.levels(product) == (10, 0, 10)
        assert await inventory.types(order) == [
            "StockReserved", "StockReserved", "StockCommitted", "StockCommitted", "StockReleased", "StockReleased",
        ]  # fmt: skip
        assert await inventory.ledger(product) == [("RECEIPT", 10), ("RESERVATION", 4), ("RELEASE", -4)]

    run(scenario())


def test_a_release_that_comes_first_rejects_what_comes_after(inventory, run):
    async def scenario():
        product, order = await inventory.product(10), uuid4().hex
        wanted = lines(**{product: 4})
        await inventory.receive(ReleaseStock(order_id=order, lines=wanted), ReserveStock(order_id=order, lines=wanted))
        assert await inventory.levels(product) == (10, 0, 10)
        assert await inventory.types(order) == ["StockRejected"]
        await inventory.receive(CommitStock(order_id=order, lines=wanted))
        assert (await inventory.types(order))[-1] == "StockCommitRejected"

    run(scenario())


def test_a_reservation_lapses_and_cannot_be_committed_then(inventory, run):
    async def scenario():
        product, late, swept = await inventory.product(10), uuid4().hex, uuid4().hex
        hasty = replace(inventory.deps.inventory, reservation_ttl=timedelta(0))
        brief = replace(inventory, deps=replace(inventory.deps, inventory=hasty))
        wanted = lines(**{product: 4})
        await brief.receive(ReserveStock(order_id=late, lines=wanted), CommitStock(order_id=late, lines=wanted))
        assert await inventory.levels(product) == (10, 0, 10)
        assert await inventory.types(late) == ["StockReserved", "StockReleased", "StockCommitRejected"]
        await brief.receive(ReserveStock(order_id=swept, lines=wanted))
        assert await inventory.levels(product) == (10, 4, 6)
        await worker.sweep(inventory.deps.inventory, Deadline(5))
        await worker.sweep(inventory.deps.inventory, Deadline(5))
        assert await inventory.levels(product) == (10, 0, 10)
        assert await inventory.types(swept) == ["StockReserved", "StockReleased"]

    run(scenario())


def test_a_hot_product_is_never_oversold(inventory, run):
    async def scenario():
        product = await inventory.product(20)
        orders = [uuid4().hex for _ in range(60)]
        bought = [ReserveStock(order_id=order, lines=lines(**{product: 1})) for order in orders]
        failed = await asyncio.gather(*(inventory.receive(each, aggregate=each.order_id) for each in bought))
        assert failed == [[]] * 60
        assert await inventory.levels(product) == (20, 20, 0)
        answers = Counter([(await inventory.types(order))[0] for order in orders])
        assert answers == {"StockReserved": 20, "StockRejected": 40}

    run(scenario())


def test_a_retired_product_takes_no_new_reservation(inventory, run):
    async def scenario():
        product, old, new = await inventory.product(10), uuid4().hex, uuid4().hex
        wanted = lines(**{product: 1})
        await inventory.receive(ReserveStock(order_id=old, lines=wanted))
        gone = Product(
            id=product, sku="S", name="x", price=yen(1), category_id="t", status="active", translations={}, version=2
        )
        await inventory.receive(ProductDeleted(product=gone), aggregate=product, version=2)
        await inventory.receive(ReserveStock(order_id=new, lines=wanted))
        assert await inventory.types(new) == ["StockRejected"]
        await inventory.receive(CommitStock(order_id=old, lines=wanted), ShipStock(order_id=old, lines=wanted))
        assert await inventory.levels(product) == (9, 0, 9)

    run(scenario())


def test_thirty_lines_fit_into_one_transaction(inventory, run):
    async def scenario():
        products = [await inventory.product(5) for _ in range(30)]
        wanted = lines(**dict.fromkeys(products, 5))
        order = uuid4().hex
        assert await inventory.receive(ReserveStock(order_id=order, lines=wanted)) == []
        assert await inventory.types(order) == ["StockReserved"]
        assert [await inventory.levels(product) for product in products] == [(5, 5, 0)] * 30

    run(scenario())


def test_what_cannot_be_a_command_is_refused_whole(inventory, run):
    async def scenario():
        product = await inventory.product(5)
        for wrong in ([], [OrderLine(product_id=product, quantity=0)], [OrderLine(product_id=product, quantity=-3)]):
            order = uuid4().hex
            assert await inventory.receive(ReserveStock(order_id=order, lines=wrong)) != []
            assert await inventory.types(order) == []
        assert await inventory.levels(product) == (5, 0, 5)

    run(scenario())
