"""Objectives and alarms, judged on what the store holds; a change goes to the topic `alerts` as CloudWatch tells it."""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import duckdb
import msgspec

from shop.console.minutes import Minutes
from shop.console.store.store import Store
from shop.contracts.topology import ALERTS
from shop.runtime.aws import credentials, sign
from shop.runtime.wire import Client, WireError
from shop.telemetry.queries import queries
from shop.telemetry.samples import Selector
from shop.telemetry.slos import Alarm, Latest, Objective, State, evaluate, slos

__all__ = ["Alarms", "Topic"]

TOLD: Final = frozenset(
    {("OK", "ALARM"), ("INSUFFICIENT_DATA", "ALARM"), ("ALARM", "OK"), ("ALARM", "INSUFFICIENT_DATA")}
)
logger = logging.getLogger(__name__)


class Topic:
    """The SNS topic of alerts."""

    def __init__(self, client: Client, endpoint: str, account: str, region: str) -> None:
        self._client, self._endpoint, self._region, self.account = client, endpoint, region, account
        self.region = region
        self.arn = f"arn:aws:sns:{region}:{account}:{ALERTS}"

    async def publish(self, message: str, subject: str) -> bool:
        """Whether SNS took it."""
        form = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": self.arn,
            "Subject": subject,
            "Message": message,
        }
        body = urlencode(form).encode()
        headers = {"host": urlsplit(self._endpoint).netloc, "content-type": "application/x-www-form-urlencoded"}
        sign(headers, "/", body, region=self._region, service="sns", credentials=credentials())
        try:
            answer = await self._client.request("POST", f"{self._endpoint}/", headers=headers, body=body)
        except WireError as error:
            logger.debug("the topic cannot be reached: %s", error)
            return False
        return answer.status < 300


class Alarms:
    """Judges every so often. A state is noted once its change has been told: nothing is told twice, or never."""

    def __init__(self, store: Store, topic: Topic | None, seeded: Path | None = None) -> None:
        self._store, self._topic, self._seeded = store, topic, seeded
        self._all = slos().judged
        self._minutes: Minutes | None = None
        self._known: dict[str, tuple[str, int]] = {
            id_: (state, since) for id_, state, since in store.database.query("select id, state, since from alarms")
        }
        self.states: dict[str, State] = {}

    async def run(self, every: timedelta) -> None:
        """Judge for ever, once in so long."""
        while True:
            await asyncio.sleep(every.total_seconds())
            try:
                await self.judge(time.time_ns())
            except duckdb.Error:
                logger.exception("objectives could not be judged")

    async def judge(self, now: int) -> None:
        """Find every state, and tell of those that changed. What a shop does while it is filled is not judged."""
        if self._seeded is not None and not self._seeded.exists():
            self._minutes = None
            return
        states = await asyncio.to_thread(self._evaluated, now)
        for what, state in zip(self._all, states, strict=True):
            self.states[what.id] = state
            before = self._known.get(what.id, ("INSUFFICIENT_DATA", now))[0]
            if state.state == before and what.id in self._known:
                continue
            if (before, state.state) in TOLD and not await self._tell(what, state, before, now):
                continue  # SNS is away: it is tried again
            self._known[what.id] = (state.state, now)
            await asyncio.to_thread(self._note, what.id, state.state, now)

    def _evaluated(self, now: int) -> list[State]:
        if self._minutes is None:
            since = self._seeded.stat().st_mtime_ns if self._seeded else 0
            metrics = {metric for each in self._all for metric in each.metrics}
            self._minutes = Minutes(self._store, metrics, set().union(*map(looked_at, self._all)), since)
        given = self._minutes.at(now)
        return [evaluate(each, given, now) for each in self._all]

    async def _tell(self, what: Objective | Alarm, state: State, before: str, now: int) -> bool:
        if self._topic is None:
            return True
        message = message_of(what, state, before, now, self._topic)
        return await self._topic.publish(msgspec.json.encode(message).decode(), f'{state.state}: "{what.id}"')

    def _note(self, id_: str, state: str, since: int) -> None:
        with self._store.database.transaction() as tx:
            tx.execute("insert or replace into alarms values (?, ?, ?)", (id_, state, since))

    def shown(self) -> list[dict[str, Any]]:
        """Every objective and alarm with its state, as the API shows it."""
        return [self._shown(each) for each in self._all]

    def _shown(self, what: Objective | Alarm) -> dict[str, Any]:
        state = self.states.get(what.id) or State(what.id, "INSUFFICIENT_DATA")
        since = self._known.get(what.id)
        about = {
            "service": what.service,
            "title": msgspec.to_builtins(what.title),
            "kind": "objective" if isinstance(what, Objective) else "alarm",
            "since": moment(since[1]) if since else None,
            "promql": queries(what),
        }
        told: dict[str, Any] = msgspec.to_builtins(state)
        told["budgetLeft"] = told.pop("budget_left")
        told["burning"] = [camel(each) for each in told["burning"]]
        return {**told, **about}


def looked_at(what: Any) -> set[str]:
    """The attributes by which an objective or alarm tells series apart."""
    if isinstance(what, Selector):
        return set(what.where)
    if not isinstance(what, msgspec.Struct):
        return set()
    by = {what.by} if isinstance(what, Latest) else set()
    return by.union(*(looked_at(getattr(what, name)) for name in what.__struct_fields__))


def camel(burning: dict[str, Any]) -> dict[str, Any]:
    """A pair of windows as the API shows it."""
    return {
        {"long_burn": "longBurn", "short_burn": "shortBurn"}.get(name, name): value for name, value in burning.items()
    }


def moment(at: int) -> str:
    """Ns since 1970 as RFC 3339, in milliseconds."""
    return datetime.fromtimestamp(at / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message_of(what: Objective | Alarm, state: State, before: str, now: int, topic: Topic) -> dict[str, Any]:
    """The change as CloudWatch's alarms tell theirs."""
    over = f": {', '.join(state.over)}" if state.over else ""
    return {
        "AlarmName": what.id,
        "AlarmDescription": f"{what.title.ja} / {what.title.en}{over}",
        "AWSAccountId": topic.account,
        "AlarmConfigurationUpdatedTimestamp": "2026-01-01T00:00:00.000+0000",
        "NewStateValue": state.state,
        "NewStateReason": f"value {state.value}, limit {state.limit}{over}",
        "StateChangeTime": datetime.fromtimestamp(now / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "Region": topic.region,
        "AlarmArn": f"arn:aws:cloudwatch:{topic.region}:{topic.account}:alarm:{what.id}",
        "OldStateValue": before,
        "OKActions": [topic.arn],
        "AlarmActions": [topic.arn],
        "InsufficientDataActions": [],
        "Trigger": {"Metrics": sorted(what.metrics), "Threshold": state.limit},
    }
