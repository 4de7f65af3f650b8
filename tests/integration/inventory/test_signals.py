"""What inventory tells about itself, as a collector receives it from its functions."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from tests.integration.inventory.conftest import NoQueues
from tests.support.functions import call, from_gateway, from_queue
from tests.support.otlp import Receiver, sending

from shop.contracts.commands import CommitStock, ReserveStock, SweepDue
from shop.contracts.events import ProductCreated, StockReplenished
from shop.contracts.messages import encode, envelope
from shop.contracts.shapes import OrderLine, Product
from shop.inventory import restock, store, worker
from shop.kernel.money import yen
from shop.runtime.queues import Received

SYNTHETIC = "user_agent.synthetic.type"
MARKED = {"user_agent__synthetic__type": "bot"}
APP = "shop.inventory.app"
CAUSE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def created(stock):
    product = Product(
        id=uuid4().hex, sku="S", name="x", price=yen(1), category_id="t", status="active", translations={}, version=1
    )
    return envelope(ProductCreated(product=product, initial_stock=stock), aggregate_id=product.id, aggregate_version=1)


@pytest.fixture
def environment(emulator):
    return {**emulator.environment(), "TABLE_NAME": "inventory", "GATEWAY_URL": "http://127.0.0.1:9"}


def test_checks_movements_alerts_and_gauges_are_counted_and_traced(inventory, run, environment):
    many, none, few = created(30), created(0), created(6)
    ids = [each.data.product.id for each in (many, none, few)]
    order = uuid4().hex
    wanted = [OrderLine(product_id=ids[0], quantity=2), OrderLine(product_id=ids[2], quantity=1)]
    reserve = envelope(
        ReserveStock(order_id=order, lines=wanted), aggregate_id=order, aggregate_version=1, traceparent=CAUSE
    )
    commit = envelope(CommitStock(order_id=order, lines=wanted), aggregate_id=order, aggregate_version=2)
    sweep = envelope(SweepDue(), aggregate_id="sweep", aggregate_version=1)
    lookup = from_gateway("/inventory") | {"rawQueryString": f"productIds={ids[0]},{ids[1]},nobody"}
    run(restock.register(inventory.deps.inventory.table, run(inventory.product(0)), "somebody"))
    with Receiver() as collector:
        sending = {"OTEL_SDK_DISABLED": "false", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        call(
            APP,
            ("events", from_queue(many, none, few)),
            ("commands", from_queue(reserve)),
            ("commands", from_queue(reserve)),
            ("commands", from_queue(commit)),
            ("http", lookup),
            ("http", from_gateway(f"/inventory/{ids[2]}")),
            ("http", from_gateway("/inventory/nobody")),
            ("events", from_queue(sweep)),
            **(environment | sending),
        )
        collector.wait(lambda: collector.of("shop.inventory.products"))

        def counted(name, attribute):
            points = [point for point in collector.of(name) if point.value]
            return {value: sum(p.value for p in points if p.attributes[attribute] == value)
                    for value in {p.attributes[attribute] for p in points}}  # fmt: skip

        assert counted("shop.inventory.checks", "shop.stock.status") == {
            "IN_STOCK": 1, "OUT_OF_STOCK": 1, "LOW_STOCK": 1,
        }  # fmt: skip
        assert counted("shop.inventory.movements", "shop.movement.type") == {"RECEIPT": 2, "RESERVATION": 2}
        assert collector.total("shop.inventory.alerts.fired") == 1
        products = counted("shop.inventory.products", "shop.stock.status")
        assert products["IN_STOCK"] >= 1
        assert products["LOW_STOCK"] >= 1
        assert products["OUT_OF_STOCK"] >= 1
        waiting = collector.of("shop.inventory.restock.waiting")
        assert {point.kind for point in waiting} == {"gauge"}
        assert sum(point.value for point in waiting) == run(inventory.waiting())
        (processed,) = [span for span in collector.trace(CAUSE[3:35]) if span.name.startswith("process")][:1]
        assert processed.parent_id == CAUSE[36:52]


def test_a_shop_whose_counting_takes_long_is_counted_seldom(inventory, run, monkeypatch):
    counted: list[dict[str, int]] = []
    clock, real = [1000.0], store.count_by_status
    monkeypatch.setattr("shop.inventory.signals.products_counted", counted.append)
    monkeypatch.setattr(worker, "monotonic", lambda: clock[0])

    async def count(table, *, takes):
        clock[0] += takes
        return await real(table)

    deps = replace(inventory.deps, census=worker.Rest())
    for takes, later, times in ((0.05, 2, 2), (3, 2, 1), (3, 70, 1)):
        monkeypatch.setattr(store, "count_by_status", partial(count, takes=takes))
        before = len(counted)
        run(worker.count(deps))
        clock[0] += later
        run(worker.count(deps))
        assert len(counted) - before == times, takes


def test_registrations_are_counted_once(inventory, run, environment):
    product = run(inventory.product(0))
    token = {"authorization": f"Bearer {inventory.customer}"}
    ask = from_gateway(f"/inventory/{product}/notify")
    ask = ask | {"headers": ask["headers"] | token}
    ask["requestContext"] = {"http": {**ask["requestContext"]["http"], "method": "POST"}}
    with Receiver() as collector:
        sending = {"OTEL_SDK_DISABLED": "false", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        answers, _ = call(APP, ("http", ask), ("http", ask), **(environment | sending))
        assert [answer["statusCode"] for answer in answers[:2]] == [201, 200]
        assert answers[-1] == []  # nothing was imported that its package lacks
        collector.wait(lambda: collector.total("shop.inventory.restock.registrations"))
        assert collector.total("shop.inventory.restock.registrations") == 1


def test_what_time_ends_is_marked_as_what_began_it_and_in_its_trace(inventory, run):
    """A reservation that lapses, and how many wait."""
    order = uuid4().hex

    async def story():
        product, gone = await inventory.product(10), await inventory.product(0)
        wanted = [OrderLine(product_id=product, quantity=2)]
        brief = replace(inventory.deps, inventory=replace(inventory.deps.inventory, reservation_ttl=timedelta(0)))
        message = envelope(ReserveStock(order_id=order, lines=wanted), aggregate_id=order, aggregate_version=1,
                           traceparent=CAUSE, synthetic="bot")  # fmt: skip
        received = [Received("m", "r", encode(message).decode(), group=order)]
        assert await worker.commands.handle(brief, received, NoQueues()) == []  # type: ignore[arg-type]
        path = f"/inventory/{gone}/notify"
        asked = await inventory.api.call("POST", path, {}, token=inventory.customer, headers={"x-synthetic": "bot"})
        assert asked.status == 201
        await inventory.receive(SweepDue())
        assert (await inventory.stock(product))["available"] == 10
        await inventory.api.call("DELETE", path, token=inventory.customer)
        await inventory.receive(SweepDue())
        return [*await inventory.announced(order), *await inventory.announced(product)]

    with Receiver() as collector:
        with sending("inventory", collector, OTEL_SDK_DISABLED="false"):
            announced = run(story())
        told = {message["metadata"]["type"]: message["metadata"] for message in announced}
        assert {told[kind]["synthetic"] for kind in ("StockReserved", "StockReleased", "StockChanged")} == {"bot"}
        assert {told[kind]["traceparent"][:35] for kind in ("StockReleased", "StockChanged")} == {CAUSE[:35]}
        (lapse,) = [span for span in collector.trace(CAUSE[3:35]) if span.name == "due reservation"]
        assert (lapse.attributes[SYNTHETIC], lapse.attributes["shop.order.id"]) == ("bot", order)
        (moved,) = collector.of("shop.inventory.movements", shop__movement__type="RELEASE", **MARKED)
        assert moved.value == 1
        waiting = collector.of("shop.inventory.restock.waiting", **MARKED)
        assert [point.value for point in sorted(waiting, key=lambda point: point.end)][-1] == 0


def test_who_waits_is_told_with_the_mark_of_who_waits(inventory, run):
    async def story():
        product = await inventory.product(0)
        path = f"/inventory/{product}/notify"
        await inventory.api.call("POST", path, {}, token=inventory.customer, headers={"x-synthetic": "test"})
        await inventory.put(product, {"onHand": 5})
        (back,) = [
            each for each in await inventory.announced(product) if each["metadata"]["type"] == "StockReplenished"
        ]
        assert back["metadata"].get("synthetic") is None
        await inventory.receive(StockReplenished(product_id=product, available=5), aggregate=product, version=99)
        found = await inventory.all_announced()
        return [
            each["metadata"] for some in found.values() for each in some if each["data"].get("productId") == product
        ]

    (notice,) = [metadata for metadata in run(story()) if metadata["type"] == "RestockNoticeDue"]
    assert notice["synthetic"] == "test"
