"""Users with everything behind it: table, user pool, SES and bus of the emulator; its API in this process."""

import json
import re
import urllib.request
from dataclasses import dataclass
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from tests.support.account import Account
from tests.support.asgi import Answered, InProcess
from tests.support.people import token_of

from shop.contracts.commands import SweepDue
from shop.contracts.messages import encode, envelope
from shop.runtime.aws import Aws
from shop.runtime.bus import Bus
from shop.runtime.queues import Received
from shop.users import app, worker
from shop.users.parts import Users

PASSWORD = "Mieruka-2026"


@dataclass(frozen=True)
class Somebody:
    """Somebody with an account."""

    id: str
    email: str
    token: str = ""
    refresh_token: str = ""
    session_id: str = ""


def an_address(**changes: Any) -> dict[str, Any]:
    """An address as a customer writes it."""
    address = {
        "label": "自宅",
        "recipient": "山田 花子",
        "postalCode": "150-0001",
        "prefecture": "東京都",
        "city": "渋谷区",
        "line1": "神宮前1-2-3",
        "phone": "03-1234-5678",
    }
    return address | changes


@dataclass
class UsersUnderTest:
    """The API, and what else a test needs to see."""

    api: InProcess
    account: Account
    deps: Users
    bus: Bus
    admin: str

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answered:
        return await self.api.call(method, path, body, **more)

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What SES has taken for this address, oldest first."""
        url = f"{self.account.access.endpoint}/_ministack/ses/messages?account={self.account.access.account}"
        with urllib.request.urlopen(url) as answer:
            messages = json.load(answer)["messages"].get(self.account.access.account, [])
        return [message for message in messages if to in message["To"]]

    def code(self, email: str) -> str:
        """The code mailed last."""
        (code,) = re.findall(r"\b\d{6}\b", self.mails(email)[-1]["BodyText"])
        return str(code)

    async def register(self, email: str | None = None, **more: Any) -> Somebody:
        """Somebody who has not confirmed yet."""
        email = email or f"{uuid4().hex[:12]}@example.jp"
        body = {"email": email, "password": PASSWORD, "name": "山田 花子", **more}
        answer = await self.call("POST", "/users", body)
        assert answer.status == 201, answer.body
        return Somebody(answer.json["id"], email)

    async def confirm(self, who: Somebody) -> None:
        answer = await self.call("POST", "/users/confirm", {"email": who.email, "code": self.code(who.email)})
        assert answer.status == 200, answer.body

    async def login(self, email: str, password: str = PASSWORD, **more: Any) -> Answered:
        return await self.call("POST", "/auth/login", {"email": email, "password": password}, **more)

    async def sign_in(self, who: Somebody) -> Somebody:
        answer = await self.login(who.email)
        assert answer.status == 200, answer.body
        body = answer.json
        return Somebody(who.id, who.email, body["accessToken"], body["refreshToken"], body["sessionId"])

    async def customer(self, **more: Any) -> Somebody:
        """Somebody new, confirmed and signed in."""
        who = await self.register(**more)
        await self.confirm(who)
        return await self.sign_in(who)

    async def announced(self, user_id: str) -> list[dict[str, Any]]:
        """The messages about a user that wait in the outbox, oldest first."""
        found = await self.deps.table.query("outbox", index=("outbox", "outboxShard", "outboxAt"), limit=1000)
        messages = [json.loads(message) for item in found.items for message in item["messages"]]
        return [message for message in messages if message["metadata"]["aggregateId"] == user_id]

    async def sweep(self, bus: Bus | None = None) -> None:
        """What the function on the queue does with a SweepDue."""
        due = envelope(SweepDue(), aggregate_id="users", aggregate_version=1)
        deps = worker.Sweeping(self.deps, bus or self.bus)
        assert await worker.consumer.handle(deps, [Received("m", "r", encode(due).decode())], None) == []  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def environment(emulator: Account):
    settings = {**emulator.environment(), "TABLE_NAME": "users", "OTEL_SDK_DISABLED": "true"}
    with mock.patch.dict("os.environ", settings):
        yield settings


@pytest.fixture(scope="module")
def users(run, emulator: Account, environment):
    """The service, an admin in the pool."""
    api = InProcess(app.api())
    run(api.__aenter__())
    settings, aws = app.prepare(), Aws()
    deps = app.users_of(settings, aws)
    yield UsersUnderTest(api, emulator, deps, app.bus_of(settings, aws), token_of(emulator, "customer", "admin"))
    run(deps.table.aws.aclose())
    run(api.__aexit__())
