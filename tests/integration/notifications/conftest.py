"""Notifications with everything behind it: table, SES, bus and queues of the emulator; its API in this process."""

import json
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
from shop.contracts.events import UserConfirmed
from shop.contracts.messages import Envelope, encode, envelope
from shop.kernel.ids import new_id
from shop.notifications import app, worker
from shop.runtime.aws import Aws
from shop.runtime.consume import Queues
from shop.runtime.queues import Received


class Died(BaseException):
    """The process ends here: nothing of ours runs after it."""


class FailingAws(Aws):
    """AWS, where one operation may be made to fail: before it is asked, or after it has done its work."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[str, BaseException] = {}
        self.after: dict[str, BaseException] = {}
        self.calls: list[str] = []

    async def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.calls.append(operation)
        if operation in self.before:
            raise self.before[operation]
        answer = await super().call(service, operation, **parameters)
        if operation in self.after:
            raise self.after[operation]
        return answer

    def heal(self) -> None:
        self.before.clear()
        self.after.clear()


@dataclass
class NotificationsUnderTest:
    """The queues and the API, and what else a test needs to see."""

    api: InProcess
    account: Account
    aws: FailingAws
    deps: worker.Working
    queues: Queues
    operator: str

    async def receive(self, *messages: Envelope[Any] | dict[str, Any], receives: int = 1) -> list[str]:
        """What the function on the right queue does with these messages, in one batch; those that go back."""
        alerts = [each for each in messages if isinstance(each, dict) or each.metadata.type == "LowStockDetected"]
        events = [each for each in messages if each not in alerts]
        back: list[str] = []
        for consumer, batch in ((worker.events, events), (worker.alerts, alerts)):
            received = [Received(new_id(), "r", body_of(each), receives) for each in batch]
            if received:
                back += await consumer.handle(self.deps, received, self.queues)
        return back

    async def die(self, message: Envelope[Any], *, before: str = "", after: str = "") -> None:
        """Receive it, and end as a process does that is killed just before or after this operation."""
        self.aws.before, self.aws.after = {before: Died()}, {after: Died()}
        with pytest.raises(Died):
            await self.receive(message)
        self.aws.heal()

    async def sweep(self) -> list[str]:
        """What SweepDue brings about."""
        return await self.receive(envelope(SweepDue(), aggregate_id="notifications", aggregate_version=1))

    async def customer(self, locale: str = "ja", name: str = "山田 花子", email: str | None = None) -> UserConfirmed:
        """Somebody new who is in the contact book."""
        email = email or f"{uuid4().hex[:12]}@example.jp"
        who = UserConfirmed(user_id=new_id(), email=email, name=name, locale=locale)
        assert await self.receive(envelope(who, aggregate_id=who.user_id, aggregate_version=1)) == []
        return who

    def mails(self, to: str | None = None) -> list[dict[str, Any]]:
        """What SES has taken for this address, or for all, oldest first."""
        url = f"{self.account.access.endpoint}/_ministack/ses/messages?account={self.account.access.account}"
        with urllib.request.urlopen(url) as answer:
            messages = json.load(answer)["messages"].get(self.account.access.account, [])
        return [message for message in messages if to is None or to in message["To"]]

    async def listed(self, query: str = "") -> list[dict[str, Any]]:
        """A page of the operator's list."""
        answer = await self.call("GET", f"/notifications?limit=100&{query}", token=self.operator)
        assert answer.status == 200, answer.body
        items: list[dict[str, Any]] = answer.json["items"]
        return items

    async def announced(self, mail_id: str) -> list[str]:
        """The types of the facts about a mail that wait in the outbox, oldest first."""
        return [metadata["type"] for metadata in await self.said(mail_id)]

    async def said(self, mail_id: str) -> list[dict[str, Any]]:
        """The metadata of these facts."""
        found = await self.deps.parts.table.query("outbox", index=("outbox", "outboxShard", "outboxAt"), limit=1000)
        messages = [json.loads(message) for item in found.items for message in item["messages"]]
        return [one["metadata"] for one in messages if one["metadata"]["aggregateId"] == mail_id]

    async def call(self, method: str, path: str, **more: Any) -> Answered:
        return await self.api.call(method, path, **more)


def body_of(message: Envelope[Any] | dict[str, Any]) -> str:
    return json.dumps(message) if isinstance(message, dict) else encode(message).decode()


@pytest.fixture(scope="module")
def environment(emulator: Account):
    settings = {
        **emulator.environment(),
        "TABLE_NAME": "notifications",
        "PUBLIC_URL": "https://shop.example",
        "OTEL_SDK_DISABLED": "true",
    }
    with mock.patch.dict("os.environ", settings):
        yield settings


@pytest.fixture(scope="module")
def _shop(run, emulator: Account, environment):
    api = InProcess(app.api())
    run(api.__aenter__())
    settings, aws = app.prepare(), FailingAws()
    deps = worker.Working(app.parts_of(settings, aws), app.bus_of(settings, aws))
    queues = Queues(aws, settings.queue_url_prefix)
    yield NotificationsUnderTest(api, emulator, aws, deps, queues, token_of(emulator, "customer", "operator"))
    run(aws.aclose())
    run(api.__aexit__())


@pytest.fixture
def shop(_shop: NotificationsUnderTest):
    """The service, well and whole at the start of each test."""
    _shop.aws.heal()
    _shop.aws.calls.clear()
    return _shop
