"""Messages in: facts that customers are told of, alarms that the operator is, and what time brings."""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Any

from shop.contracts.commands import SweepDue
from shop.contracts.events import (
    LowStockDetected,
    OrderCancelled,
    OrderConfirmed,
    OrderFact,
    OrderShipped,
    ProfileChanged,
    RestockNoticeDue,
    UserConfirmed,
)
from shop.contracts.messages import Envelope
from shop.kernel.clock import stamp
from shop.notifications import alarms, delivery, store
from shop.notifications.model import KINDS, Contact, Kind, notice_of, notice_of_alarm
from shop.notifications.parts import Notifications
from shop.runtime import relay
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer, Received
from shop.runtime.dynamo import ConditionFailed

__all__ = ["Working", "alerts", "events"]

PIECE_OF_WORK = 5.0  # seconds that a sweep may take: a function has ten
AT_ONCE = 4  # mails of each type
events = Consumer("notifications-events")
alerts = Consumer("alerts-notifications")


class Working:
    """What the functions on the queues work with."""

    def __init__(self, parts: Notifications, bus: Bus) -> None:
        self.parts, self.bus = parts, bus


@events.on(UserConfirmed, ProfileChanged)
async def on_contact(deps: Working, message: Envelope[UserConfirmed | ProfileChanged]) -> None:
    """Keep the contact book, and send what has waited for it; what is older than the book changes nothing."""
    data, version = message.data, message.metadata.aggregate_version
    contact = Contact(user_id=data.user_id, email=data.email, name=data.name, locale=data.locale, version=version)
    with suppress(ConditionFailed):
        await store.keep_contact(deps.parts.table, contact)
    await delivery.deliver_waiting(deps.parts, data.user_id)


@events.on(OrderConfirmed, OrderShipped, OrderCancelled, RestockNoticeDue)
async def on_fact(deps: Working, message: Envelope[OrderFact | RestockNoticeDue]) -> None:
    """Tell a customer, once."""
    await delivery.deliver(deps.parts, notice_of(message))


@alerts.on(LowStockDetected)
async def on_low_stock(deps: Working, message: Envelope[LowStockDetected]) -> None:
    """Tell the operator, and whoever registered for it, once."""
    await delivery.deliver(deps.parts, notice_of(message))


@alerts.on_json
async def on_alarm(deps: Working, body: dict[str, Any], _message: Received) -> None:
    """Tell the operator of an alarm, once, unless there are too many of them."""
    notice = notice_of_alarm(body)
    if notice is not None and await alarms.may_ring(deps.parts.table, notice):
        await delivery.deliver(deps.parts, notice)


@events.on(SweepDue)
async def on_sweep(deps: Working, _message: Envelope[SweepDue]) -> None:
    """Announce what the relay has left behind, and send the mails that somebody left queued.

    One that cannot be sent keeps none of the others; it fails the sweep at its end.
    """
    await relay.sweep(deps.parts.table, deps.bus)
    until = monotonic() + PIECE_OF_WORK
    for failures in await asyncio.gather(*(sweep(deps.parts, kind, until) for kind in KINDS)):
        if failures:
            raise failures[0]


async def sweep(parts: Notifications, kind: Kind, until: float) -> list[BaseException]:
    """Send the mails of one type that were left queued, the oldest first, as far as time allows; what went wrong."""
    failures: list[BaseException] = []
    async for mails in store.queued(parts.table, kind):
        due = [mail for mail in mails if mail.claimed_until <= stamp()]
        for some in (due[first : first + AT_ONCE] for first in range(0, len(due), AT_ONCE)):
            if monotonic() > until:
                return failures
            tries = (delivery.resume(parts, mail) for mail in some)
            ended = await asyncio.gather(*tries, return_exceptions=True)
            failures += [one for one in ended if isinstance(one, BaseException)]
    return failures
