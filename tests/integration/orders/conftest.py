"""Orders with everything behind it: PostgreSQL, real queues and tokens; its API and its worker in this process.

The neighbours it asks while a client waits are a real HTTP server of the test, which answers as they would.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from uuid import uuid4

import asyncpg
import jwt
import pytest
from tests.support.account import Account
from tests.support.asgi import Answered, InProcess
from tests.support.people import token_of

from shop.contracts.commands import RefundPayment, TakePayment
from shop.contracts.events import ProductCreated, StockAnswer, StockRejected
from shop.contracts.messages import Message, encode, envelope
from shop.contracts.shapes import OrderLine, Product, Shortage, Text
from shop.kernel.money import yen
from shop.orders import app, worker
from shop.orders.parts import Payments
from shop.orders.provider import Provider
from shop.runtime.postgres import Database
from shop.runtime.queues import Received


@dataclass
class Neighbours:
    """What inventory, users and catalog answer; `down` makes all of them fail, `silent` lets them say nothing."""

    stock: dict[str, int] = field(default_factory=dict)
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    down: bool = False
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if self.down:
            return 503, {"code": "DEPENDENCY_UNAVAILABLE"}
        if path.startswith("/inventory?productIds="):
            ids = path.partition("=")[2].split(",")
            return 200, {"items": [{"productId": each, "available": self.stock.get(each, 1000)} for each in ids]}
        if path.startswith("/users/"):
            return 200, {"items": [ADDRESS]}
        product = self.products.get(path.removeprefix("/products/"))
        return (200, product) if product else (404, {"code": "PRODUCT_NOT_FOUND"})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readline():
            while (await reader.readline()).strip():
                pass
            if self.silent:
                continue
            status, body = self.answer(request.decode().split(" ")[1])
            content = json.dumps(body).encode()
            writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
            await writer.drain()
        writer.close()


ADDRESS = {
    "id": "home",
    "label": "自宅",
    "recipient": "山田 花子",
    "postalCode": "150-0001",
    "prefecture": "東京都",
    "city": "渋谷区",
    "line1": "神宮前1-2-3",
    "country": "JP",
    "isDefault": True,
}


@dataclass
class Customer:
    """Somebody with a token."""

    shop: "OrdersUnderTest"
    token: str

    @property
    def id(self) -> str:
        return str(jwt.decode(self.token, options={"verify_signature": False})["sub"])

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        return await self.shop.api.call(method, path, body, token=self.token, headers=headers)

    async def add(self, product: str, quantity: int = 1) -> Answered:
        return await self.call("POST", f"/carts/{self.id}/items", {"productId": product, "quantity": quantity})

    async def check_out(
        self, token: str = "tok_visa", key: str | None = None, headers: dict[str, str] | None = None, **more: Any
    ) -> Answered:
        body = {"addressId": "home", "payment": {"method": "card", "token": token}} | more
        return await self.call("POST", "/orders", body, **{"idempotency-key": key or uuid4().hex} | (headers or {}))

    async def place(self, product: str, quantity: int = 1, token: str = "tok_visa") -> dict[str, Any]:
        """An order of one product, placed."""
        assert (await self.add(product, quantity)).status == 201
        answer = await self.check_out(token)
        assert answer.status == 201, answer.body
        return dict(answer.json)

    async def order(self, order_id: str) -> dict[str, Any]:
        return dict((await self.call("GET", f"/orders/{order_id}")).json)


class NoQueues:
    """Nothing goes back in these tests; what fails is seen in the answer of `handle`."""

    async def release_all(self, *_: Any) -> None:
        """Nothing to release."""


@dataclass
class OrdersUnderTest:
    """The service, and what a test does from outside."""

    api: InProcess
    account: Account
    dsn: str
    deps: Payments
    neighbours: Neighbours

    def customer(self, *groups: str) -> Customer:
        return Customer(self, token_of.__wrapped__(self.account, "customer", *groups))

    async def product(self, price: int = 1000, **changes: Any) -> str:
        """A product that orders knows, as catalog's event has told it."""
        product_id = changes.pop("id", None) or f"p-{uuid4().hex[:12]}"
        product = Product(
            id=product_id,
            sku=f"SKU-{product_id}",
            name="急須",
            price=yen(price),
            category_id="tea",
            status="active",
            translations={"en": Text(name="Teapot")},
            version=1,
        )
        await self.receive(ProductCreated(product=product), aggregate=product_id)
        return product_id

    async def receive(self, *messages: Message, aggregate: str = "x", version: int = 1) -> list[str]:
        """Hand messages to the worker, each as its own delivery; the ids of those that failed."""
        return await self.deliver(
            *(envelope(each, aggregate_id=aggregate, aggregate_version=version) for each in messages)
        )

    async def deliver(self, *messages: Any) -> list[str]:
        """Hand over envelopes as they are: the same one twice is a repeated delivery."""
        failed: list[str] = []
        for message in messages:
            consumer = worker.payments if isinstance(message.data, TakePayment | RefundPayment) else worker.events
            received = Received(message.metadata.event_id, "r", encode(message).decode())
            failed += await consumer.handle(self.deps, [received], NoQueues())  # type: ignore[arg-type]
        return failed

    async def sql(self, statement: str, *args: Any) -> list[Any]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(statement, *args))
        finally:
            await connection.close()

    async def sent(self, order_id: str) -> list[dict[str, Any]]:
        """What has been announced about an order, oldest first."""
        rows = await self.sql("select body from outbox where aggregate_id = $1 order by seq", order_id)
        return [json.loads(row["body"]) for row in rows]

    async def types_sent(self, order_id: str) -> list[str]:
        return [message["metadata"]["type"] for message in await self.sent(order_id)]

    async def books(self, order_id: str) -> Counter[str]:
        """What the payment provider has in its books for an order."""
        rows = await self.sql("select kind from provider_ledger where key = $1", order_id)
        return Counter(row["kind"] for row in rows)


