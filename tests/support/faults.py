"""A shop whose processes are killed while customers order, and the account of what came of it.

Buyers order over HTTP as careful clients do: what got no answer is asked again, `POST /orders` with the same key. A
killer ends a process of the shop every second, by SIGKILL, until every kind of process was hit. Then all is left in
peace, and what orders, provider, stock and mailbox say is added up. Linux: processes are found in /proc.
"""

import asyncio
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from tests.support.client import Answer, Person, Shop, until
from tests.support.otlp import Receiver
from tests.support.processes import descendants

from shop.contracts.topology import QUEUES, dead_letter_queue
from shop.runtime.aws import Aws

__all__ = ["KINDS", "Outcome", "Plan", "trial"]

KINDS = {  # what is killed, and what its command line holds
    "gateway": "shop.local.gateway",
    "catalog": "shop.catalog.app:api",
    "orders": "shop.orders.app:api",
    "catalog-worker": "shop.catalog.app:worker",
    "orders-worker": "shop.orders.app:worker",
    "lambda-host": "shop.local.lambda_host",
    "function": "",
    "postgres": "/postgres -D ",
}
PLENTY = 1_000_000
YOUNG = 5.0  # seconds
SCARCE = 5  # pieces of a product that more want
REST = "select id from orders where id = any($1::text[]) and not at_rest"
BOOKS = "select key, kind, amount from provider_ledger where key = any($1::text[])"
COUNT = "select count(*) from orders"


@dataclass(frozen=True)
class Plan:
    """How much is ordered, how long it is disturbed at least, and how long it may take to come to rest.

    `to_the_end`: as long as anybody orders, else until every kind of process was hit.
    """

    orders: int
    seconds: float
    patience: float
    to_the_end: bool = True
    visibility: int | None = None  # seconds until SQS gives out again what a dead consumer had; None: as it is
    seed: int = 1


@dataclass
class Order:
    """One order as its buyer knows it."""

    id: str
    buyer: Person
    token: str
    body: bytes = b""
    cancelled: bool = False


