"""What came of orders that were disturbed: orders, provider, stock, mailbox and dead letters, added up."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from tests.support.client import Person, Shop
from tests.support.otlp import Receiver

from shop.contracts.topology import QUEUES, dead_letter_queue
from shop.runtime.aws import Aws

__all__ = ["Account", "Order", "Outcome"]

REST = "select id from orders where id = any($1::text[]) and not at_rest"
BOOKS = "select key, kind, amount from provider_ledger where key = any($1::text[])"
COUNT = "select count(*) from orders"


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
        self.patience = 0.0

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
        self.patience = patience
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
        """Stock is what its ledger and the open orders say, ours and inventory's, once the last release has come."""
        end = time.monotonic() + self.patience
        while (wrong := self.reserved_for_others()) and time.monotonic() < end:
            time.sleep(0.5)
        self.outcome.expect("products reserved for other orders than the confirmed ones", wrong)
        command = [sys.executable, "-m", "shop.cli", "inventory", "audit", "--json", "--data", str(data)]
        audit = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
        self.outcome.expect("products whose stock is not what ledger and reservations say", audit["differences"])

    def reserved_for_others(self) -> list[tuple[str, int, int]]:
        """Products of which more or less is reserved than confirmed orders hold."""
        wanted: Counter[str] = Counter()
        for order in self.now.values():
            for item in order["items"]:
                wanted[item["productId"]] += item["quantity"] if order["status"] == "CONFIRMED" else 0
        reserved = {product: self.shop.call("GET", f"/inventory/{product}").json["reserved"] for product in wanted}
        return [(each, reserved[each], wanted[each]) for each in wanted if reserved[each] != wanted[each]]

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