def answer(kind: type[StockAnswer], order: dict[str, Any]) -> StockAnswer:
    """Inventory's answer about an order."""
    lines = [OrderLine(product_id=item["productId"], quantity=item["quantity"]) for item in order["items"]]
    if kind is StockRejected:
        short = [Shortage(product_id=line.product_id, requested=line.quantity, available=0) for line in lines]
        return StockRejected(order_id=order["id"], lines=lines, shortages=short)
    return kind(order_id=order["id"], lines=lines)


@pytest.fixture(scope="module")
def shop(run, database: str, emulator: Account):
    """Orders, with nothing in it."""
    neighbours = Neighbours()

    async def listening() -> tuple[asyncio.Server, int]:
        server = await asyncio.start_server(neighbours.serve, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    server, port = run(listening())
    environment = {
        **emulator.environment(),
        "DATABASE_URL": database,
        "GATEWAY_URL": f"http://127.0.0.1:{port}",
        "OTEL_SDK_DISABLED": "true",
    }
    with mock.patch.dict("os.environ", environment):
        api = InProcess(app.api())
        run(api.__aenter__())
        db = Database(database)
        run(db.__aenter__())
        times = app.WorkerSettings(database_url=database, event_bus="shop", queue_url_prefix="")
        deps = Payments(
            db,
            Provider(db, times.payment_latency),
            times.payment_try_timeout,
            times.order_stuck_after,
            times.cart_abandoned_after,
        )
        yield OrdersUnderTest(api, emulator, database, deps, neighbours)
        run(db.__aexit__())
        run(api.__aexit__())
        server.close()


@pytest.fixture(autouse=True)
def neighbours(shop: OrdersUnderTest):
    """Neighbours in good health at the beginning of each test."""
    shop.neighbours.down = shop.neighbours.silent = False
    shop.neighbours.stock.clear()
    return shop.neighbours
