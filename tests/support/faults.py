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
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.support.client import Answer, Person, Shop, until
from tests.support.otlp import Receiver
from tests.support.processes import descendants
from tests.support.reckoning import Account, Order, Outcome

from shop.contracts.topology import QUEUES
from shop.runtime.aws import Aws

__all__ = ["KINDS", "Plan", "trial"]

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
