"""What the runtime itself tells about messages, in one place for consumers and relays."""

from typing import Any

from shop.contracts.messages import Metadata
from shop.kernel.clock import seconds_since
from shop.telemetry import count, log, names, observe

__all__ = ["dead_lettered", "message_failed", "message_handled", "trouble"]

REASON_LENGTH = 1000


def failure(error: Exception) -> dict[str, Any]:
    """The fields of an error; its text, too, is free of personal data: nobody puts any in one."""
    return {names.ERROR_TYPE: type(error).__name__, names.REASON: str(error)[:REASON_LENGTH]}


def message_failed(message_id: str, error: Exception) -> None:
    """Why did this message fail? The console joins the line to the dead letter."""
    log.add(failure(error))
    log(names.MESSAGE_FAILED, {names.MESSAGE_ID: message_id, **failure(error)}, level="ERROR")


def message_handled(queue: str, metadata: Metadata) -> None:
    """`notifications.event_delay`: how long does an event take until it has been handled?"""
    where = {names.MESSAGING_DESTINATION_NAME: queue, names.EVENT_TYPE: metadata.type}
    observe(names.EVENTS_DELAY, seconds_since(metadata.occurred_at), where)


def dead_lettered(queue: str) -> None:
    """How many messages could not be handled at all?"""
    count(names.MESSAGES_DEAD_LETTERED, {names.MESSAGING_DESTINATION_NAME: queue})


def trouble(event: str, error: Exception) -> None:
    """Something that is tried again by itself, but should not go unseen."""
    log(event, failure(error), level="WARN")
