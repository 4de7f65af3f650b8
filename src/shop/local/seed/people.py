"""The people of a new shop: an admin, an operator, three customers. They register as everybody does, over HTTP."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from shop.local.errors import Refused
from shop.runtime.aws import Aws
from shop.runtime.wire import Client

__all__ = ["ADMIN", "CUSTOMERS", "OPERATOR", "PASSWORD", "Person", "accounts", "welcome"]

PASSWORD = "Mieruka-2026"  # noqa: S105 - of a shop on this machine; the summary shows it
PATIENCE = 10.0  # seconds until a mail is there


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    email: str
    name: str
    locale: str
    groups: tuple[str, ...] = ()
    address: dict[str, str] | None = None


ADMIN = Person("admin@mieruka.example", "管理 あおい", "ja", ("admin",))
OPERATOR = Person("operator@mieruka.example", "運用 みどり", "ja", ("operator",))
CUSTOMERS = (
    Person(
        "hanako@example.jp",
        "佐藤 花子",
        "ja",
        address={
            "label": "自宅", "recipient": "佐藤 花子", "postalCode": "150-0001", "prefecture": "東京都",
            "city": "渋谷区", "line1": "神宮前1-2-3", "line2": "ミエルカハイツ 201", "country": "JP",
        },
    ),
    Person(
        "taro@example.jp",
        "鈴木 太郎",
        "ja",
        address={
            "label": "自宅", "recipient": "鈴木 太郎", "postalCode": "604-8001", "prefecture": "京都府",
            "city": "京都市中京区", "line1": "木屋町通三条上る 45", "country": "JP",
        },
    ),
    Person(
        "emma@example.com",
        "Emma Brown",
        "en",
        address={
            "label": "Home", "recipient": "Emma Brown", "postalCode": "810-0001", "prefecture": "福岡県",
            "city": "福岡市中央区", "line1": "天神2-2-2 Apt 305", "country": "JP",
        },
    ),
)  # fmt: skip


def accounts() -> dict[str, Any]:
    """Who can sign in, as `shop up --json` tells it."""
    known = {each.email: {"email": each.email, "password": PASSWORD} for each in (ADMIN, OPERATOR, *CUSTOMERS)}
    return {
        "admin": known[ADMIN.email],
        "operator": known[OPERATOR.email],
        "customers": [known[each.email] for each in CUSTOMERS],
    }


class Reception:
    """Registers people at the gateway of a running shop."""

    def __init__(self, client: Client, gateway: str, aws: Aws, pool: str, mailbox: str) -> None:
        self.client, self.gateway, self.aws, self.pool, self.mailbox = client, gateway.rstrip("/"), aws, pool, mailbox

    async def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """One request to the shop: status and JSON."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        content = msgspec.json.encode(body) if body is not None else b""
        answer = await self.client.request(method, self.gateway + path, headers=headers, body=content, timeout=30)
        return answer.status, msgspec.json.decode(answer.body) if answer.body else None

    async def receive(self, person: Person) -> None:
        """Make sure that somebody has an account, is confirmed, has his groups and an address."""
        body = {"email": person.email, "password": PASSWORD, "name": person.name, "locale": person.locale}
        status, answer = await self.call("POST", "/users", body)
        if status not in (201, 409):
            raise Refused(f"POST /users: {status} {answer}")
        if status == 201:
            await self.confirm(person)
        user_id, token = await self.sign_in(person)
        for group in person.groups:
            await self.aws.call(
                "cognito-idp", "AdminAddUserToGroup", UserPoolId=self.pool, Username=person.email, GroupName=group
            )
        if person.address:
            await self.give_address(f"/users/{user_id}/addresses", token, person.address)

    async def confirm(self, person: Person) -> None:
        """Confirm by the mailed code."""
        body = {"email": person.email, "code": await self.code_for(person.email)}
        status, answer = await self.call("POST", "/users/confirm", body)
        if status not in (200, 409):
            raise Refused(f"POST /users/confirm: {status} {answer}")

    async def code_for(self, email: str) -> str:
        """The newest code in somebody's mailbox. Refused when none comes."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self.client.request("GET", self.mailbox)
                boxes = msgspec.json.decode(answer.body)["messages"].values()
                texts = [mail["BodyText"] for box in boxes for mail in box if ours(mail, email)]
                if texts and (code := re.search(r"\b(\d{6})\b", texts[-1])):
                    return code[1]
                await asyncio.sleep(0.05)

    async def sign_in(self, person: Person) -> tuple[str, str]:
        """Somebody's id and token. Who was registered by a seed that died before it could confirm is confirmed."""
        login = {"email": person.email, "password": PASSWORD}
        status, answer = await self.call("POST", "/auth/login", login)
        if status == 403:
            await self.call("POST", "/users/confirm/resend", {"email": person.email})
            await self.confirm(person)
            status, answer = await self.call("POST", "/auth/login", login)
        if status != 200:
            raise Refused(f"POST /auth/login: {status} {answer}")
        return answer["userId"], answer["accessToken"]

    async def give_address(self, path: str, token: str, address: dict[str, str]) -> None:
        """An address, unless there is one."""
        if not (await self.call("GET", path, token=token))[1]["items"]:
            status, answer = await self.call("POST", path, address, token)
            if status != 201:
                raise Refused(f"POST {path}: {status} {answer}")


def ours(mail: dict[str, Any], email: str) -> bool:
    """Whether this is a mail of the shop's to somebody; Cognito's own have no code of ours."""
    return email in mail["To"] and mail["Type"] != "CognitoVerificationMessage"


async def welcome(client: Client, gateway: str, aws: Aws, pool: str, mailbox: str) -> None:
    """Register everybody, all at once. Raises Refused."""
    reception = Reception(client, gateway, aws, pool, mailbox)
    await asyncio.gather(*(reception.receive(person) for person in (ADMIN, OPERATOR, *CUSTOMERS)))
