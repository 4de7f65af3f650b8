"""The story itself. Every chapter adds what it does to `facts`: what the metrics must then say."""

import json
import time
from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import boto3
import msgspec
from tests.support.client import Person, until
from tests.support.otlp import Receiver
from tests.support.story.people import NAME, PASSWORD, REASON, Sentinels, Visitor, enroll
from tests.support.story.telling import Told

from shop.contracts.events import OrderConfirmed, UserConfirmed
from shop.contracts.messages import encode, envelope
from shop.contracts.shapes import Order
from shop.telemetry import names
from shop.telemetry.samples import Window

__all__ = ["SETTINGS", "Story"]

SETTINGS = {
    "EXPORT_EVERY": "200ms",
    "SWEEP_EVERY": "1s",
    "CART_ABANDONED_AFTER": "6s",
    "REGISTRATION_EXPIRES_AFTER": "25s",
    "SESSION_TTL": "20s",
    "PAYMENT_TRY_TIMEOUT": "4s",
}
SESSION = "0199c0de-5e55-4000-8000-000000000000"
LONG = 120.0  # seconds until a hang is taken for one


class Story:
    """A shop, its people, and what they have done so far."""

    def __init__(self, shop: Visitor, collector: Receiver) -> None:
        self.shop, self.collector = shop, collector
        self.told = Told()
        self.sentinels = Sentinels()
        self.counts: dict[str, Counter[str]] = {}
        self.admin = shop.login(**shop.info["admin"])
        self.operator = shop.login(**shop.info["operator"])
        self.buyers: list[Person] = []
        seeded = [shop.login(**customer).id for customer in shop.info["customers"]]
        self.users = [self.admin.id, self.operator.id, *seeded]  # everybody whose sessions have to end
        self.placed: dict[str, dict[str, Any]] = {}

    def note(self, what: str, key: str = "", n: int = 1) -> None:
        """Something that a metric has to count."""
        self.counts.setdefault(what, Counter())[key] += n

    def of(self, what: str) -> dict[str, int]:
        """What was noted."""
        return dict(self.counts.get(what, Counter()))

    # -------------------------------------------------------------------------------------------- before the window

    def set_up(self) -> None:
        """Products and buyers, and then silence: nothing of this counts."""
        self.root = self.shop.must(200, "GET", "/categories?tree=true").json["items"][0]["id"]
        stocks = {"plenty": 1000, "second": 1000, "last": 3, "none": 0, "alert": 8}
        self.products = {name: self.product(name, stock) for name, stock in stocks.items()}
        self.draft = self.product("draft", 0, status="draft")
        for _ in range(6):
            person = enroll(self.shop, self.sentinels)
            assert isinstance(person, Person)
            self.buyers.append(person)
            self.users.append(person.id)
        for person in self.buyers:
            person.address_id = person.address()  # type: ignore[attr-defined]
        self.until_known()
        self.settle()

    def product(self, name: str, stock: int, **more: Any) -> str:
        """The id of a new product."""
        body = {
            "sku": f"STORY-{uuid4().hex[:8]}",
            "name": f"物語の{name}",
            "price": {"amount": 2500, "currency": "JPY"},
            "categoryId": self.root,
            "status": "active",
            "initialStock": stock,
        } | more
        return str(self.shop.must(201, "POST", "/products", body, token=self.admin.token).json["id"])

    def until_known(self) -> None:
        """Wait until every service has heard of the products and people."""
        for queue, ids in (
            ("inventory-events", {*self.products.values(), self.draft}),
            ("orders-events", {*self.products.values(), self.draft}),
            ("notifications-events", {person.id for person in self.buyers}),
            ("catalog-events", set(self.products.values())),
        ):
            until(lambda queue=queue, ids=ids: ids <= self.handled(queue), seconds=LONG)  # type: ignore[misc]

    def handled(self, queue: str) -> set[str]:
        """The aggregates of messages from a queue that were handled."""
        spans = [span for span in list(self.collector.spans) if span.name == f"process {queue}"]
        return {str(span.attributes.get(names.EVENT_AGGREGATE_ID)) for span in spans}

    def settle(self) -> None:
        """Wait until what happened so far has been told: the sender of each process has gone round more than once."""
        for _ in range(2):
            answers = [self.admin.call("GET", path) for path in ("/categories", f"/carts/{self.admin.id}")]
            traces = {answer.headers["x-trace-id"] for answer in answers}
            until(lambda traces=traces: traces <= {span.trace_id for span in list(self.collector.spans)}, seconds=LONG)  # type: ignore[misc]
            time.sleep(0.5)

    # ---------------------------------------------------------------------------------------------------- the window

    def tell(self) -> None:
        """Everything that counts."""
        begun = whole_milliseconds(time.time_ns())
        self.shop.calls.clear()
        self.unconfirmed = str(enroll(self.shop, self.sentinels, confirmed=False))
        self.note("registrations", "started")
        self.note("registrations", "expired")
        self.buy_slowly()
        self.leave_carts()
        self.look_around()
        self.search()
        self.come_and_go()
        self.keep_stock()
        self.buy()
        self.hear_from_outside()
        self.change_orders()
        self.open_mails()
        self.come_back()
        self.until_all_is_told()
        self.settle()
        self.told.window = Window(begun, whole_milliseconds(time.time_ns()))
        self.told.calls = list(self.shop.calls)
        self.told.facts = {what: dict(counts) for what, counts in self.counts.items()} | {
            "sessions": self.ended_sessions(begun),
            "root": self.root,
            "synthetic_trace": self.synthetic_trace,
            "session_trace": self.session_trace,
        }

    def look_around(self) -> None:
        """Detail pages and categories: what counts as a view, and what does not."""
        path = f"/products/{self.products['plenty']}"
        for _ in range(5):
            answer = self.shop.must(200, "GET", path)
            self.note("product_views")
        self.shop.must(304, "GET", path, headers={"If-None-Match": answer.headers["etag"]})
        self.note("product_views")
        answer = self.shop.must(200, "GET", path, headers={"X-Synthetic": "test"})
        self.note("product_views", "test")
        self.synthetic_trace = answer.headers["x-trace-id"]
        headers = {"X-Session-Id": SESSION}
        self.session_trace = self.shop.must(200, "GET", path, headers=headers).headers["x-trace-id"]
        self.note("product_views")
        self.shop.must(200, "HEAD", path)
        self.shop.must(200, "GET", path, headers={"User-Agent": "shop-orders/0.1.0"})
        self.shop.must(404, "GET", "/products/no-such-product")
        self.shop.must(200, "GET", f"/products/{self.draft}", token=self.admin.token)
        lists = f"/categories/{self.root}/products?limit=2", f"/products?categoryId={self.root}&limit=2"
        for path in (*lists, lists[0]):
            page = self.shop.must(200, "GET", path)
            self.note("category_views")
        self.shop.must(200, "GET", f"{lists[0]}&nextToken={page.json['nextToken']}")
        self.shop.must(200, "GET", "/products?limit=2")
        self.shop.must(404, "GET", "/categories/no-such-category/products")

    def search(self) -> None:
        """Searches in every script; what they found is what they said."""
        for query, script in (("コーヒー", "kana"), ("珈琲", "kanji"), ("coffee", "latin"), ("コーヒー mill", "mixed"),
                              ("cofee", "latin"), ("xqzvwkj", "latin"), ("xqzvwkj", "latin")):  # fmt: skip
            found = self.shop.must(200, "GET", f"/products/search?q={quote(query)}&limit=1").json
            result = "corrected" if found["correctedQuery"] else "hits" if found["total"] else "none"
            self.note("searches", f"{result} {script}")
            self.note("found", n=found["total"])
            if found["nextToken"]:
                path = f"/products/search?q={quote(query)}&limit=1&nextToken={quote(found['nextToken'])}"
                self.shop.must(200, "GET", path)

    def come_and_go(self) -> None:
        """Registrations, logins good and bad, profiles, and sessions that end in each way."""
        for _ in range(2):
            person = enroll(self.shop, self.sentinels)
            assert isinstance(person, Person)
            self.users.append(person.id)
            for stage in ("started", "confirmed"):
                self.note("registrations", stage)
            self.note("logins", "")
        self.shop.must(422, "POST", "/users", {"email": "no", "password": PASSWORD, "name": NAME})
        one = self.buyers[0]
        for _ in range(2):
            self.bad_login(one.email, "Wrong-password-1", 401, "CREDENTIALS_INVALID")
        nobody = f"himitsu-{uuid4().hex[:12]}@example.jp"
        self.sentinels.add(nobody)
        for _ in range(5):
            self.bad_login(nobody, PASSWORD, 401, "CREDENTIALS_INVALID")
        self.bad_login(nobody, PASSWORD, 429, "RATE_LIMITED")
        self.bad_login(self.unconfirmed, PASSWORD, 403, "USER_NOT_CONFIRMED")
        first, second = (self.shop.login(one.email, PASSWORD) for _ in range(2))
        self.note("logins", "", 2)
        for each in (first, second):
            self.sentinels.add(each.token, each.session["refreshToken"], each.session["idToken"])
        for _ in range(2):
            self.shop.must(
                204, "POST", "/auth/logout", {"refreshToken": first.session["refreshToken"]}, token=first.token
            )
        self.shop.must(204, "DELETE", f"/users/{one.id}/sessions/{second.session['sessionId']}", token=one.token)
        for name in (NAME, f"{NAME}子"):
            self.shop.must(
                200, "PUT", f"/users/{one.id}/profile", {"name": name, "phone": "09098761234"}, token=one.token
            )
            self.note("profile_updates")

    def bad_login(self, email: str, password: str, status: int, code: str) -> None:
        """A login that fails."""
        self.shop.must(status, "POST", "/auth/login", {"email": email, "password": password})
        self.note("logins", code)

    def look(self, status: str, n: int = 1) -> None:
        """Stock checks."""
        self.note("checks", status, n)

    def keep_stock(self) -> None:
        """Looks at stock, an operator's hand, alerts, and customers who wait."""
        plenty, none, alert = (self.products[name] for name in ("plenty", "none", "alert"))
        for _ in range(2):
            self.shop.must(200, "GET", f"/inventory/{none}")
            self.look("OUT_OF_STOCK")
        self.shop.must(200, "GET", f"/inventory?productIds={plenty},{none},no-such-product")
        self.look("IN_STOCK")
        self.look("OUT_OF_STOCK")
        self.shop.must(404, "GET", "/inventory/no-such-product")
        token = self.operator.token
        body = {"productId": alert, "threshold": 4, "email": "himitsu-alert@example.jp"}
        self.sentinels.add("himitsu-alert@example.jp")
        self.shop.must(201, "POST", "/inventory/alerts", body, token=token)
        self.shop.must(200, "PUT", f"/inventory/{alert}", {"adjustment": -4, "reason": REASON}, token=token)
        self.note("movements", "ADJUSTMENT")
        self.note("alerts", n=2)  # the product's own threshold of 5, and the registered one
        self.note("mails", "STOCK_ALERT", 2)
        for person in self.buyers[:2]:
            self.shop.must(201, "POST", f"/inventory/{none}/notify", {}, token=person.token)
            self.shop.must(200, "POST", f"/inventory/{none}/notify", {}, token=person.token)
            self.note("registered")
        self.shop.must(200, "PUT", f"/inventory/{none}", {"onHand": 5}, token=token)
        self.note("movements", "RECEIPT")
        self.note("mails", "BACK_IN_STOCK", 2)

    # --------------------------------------------------------------------------------------------------------- orders

    def fill(self, person: Person, *products: str) -> None:
        """A cart that was empty gets these. Each time inventory is asked about all lines."""
        seen = []
        for product in products:
            seen.append("LOW_STOCK" if product == "last" else "IN_STOCK")
            quantity = 3 if product == "last" else 1
            body = {"productId": self.products[product], "quantity": quantity}
            self.shop.must(201, "POST", f"/carts/{person.id}/items", body, token=person.token)
            for status in seen:
                self.look(status)
        self.note("carts", "created")

    def order(self, person: Person, name: str, token: str = "tok_visa", lines: int = 1) -> None:
        """What is in the cart is ordered."""
        body = {"addressId": person.address_id, "payment": {"method": "card", "token": token}}  # type: ignore[attr-defined]
        headers = {"Idempotency-Key": uuid4().hex}
        answer = self.shop.must(201, "POST", "/orders", body, token=person.token, headers=headers)
        if name == "visa":
            self.shop.must(201, "POST", "/orders", body, token=person.token, headers=headers)  # the first answer again
        self.placed[name] = {**answer.json, "by": person, "lines": lines}
        self.told.orders[name] = answer.headers["x-trace-id"]
        self.note("carts", "converted")
        self.note("transitions", "PLACED")
        self.note("outbox", n=2)
        self.note("stages", "reserve")

    def reserved(self, name: str) -> None:
        """What follows when its stock was reserved."""
        self.note("transitions", "STOCK_RESERVED")
        self.note("movements", "RESERVATION", self.placed[name]["lines"])
        self.note("outbox")
        self.note("stages", "payment")

    def confirmed(self, name: str) -> None:
        """What follows when all goes well."""
        self.reserved(name)
        self.note("transitions", "CONFIRMED")
        self.note("outbox", n=2)
        self.note("stages", "confirm")
        self.note("stages", "notify")
        self.note("mails", "ORDER_CONFIRMATION")

    def unpaid(self, name: str, code: str) -> None:
        """What follows when the payment fails."""
        self.reserved(name)
        self.note("transitions", code)
        self.note("movements", "RELEASE", self.placed[name]["lines"])
        self.note("outbox", n=2)
        self.note("mails", "ORDER_CANCELLATION")

    def buy_slowly(self) -> None:
        """Payments that take their time begin first."""
        for person, token in ((self.buyers[4], "tok_timeout"), (self.buyers[2], "tok_slow")):
            self.fill(person, "plenty")
            self.order(person, token, token)
        self.unpaid("tok_timeout", "PAYMENT_TIMEOUT")
        self.note("payments", "TimeoutError", 3)
        self.confirmed("tok_slow")
        self.note("payments", "")

    def leave_carts(self) -> None:
        """Three carts are left alone, one is emptied."""
        for person in (self.buyers[2], self.buyers[3], self.buyers[4]):
            self.fill(person, "second")
            self.note("carts", "abandoned")
        self.fill(self.buyers[5], "second")
        self.shop.must(204, "DELETE", f"/carts/{self.buyers[5].id}", token=self.buyers[5].token)
        self.note("carts", "emptied")

    def buy(self) -> None:
        """Every other way an order can go."""
        rich, poor, late = self.buyers[0], self.buyers[1], self.buyers[5]
        for name, products in (("visa", ["plenty", "second"]), ("shipped", ["plenty"]), ("cancelled", ["plenty"])):
            self.fill(rich, *products)
            self.order(rich, name, lines=len(products))
            self.confirmed(name)
            self.note("payments", "")
        for token in ("tok_declined", "tok_insufficient_funds"):
            self.fill(poor, "plenty")
            self.order(poor, token, token)
            self.unpaid(token, "PAYMENT_DECLINED")
            self.note("payments", "PAYMENT_DECLINED")
        self.fill(poor, "plenty")
        self.order(poor, "tok_flaky", "tok_flaky")
        self.confirmed("tok_flaky")
        self.note("payments", "ProviderFailed", 2)
        self.note("payments", "")
        self.fill(rich, "last")
        self.fill(late, "last")
        self.order(rich, "last")
        self.confirmed("last")
        self.note("payments", "")
        self.end("last")
        self.order(late, "too_late")
        self.note("transitions", "OUT_OF_STOCK")
        self.note("outbox")
        self.note("mails", "ORDER_CANCELLATION")

    def end(self, name: str) -> dict[str, Any]:
        """An order that has come to rest."""
        order = self.placed[name]
        person: Person = order["by"]
        ended: dict[str, Any] = person.ends(order["id"], seconds=LONG)
        return ended

    def hear_from_outside(self) -> None:
        """Messages that somebody else puts on the queues: an alarm, one that nobody understands, a mail for nobody."""
        access = self.shop.info["aws"]
        client = {
            "endpoint_url": access["endpoint"],
            "region_name": access["region"],
            "aws_access_key_id": access["accessKeyId"],
            "aws_secret_access_key": access["secretAccessKey"],
        }
        sqs = boto3.client("sqs", **client)

        def send(queue: str, body: str) -> None:
            sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)

        send("orders-events", "{no JSON")
        self.note("dead_lettered", "orders-events")
        alarm = {
            "AlarmName": "story",
            "AlarmArn": f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{uuid4()}",
            "NewStateValue": "ALARM",
            "OldStateValue": "OK",
            "StateChangeTime": "2026-11-28T00:00:00.000+0000",
            "NewStateReason": "too much",
        }
        send("alerts-notifications", json.dumps(alarm))
        self.note("mails", "SYSTEM_ALERT")
        ghost = uuid4().hex
        known = UserConfirmed(user_id=ghost, email="himitsu-no-address", name=NAME, locale="ja")
        self.sentinels.add("himitsu-no-address")
        send("notifications-events", encode(envelope(known, aggregate_id=ghost, aggregate_version=1)).decode())
        until(lambda: ghost in self.handled("notifications-events"), seconds=LONG)
        order = self.end("visa") | {"id": ghost, "userId": ghost}
        confirmed = encode(envelope(OrderConfirmed(order=as_order(order)), aggregate_id=ghost, aggregate_version=4))
        send("notifications-events", confirmed.decode())
        self.note("failed_mails", "ORDER_CONFIRMATION")
        sqs.close()

    def change_orders(self) -> None:
        """One is shipped and delivered, one is cancelled by its customer."""
        for name in ("shipped", "cancelled"):
            self.end(name)
        order = self.placed["shipped"]["id"]
        body = {"carrier": "ヤマト", "trackingNumber": "TRACK-1"}
        self.shop.must(201, "POST", f"/orders/{order}/shipments", body, token=self.operator.token)
        self.shop.must(201, "POST", f"/orders/{order}/deliveries", {}, token=self.operator.token)
        self.note("transitions", "SHIPPED")
        self.note("transitions", "DELIVERED")
        self.note("movements", "SHIPMENT")
        self.note("outbox", n=3)
        self.note("mails", "SHIPPING_NOTICE")
        order, person = self.placed["cancelled"]["id"], self.placed["cancelled"]["by"]
        for _ in range(2):
            self.shop.must(202, "POST", f"/orders/{order}/cancel", {"reason": REASON}, token=person.token)
        self.note("transitions", "CUSTOMER_CANCELLED")
        self.note("movements", "RELEASE")
        self.note("outbox", n=3)
        self.note("mails", "ORDER_CANCELLATION")

    def sent(self, kind: str, order: str) -> list[str]:
        """The ids of mails about an order."""
        path = f"/notifications?type={kind}&orderId={order}"
        items = self.shop.must(200, "GET", path, token=self.operator.token).json["items"]
        return [item["id"] for item in items if item["status"] in ("SENT", "OPENED")]

    def open_mails(self) -> None:
        """Three mails are opened, one of them twice, one only by a HEAD."""
        for name, kind in (
            ("visa", "ORDER_CONFIRMATION"),
            ("last", "ORDER_CONFIRMATION"),
            ("shipped", "SHIPPING_NOTICE"),
        ):
            (mail,) = until(lambda name=name, kind=kind: self.sent(kind, self.placed[name]["id"]), seconds=LONG)  # type: ignore[misc]
            for _ in range(2 if name == "visa" else 1):
                self.shop.must(200, "GET", f"/notifications/{mail}/open.gif")
            self.note("opens", kind)
        (mail,) = until(lambda: self.sent("ORDER_CONFIRMATION", self.placed["shipped"]["id"]), seconds=LONG)
        self.shop.must(200, "HEAD", f"/notifications/{mail}/open.gif")

    def come_back(self) -> None:
        """Somebody comes back to a cart that counts as abandoned: it is a new one, and is bought."""
        self.wait_for(names.ORDERS_CARTS, 3, shop__cart__outcome="abandoned")
        person = self.buyers[3]
        items = self.shop.must(200, "GET", f"/carts/{person.id}", token=person.token).json["items"]
        self.look("IN_STOCK")
        path = f"/carts/{person.id}/items/{items[0]['itemId']}"
        self.shop.must(200, "PUT", path, {"quantity": 2}, token=person.token)
        self.look("IN_STOCK")
        self.note("carts", "created")
        self.order(person, "come_back")
        self.confirmed("come_back")
        self.note("payments", "")

    # ------------------------------------------------------------------------------------------------------ its end

    def wait_for(self, metric: str, n: float, **attributes: str) -> None:
        """Wait until a metric has counted so many."""
        self.collector.wait(lambda: self.collector.total(metric, **attributes) >= n, LONG)

    def until_all_is_told(self) -> None:
        """Wait until everything that goes on by itself has come to its end."""
        for name in self.placed:
            self.end(name)
        mails = sum(self.of("mails").values())
        self.wait_for(names.NOTIFICATIONS_MAILS, mails, shop__outcome="success")
        self.wait_for(names.NOTIFICATIONS_MAILS, 1, shop__outcome="failure")
        self.wait_for(names.USERS_REGISTRATIONS, 1, shop__registration__stage="expired")
        self.wait_for(names.INVENTORY_MOVEMENTS, self.of("movements")["RELEASE"], shop__movement__type="RELEASE")
        self.wait_for(names.INVENTORY_MOVEMENTS, 1, shop__movement__type="SHIPMENT")
        self.wait_for(names.MESSAGES_DEAD_LETTERED, 1)
        self.wait_for(names.ORDERS_STAGE_DURATION, self.of("outbox")[""], shop__order__stage="outbox")
        for person in self.users:
            until(lambda person=person: all(each["endedAt"] for each in self.sessions_of(person)), seconds=LONG)  # type: ignore[misc]

    def sessions_of(self, user: str) -> list[dict[str, Any]]:
        """A user's sessions."""
        items: list[dict[str, Any]] = self.admin.call("GET", f"/users/{user}/sessions").json["items"]
        return items

    def ended_sessions(self, begun: int) -> dict[str, list[float]]:
        """How long the sessions were that ended in the window (by what the API says of them), by why they ended."""
        found: dict[str, list[float]] = {}
        for session in (each for person in self.users for each in self.sessions_of(person)):
            started, ended = (seconds_of(session[name]) for name in ("startedAt", "endedAt"))
            if ended * 1e9 > begun:
                found.setdefault(session["endReason"], []).append(ended - started)
        return found


def as_order(order: dict[str, Any]) -> Order:
    """The contract's Order from the API's JSON."""
    return msgspec.convert(order, Order)


def seconds_of(stamp: str) -> float:
    """RFC 3339 as seconds since 1970."""
    return datetime.fromisoformat(stamp).timestamp()


def whole_milliseconds(moment: int) -> int:
    """A moment (ns) that an API and a query can name."""
    return moment // 10**6 * 10**6
