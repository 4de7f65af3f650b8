"""A simulated person at the gateway: requests as Locust counts them, marked as synthetic, and noted in the ledger."""

import random
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import gevent
from locust import FastHttpUser

from shop.local.traffic.ledger import ENDED, Ledger
from shop.local.traffic.mailbox import Mailbox
from shop.local.traffic.words import NAMES

__all__ = ["Account", "Answer", "Ended", "Shopper", "World"]

EXPECTED = (200, 201, 202, 204, 304)
PASSWORD = "Traffic-2026"  # noqa: S105 - of simulated people on this machine
AGENT = "ShopTraffic/1 (+synthetic)"
ADDRESSES = (
    {"postalCode": "150-0001", "prefecture": "東京都", "city": "渋谷区", "line1": "神宮前1-2-3"},
    {"postalCode": "530-0001", "prefecture": "大阪府", "city": "大阪市北区", "line1": "梅田3-1-1"},
    {"postalCode": "060-0005", "prefecture": "北海道", "city": "札幌市中央区", "line1": "北五条西2-5"},
)


class Ended(Exception):
    """The run is over: whoever hears it finishes without beginning anything new."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON of a response; status 0 when there was none."""

    status: int
    json: Any


@dataclass
class Account:
    """Somebody who has registered."""

    email: str
    language: str
    password: str = PASSWORD


@dataclass
class World:
    """What all simulated people of a run share."""

    seed: int
    ledger: Ledger
    mailbox: Mailbox
    operator: Account
    categories: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)  # nobody is signed in with these now
    most_accounts: int = 10_000  # then those there are come again
    pace: float = 1.0  # 0.5: thinks half as long
    hurry: bool = False  # the run ends: nobody thinks any more
    born: int = 0
    registered: int = 0

    def free(self, account: Account) -> None:
        """Nobody is signed in with this account any more. The operator's is no customer's."""
        if account is not self.operator:
            self.accounts.append(account)

    def choice(self) -> random.Random:
        """The chance of one more person: the same by seed and order of birth."""
        self.born += 1
        return random.Random(f"{self.seed}-{self.born}")  # noqa: S311 - a play, no secret


