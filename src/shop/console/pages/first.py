"""The order of the first step: placed through the gateway, as a seeded customer would."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from shop.runtime.wire import Client, WireError

__all__ = ["Buyer", "Refusal", "curl"]

ADDRESS = {
    "label": "自宅", "recipient": "佐藤 花子", "postalCode": "150-0001", "prefecture": "東京都",
    "city": "渋谷区", "line1": "神宮前1-2-3", "country": "JP",
}  # fmt: skip


CURL = """\
S={gateway}; J='Content-Type: application/json'
pick() {{ python3 -c "import json, sys; a = json.load(sys.stdin); print($1)"; }}
L=$(curl -s $S/auth/login -H "$J" -d '{login}')
U=$(echo "$L" | pick 'a["userId"]'); B="Authorization: Bearer $(echo "$L" | pick 'a["accessToken"]')"
P=$(curl -s "$S/products?limit=50" | pick 'next(p["id"] for p in a["items"] if p["stockStatus"] == "IN_STOCK")')
A=$(curl -s $S/users/$U/addresses -H "$B" | pick 'a["items"][0]["id"]')
curl -s $S/carts/$U/items -H "$B" -H "$J" -d "{{\\"productId\\":\\"$P\\",\\"quantity\\":1}}"
curl -si $S/orders -H "$B" -H "$J" -H "Idempotency-Key: $RANDOM$RANDOM" \\
  -d "{{\\"addressId\\":\\"$A\\",\\"payment\\":{{\\"method\\":\\"card\\",\\"token\\":\\"tok_visa\\"}}}}"
# x-trace-id"""


class Refusal(Exception):
    """The shop did not take the order; the message says what it answered."""


@dataclass
class Buyer:
    """Orders at `gateway` as the first customer in the file `accounts`."""

    client: Client
    gateway: str
    accounts: Path
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # two clicks share one cart: one after the other

    def customer(self) -> dict[str, str] | None:
        """Who orders: mail address and password; nobody while the shop is not seeded yet."""
        try:
            found: dict[str, str] = json.loads(self.accounts.read_text(encoding="utf-8"))["customers"][0]
        except (OSError, ValueError, LookupError):
            return None
        return found

    async def order(self) -> tuple[str, str]:
        """Order one piece of something that is in stock: the order's id and its trace. Raises Refusal."""
        customer = self.customer()
        if customer is None:
            raise Refusal("the shop is not seeded yet")
        try:
            async with self.turn:
                return await self.buy(customer)
        except WireError as error:
            raise Refusal(f"the gateway does not answer: {error}") from error

    async def buy(self, customer: dict[str, str]) -> tuple[str, str]:
        """Sign in, fill the cart, order."""
        _, login = await self.call("POST", "/auth/login", customer)
        user, token = login["userId"], login["accessToken"]
        _, addresses = await self.call("GET", f"/users/{user}/addresses", token=token)
        if not addresses["items"]:
            _, made = await self.call("POST", f"/users/{user}/addresses", ADDRESS, token)
            addresses = {"items": [made]}
        _, shelf = await self.call("GET", "/products?limit=50")
        product = next((each for each in shelf["items"] if each["stockStatus"] == "IN_STOCK"), None)
        if product is None:
            raise Refusal("nothing is in stock")
        await self.call("POST", f"/carts/{user}/items", {"productId": product["id"], "quantity": 1}, token)
        body = {"addressId": addresses["items"][0]["id"], "payment": {"method": "card", "token": "tok_visa"}}
        trace, order = await self.call("POST", "/orders", body, token)
        return order["id"], trace

    async def call(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[str, Any]:
        """One request: its trace and its JSON. Raises Refusal, WireError."""
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        if path == "/orders":
            headers["idempotency-key"] = uuid4().hex
        content = msgspec.json.encode(body) if body is not None else b""
        answer = await self.client.request(method, self.gateway + path, headers=headers, body=content, timeout=15)
        if answer.status >= 400:
            raise Refusal(f"{method} {path}: {answer.status} {answer.body[:300].decode(errors='replace')}")
        return answer.headers.get("x-trace-id", ""), msgspec.json.decode(answer.body) if answer.body else None


def curl(buyer: Buyer | None) -> str | None:
    """The same order in a shell; None while there is nobody to order."""
    customer = buyer.customer() if buyer else None
    if buyer is None or customer is None:
        return None
    login = {name: customer[name] for name in ("email", "password")}
    return CURL.format(gateway=buyer.gateway, login=json.dumps(login))
