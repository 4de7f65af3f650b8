"""Reservations: all lines or none, once per order, never more than there is."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.inventory.conftest import InventoryUnderTest, lines

from shop.contracts.commands import CommitStock, ReleaseStock, ReserveStock, ShipStock
from shop.contracts.events import ProductDeleted
from shop.contracts.messages import Message, encode, envelope
from shop.contracts.shapes import OrderLine, Product
from shop.inventory import ledger, worker
from shop.inventory.model import StockNegative
from shop.inventory.reconcile import Deadline
from shop.kernel.money import yen
from shop.runtime.aws import Aws
from shop.runtime.dynamo import Table
from shop.runtime.wire import Client, Response


def cancelled(reason: str) -> Response:
    reasons = [{"Code": "None"}, {"Code": reason, "Message": "x"}]
    told = {"__type": "x#TransactionCanceledException", "message": "x", "CancellationReasons": reasons}
    return Response(400, {}, json.dumps(told).encode())


def refused(code: str) -> Response:
    return Response(400, {}, json.dumps({"__type": f"x#{code}", "message": "x"}).encode())


class Busy(Client):
    """DynamoDB with too much to do: answers every second call of some operations as it does then, instead of working.

    A BatchGetItem is done by halves.
    """

    def __init__(self, *answers: tuple[str, Response | None]) -> None:
        super().__init__()
        self.answers, self.calls, self.given = answers, Counter[str](), Counter[str]()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", **more: Any
    ) -> Response:
        operation = (headers or {})["x-amz-target"].rpartition(".")[2]
        self.calls[operation] += 1
        answers = [answer for name, answer in self.answers if name == operation]
        if not answers or self.calls[operation] % 2 == 0:
            return await super().request(method, url, headers=headers, body=body, **more)
        answer = answers[self.given[operation] % len(answers)]
        self.given[operation] += 1
        return answer or await self.half(method, url, headers, body)

    async def half(self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes) -> Response:
        """All keys but one are left for another time."""
        whole = await super().request(method, url, headers=headers, body=body)
        ((table, asked),) = json.loads(body)["RequestItems"].items()
        rest = {table: asked | {"Keys": asked["Keys"][1:]}}
        done = [each for each in json.loads(whole.body)["Responses"][table] if each["pk"] == asked["Keys"][0]["pk"]]
        return Response(200, {}, json.dumps({"Responses": {table: done}, "UnprocessedKeys": rest}).encode())


BUSY = (
    ("TransactWriteItems", cancelled("TransactionConflict")),
    ("TransactWriteItems", cancelled("ThrottlingError")),
    ("TransactWriteItems", refused("ThrottlingException")),
    ("TransactWriteItems", refused("ProvisionedThroughputExceededException")),
    ("TransactWriteItems", refused("TransactionInProgressException")),
    ("BatchGetItem", None),
    ("BatchGetItem", refused("ThrottlingException")),
    ("GetItem", refused("ThrottlingException")),
)


@asynccontextmanager
async def on(inventory: InventoryUnderTest, client: Client) -> AsyncIterator[InventoryUnderTest]:
    """The same service, whose worker reaches AWS by this client."""
    async with Aws(client=client) as aws:
        table = Table(aws, "inventory")
        deps = replace(inventory.deps, inventory=replace(inventory.deps.inventory, table=table))
        yield replace(inventory, deps=deps)


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


def test_two_hundred_buyers_of_fifty_pieces_get_exactly_fifty(inventory, run):
    async def scenario():
        product = await inventory.product(50)
        orders = [uuid4().hex for _ in range(200)]
        lanes = asyncio.Semaphore(10)  # as many as there are environments of the function

        async def buy(order):
            """As the queue does: what finds too many at the stock comes again, eight times in all."""
            async with lanes:
                for _ in range(8):
                    if not await inventory.receive(ReserveStock(order_id=order, lines=lines(**{product: 1}))):
                        return
                raise AssertionError(f"{order} would be dead-lettered")

        await asyncio.gather(*map(buy, orders))
        assert await inventory.levels(product) == (50, 50, 0)
        announced = await inventory.all_announced()
        answers = Counter(announced[order][0]["metadata"]["type"] for order in orders)
        assert answers == {"StockReserved": 50, "StockRejected": 150}
        told = [each["metadata"]["type"] for each in announced[product]]
        assert (told.count("StockDepleted"), told.count("LowStockDetected")) == (1, 1)
        ledger = await inventory.ledger(product)
        assert Counter(ledger) == {("RECEIPT", 50): 1, ("RESERVATION", 1): 50}

    run(scenario())


def test_orders_over_the_same_products_in_any_order_neither_block_nor_refuse_each_other(inventory, run):
    async def scenario():
        products = [await inventory.product(24) for _ in range(4)]
        wanted = [lines(**dict.fromkeys(products if n % 2 else reversed(products), 1)) for n in range(24)]
        orders = [uuid4().hex for _ in wanted]
        commands = [ReserveStock(order_id=order, lines=some) for order, some in zip(orders, wanted, strict=True)]
        await asyncio.gather(*(redelivered(inventory, each) for each in commands))
        assert [await inventory.levels(product) for product in products] == [(24, 24, 0)] * 4
        assert {(await inventory.types(order))[0] for order in orders} == {"StockReserved"}

    run(scenario())


async def redelivered(inventory: InventoryUnderTest, command: Message) -> None:
    """Hand a command over as SQS does: again when it comes back, eight times at most."""
    for _ in range(8):
        if not await inventory.receive(command):
            return
    raise AssertionError("dead-lettered")


def test_neither_conflicts_nor_throttling_refuse_what_there_is_or_sell_what_there_is_not(inventory, run):
    async def scenario():
        products = [await inventory.product(6) for _ in range(2)]
        orders = [uuid4().hex for _ in range(10)]
        wanted = lines(**dict.fromkeys(products, 1))
        busy = Busy(*BUSY)
        async with on(inventory, busy) as contended:
            commands = [ReserveStock(order_id=order, lines=wanted) for order in orders]
            await asyncio.gather(*(redelivered(contended, each) for each in commands))
            assert busy.given["TransactWriteItems"] > 10
            assert busy.given["BatchGetItem"] > 5
            answers = {order: (await inventory.types(order))[0] for order in orders}
            assert Counter(answers.values()) == {"StockReserved": 6, "StockRejected": 4}
            first = next(order for order, answer in answers.items() if answer == "StockReserved")
            for command in (CommitStock, ShipStock):
                await redelivered(contended, command(order_id=first, lines=wanted))
        assert [await inventory.levels(product) for product in products] == [(5, 5, 0)] * 2
        assert Counter(await inventory.ledger(products[0])) == {
            ("RECEIPT", 6): 1,
            ("RESERVATION", 1): 6,
            ("SHIPMENT", -1): 1,
        }

    run(scenario())


def test_what_dynamodb_takes_no_more_goes_back_to_the_queue_and_nothing_has_happened(inventory, run, monkeypatch):
    monkeypatch.setattr("shop.runtime.dynamo.CONFLICT_ATTEMPTS", 3)

    class Stopped(Busy):
        async def request(self, method: str, url: str, **more: Any) -> Response:
            self.calls.clear()
            return await super().request(method, url, **more)

    async def scenario():
        product = await inventory.product(6)
        command = ReserveStock(order_id=uuid4().hex, lines=lines(**{product: 1, "other": 1}))
        for trouble in BUSY:
            async with on(inventory, Stopped(trouble)) as stopped:
                if trouble[0] != "GetItem" and trouble[1] is not None:
                    assert len(await stopped.receive(command)) == 1, trouble
        assert await inventory.types(command.order_id) == []
        assert await inventory.levels(product) == (6, 0, 6)

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
        for kind in (ReserveStock, CommitStock, ReleaseStock, ShipStock):
            assert await inventory.receive(kind(order_id="x" * 65, lines=lines(**{product: 1}))) != []
        assert await inventory.levels(product) == (5, 0, 5)

    run(scenario())


def test_poison_is_buried_at_once_and_nothing_else_is_touched(inventory, run):
    async def scenario():
        product = await inventory.product(5)
        good = encode(
            envelope(ReserveStock(order_id="p", lines=lines(**{product: 1})), aggregate_id="p", aggregate_version=1)
        ).decode()
        for poison in (
            "", "no json", "[]", "{}", good.replace('"ReserveStock"', '"TakeStock"'),
            good.replace('"version":1', '"version":2'), good.replace('"quantity":1', '"quantity":"1"'),
            good.replace('"quantity":1', '"quantity":0'), good.replace('"orderId":"p",', ""),
        ):  # fmt: skip
            assert await inventory.receive_raw(poison) == ([], ["raw"]), poison
        for poison in (good, good.replace("ReserveStock", "StockReserved")):
            assert await inventory.receive_raw(poison, worker.events) == ([], ["raw"])
        assert await inventory.levels(product) == (5, 0, 5)

    run(scenario())


def test_far_more_than_a_page_lapse_in_one_sweep(inventory, run):
    async def scenario():
        products = [await inventory.product(1000) for _ in range(3)]
        hasty = replace(inventory.deps.inventory, reservation_ttl=timedelta(0))
        brief = replace(inventory, deps=replace(inventory.deps, inventory=hasty))
        lanes = asyncio.Semaphore(8)

        async def reserve(n):
            async with lanes:
                wanted = lines(**{products[n % 3]: 1, products[(n + 1) % 3]: 2})
                await brief.receive(ReserveStock(order_id=f"lapse-{n}-{products[0]}", lines=wanted))

        count = worker.PAGE + 30
        await asyncio.gather(*(reserve(n) for n in range(count)))
        held = [(await inventory.levels(product))[1] for product in products]
        assert sum(held) == 3 * count
        sweeps = [worker.sweep(inventory.deps.inventory, Deadline(60)) for _ in range(2)]  # two that overlap
        await asyncio.gather(*sweeps)
        assert [await inventory.levels(product) for product in products] == [(1000, 0, 1000)] * 3
        assert [row for row in await inventory.ledger(products[0]) if row[0] == "RELEASE"] != []
        audit = await ledger.audit_stock(inventory.deps.inventory.table)
        assert [each for each in audit.differences if each.product_id in products] == []

    run(scenario())


def test_a_sweep_without_time_ends_nothing_and_the_next_goes_on(inventory, run):
    async def scenario():
        product = await inventory.product(4)
        hasty = replace(inventory.deps.inventory, reservation_ttl=timedelta(0))
        brief = replace(inventory, deps=replace(inventory.deps, inventory=hasty))
        await brief.receive(ReserveStock(order_id=f"late-{product}", lines=lines(**{product: 2})))
        await worker.sweep(inventory.deps.inventory, Deadline(0))
        assert await inventory.levels(product) == (4, 2, 2)
        await worker.sweep(inventory.deps.inventory, Deadline(60))
        assert await inventory.levels(product) == (4, 0, 4)

    run(scenario())


def test_what_cannot_be_ended_does_not_keep_the_rest_from_lapsing(inventory, run):
    async def scenario():
        table = inventory.deps.inventory.table
        hasty = replace(inventory.deps.inventory, reservation_ttl=timedelta(0))
        brief = replace(inventory, deps=replace(inventory.deps, inventory=hasty))
        broken, sound = await inventory.product(4), await inventory.product(4)
        for product in (broken, sound):
            await brief.receive(ReserveStock(order_id=f"lapse-{product}", lines=lines(**{product: 2})))
        spoil = "SET reserved = :none"
        await table.write(table.update(f"PRODUCT#{broken}", "STOCK", spoil, values={"none": 0}))
        with pytest.raises(StockNegative):
            await worker.sweep(inventory.deps.inventory, Deadline(5))
        assert await inventory.levels(sound) == (4, 0, 4)
        await ledger.check(table, [broken])  # the reconciliation mends it, and then it lapses too
        await worker.sweep(inventory.deps.inventory, Deadline(5))
        assert await inventory.levels(broken) == (4, 0, 4)

    run(scenario())
