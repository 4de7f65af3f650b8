"""Stock against its ledger, catalog's copy against stock: what differs is found, repaired and counted."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from tests.integration.inventory.conftest import lines

from shop.contracts.commands import CommitStock, ReconcileDue, ReleaseStock, ReserveStock, ShipStock, SweepDue
from shop.inventory import ledger, reconcile, store
from shop.inventory.ledger import Difference
from shop.inventory.model import NOTHING, Sums
from shop.kernel.clock import now
from shop.runtime.peers import Peers
from shop.runtime.wire import Client, ConnectFailed, Response

LONG_AGO = "2026-01-01T00:00:00.000Z"


class Catalog(Client):
    """What catalog shows of products, two on a page; or nobody there."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, str | None] = {}
        self.down = False
        self.asked = 0

    async def request(self, method: str, url: str, **_: Any) -> Response:
        self.asked += 1
        if self.down:
            raise ConnectFailed("refused")
        after = parse_qs(urlsplit(url).query).get("nextToken", ["0"])[0]
        products = [{"id": each, "stockStatus": status} for each, status in self.shown.items()]
        first = int(after)
        following = str(first + 2) if first + 2 < len(products) else None
        return Response(200, {}, json.dumps({"items": products[first : first + 2], "nextToken": following}).encode())


def with_catalog(inventory, catalog):
    peers = Peers("http://gateway.test", catalog, "inventory")
    return replace(inventory, deps=replace(inventory.deps, peers=peers))


async def spoil(inventory, product, expression, **values):
    table = inventory.deps.inventory.table
    await table.write(table.update(f"PRODUCT#{product}", "STOCK", expression, values=values))


async def moved(inventory, product):
    """Some of all kinds of movements."""
    for quantity, kinds in ((2, (ReserveStock,)), (3, (ReserveStock, CommitStock)), (1, (ReserveStock, ReleaseStock)),
                            (4, (ReserveStock, CommitStock, ShipStock))):  # fmt: skip
        order = uuid4().hex
        for kind in kinds:
            await inventory.receive(kind(order_id=order, lines=lines(**{product: quantity})))
    await inventory.put(product, {"onHand": 30})
    await inventory.put(product, {"adjustment": -1, "reason": "破損"})
    assert await inventory.levels(product) == (29, 5, 24)


def test_an_audit_finds_nothing_where_all_is_well_and_names_what_is_not(inventory, run):
    async def scenario():
        table = inventory.deps.inventory.table
        products = [await inventory.product(20) for _ in range(3)]
        for product in products:
            await moved(inventory, product)

        async def found():
            audit = await ledger.audit_stock(table)
            assert audit.products >= 3
            return [difference for difference in audit.differences if difference.product_id in products]

        assert await found() == []
        await spoil(inventory, products[0], "SET onHand = :n", n=31)
        await spoil(inventory, products[1], "SET reserved = :n", n=7)
        assert sorted(await found(), key=lambda each: (products.index(each.product_id), each.what)) == [
            Difference(products[0], "onHand", 31, 29),
            Difference(products[1], "held", 7, 5),
            Difference(products[1], "reserved", 7, 5),
        ]

    run(scenario())


@pytest.mark.parametrize("page", [3, store.PAGE], ids=["long ledger", "short ledger"])
def test_stock_becomes_again_what_its_ledger_says(inventory, run, monkeypatch, page):
    monkeypatch.setattr(store, "PAGE", page)

    async def scenario():
        whole = with_catalog(inventory, Catalog())
        product, untouched = await inventory.product(20), await inventory.product(3)
        await moved(inventory, product)
        await spoil(inventory, product, "SET onHand = :n, reserved = :m", n=5, m=5)
        before = await inventory.stock(untouched)
        await whole.receive(ReconcileDue())
        assert await inventory.levels(product) == (29, 5, 24)
        assert await inventory.stock(untouched) == before
        last = (await inventory.announced(product))[-1]
        assert (last["metadata"]["type"], last["data"]["available"]) == ("StockChanged", 24)
        assert last["metadata"]["aggregateVersion"] == (await inventory.stock(product))["version"]

        # The second time begins where the first has ended, and finds what was spoiled since.
        await inventory.receive(ReserveStock(order_id=uuid4().hex, lines=lines(**{product: 4})))
        await spoil(inventory, product, "SET onHand = :n", n=1000)
        await whole.receive(ReconcileDue())
        assert await inventory.levels(product) == (29, 9, 20)
        await whole.receive(ReconcileDue())
        assert await inventory.levels(product) == (29, 9, 20)

    run(scenario())


def test_a_wrong_note_of_how_far_the_ledger_was_added_up_harms_nobody(inventory, run):
    async def scenario():
        table = inventory.deps.inventory.table
        product = await inventory.product(20)
        await moved(inventory, product)
        version = (await inventory.stock(product))["version"]
        for wrong in (Sums(1, 1, version), Sums(1, 1, version - 1), Sums(7, 7, version + 5)):
            await store.save_check(table, product, wrong)
            await ledger.check(table, [product])
            assert await inventory.levels(product) == (29, 5, 24)
            assert await store.find_checks(table, [product]) == {product: Sums(29, 5, version, 9)}

    run(scenario())


