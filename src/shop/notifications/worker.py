"""Messages in: facts that customers are told of, alarms that the operator is, and what time brings."""

import asyncio
from contextlib import suppress
from typing import Any

from shop import telemetry
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
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.notifications import alarms, delivery, store
from shop.notifications.model import Contact, ContactUnknown, Mail, notice_again, notice_of, notice_of_alarm
from shop.notifications.parts import Notifications
from shop.runtime import relay
from shop.runtime.aws import AwsError
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer, Received
from shop.runtime.dynamo import ConditionFailed

__all__ = ["Working", "alerts", "events"]

SWEPT = 50  # mails of each type that one sweep looks at
AT_ONCE = 10
events = Consumer("notifications-events")
alerts = Consumer("alerts-notifications")


class Working:
    """What the functions on the queues work with."""

    def __init__(self, parts: Notifications, bus: Bus) -> None:
        self.parts, self.bus = parts, bus


@events.on(UserConfirmed, ProfileChanged)
async def on_contact(deps: Working, message: Envelope[UserConfirmed | ProfileChanged]) -> None:
    """Keep the contact book; what is older than the book, or repeated, changes nothing."""
    data, version = message.data, message.metadata.aggregate_version
    contact = Contact(user_id=data.user_id, email=data.email, name=data.name, locale=data.locale, version=version)
    with suppress(ConditionFailed):
        await store.keep_contact(deps.parts.table, contact)


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
    """Announce what the relay has left behind, and send the mails that somebody left queued."""
    await relay.sweep(deps.parts.table, deps.bus)
    waiting = [mail for mail in await store.queued(deps.parts.table, SWEPT) if mail.claimed_until <= stamp()]
    for first in range(0, len(waiting), AT_ONCE):
        await asyncio.gather(*(resume(deps.parts, mail) for mail in waiting[first : first + AT_ONCE]))


async def resume(parts: Notifications, mail: Mail) -> None:
    """Send a mail that was left queued; what cannot be sent yet waits for the next sweep."""
    notice = notice_again(mail.body)
    with (
        suppress(ContactUnknown, AwsError, DependencyUnavailable, DependencyTimeout),
        telemetry.span("resume mail", parent=notice.traceparent),
    ):
        await delivery.deliver(parts, notice)
