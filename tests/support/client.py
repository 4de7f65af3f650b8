"""A shop as HTTP sees it: a small client over the standard library, for tests and benchmarks."""

import http.client
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

__all__ = ["Answer", "Person", "Shop", "until"]


@dataclass(frozen=True)
class Answer:
    """What came back. `json` is None when the body is no JSON."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if "json" in self.headers.get("content-type", "") else None

    @property
    def code(self) -> str | None:
        """The machine word of a problem."""
        return self.json.get("code") if isinstance(self.json, dict) else None


def until(seen: Callable[[], Any], *, seconds: float = 20.0, every: float = 0.02) -> Any:
    """The first true value of `seen`, asked again and again; an AssertionError when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = seen()
        if value:
            return value
        assert time.monotonic() < end, f"not seen within {seconds} s"
        time.sleep(every)


@dataclass
class Shop:
    """A running shop, as the JSON line of `shop up --json` describes it."""

    info: dict[str, Any]
    connections: dict[str, http.client.HTTPConnection] = field(default_factory=dict)

    @property
    def gateway(self) -> str:
        return str(self.info["gateway"])

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        base: str | None = None,
    ) -> Answer:
        """One exchange with the gateway (or `base`), over a kept connection. A `bytes` body goes as it is."""
        address = urlsplit(base or self.gateway)
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        for attempt in (1, 2):
            connection = self.connections.get(address.netloc)
            if connection is None:
                connection = http.client.HTTPConnection(address.netloc, timeout=30)
                self.connections[address.netloc] = connection
            try:
                connection.request(method, path, body, sent)
                response = connection.getresponse()
                content = response.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()
                del self.connections[address.netloc]
                if attempt == 2:
                    raise
                continue
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        raise AssertionError("the second attempt returns or raises")

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What SES has taken for this address, oldest first, Cognito's own mails left out."""
        answer = self.call("GET", "/_ministack/ses/messages", base=self.info["emulator"])
        accounts = answer.json["messages"].values()
        return [
            m for box in accounts for m in box if to in json.dumps(m) and m.get("Type") != "CognitoVerificationMessage"
        ]

    def login(self, email: str, password: str) -> "Person":
        """Somebody with an account, signed in."""
        answer = self.call("POST", "/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer.body
        return Person(self, answer.json["userId"], email, answer.json["accessToken"], answer.json)

    def register(self, email: str | None = None, password: str = "Mieruka-2026", locale: str = "ja") -> "Person":
        """A new customer: registered, confirmed by the mailed code, signed in, with an address."""
        email = email or f"{uuid4().hex[:12]}@example.jp"
        body = {"email": email, "password": password, "name": "試験 太郎", "locale": locale}
        answer = self.call("POST", "/users", body)
        assert answer.status == 201, answer.body
        mail = until(lambda: self.mails(email))[-1]
        code = re.search(r"\b(\d{6})\b", json.dumps(mail))
        assert code, mail
        answer = self.call("POST", "/users/confirm", {"email": email, "code": code[1]})
        assert answer.status == 200, answer.body
        return self.login(email, password)


@dataclass
class Person:
    """Somebody signed in."""

    shop: Shop
    id: str
    email: str
    token: str
    session: dict[str, Any]

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """As Shop.call, with this person's token."""
        return self.shop.call(method, path, body, token=self.token, **options)

    def address(self) -> str:
        """The id of an address of theirs, made when there is none."""
        there = self.call("GET", f"/users/{self.id}/addresses").json["items"]
        if there:
            return str(there[0]["id"])
        body = {
            "label": "自宅",
            "recipient": "試験 太郎",
            "postalCode": "150-0001",
            "prefecture": "東京都",
            "city": "渋谷区",
            "line1": "神宮前1-2-3",
            "country": "JP",
        }
        answer = self.call("POST", f"/users/{self.id}/addresses", body)
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    def fill(self, *lines: tuple[str, int]) -> Answer:
        """Put products into the cart."""
        for product, quantity in lines:
            answer = self.call("POST", f"/carts/{self.id}/items", {"productId": product, "quantity": quantity})
            assert answer.status == 201, answer.body
        return answer

    def order(self, token: str = "tok_visa", *, key: str | None = None, **body: Any) -> Answer:
        """Order what is in the cart."""
        body = {"addressId": self.address(), "payment": {"method": "card", "token": token}} | body
        return self.call("POST", "/orders", body, headers={"Idempotency-Key": key or uuid4().hex})

    def ends(self, order_id: str, *, seconds: float = 20.0) -> dict[str, Any]:
        """The order once the saga has come to rest."""

        def at_rest() -> dict[str, Any] | None:
            order: dict[str, Any] = self.call("GET", f"/orders/{order_id}").json
            return order if order["status"] not in ("PLACED", "STOCK_RESERVED") else None

        found: dict[str, Any] = until(at_rest, seconds=seconds)
        return found