@dataclass
class Outcome:
    """What came of it: the table's rows, and what should not be."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    def tell(self, name: str, value: Any) -> None:
        self.rows.append((name, str(value)))

    def expect(self, name: str, found: Sequence[Any]) -> None:
        """A row that should count nothing; what it found is wrong."""
        self.tell(name, len(found))
        if found:
            self.wrong.append(f"{name}: {list(found)[:5]}")

    def table(self) -> str:
        """The rows, one a line."""
        width = max(len(name) for name, _ in self.rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.rows)


class Killer(threading.Thread):
    """Ends a process a second, at random, but no kind a second time before every kind was hit.

    None that has just begun: on a machine that is busy with other things, none would ever be there.
    """

    def __init__(self, shop: Shop, data: Path, plan: Plan, wanted: threading.Event) -> None:
        super().__init__(name="killer", daemon=True)
        self.supervisor: int = shop.info["pids"]["supervisor"]
        self.host = f"http://127.0.0.1:{json.loads((data / 'ports.json').read_text())['lambda-host']}/environments"
        self.plan, self.wanted, self.random = plan, wanted, random.Random(plan.seed)
        self.kills: Counter[str] = Counter()
        self.bag: list[str] = []

    def run(self) -> None:
        """Kill until all is ordered, all kinds are hit, and the time is over."""
        end = time.monotonic() + self.plan.seconds
        while time.monotonic() < end or len(self.kills) < len(KINDS) or (self.plan.to_the_end and self.wanted.is_set()):
            if not self.bag:
                self.bag = self.random.sample(sorted(KINDS), len(KINDS))
            self.kill(self.bag.pop())
            time.sleep(1)

    def kill(self, kind: str) -> None:
        """End one process of this kind, if one runs just now; if not, its turn comes again."""
        pids = self.functions() if kind == "function" else self.processes(KINDS[kind])
        if not pids:
            self.bag.insert(0, kind)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.random.choice(pids), signal.SIGKILL)
            self.kills[kind] += 1

    def processes(self, mark: str) -> list[int]:
        """The eldest with this mark: of the Lambda host, not what it has forked."""
        there = [pid for pid, command in sorted(descendants(self.supervisor).items()) if mark in command]
        return [pid for pid in there[:1] if age(pid) > YOUNG]

    def functions(self) -> list[int]:
        """The environments of all functions."""
        try:
            with urllib.request.urlopen(self.host, timeout=1) as answer:
                return list(json.load(answer).values())
        except OSError:
            return []


class Buyer(threading.Thread):
    """A customer who orders again and again."""

    def __init__(
        self, person: Person, products: Sequence[str], scarce: str, numbers: Iterator[int], plan: Plan
    ) -> None:
        super().__init__(name=f"buyer {person.email}", daemon=True)
        self.person, self.products, self.scarce, self.numbers, self.plan = person, products, scarce, numbers, plan
        self.shop = person.shop
        self.random = random.Random(person.email)
        self.address = person.address()
        self.orders: list[Order] = []
        self.failure: BaseException | None = None
        self.repeated = 0

    def run(self) -> None:
        """Order as long as there is something to order."""
        try:
            for number in self.numbers:
                self.buy(number)
        except BaseException as error:  # noqa: BLE001 - raised in the test
            self.failure = error
        finally:
            self.shop.close()

    def buy(self, number: int) -> None:
        """One order: most are paid, some are declined, flaky or called off, some want what is scarce."""
        token = ("tok_declined", "tok_flaky", *["tok_visa"] * 8)[number % 10]
        product = self.scarce if number % 10 == 5 else self.products[number % len(self.products)]
        path = f"/carts/{self.person.id}/items"
        if self.patiently("POST", path, {"productId": product, "quantity": 1}).status != 201:  # the scarce one is gone
            added = self.patiently("POST", path, {"productId": self.products[0], "quantity": 1})
            assert added.status == 201, added.body
        body = {"addressId": self.address, "payment": {"method": "card", "token": token}}
        answer = self.patiently("POST", "/orders", body, key=uuid4().hex)
        assert answer.status == 201, answer.body
        order = Order(answer.json["id"], self.person, token, answer.body)
        self.orders.append(order)
        if number % 10 == 7:
            time.sleep(self.random.uniform(0, 0.5))
            gone = self.patiently("POST", f"/orders/{order.id}/cancel", {"reason": "気が変わった"})
            assert gone.status == 202, gone.body
            order.cancelled = True
        pace = self.plan.seconds / self.plan.orders * 8
        time.sleep(self.random.uniform(0.5, 1) * pace)

    def patiently(self, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        """An exchange, repeated until somebody answers."""
        end = time.monotonic() + self.plan.patience
        while True:
            try:
                answer = self.person.call(method, path, body, headers={"Idempotency-Key": key} if key else {})
                if answer.status not in (429, 502, 503, 504):
                    return answer
            except (OSError, http.client.HTTPException):
                self.shop.close()
            assert time.monotonic() < end, f"no answer to {method} {path} in {self.plan.patience} s"
            self.repeated += 1
            time.sleep(0.2)


def age(pid: int) -> float:
    """Seconds since a process began; 0 when it is gone."""
    try:
        began = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return float(Path("/proc/uptime").read_text().split()[0]) - began / os.sysconf("SC_CLK_TCK")


def trial(shop: Shop, data: Path, receiver: Receiver, plan: Plan) -> Outcome:
    """Order, disturb, wait until all is at rest, and add up."""
    settings: dict[str, str] = json.loads((data / "running.json").read_text())["seeding"]
    os.environ |= {name: value for name, value in settings.items() if name.startswith("AWS_")}
    receiver.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # some senders die while they send
    if plan.visibility is not None:
        asyncio.run(give_out_again(settings["QUEUE_URL_PREFIX"], plan.visibility))
    operator = shop.login(**shop.info["operator"])
    products = stocked(shop, operator)
    outcome = Outcome()
    wanted = threading.Event()
    wanted.set()
    killer = Killer(shop, data, plan, wanted)
    numbers = Numbers(plan.orders)
    buyers = [Buyer(person, products[1:], products[0], numbers, plan) for person in people(shop)]
    begun = time.monotonic()
    for thread in (killer, *buyers):
        thread.start()
    for buyer in buyers:
        buyer.join()
        if buyer.failure:
            raise buyer.failure
    wanted.clear()
    killer.join()
    outcome.kills = killer.kills
    outcome.tell(
        "processes killed", f"{killer.kills.total()} ({', '.join(f'{n} {k}' for k, n in sorted(killer.kills.items()))})"
    )
    orders = [order for buyer in buyers for order in buyer.orders]
    outcome.tell("requests asked again", sum(buyer.repeated for buyer in buyers))
    outcome.tell("orders accepted", len(orders))
    calm = time.monotonic()
    until(lambda: ready(shop), seconds=plan.patience, every=0.2)
    account = Account(shop, operator, orders, settings, receiver, outcome)
    account.wait(plan.patience)
    outcome.tell("seconds disturbed, and until all was at rest", f"{calm - begun:.0f}, {time.monotonic() - calm:.0f}")
    account.add_up(data)
    for buyer in buyers:
        buyer.shop.close()
    return outcome


class Numbers:
    """0, 1, 2 ... for several threads."""

    def __init__(self, count: int) -> None:
        self.left, self.lock = iter(range(count)), threading.Lock()

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        with self.lock:
            return next(self.left)


def ready(shop: Shop) -> bool:
    """Whether everything answers."""
    try:
        return shop.call("GET", "/health/ready").status == 200
    except (OSError, http.client.HTTPException):
        shop.close()
        return False


def stocked(shop: Shop, operator: Person) -> list[str]:
    """A scarce product, and some of which there is plenty."""
    products = [product["id"] for product in shop.call("GET", "/products?limit=10").json["items"]]
    for product in products:
        answer = operator.call("PUT", f"/inventory/{product}", {"onHand": SCARCE if product == products[0] else PLENTY})
        assert answer.status == 200, answer.body
    return products


def people(shop: Shop) -> list[Person]:
    """Eight customers, each with connections of their own."""
    seeded = [Shop(shop.info).login(**each) for each in shop.info["customers"]]
    return seeded + [Shop(shop.info).register() for _ in range(8 - len(seeded))]


async def give_out_again(prefix: str, seconds: int) -> None:
    """Have SQS give out after so long what a dead consumer had taken; the time of a deployment is a minute."""
    async with Aws() as aws:
        for queue in QUEUES:
            attributes = {"VisibilityTimeout": str(seconds)}
            await aws.call("sqs", "SetQueueAttributes", QueueUrl=prefix + queue.name, Attributes=attributes)


class Account:
    """What orders, provider, stock and mailbox say in the end."""

    def __init__(
        self,
        shop: Shop,
        operator: Person,
        orders: Sequence[Order],
        settings: dict[str, str],
        receiver: Receiver,
        outcome: Outcome,
    ) -> None:
        self.shop, self.operator, self.orders, self.outcome = shop, operator, orders, outcome
        self.settings, self.receiver = settings, receiver
        self.ids = [order.id for order in orders]
        self.now: dict[str, dict[str, Any]] = {}

    def fetch(self, statement: str, *args: Any) -> list[Any]:
        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.shop.info["postgres"]["orders"])
            try:
                return list(await connection.fetch(statement, *args))
            finally:
                await connection.close()

        return asyncio.run(ask())

    def wait(self, patience: float) -> None:
        """Until every order is at rest and its mails are sent, or patience ends: then the account shows what is not."""
        end = time.monotonic() + patience
        while time.monotonic() < end and (self.fetch(REST, self.ids) or self.missing_mails()):
            time.sleep(0.5)

    def missing_mails(self) -> list[str]:
        """Which mails should have been sent and were not, as notifications knows."""
        sent = self.sent()
        return [f"{order} {kind}" for order, kind in self.due() if (order, kind) not in sent]

    def due(self) -> set[tuple[str, str]]:
        """The mails that there have to be, by order."""
        found = self.fetch("select order_id, type from order_events where order_id = any($1::text[])", self.ids)
        kinds = {"OrderConfirmed": "ORDER_CONFIRMATION", "OrderCancelled": "ORDER_CANCELLATION"}
        return {(row["order_id"], kinds[row["type"]]) for row in found if row["type"] in kinds}

    def sent(self) -> dict[tuple[str, str], list[str]]:
        """The notifications that were sent, by order and type: their ids."""
        found: dict[tuple[str, str], list[str]] = {}
        path = "/notifications?limit=100"
        token: str | None = ""
        while token is not None:
            page = self.operator.call("GET", path + (f"&nextToken={token}" if token else "")).json
            for item in page["items"]:
                if item["status"] in ("SENT", "OPENED") and item.get("orderId"):
                    found.setdefault((item["orderId"], item["type"]), []).append(item["id"])
            token = page["nextToken"]
        return found

    def add_up(self, data: Path) -> None:
        """The rows of the table."""
        self.now = {order.id: order.buyer.call("GET", f"/orders/{order.id}").json for order in self.orders}
        statuses = Counter(order.get("status", "absent") for order in self.now.values())
        self.outcome.tell("of these", ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())))
        self.outcome.expect("orders lost", [id_ for id_, order in self.now.items() if "status" not in order])
        self.outcome.expect("orders beyond those accepted", range(self.fetch(COUNT)[0]["count"] - len(self.ids)))
        self.outcome.expect("orders stuck", [row["id"] for row in self.fetch(REST, self.ids)])
        self.streams()
        self.money()
        self.mails()
        self.stock(data)
        self.dead_letters()
        self.rebuilt(data)

    def rebuilt(self, data: Path) -> None:
        """Read rows that are thrown away come back as they were."""
        before = self.fetch("select * from orders order by id")
        command = [sys.executable, "-m", "shop.cli", "orders", "rebuild", "--data", str(data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            self.outcome.wrong.append(f"shop orders rebuild: {done.stderr}")
        after = self.fetch("select * from orders order by id")
        differ = [one["id"] for one, other in zip(before, after, strict=False) if tuple(one) != tuple(other)]
        self.outcome.expect("read rows that a rebuild changes", differ + [""] * abs(len(before) - len(after)))

    def streams(self) -> None:
        """Events fold to what is shown; whoever was cancelled stays so."""
        wrong = []
        for order in self.orders:
            events = order.buyer.call("GET", f"/orders/{order.id}/events").json["items"]
            folded: dict[str, Any] = {}
            for event in events:
                folded = patched(folded, event["data"])
            if folded != without_nulls(self.now[order.id]) or [e["seq"] for e in events] != list(
                range(1, len(events) + 1)
            ):
                wrong.append(order.id)
        self.outcome.expect("streams that do not fold to their order", wrong)
        revived = [order.id for order in self.orders if order.cancelled and self.now[order.id]["status"] != "CANCELLED"]
        self.outcome.expect("cancelled orders that went on", revived)

    def money(self) -> None:
        """One capture for a confirmed order; for a cancelled one none, or one that went back."""
        books: dict[str, list[tuple[str, int]]] = {}
        for row in self.fetch(BOOKS, self.ids):
            books.setdefault(row["key"], []).append((row["kind"], row["amount"]))
        double, wrong, held = [], [], 0
        for id_, order in self.now.items():
            captured = [amount for kind, amount in books.get(id_, ()) if kind == "CAPTURE"]
            refunded = [amount for kind, amount in books.get(id_, ()) if kind == "REFUND"]
            held += sum(captured) - sum(refunded)
            if len(captured) > 1:
                double.append(id_)
            if sum(captured) - sum(refunded) != (order["total"]["amount"] if order["status"] == "CONFIRMED" else 0):
                wrong.append(id_)
        owed = sum(order["total"]["amount"] for order in self.now.values() if order["status"] == "CONFIRMED")
        self.outcome.expect("double payments", double)
        self.outcome.expect("orders whose money does not add up", wrong)
        self.outcome.tell("yen the provider holds, yen of confirmed orders", f"{held:,}, {owed:,}")

    def mails(self) -> None:
        """Every mail that is due exactly once, unless it was counted as uncertain."""
        sent = self.sent()
        self.outcome.expect("mails missing", self.missing_mails())
        self.outcome.expect("causes with two notifications", [key for key, ids in sent.items() if len(ids) > 1])
        boxes = self.shop.call("GET", "/_ministack/ses/messages", base=self.shop.info["emulator"]).json["messages"]
        texts = [json.dumps(mail) for box in boxes.values() for mail in box]
        copies = {ids[0]: sum(ids[0] in text for text in texts) for ids in sent.values()}
        self.outcome.expect("mails on record that nobody got", [id_ for id_, count in copies.items() if count == 0])
        second = sum(count - 1 for count in copies.values() if count > 1)
        uncertain = int(self.receiver.total("shop.notifications.mails", shop__outcome="uncertain"))
        self.outcome.tell("mails, second ones, counted as uncertain", f"{sum(copies.values())}, {second}, {uncertain}")
        if second > uncertain:
            self.outcome.wrong.append(f"{second} second mails, {uncertain} counted as uncertain")

    def stock(self, data: Path) -> None:
        """Stock is what its ledger and the open orders say, ours and inventory's."""
        command = [sys.executable, "-m", "shop.cli", "inventory", "audit", "--json", "--data", str(data)]
        audit = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
        self.outcome.expect("products whose stock is not what ledger and reservations say", audit["differences"])
        wanted: Counter[str] = Counter()
        for order in self.now.values():
            if order["status"] == "CONFIRMED":
                for item in order["items"]:
                    wanted[item["productId"]] += item["quantity"]
        touched = {item["productId"] for order in self.now.values() for item in order["items"]}
        reserved = {product: self.shop.call("GET", f"/inventory/{product}").json["reserved"] for product in touched}
        wrong = [
            (product, reserved[product], wanted[product]) for product in touched if reserved[product] != wanted[product]
        ]
        self.outcome.expect("products reserved for other orders than the confirmed ones", wrong)

    def dead_letters(self) -> None:
        """Nothing was given up."""

        async def ask() -> list[str]:
            found = []
            async with Aws() as aws:
                for queue in QUEUES:
                    url = self.settings["QUEUE_URL_PREFIX"] + dead_letter_queue(queue.name)
                    name = "ApproximateNumberOfMessages"
                    told = await aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=[name])
                    found += [queue.name] * int(told["Attributes"][name])
            return found

        self.outcome.expect("dead letters", asyncio.run(ask()))


def patched(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396, independent of the shop's own."""
    result = dict(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = patched(result[name] if isinstance(result.get(name), dict) else {}, value)
        else:
            result[name] = value
    return result


def without_nulls(value: Any) -> Any:
    """Members that are null count as absent."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(member) for member in value] if isinstance(value, list) else value
