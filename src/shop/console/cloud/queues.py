"""Queues as they are now. The emulator is asked beside SQS: looking at a queue must never receive from it."""

import re
from typing import Any, Final
from urllib.parse import quote

import msgspec

from shop.console.store.database import Database
from shop.contracts.topology import QUEUES, Queue, dead_letter_queue
from shop.kernel.errors import DependencyUnavailable
from shop.runtime.wire import Client, WireError

__all__ = ["Watcher", "queue_named"]

REASONS: Final = """
    select json_extract_string(coalesce(fields, message), '$.messageId') as message_id,
        arg_max(json_extract_string(coalesce(fields, message), '$.reason'), time),
        arg_max(json_extract_string(coalesce(fields, message), '$."error.type"'), time)
    from logs where event = 'shop.message.failed' and message_id in (select unnest(?::varchar[])) group by 1"""

TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def queue_named(name: str) -> Queue | None:
    """A queue of the shop's; not a dead-letter queue."""
    return next((queue for queue in QUEUES if queue.name == name), None)


class Watcher:
    """Asks the emulator."""

    def __init__(self, client: Client, emulator: str, account: str, region: str) -> None:
        self._client, self._emulator = client, emulator
        self._account, self._region = account, region

    async def overview(self) -> list[dict[str, Any]]:
        """Every queue with its depth, the age of its oldest message, and its dead letters."""
        states = await self.states()
        return [described(queue, states) for queue in QUEUES]

    async def states(self) -> dict[str, dict[str, Any]]:
        """Every queue there is, dead-letter queues too, by name: `visible`, `inFlight`, `oldestAgeSeconds`."""
        states: dict[str, dict[str, Any]] = await self._ask("/_shop/queues")
        return states

    async def messages(self, queue: str) -> list[dict[str, Any]]:
        """Everything on a queue, oldest first."""
        url = quote(f"{self._emulator}/{self._account}/{queue}", safe="")
        where = f"account={self._account}&region={self._region}&QueueUrl={url}"
        answer = await self._ask(f"/_ministack/sqs/messages?{where}")
        boxes = answer["messages"].get(self._account, {}).get(self._region, {})
        return [message for box in boxes.values() for message in box]

    async def _ask(self, path: str) -> Any:
        try:
            answer = await self._client.request("GET", self._emulator + path, timeout=5.0, max_body=1 << 28)
        except WireError as error:
            raise DependencyUnavailable("SQS cannot be reached.") from error
        if answer.status != 200:
            raise DependencyUnavailable("SQS does not tell of its queues.")
        return msgspec.json.decode(answer.body)


def described(queue: Queue, states: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A queue as the API shows it."""
    dead = dead_letter_queue(queue.name)
    state = states.get(queue.name, {})
    return {
        "name": queue.name,
        "kind": "fifo" if queue.fifo else "standard",
        "depth": state.get("visible", 0),
        "inFlight": state.get("inFlight", 0),
        "oldestAgeSeconds": state.get("oldestAgeSeconds"),
        "deadLetters": states.get(dead, {}).get("visible", 0) + states.get(dead, {}).get("inFlight", 0),
        "deadLetterQueue": dead,
    }


def dead_letters(database: Database, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Dead letters as the API shows them, newest first: why is on them, or in the log of who could not handle them."""
    told = database.query(REASONS, ([each["MessageId"] for each in messages],))
    reasons = {id_: reason or kind for id_, reason, kind in told}
    return [dead_letter(each, reasons) for each in reversed(messages)]


def dead_letter(message: dict[str, Any], reasons: dict[str, str]) -> dict[str, Any]:
    """One of them. What was buried at once is a copy that nobody has received: it bears what its first reader knew."""
    given = message["MessageAttributes"]
    own = text_of(given, "reason") or text_of(given, "error.type")
    receives = text_of(given, "receives") or ""
    return {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "reason": own or reasons.get(message["MessageId"]),
        "receiveCount": int(receives) if receives.isdecimal() else message["ReceiveCount"],
        "traceId": trace_of(message["Body"]) or trace_in(text_of(given, "traceparent")),
    }


def text_of(attributes: dict[str, Any], name: str) -> str | None:
    """A message attribute that is text."""
    value = attributes.get(name, {}).get("StringValue")
    return value if isinstance(value, str) else None


def trace_of(body: str) -> str | None:
    """The trace that an envelope belongs to."""
    try:
        return trace_in(msgspec.json.decode(body)["metadata"]["traceparent"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return None


def trace_in(traceparent: object) -> str | None:
    """The trace id of a traceparent."""
    found = TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    return found[1] if found else None
