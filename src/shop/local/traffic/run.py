"""One run: Locust's users on the gateway, a live table, and at the end the truth about what they did."""

import json
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import LocalRunner

from shop.local.language import say
from shop.local.traffic.day import DAY, busyness
from shop.local.traffic.journeys import Customer, Keeper
from shop.local.traffic.ledger import ENDED, Ledger
from shop.local.traffic.mailbox import Mailbox
from shop.local.traffic.shopper import Account, World
from shop.local.traffic.table import Table

__all__ = ["Plan", "run"]

LAST_VISITS = 60.0  # seconds that visits under way may take to end
SETTLES = 90.0  # seconds that orders may take to come to rest
COMES = 1.0  # seconds between two people who come for the first time


@dataclass(frozen=True, slots=True)
class Plan:
    """Who plays, where, for how long. `seconds` 0: until a signal comes, through the real day."""

    gateway: str
    console: str
    accounts: Path
    users: int
    seconds: float
    seed: int
    pace: float
    most_accounts: int
    truth: Path | None


def run(plan: Plan) -> int:
    """Play, settle, tell; the exit code."""
    operator = json.loads(plan.accounts.read_text())["operator"]
    world = World(
        seed=plan.seed,
        ledger=Ledger(),
        mailbox=Mailbox(plan.console),
        operator=Account(operator["email"], "ja", operator["password"]),
        most_accounts=plan.most_accounts,
    )
    learn_categories(world, plan.gateway)
    Customer.world = Keeper.world = world
    environment = Environment(user_classes=[Customer, Keeper], host=plan.gateway, stop_timeout=LAST_VISITS)
    runner = environment.create_local_runner()
    begun = datetime.now(UTC)
    with suppress(KeyboardInterrupt):  # the end that somebody asked for is an end like any other
        play(plan, world, runner)
    world.hurry = True
    runner.stop()
    if plan.truth is None:
        return 0
    unsettled = settle(plan, world)
    write_truth(plan, world.ledger, begun, unsettled)
    return 0


def learn_categories(world: World, gateway: str) -> None:
    """What shelves there are, and below which root each stands."""
    world.categories = get(f"{gateway}/categories")["items"]
    world.ledger.roots = {each["id"]: each["path"][0] for each in world.categories}


def play(plan: Plan, world: World, runner: LocalRunner) -> None:
    """Let people come and go until the time is over."""
    runner.start(plan.users + 1, spawn_rate=max(1.0, plan.users / 30) / COMES)
    begun = time.monotonic()
    with Table(runner.environment, plan.seconds, shown=plan.truth is not None) as table:
        while not plan.seconds or time.monotonic() - begun < plan.seconds:
            world.pace = plan.pace / busyness(second_of_day(plan, time.monotonic() - begun))
            table.show(time.monotonic() - begun)
            gevent.sleep(0.5)


def second_of_day(plan: Plan, gone: float) -> float:
    """A run with an end is a whole day, from early morning on; one without follows the clock."""
    if plan.seconds:
        return DAY * (0.25 + gone / plan.seconds)
    now = datetime.now().astimezone()
    return now.hour * 3600.0 + now.minute * 60 + now.second


def settle(plan: Plan, world: World) -> list[str]:
    """Wait until every order has come to rest, and note how it went; those that have not."""
    ledger = world.ledger
    body = {"email": world.operator.email, "password": world.operator.password}
    token = get(f"{plan.gateway}/auth/login", body=body)["accessToken"]
    ledger.note("logins", "success")
    deadline, waiting = time.monotonic() + SETTLES, list(ledger.orders)
    while waiting and time.monotonic() < deadline:
        waiting = [order_id for order_id in waiting if not at_rest(plan, ledger, order_id, token)]
        gevent.sleep(0.5 if waiting else 0)
    ledger.count_orders()
    return waiting


def at_rest(plan: Plan, ledger: Ledger, order_id: str, token: str) -> bool:
    """Whether an order will not move by itself any more; if so, its story is noted."""
    order = get(f"{plan.gateway}/orders/{order_id}", token)
    if order["status"] not in ENDED or (order["status"] == "CANCELLED" and order["payment"]["status"] == "APPROVED"):
        return False
    ledger.settled(order, get(f"{plan.gateway}/orders/{order_id}/events?limit=100", token)["items"])
    return True


def get(url: str, token: str | None = None, body: Any = None) -> Any:
    """The JSON at an address of the shop; with a body it is a POST."""
    headers = {"Content-Type": "application/json", "X-Synthetic": "test"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None, headers)  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own, on this machine
        return json.load(answer)


def write_truth(plan: Plan, ledger: Ledger, begun: datetime, unsettled: list[str]) -> None:
    """The file that the observability points are held against."""
    assert plan.truth is not None  # noqa: S101 - whoever calls has looked
    told = {
        "from": begun.isoformat(timespec="milliseconds"),
        "to": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "users": plan.users,
        "seed": plan.seed,
        "orders": {
            status: sum(o.passed[-1] == status for o in ledger.orders.values()) for status in ("PLACED", *ENDED)
        },
        "unsettled": unsettled,
        "points": ledger.points(),
        "facts": dict(sorted(ledger.facts.items())),
    }
    plan.truth.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    sys.stderr.write(say(f"記録: {plan.truth}", f"the truth about this run: {plan.truth}") + "\n")
