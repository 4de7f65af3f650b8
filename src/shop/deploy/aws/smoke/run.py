"""The steps, one after the other: the first that fails is the last that is tried, but for the cleaning up."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from shop.contracts.topology import SERVICES
from shop.deploy.aws.smoke.people import Person, register, remove
from shop.deploy.aws.smoke.places import Place
from shop.deploy.aws.smoke.visitor import Unexpected, Visitor
from shop.local.language import say
from shop.telemetry import names

__all__ = ["Run", "Step", "run"]

T = TypeVar("T")
PATIENCE = 60.0  # seconds for what the shop does behind an answer
ARRIVAL = 420.0  # seconds for telemetry to be found on AWS
PAUSE = 0.5
ADDRESS = {
    "label": "home", "recipient": "スモーク", "postalCode": "100-0001", "prefecture": "東京都", "city": "千代田区",
    "line1": "1-1", "country": "JP", "phone": "03-0000-0000",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried: what came of it, how long it took, in seconds, and where it can be looked at."""

    name: str
    well: bool
    seconds: float
    trace_id: str
    detail: str


@dataclass
class Run:
    """One try of a shop, and who and what it has made so far."""

    place: Place
    visitor: Visitor = field(init=False)
    people: dict[str, Person] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.visitor = Visitor(self.place.url)

    def steps(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        """Name and deed, in order."""
        return (
            (say("死活監視", "health"), self.health),
            (say("エラー応答", "problems"), self.problems),
            (say("API 文書", "documents"), self.documents),
            (say("会員登録", "registration"), self.registration),
            (say("管理者", "admin"), self.admin),
            (say("商品登録", "product"), self.product),
            (say("在庫", "stock"), self.stock),
            (say("注文", "order"), self.order),
            (say("注文確定", "confirmed"), self.confirmed),
            (say("確認メール", "mail"), self.mail),
            (say("トレース", "trace"), self.trace),
            (say("指標", "metric"), self.metric),
        )

    def health(self) -> str:
        """The whole, and every service."""
        for service in SERVICES:
            self.visitor.must(200, "GET", f"/health/{service}/ready")
        told = self.visitor.must(200, "GET", "/health/ready").json
        return str(told["status"])

    def problems(self) -> str:
        """What is no route, and no method of one, is told as the contract says."""
        absent = self.visitor.must(404, "GET", "/nothing-of-the-kind")
        wrong = self.visitor.must(405, "DELETE", "/products")
        codes = [absent.json["code"], wrong.json["code"]]
        if codes != ["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED"] or "GET" not in wrong.headers.get("allow", ""):
            raise Unexpected(f"{codes}, Allow: {wrong.headers.get('allow')}")
        return " ".join(codes)

    def documents(self) -> str:
        """The merged document, and its page."""
        document = self.visitor.must(200, "GET", "/openapi.json").json
        page = self.visitor.must(200, "GET", "/docs")
        if "text/html" not in page.headers.get("content-type", ""):
            raise Unexpected(f"/docs: {page.headers.get('content-type')}")
        return f"OpenAPI {document['openapi']}, {len(document['paths'])} paths"

    def registration(self) -> str:
        """A customer, with an address."""
        self.people["customer"] = customer = register(self.place, "customer")
        self.visitor = customer.visitor
        self.made["address"] = customer.visitor.must(201, "POST", f"/users/{customer.id}/addresses", ADDRESS).json["id"]
        return customer.id

    def admin(self) -> str:
        """Who may do everything; the group is given in the user pool."""
        self.people["admin"] = admin = register(self.place, "admin", group="admin")
        self.visitor = admin.visitor
        groups = admin.visitor.must(200, "GET", f"/users/{admin.id}/roles").json["groups"]
        return " ".join(groups)

    def product(self) -> str:
        """A category and a product in it."""
        mark = secrets.token_hex(4)
        category = self.visitor.must(201, "POST", "/categories", {"name": f"Smoke {mark}"}).json
        self.made["category"] = category["id"]
        body = {
            "sku": f"SMOKE-{mark}", "name": f"Smoke {mark}", "categoryId": category["id"], "status": "active",
            "price": {"amount": 1980, "currency": "JPY"}, "initialStock": 3,
        }  # fmt: skip
        self.made["product"] = self.visitor.must(201, "POST", "/products", body).json["id"]
        return str(self.made["product"])

    def stock(self) -> str:
        """The event of the product has reached inventory, and an operator can count anew."""
        path = f"/inventory/{self.made['product']}"
        until(lambda: self.visitor.ask("GET", path).status == 200, path)
        told = self.visitor.must(200, "PUT", path, {"onHand": 5}).json
        return f"onHand {told['onHand']}"

    def order(self) -> str:
        """The customer's cart, and an order of it."""
        customer = self.people["customer"]
        self.visitor = customer.visitor
        line = {"productId": self.made["product"], "quantity": 1}

        def in_cart() -> bool:
            return customer.visitor.ask("POST", f"/carts/{customer.id}/items", line).status == 201

        until(in_cart, "cart")
        body = {"addressId": self.made["address"], "payment": {"method": "card", "token": "tok_visa"}}
        answer = customer.visitor.must(201, "POST", "/orders", body, Idempotency_Key=secrets.token_hex(16))
        self.made["order"], self.made["trace"] = answer.json["id"], answer.trace_id
        return str(self.made["order"])

    def confirmed(self) -> str:
        """Stock, payment and confirmation, through the queues."""
        path = f"/orders/{self.made['order']}"

        def ended() -> Any:
            told = self.visitor.must(200, "GET", path).json
            return told if told["status"] in {"CONFIRMED", "CANCELLED"} else None

        told = until(ended, path)
        if told["status"] != "CONFIRMED":
            raise Unexpected(f"{told['status']}: {told['failure']}")
        return "CONFIRMED"

    def mail(self) -> str:
        """SES has taken the order confirmation."""
        admin = self.people["admin"].visitor
        path = f"/notifications?type=ORDER_CONFIRMATION&orderId={self.made['order']}"

        def settled() -> Any:
            items = admin.must(200, "GET", path).json["items"]
            return next((one for one in items if one["status"] in {"SENT", "OPENED", "FAILED"}), None)

        told = until(settled, path)
        if told["status"] == "FAILED":
            raise Unexpected(f"FAILED: {told['error']}")
        return str(told["status"])

    def trace(self) -> str:
        """The order's trace can be found."""
        found = until(lambda: self.place.telemetry.spans(self.made["trace"]), "spans", ARRIVAL)
        return f"{found} spans"

    def metric(self) -> str:
        """The order's confirmation has been counted."""
        environment = self.place.telemetry.environment
        query = (
            f'sum(sum_over_time({{"{names.ORDERS_TRANSITIONS}", "shop.order.status"="CONFIRMED", '
            f'"@resource.deployment.environment.name"="{environment}"}}[30m]))'
        )
        value = until(lambda: self.place.telemetry.value(query), query, ARRIVAL)
        return f"{value:g} confirmed"

    def clean(self) -> None:
        """Take away what was made, as far as it goes: the order stays, as orders do."""
        admin = self.people.get("admin")
        for what in ("product", "category"):
            if admin is not None and what in self.made:
                path = f"/{'products' if what == 'product' else 'categories'}/{self.made[what]}"
                with suppress(Unexpected):
                    admin.visitor.ask("DELETE", path)
        for person in self.people.values():
            remove(self.place, person)


def until(done: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """What `done` answers, once that is something. Raises Unexpected when it takes too long."""
    limit = time.monotonic() + patience
    while True:
        if answer := done():
            return answer
        if time.monotonic() > limit:
            raise Unexpected(say(f"{patience:g} 秒待っても来ません", f"not there after {patience:g} s") + f": {what}")
        time.sleep(PAUSE)


def run(place: Place) -> Iterator[Step]:
    """Each step as it is done; after one that failed, none."""
    trial = Run(place)
    try:
        for name, deed in trial.steps():
            began = time.monotonic()
            try:
                well, detail = True, deed()
            except (Unexpected, ClientError, BotoCoreError, OSError, KeyError, TypeError) as error:
                well, detail = False, f"{type(error).__name__}: {error}"
            answers = trial.visitor.answers
            last = answers[-1].trace_id if answers else ""
            yield Step(name, well, time.monotonic() - began, trial.made.get("trace", last), detail)
            if not well:
                return
    finally:
        trial.clean()
