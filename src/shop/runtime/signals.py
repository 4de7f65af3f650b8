"""What the runtime itself tells about messages, in one place for consumers and relays."""

from collections.abc import Mapping
from typing import Any

from shop.contracts.messages import Metadata
from shop.kernel.clock import seconds_since
from shop.telemetry import count, log, names, observe
from shop.telemetry.attributes import error_message, error_type

__all__ = ["cold_start", "dead_lettered", "message_failed", "message_handled", "trouble"]

REASON_LENGTH = 1000
NOTHING: Mapping[str, Any] = {}
TOLD = (names.MESSAGING_DESTINATION_NAME, names.EVENT_TYPE, names.MESSAGE_RECEIVES)


def failure(error: Exception) -> dict[str, Any]:
    """The fields of an error. Only our own have a reason to tell: a library's may quote a customer's data."""
    return {names.ERROR_TYPE: error_type(error), names.REASON: error_message(error)[:REASON_LENGTH] or None}


def cold_start(trigger: str) -> None:
    """How often does a caller wait for a new environment? The span says which call it was."""
    count(names.FAAS_COLDSTARTS, {names.FAAS_TRIGGER: trigger})


def message_failed(message_id: str, error: Exception, about: Mapping[str, Any] = NOTHING) -> None:
    """Why did this message fail? The console joins the line to the dead letter."""
    known = {name: about.get(name) for name in TOLD}
    log(names.MESSAGE_FAILED, {names.MESSAGE_ID: message_id, **failure(error), **known}, level="ERROR")


def message_handled(queue: str, metadata: Metadata) -> None:
    """`notifications.event_delay`: how long does an event take until it has been handled?"""
    where = {names.MESSAGING_DESTINATION_NAME: queue, names.EVENT_TYPE: metadata.type}
    observe(names.EVENTS_DELAY, seconds_since(metadata.occurred_at), where)


def dead_lettered(queue: str, messages: int = 1) -> None:
    """How many messages could not be handled at all? A consumer begins with 0, so that none is a known answer."""
    count(names.MESSAGES_DEAD_LETTERED, {names.MESSAGING_DESTINATION_NAME: queue}, messages)


def trouble(event: str, error: Exception) -> None:
    """Something that is tried again by itself, but should not go unseen."""
    log(event, failure(error), level="WARN")
