"""One mail per cause, whatever comes twice, at once, or ends in the middle.

A mail is made QUEUED together with the note that its cause has one. Whoever sends it claims it first, in the last write
before SES is asked, and records SENT or FAILED in the first write after. So:

- a repeated event finds the mail SENT, FAILED or claimed, and does nothing;
- an event that comes before its reader's contact leaves a queued mail, which the contact sends when it comes;
- who dies before the claim leaves a queued mail, which the event's redelivery or the sweep sends;
- who dies after the claim leaves it claimed. Nobody can know then whether SES has accepted: SES has no idempotency. The
  next one waits for the claim's end and sends again, with the same id, and counts the mail as uncertain.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from time import perf_counter

from shop import telemetry
from shop.contracts.events import MailFact, NotificationFailed, NotificationOpened, NotificationSent
from shop.contracts.messages import Envelope, envelope
from shop.kernel.clock import now, seconds_since, stamp
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, Unprocessable
from shop.kernel.ids import new_id
from shop.notifications import letters, signals, store
from shop.notifications.mailer import Rejected
from shop.notifications.model import CLAIM, TRACKED, Contact, Mail, Notice, deliverable, masked, notice_again
from shop.notifications.parts import Notifications
from shop.runtime.aws import AwsError
from shop.runtime.dynamo import ConditionFailed
from shop.telemetry import names

__all__ = ["deliver", "deliver_waiting", "opened", "resume"]

CONTACT_COMES_WITHIN = timedelta(hours=1).total_seconds()  # it has an outbox and a queue behind it, which may be slow
RECORD_PAUSES = (0.2, 0.8)  # seconds between tries to record what SES has accepted, beside those of each call
GIVEN_UP_AFTER = timedelta(hours=24).total_seconds()


async def deliver(parts: Notifications, notice: Notice) -> None:
    """Mail what `notice` tells, unless that was done or is being done, or its reader is not known yet.

    Raises SES's trouble while that may pass, and Unprocessable for what cannot be told.
    """
    began = perf_counter()
    reader = await reader_of(parts, notice)
    if reader is None:
        await wait_for_reader(parts, notice)
        return
    recipients = addresses(reader, notice)
    shown = ", ".join(masked(address) for address in recipients)
    mail_id, until = new_id(), stamp(now() + CLAIM)
    letter = letters.write(notice, reader, mail_id, parts.public_url)
    mail, is_new = await store.enlist(parts.table, notice, mail_id, recipient=shown, claimed_until=until)
    if not is_new:
        if not await take_over(parts, mail, shown, until):
            return
        letter = letters.write(notice, reader, mail.id, parts.public_url)
    signals.working_on(mail)
    if await send(parts, mail, letter, recipients, until):
        signals.mail_handled(notice, perf_counter() - began)


async def reader_of(parts: Notifications, notice: Notice) -> Contact | None:
    """To whom it goes."""
    if notice.user_id is None:
        return Contact(email=parts.operator_email)
    return await store.find_contact(parts.table, notice.user_id)


def addresses(reader: Contact, notice: Notice) -> list[str]:
    """Where it goes: to the reader, and to whom a stock alert was registered for as well."""
    also = notice.also if notice.also and deliverable(notice.also) else reader.email
    return list(dict.fromkeys((reader.email, also)))


async def wait_for_reader(parts: Notifications, notice: Notice) -> None:
    """Keep what is to be told until its reader is known, though not for ever."""
    letters.write(notice, Contact(email=""), "", "")  # what cannot be told is found now, not when the contact comes
    mail, _ = await store.enlist(parts.table, notice, new_id(), waits=True)
    if mail.status != "QUEUED":
        return
    signals.working_on(mail)
    if await reader_of(parts, notice) is not None:  # it came just now, and may have looked before the mail was there
        await deliver(parts, notice)
    elif seconds_since(mail.created_at) > CONTACT_COMES_WITHIN:
        await fail(parts, mail, "CONTACT_UNKNOWN")


async def deliver_waiting(parts: Notifications, user_id: str) -> None:
    """Send what has waited for this contact. What SES does not take now is left to the sweep."""
    async for mail_id in store.waiting_for(parts.table, user_id):
        mail = await store.find_mail(parts.table, mail_id)
        if mail is not None:
            await resume(parts, mail)
        await store.forget_waiting(parts.table, user_id, mail_id)


async def resume(parts: Notifications, mail: Mail) -> None:
    """Send a mail that was left queued, if that is possible now."""
    if mail.status != "QUEUED":
        return
    notice = notice_again(mail.body)
    with (
        telemetry.due("mail", telemetry.Origin(notice.traceparent, notice.synthetic), {names.NOTIFICATION_ID: mail.id}),
        suppress(AwsError, DependencyUnavailable, DependencyTimeout),
    ):
        try:
            await deliver(parts, notice)
        except Unprocessable:
            await fail(parts, mail, "UNWRITABLE")


async def take_over(parts: Notifications, mail: Mail, shown: str, until: str) -> bool:
    """Whether a mail that was there before is ours to send now."""
    if mail.status != "QUEUED" or mail.claimed_until > stamp():
        return False
    if seconds_since(mail.created_at) > GIVEN_UP_AFTER:
        await fail(parts, mail, "GIVEN_UP")
        return False
    try:
        await store.claim(parts.table, mail, shown, until)
    except ConditionFailed:
        return False  # somebody else was faster
    if mail.claimed_until:
        signals.mail_uncertain(mail.type)
    return True


async def send(parts: Notifications, mail: Mail, letter: letters.Letter, to: Sequence[str], until: str) -> bool:
    """Hand a claimed mail to SES and record what came of it; whether SES has accepted it."""
    if not deliverable(to[0]):
        await fail(parts, mail, "INVALID_ADDRESS")
        return False
    try:
        message_id = await parts.mailer.send(letter, to, mail.id)
    except Rejected as no:
        await fail(parts, mail, no.code)
        return False
    except DependencyTimeout:
        await store.release(parts.table, mail, until, uncertain=True)
        raise
    except (AwsError, DependencyUnavailable):
        await store.release(parts.table, mail, until, uncertain=False)
        raise
    await accepted(parts, mail)
    signals.sent_as(mail, message_id)
    return True


async def accepted(parts: Notifications, mail: Mail) -> None:
    """Record that SES has the mail, unless that is on record. Without the record there would be a second mail."""
    said = fact(NotificationSent, mail)
    for pause in (*RECORD_PAUSES, None):
        try:
            await store.record_sent(parts.table, mail, stamp(), said)
        except ConditionFailed:
            return  # its reader was faster than this record: see `opened`
        except (DependencyUnavailable, DependencyTimeout):
            if pause is None:
                raise
            await asyncio.sleep(pause)
        else:
            signals.mail_accepted(mail.type)
            return


async def fail(parts: Notifications, mail: Mail, error: str) -> None:
    """Record that the mail will never be sent, unless something is on record."""
    try:
        await store.record_failed(parts.table, mail, error, fact(NotificationFailed, mail))
    except ConditionFailed:
        return
    signals.mail_failed(mail.type, error)


async def opened(parts: Notifications, mail: Mail) -> None:
    """A mail's pixel was fetched: the first time, that is an open."""
    if mail.type not in TRACKED or mail.status not in ("QUEUED", "SENT"):
        return
    if mail.status == "QUEUED":
        if not mail.claimed_until:
            return  # nobody can have this mail
        await accepted(parts, mail)  # who reads it proves that SES took it
    try:
        await store.record_opened(parts.table, mail, stamp(), fact(NotificationOpened, mail, version=2))
    except ConditionFailed:
        return
    signals.mail_opened(mail.type)


def fact(kind: type[MailFact], mail: Mail, version: int = 1) -> Envelope[MailFact]:
    """What others are told of a mail: first that it was sent or failed, then that it was opened."""
    return envelope(
        kind(id=mail.id, type=mail.type, cause=mail.cause),
        aggregate_id=mail.id,
        aggregate_version=version,
        correlation_id=mail.correlation_id,
        causation_id=None if mail.type == "SYSTEM_ALERT" else mail.cause_event_id,  # an alarm is no event of ours
    )
