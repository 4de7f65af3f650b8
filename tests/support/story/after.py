"""What happens after the window: a worker is killed under an order, and everything there is gets touched."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
from tests.support.client import until
from tests.support.story.crowd import DOMAIN, crowd
from tests.support.story.robots import MARK, Robots
from tests.support.story.script import LONG, Story
from tests.support.up import Up

from shop.contracts.routes import ROUTES
from shop.telemetry import names

__all__ = ["Afterwards"]

PRODUCTS, USERS = 1000, 300
PAYING = ("killed_paying", "killed_paying_too", "killed_paying_as_well")


class Afterwards:
    """The end of a story, in which nothing is counted."""

    def __init__(self, story: Story, up: Up, data: Path) -> None:
        self.story, self.up, self.data = story, up, data

    def tell(self) -> None:
        """All of it."""
        self.kill_a_worker()
        self.kill_a_paying_worker()
        robots = Robots(self.up.info, self.story.sentinels)
        robots.begin(self.story.products["plenty"], self.story.products["last"])
        self.story.told.robots = robots.ids
        self.touch_everything()
        self.wait_for_time()
        for name in PAYING:
            self.until_mailed(name)
        self.story.settle()

    def kill_a_worker(self) -> None:
        """The orders worker dies between an order's commit and its way into the queue; the next worker goes on."""
        story, worker = self.story, self.up.info["pids"]["orders-worker"]
        person = story.buyers[0]
        story.fill(person, "plenty")
        os.kill(worker, signal.SIGSTOP)
        story.order(person, "killed")
        os.kill(worker, signal.SIGKILL)
        self.until_mailed("killed")

    def kill_a_paying_worker(self) -> None:
        """The next one dies while it waits for the provider, for several orders; they are paid at the second try."""
        story = self.story
        for name, person in zip(PAYING, story.buyers, strict=False):
            story.fill(person, "plenty")
            story.order(person, name, "tok_slow")
        orders = [story.placed[name]["id"] for name in PAYING]
        until(lambda: asyncio.run(self.asked(orders)) == len(PAYING), seconds=LONG, every=0.005)
        processes = story.shop.call("GET", "/api/processes", base=self.up.info["console"]).json["items"]
        (worker,) = [each["pid"] for each in processes if each["name"] == "orders-worker"]
        os.kill(worker, signal.SIGKILL)

    async def asked(self, orders: list[str]) -> int:
        """For how many of these orders the provider has been asked for the money."""
        connection = await asyncpg.connect(self.up.info["postgres"]["orders"])
        try:
            asked = "select count(*) from provider_charges where key = any($1::text[])"
            return int(await connection.fetchval(asked, orders))
        finally:
            await connection.close()

    def until_mailed(self, name: str) -> None:
        """Wait until an order is confirmed, and its customer has been told."""
        story = self.story
        assert story.end(name)["status"] == "CONFIRMED"
        trace = story.told.orders[name]
        until(lambda: "SESv2.SendEmail" in {span.name for span in story.collector.trace(trace)}, seconds=LONG)

    def touch_everything(self) -> None:
        """Many products and users, and every route there is, with good ids and bad."""
        story, shop = self.story, self.story.shop
        seed = [sys.executable, "-m", "shop.cli", "seed", "--data", str(self.data), "--products", str(PRODUCTS)]
        subprocess.run(seed, check=True, capture_output=True, timeout=LONG)
        token = story.admin.token
        products = self.every_product()
        for product in products[:PRODUCTS]:
            shop.call("GET", f"/products/{product}")
        for start in range(0, PRODUCTS, 100):
            shop.call("GET", f"/inventory?productIds={','.join(products[start : start + 100])}")
        crowd(self.up.info, USERS, products[:PRODUCTS], story.products["plenty"])
        story.sentinels.add(DOMAIN)
        for number in range(USERS):
            shop.call("GET", f"/no/such/path/{number}")
            if number % 10 == 0:
                shop.call("POST", "/auth/login", {"email": f"himitsu-{number}@example.jp", "password": "Wrong-1234"})
        for route in ROUTES:
            path = re.sub(r"{\w+}", "0199c0de-0000-7000-8000-000000000000", route.path)
            for who in (None, token):
                shop.call(route.method, path, {} if route.method in ("POST", "PUT") else None, token=who)

    def wait_for_time(self) -> None:
        """What the robots have left comes to its end."""
        marked: dict[str, Any] = {names.USER_AGENT_SYNTHETIC_TYPE.replace(".", "__"): MARK}
        self.story.wait_for(names.ORDERS_CARTS, 1, shop__cart__outcome="abandoned", **marked)
        self.story.wait_for(names.USERS_REGISTRATIONS, 1, shop__registration__stage="expired", **marked)
        self.story.wait_for(names.USERS_SESSION_DURATION, 1, shop__session__end="expired", **marked)

    def every_product(self) -> list[str]:
        """The ids of all products."""
        found: list[str] = []
        following: str | None = ""
        while following is not None and len(found) < PRODUCTS:
            page = self.story.shop.call("GET", f"/products?limit=100{following}").json
            found += [item["id"] for item in page["items"]]
            following = f"&nextToken={page['nextToken']}" if page["nextToken"] else None
        return found
