"""Inventory with everything behind it: table and queues of the emulator; its API in this process."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from tests.support.account import Account
from tests.support.asgi import Answered, InProcess
from tests.support.people import token_of

from shop.contracts.events import ProductCreated
from shop.contracts.messages import Message, encode, envelope
from shop.contracts.shapes import OrderLine, Product, Text
from shop.inventory import app, store, worker
from shop.kernel.money import yen
from shop.runtime.aws import Aws
from shop.runtime.dynamo import wire
from shop.runtime.peers import Peers
from shop.runtime.queues import Received
from shop.runtime.wire import Client


class NoQueues:
    """Nothing goes back in these tests; what fails is seen in the answer of `handle`, what is buried is noted."""

    def __init__(self) -> None:
        self.buried: list[str] = []

    async def release_all(self, *_: Any) -> None:
        """Nothing to release."""

    async def bury(self, _queue: str, message: Received, _reason: str, _kind: str) -> None:
        self.buried.append(message.id)


@dataclass
class InventoryUnderTest:
    """The service, and what a test does from outside."""

    api: InProcess
    deps: worker.Sweeping
    operator: str
    customer: str

    async def product(self, stock: int = 10, **changes: Any) -> str:
        """A product with stock, as catalog's event has told it."""
        product = Product(
            id=f"p-{uuid4().hex[:12]}",
            sku=f"SKU-{uuid4().hex[:8]}",
            name="急須",
            price=yen(1000),
            category_id="tea",
            status="active",
            translations={"en": Text(name="Teapot")},
            version=1,
        )
        await self.receive(ProductCreated(product=product, initial_stock=stock), aggregate=product.id)
        return product.id

    async def receive_raw(self, body: str, consumer: Any = worker.commands) -> tuple[list[str], list[str]]:
        """Hand any body to the worker; the ids of what goes back, and of what was buried."""
        queues = NoQueues()
        failed = await consumer.handle(self.deps, [Received("raw", "r", body, group="g")], queues)
        return failed, queues.buried

    async def receive(self, *messages: Message, aggregate: str = "x", version: int = 1) -> list[str]:
        """Hand messages to the worker, one after the other; the ids of those that failed."""
        failed: list[str] = []
        queues = NoQueues()
        for each in messages:
            message = envelope(each, aggregate_id=aggregate, aggregate_version=version)
            consumer = worker.commands if type(each).__name__ in worker.commands.handles else worker.events
            received = Received(message.metadata.event_id, "r", encode(message).decode(), group=aggregate)
            failed += await consumer.handle(self.deps, [received], queues)  # type: ignore[arg-type]
        return failed + queues.buried

    async def stock(self, product: str) -> dict[str, Any]:
        return dict((await self.api.call("GET", f"/inventory/{product}")).json)

    async def levels(self, product: str) -> tuple[int, int, int]:
        """On hand, reserved, available."""
        stock = await self.stock(product)
        return stock["onHand"], stock["reserved"], stock["available"]

    async def put(self, product: str, body: Any, **headers: str) -> Answered:
        return await self.api.call("PUT", f"/inventory/{product}", body, token=self.operator, headers=headers)

    async def ledger(self, product: str) -> list[tuple[str, int]]:
        answer = await self.api.call("GET", f"/inventory/{product}/movements?limit=100", token=self.operator)
        return [(each["type"], each["quantity"]) for each in answer.json["items"]]

    async def outbox(self) -> list[dict[str, Any]]:
        """The items that wait to be announced, oldest first."""
        items: list[dict[str, Any]] = []
        start = None
        while True:
            index = ("outbox", "outboxShard", "outboxAt")
            found = await self.deps.inventory.table.query("outbox", index=index, limit=1000, start=start)
            items += found.items
            start = found.start
            if start is None:
                return items

    async def all_announced(self) -> dict[str, list[dict[str, Any]]]:
        """The messages that wait in the outbox, by what they are about, in order."""
        found: dict[str, list[dict[str, Any]]] = {}
        for item in await self.outbox():
            for message in map(json.loads, item["messages"]):
                found.setdefault(message["metadata"]["aggregateId"], []).append(message)
        for messages in found.values():
            messages.sort(key=lambda each: each["metadata"]["aggregateVersion"])
        return found

    async def announced(self, about: str) -> list[dict[str, Any]]:
        """The messages about a product or an order that wait in the outbox, oldest first."""
        return (await self.all_announced()).get(about, [])

    async def empty_outbox(self) -> None:
        """Forget what waits to be announced."""
        keys = [{"DeleteRequest": {"Key": wire({"pk": item["pk"], "sk": item["sk"]})}} for item in await self.outbox()]
        for first in range(0, len(keys), 25):
            await self.deps.inventory.table.write_many(keys[first : first + 25])

    async def waiting(self) -> int:
        """How many registrations there are."""
        return sum((await store.count_waiting(self.deps.inventory.table)).values())

    async def types(self, about: str) -> list[str]:
        return [message["metadata"]["type"] for message in await self.announced(about)]


def lines(**quantities: int) -> list[OrderLine]:
    """Lines by product."""
    return [OrderLine(product_id=product, quantity=quantity) for product, quantity in quantities.items()]


@pytest.fixture(autouse=True)
def _nothing_announced(run, inventory):
    """Each test finds what it has announced itself, soon."""
    run(inventory.empty_outbox())


@pytest.fixture(scope="module")
def inventory(run, emulator: Account):
    """The service."""
    settings = {
        **emulator.environment(),
        "TABLE_NAME": "inventory",
        "GATEWAY_URL": "http://127.0.0.1:9",
        "OTEL_SDK_DISABLED": "true",
    }
    with mock.patch.dict("os.environ", settings):
        api = InProcess(app.api())
        run(api.__aenter__())
        made, aws = app.prepare(), Aws()
        peers = Peers(made.gateway_url, Client(), "inventory")
        deps = worker.Sweeping(app.inventory_of(made, aws), app.bus_of(made, aws), peers)
        assert deps.inventory.reservation_ttl == timedelta(minutes=15)
        yield InventoryUnderTest(api, deps, token_of(emulator, "customer", "operator"), token_of(emulator, "customer"))
        run(aws.aclose())
        run(api.__aexit__())