def test_a_ledger_that_cannot_be_true_changes_no_stock(inventory, run):
    async def scenario():
        table = inventory.deps.inventory.table
        product = await inventory.product(20)
        await moved(inventory, product)
        (receipt,) = (await table.query(f"PRODUCT#{product}", prefix="MOVE#", limit=1)).items
        await table.write(table.delete(receipt["pk"], receipt["sk"]))
        assert (await store.sums(table, product, 1)) == replace(NOTHING, version=1)
        await spoil(inventory, product, "SET onHand = :n", n=9)
        await ledger.check(table, [product])
        assert await inventory.levels(product) == (9, 5, 4)

    run(scenario())


def test_a_ledger_that_has_lost_or_changed_lines_is_completed_where_its_sum_was_known(inventory, run):
    async def scenario():
        table = inventory.deps.inventory.table
        product = await inventory.product(20)
        await moved(inventory, product)
        await ledger.check(table, [product])
        before = await inventory.stock(product)
        receipt, reservation, *_ = (await table.query(f"PRODUCT#{product}", prefix="MOVE#", limit=2)).items
        await table.write(table.delete(receipt["pk"], receipt["sk"]))
        await table.write(table.put(reservation | {"quantity": 40}))
        await inventory.put(product, {"adjustment": 2, "reason": "返品"})  # and orders go on
        for _ in range(2):
            await ledger.check(table, [product])
            assert await inventory.levels(product) == (31, 5, 26)
        lines_ = await inventory.ledger(product)
        assert lines_[-2:] == [("ADJUSTMENT", 20), ("RELEASE", -38)]
        assert (await inventory.stock(product))["version"] == before["version"] + 3
        assert [each for each in (await ledger.audit_stock(table)).differences if each.product_id == product] == []

    run(scenario())


def test_a_copy_that_differs_is_told_anew_with_a_version_that_it_must_take(inventory, run):
    async def scenario():
        catalog = Catalog()
        whole = with_catalog(inventory, catalog)
        wrong, right, fresh, absent = [await inventory.product(20) for _ in range(4)]
        for product in (wrong, right, absent):
            await spoil(inventory, product, "SET updatedAt = :at", at=LONG_AGO)
        catalog.shown = {
            "unknown": "IN_STOCK",
            wrong: "OUT_OF_STOCK",
            right: "IN_STOCK",
            fresh: "LOW_STOCK",
            absent: None,
        }
        await whole.receive(ReconcileDue())
        assert catalog.asked == 3
        for product, repaired in ((wrong, True), (right, False), (fresh, False), (absent, True)):
            told = await inventory.announced(product)
            assert [each["metadata"]["type"] for each in told] == ["StockChanged"] * (2 if repaired else 1)
            if repaired:
                assert told[-1]["data"] == {"productId": product, "available": 20, "status": "IN_STOCK"}
                assert abs(told[-1]["metadata"]["aggregateVersion"] - now().timestamp()) < 60
                assert (await inventory.stock(product))["version"] == told[-1]["metadata"]["aggregateVersion"]
        await inventory.put(wrong, {"onHand": 3})
        assert await inventory.ledger(wrong) == [("RECEIPT", 20), ("ADJUSTMENT", -17)]

    run(scenario())


def test_a_catalog_that_is_down_is_asked_again_by_the_sweep_and_stock_does_not_wait_for_it(inventory, run):
    async def scenario():
        catalog = Catalog()
        whole = with_catalog(inventory, catalog)
        product = await inventory.product(20)
        catalog.down = True
        assert await whole.receive(ReconcileDue()) == []
        await spoil(inventory, product, "SET onHand = :n, updatedAt = :at", n=5, at=LONG_AGO)
        assert await whole.receive(ReconcileDue()) == []
        assert await inventory.levels(product) == (20, 0, 20)
        await spoil(inventory, product, "SET updatedAt = :at", at=LONG_AGO)
        catalog.down, catalog.shown = False, {product: "OUT_OF_STOCK"}
        assert await whole.receive(SweepDue()) == []
        assert (await inventory.stock(product))["version"] > 1_000_000
        asked = catalog.asked
        assert await whole.receive(SweepDue()) == []  # the walk is over
        assert catalog.asked == asked

    run(scenario())


def test_a_walk_goes_on_where_it_had_to_stop(inventory, run):
    async def scenario():
        table, catalog = inventory.deps.inventory.table, Catalog()
        peers = Peers("http://gateway.test", catalog, "inventory")
        product = await inventory.product(20)
        await spoil(inventory, product, "SET onHand = :n", n=5)
        catalog.shown = {f"p{n}": None for n in range(5)}
        await reconcile.begin(table)
        await reconcile.advance(table, peers, reconcile.Deadline(0))
        assert (catalog.asked, await inventory.levels(product)) == (0, (5, 0, 5))
        await store.save_place(table, "COPIES", "2", done=False)
        await reconcile.begin(table)  # while one is on its way: nothing begins anew
        await reconcile.advance(table, peers, reconcile.Deadline(5))
        assert (catalog.asked, await inventory.levels(product)) == (2, (20, 0, 20))

    run(scenario())
