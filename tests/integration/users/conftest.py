"""Users with everything behind it: table, user pool, SES and bus of the emulator; its API in this process."""

import asyncio
import json
import random
import re
import urllib.request
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from tests.support.account import Account
from tests.support.asgi import Answered, InProcess
from tests.support.people import token_of

from shop.contracts.commands import SweepDue
from shop.contracts.messages import encode, envelope
from shop.runtime import faults
from shop.runtime.aws import Aws
from shop.runtime.bus import Bus
from shop.runtime.queues import Received
from shop.users import app, worker
from shop.users.model import fingerprint
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

    async def login(self, email: str, password: str = PASSWORD, *, address: str | None = None) -> Answered:
        """A try to sign in, from a client address of its own unless one is given."""
        headers = {"x-forwarded-for": address or str(ip_address(random.getrandbits(32)))}
        return await self.call("POST", "/auth/login", {"email": email, "password": password}, headers=headers)

    async def refresh(self, who: Somebody) -> Answered:
        return await self.call("POST", "/auth/refresh", {"refreshToken": who.refresh_token})

    async def logout(self, who: Somebody) -> Answered:
        return await self.call("POST", "/auth/logout", {"refreshToken": who.refresh_token}, token=who.token)

    async def sessions(self, who: Somebody, query: str = "") -> Any:
        """A page of somebody's sessions."""
        answer = await self.call("GET", f"/users/{who.id}/sessions{query}", token=who.token)
        assert answer.status == 200, answer.body
        return answer.json

    async def pool_users(self, email: str) -> list[str]:
        """The ids of all users in the pool with this mail address."""
        pool, wanted = self.account.provisioned.user_pool_id, f'email = "{email}"'
        answer = await self.deps.table.aws.call("cognito-idp", "ListUsers", UserPoolId=pool, Filter=wanted)
        return [user["Username"] for user in answer["Users"]]

    def email_key(self, email: str) -> tuple[str, str]:
        """The key of the item by which a mail address is taken."""
        return f"EMAIL#{fingerprint(email.lower())}", "EMAIL"

    def code_key(self, email: str, purpose: str) -> tuple[str, str]:
        """The key of the code that was mailed to an address."""
        return self.email_key(email)[0], f"CODE#{purpose}"

    def tries_key(self, limit: str, subject: str) -> tuple[str, str]:
        """The key of the count of somebody's tries."""
        return f"TRIES#{limit}#{fingerprint(subject)}", "TRIES"

    def due_key(self, kind: str, subject: str) -> tuple[str, str]:
        """The key of the item that says when something is due."""
        return f"DUE#{kind}#{subject}", "DUE"

    async def change(self, pk: str, sk: str, **attributes: Any) -> None:
        """Let an item have other times, as if time had passed."""
        names = {f"n{index}": name for index, name in enumerate(attributes)}
        values = {f"v{index}": value for index, value in enumerate(attributes.values())}
        expression = "SET " + ", ".join(f"#n{index} = :v{index}" for index in range(len(attributes)))
        there = "attribute_exists(pk)"
        await self.deps.table.write(
            self.deps.table.update(pk, sk, expression, condition=there, values=values, names=names)
        )

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


@pytest.fixture
def email() -> str:
    """A mail address that nobody has."""
    return f"{uuid4().hex[:12]}@example.jp"


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


class Died(BaseException):
    """The process ends right here: nothing that follows happens, no cleaning up either."""


@contextmanager
def every_aws_call(do: Callable[[str], None]) -> Iterator[None]:
    """Lets `do(operation)` happen before each AWS call: it may note it, or raise."""

    async def point(place: str, name: str) -> None:
        if place == "aws":
            do(name)

    with mock.patch.object(faults, "point", point):
        yield


@contextmanager
def dying_before(call: int) -> Iterator[None]:
    """A process that dies before its AWS call of this number, counted from 1."""
    made = 0

    def count(_operation: str) -> None:
        nonlocal made
        made += 1
        if made >= call:
            raise Died

    with every_aws_call(count):
        yield


@contextmanager
def operations() -> Iterator[deque[str]]:
    """The names of the AWS calls that are made meanwhile."""
    made: deque[str] = deque()
    with every_aws_call(made.append):
        yield made


@contextmanager
def just_before(operation: str, do: Callable[[], Awaitable[Any]]) -> Iterator[None]:
    """Lets something happen, once, just before an AWS call of this name."""
    begun = False

    async def point(place: str, name: str) -> None:
        nonlocal begun
        if place == "aws" and name == operation and not begun:
            begun = True
            await do()

    with mock.patch.object(faults, "point", point):
        yield


async def at_once(calls: int, call: Callable[[int], Awaitable[Any]]) -> list[Any]:
    """Results of `call(0)`, `call(1)`, ..., all at the same moment."""
    return await asyncio.gather(*(call(index) for index in range(calls)))