class Shopper(FastHttpUser):
    """Somebody at the shop. Subclasses say what they do there."""

    abstract = True
    world: World
    connection_timeout = network_timeout = 40.0

    def on_start(self) -> None:
        """Somebody comes for the first time."""
        self.choice = self.world.choice()
        self.language = self.choice.choice(("ja", "ja", "ja", "en"))
        self.ledger = self.world.ledger
        self.leave()

    def leave(self) -> None:
        """Nobody is signed in, and the next visit is a new session of the browser."""
        self.browser = str(uuid.UUID(int=self.choice.getrandbits(128), version=4))
        self.account: Account | None = None
        self.user_id, self.token, self.refresh, self.lines = "", "", "", 0

    # ------------------------------------------------------------------------------------------------------- requests

    def call(
        self, method: str, path: str, name: str, body: Any = None, *, fine: tuple[int, ...] = (), **headers: str
    ) -> Answer:
        """One request. `name` groups it in the table; `fine`: further statuses that are no failures."""
        sent = {
            "User-Agent": AGENT,
            "X-Synthetic": "test",
            "X-Session-Id": self.browser,
            "Accept-Language": self.language,
            **{each.replace("_", "-"): value for each, value in headers.items()},
        }
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        with self.client.request(method, path, name=name, json=body, headers=sent, catch_response=True) as response:
            status = response.status_code or 0
            if status in EXPECTED or status in fine:
                response.success()
            else:
                response.failure(f"{status} {(response.text or '')[:200]}")
            is_json = "json" in (response.headers or {}).get("content-type", "")
            return Answer(status, response.json() if is_json and response.text else None)

    def think(self, seconds: float) -> None:
        """Look at the page for about so long. Raises Ended when the run is over."""
        if self.world.hurry:
            raise Ended
        left = min(self.choice.expovariate(1 / seconds), 4 * seconds) * self.world.pace
        while left > 0 and not self.world.hurry:
            gevent.sleep(min(left, 0.5))
            left -= 0.5

    # -------------------------------------------------------------------------------------------------------- catalog

    def list_products(self, category: str | None = None, **query: str) -> list[dict[str, Any]]:
        """The first page of a list."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        path = f"/categories/{category}/products" if category else "/products"
        name = "/categories/{categoryId}/products" if category else "/products"
        answer = self.call("GET", f"{path}?{asked}", name)
        if answer.status != 200:
            return []
        if category:
            self.ledger.category_seen(category)
        return list(answer.json["items"])

    def look_at(self, product_id: str) -> dict[str, Any] | None:
        """A product's page, with its pictures, stock and reviews."""
        answer = self.call("GET", f"/products/{product_id}", "/products/{productId}")
        if answer.status != 200:
            return None
        product: dict[str, Any] = answer.json
        self.ledger.product_seen(product)
        for image in product["images"][:1]:
            self.call("GET", image["thumbnails"]["medium"], "/products/{productId}/images/{imageId}/{size}")
        stock = self.call("GET", f"/inventory/{product_id}", "/inventory/{productId}")
        if stock.status == 200:
            self.ledger.stock_seen([stock.json])
        return product

    def search(self, query: str) -> list[dict[str, Any]]:
        """The first page of a search."""
        answer = self.call("GET", f"/products/search?q={quote(query)}&limit=10", "/products/search")
        if answer.status != 200:
            return []
        self.ledger.searched(answer.json)
        return list(answer.json["items"])

    # -------------------------------------------------------------------------------------------------------- account

    def become_customer(self) -> bool:
        """Sign in: with an account that nobody uses now, or a new one."""
        accounts = self.world.accounts
        known = self.world.registered >= self.world.most_accounts or self.choice.random() < 0.4
        account = accounts.pop(self.choice.randrange(len(accounts))) if accounts and known else self.register()
        return account is not None and self.sign_in(account)

    def register(self) -> Account | None:
        """A new account, confirmed by the mailed code; None when it was left unconfirmed."""
        self.world.registered += 1
        number = self.choice.getrandbits(40)
        account = Account(f"traffic-{self.world.seed}-{number:010x}@example.jp", self.language)
        name = self.choice.choice(NAMES[self.language])
        body = {"email": account.email, "password": account.password, "name": name, "locale": self.language}
        if self.call("POST", "/users", "/users", body).status != 201:
            return None
        self.ledger.note("registrations", "started")
        if self.choice.random() < 0.1:
            return None
        code = self.world.mailbox.code(account.email)
        confirmed = code and self.call(
            "POST", "/users/confirm", "/users/confirm", {"email": account.email, "code": code}
        )
        if not confirmed or confirmed.status != 200:
            return None
        self.ledger.note("registrations", "confirmed")
        return account

    def sign_in(self, account: Account) -> bool:
        """Log in, sometimes with a slip of the finger first."""
        if self.choice.random() < 0.1:
            self.log_in(account, account.password + "x")
        answer = self.log_in(account, account.password)
        if answer.status != 200:
            self.world.free(account)
            return False
        self.account, self.began = account, gevent.get_hub().loop.now()
        self.user_id, self.token = answer.json["userId"], answer.json["accessToken"]
        self.refresh, self.lines = answer.json["refreshToken"], 0
        cart = self.cart(self.call("GET", f"/carts/{self.user_id}", "/carts/{userId}"))
        self.lines = len(cart["items"]) if cart else 0
        return True

    def log_in(self, account: Account, password: str) -> Answer:
        """One try."""
        body = {"email": account.email, "password": password}
        answer = self.call("POST", "/auth/login", "/auth/login", body, fine=(401, 403, 429))
        self.ledger.note("logins", "success" if answer.status == 200 else "failure")
        return answer

    def sign_out(self) -> None:
        """Log out; others may use the account from now on."""
        if self.account is None:
            return
        answer = self.call("POST", "/auth/logout", "/auth/logout", {"refreshToken": self.refresh})
        if answer.status == 204:
            self.ledger.sessions.append(gevent.get_hub().loop.now() - self.began)
        self.world.free(self.account)
        self.leave()

    def address(self) -> str | None:
        """The id of an address of theirs, made when there is none."""
        path, name = f"/users/{self.user_id}/addresses", "/users/{userId}/addresses"
        there = self.call("GET", path, name)
        if there.status == 200 and there.json["items"]:
            return str(there.json["items"][0]["id"])
        body = self.choice.choice(ADDRESSES) | {
            "label": "自宅" if self.language == "ja" else "Home",
            "recipient": self.choice.choice(NAMES[self.language]),
            "country": "JP",
        }
        made = self.call("POST", path, name, body)
        return str(made.json["id"]) if made.status == 201 else None

    # ----------------------------------------------------------------------------------------------------------- cart

    def cart(self, answer: Answer) -> Mapping[str, Any] | None:
        """Note what an answer says of the cart."""
        if answer.status not in (200, 201):
            return None
        cart: Mapping[str, Any] = answer.json
        self.ledger.cart_seen(cart)
        return cart

    def put_into_cart(self, product_id: str, quantity: int) -> bool:
        """Some pieces of a product; whether there were enough."""
        body = {"productId": product_id, "quantity": quantity}
        answer = self.call("POST", f"/carts/{self.user_id}/items", "/carts/{userId}/items", body, fine=(409, 422))
        cart = self.cart(answer)
        if cart:
            self.ledger.cart_changed(self.lines, len(cart["items"]))
            self.lines = len(cart["items"])
        elif answer.status == 409 and answer.json.get("code") == "OUT_OF_STOCK":
            self.ledger.note("stock_checks", "IN_STOCK" if answer.json.get("available") else "OUT_OF_STOCK")
            self.ledger.uncertain["stock_checks"] += self.lines
        else:
            self.ledger.uncertain["stock_checks"] += self.lines + 1
        return cart is not None

    def empty_cart(self) -> None:
        """Throw everything out."""
        if self.call("DELETE", f"/carts/{self.user_id}", "/carts/{userId}").status == 204:
            self.ledger.cart_changed(self.lines, 0)
            self.lines = 0

    def order(self, token: str) -> str | None:
        """Order what is in the cart: the order's id."""
        address = self.address()
        if address is None:
            return None
        body = {"addressId": address, "payment": {"method": "card", "token": token}}
        key = str(uuid.UUID(int=self.choice.getrandbits(128), version=4))
        answer = self.call("POST", "/orders", "/orders", body, Idempotency_Key=key)
        if answer.status != 201:
            return None
        self.ledger.placed(answer.json, token)
        self.lines = 0
        return str(answer.json["id"])

    def track(self, order_id: str, patience: float) -> dict[str, Any] | None:
        """Look at an order until it has come to rest, at most so many seconds."""
        for _ in range(max(1, round(patience))):
            answer = self.call("GET", f"/orders/{order_id}", "/orders/{orderId}")
            if answer.status == 200 and answer.json["status"] in ENDED:
                return dict(answer.json)
            gevent.sleep(1)
        return None

    def open_mail(self) -> None:
        """Read the newest mail: its pixel is fetched."""
        if self.account is None:
            return
        pixel = self.world.mailbox.pixel(self.account.email)
        found = pixel and re.search(r"/notifications/([^/]+)/open\.gif", pixel)
        if found and self.call("GET", found[0], "/notifications/{id}/open.gif").status == 200:
            self.ledger.opened.add(found[1])
