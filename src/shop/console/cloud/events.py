"""What passed the bus: a rule puts everything on a queue of the console's own, which is drained into the store."""

import asyncio
import logging
from datetime import datetime
from typing import Any, Final

import msgspec

from shop.console.store.database import Database
from shop.contracts.topology import CONSOLE_QUEUE, RULES
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime.aws import AwsError
from shop.runtime.queues import Queues, Received

__all__ = ["Drain", "find", "targets_of"]

PAUSE: Final = 1.0  # seconds after a failure
WAIT: Final = 20  # seconds of a long poll
logger = logging.getLogger(__name__)


class Drain:
    """Moves events from the queue into the store: stored first, deleted then."""

    def __init__(self, database: Database, queues: Queues) -> None:
        self._database, self._queues = database, queues

    async def run(self) -> None:
        """Drain for ever."""
        while True:
            try:
                received = await self._queues.receive(CONSOLE_QUEUE, wait=WAIT)
                if received:
                    await asyncio.to_thread(keep, self._database, received)
                    await self._queues.delete(CONSOLE_QUEUE, received)
            except (AwsError, DependencyUnavailable, DependencyTimeout) as error:
                logger.debug("events cannot be read: %s", error)
                await asyncio.sleep(PAUSE)


def keep(database: Database, received: list[Received]) -> None:
    """Store what is an event of EventBridge's; whatever else somebody put there is dropped."""
    rows = [found for message in received if (found := row(message.body)) is not None]
    if rows:
        with database.transaction() as tx:
            tx.executemany("insert or ignore into events values (?, ?, ?, ?, ?, ?)", rows)


def row(body: str) -> tuple[Any, ...] | None:
    """An event as a row, or None when it is none."""
    try:
        event = msgspec.json.decode(body)
        detail = event["detail"]
        metadata = detail.get("metadata") if isinstance(detail, dict) else None
        correlation = metadata.get("correlationId") if isinstance(metadata, dict) else None
        moment = round(datetime.fromisoformat(event["time"]).timestamp() * 1000) * 10**6
        if isinstance(metadata, dict) and isinstance(metadata.get("occurredAt"), str):
            moment = occurred(metadata["occurredAt"]) or moment  # EventBridge's own time is in whole seconds
        return (event["id"], moment, event["source"], event["detail-type"], correlation, encoded(detail))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        logger.warning("not an event: %r", error)
        return None


def occurred(text: str) -> int | None:
    """RFC 3339 in ns, or None."""
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000) * 10**6
    except ValueError:
        return None


def encoded(value: Any) -> str:
    """JSON as text."""
    return msgspec.json.encode(value).decode()


EVENTS: Final = """
    select id, time, source, type, detail from events
    where time between ? and ? and (? is null or type = ?) and (? is null or correlation_id = ?)
        and (? is null or (time, id) < (?, ?))
    order by time desc, id desc limit ?"""


def find(
    database: Database,
    window: tuple[int, int],
    kind: str | None,
    correlation_id: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[tuple[Any, ...]]:
    """The newest events of a window, of this type and correlation, below a position (time, id)."""
    position = (after[0], after[0], after[1]) if after else (None, 0, "")
    return database.query(EVENTS, (*window, kind, kind, correlation_id, correlation_id, *position, limit))


def targets_of(kind: str) -> list[str]:
    """Where the bus hands events of a type on to: queues and topics."""
    return [str(rule.queue or rule.topic) for rule in RULES if kind in rule.events]
