"""The table of notifications: its keys, its items, and every access to it.

    CONTACT#<user>         CONTACT         the contact book
    CONTACT#<user>         WAITS#<mail>    a mail that waits for this contact
    MAIL#<id>              MAIL            a mail; in the index gsi1 as <status>#<type>, <created>#<id>
    ORDER#<order>          CAUSE#<cause>   that a mail about this order has this cause, and its id
    CAUSE#<cause>          CAUSE           the same for what is not about an order
    LIMIT#...              LIMIT           which alarms were mailed lately

A mail and its cause are made together, so a cause has one mail. The cause's item is also the way from an order to its
mails. The index has a partition per status and type: every list, by any filter, merges the newest of those it wants.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import msgspec

from shop.contracts.messages import Envelope
from shop.kernel.clock import now, stamp
from shop.notifications.model import KINDS, STATUSES, Contact, Kind, Mail, Notice, Status
from shop.runtime.dynamo import ConditionFailed, Item, Table, Write, outbox_item

__all__ = [
    "claim",
    "enlist",
    "find_contact",
    "find_mail",
    "forget_waiting",
    "keep_contact",
    "mails_of_order",
    "newest",
    "queued",
    "record_failed",
    "record_opened",
    "record_sent",
    "release",
    "waiting_for",
]

NEW = "attribute_not_exists(pk)"
BY_STATE = ("gsi1", "gsi1pk", "gsi1sk")
KEPT = timedelta(days=400)
WAITS = "WAITS#"


# -------------------------------------------------------------------------------------------------------- contact book


async def keep_contact(table: Table, contact: Contact) -> None:
    """Take over what is newer than what the book holds. Raises ConditionFailed when it is not."""
    item = {"pk": f"CONTACT#{contact.user_id}", "sk": "CONTACT"} | msgspec.to_builtins(contact)
    older = f"{NEW} OR version < :version"
    await table.write(table.put(item, condition=older, values={"version": contact.version}))


async def find_contact(table: Table, user_id: str) -> Contact | None:
    """How to write to this user, if that is known."""
    item = await table.get(f"CONTACT#{user_id}", "CONTACT")
    return msgspec.convert(item, Contact) if item else None


async def waiting_for(table: Table, user_id: str) -> AsyncIterator[str]:
    """The ids of the mails that wait for this contact, the oldest first."""
    start: Item | None = None
    while True:
        found = await table.query(f"CONTACT#{user_id}", prefix=WAITS, start=start, consistent=True)
        for item in found.items:
            yield item["sk"].removeprefix(WAITS)
        start = found.start
        if start is None:
            return


async def forget_waiting(table: Table, user_id: str, mail_id: str) -> None:
    """This mail waits no more."""
    await table.write(table.delete(f"CONTACT#{user_id}", f"{WAITS}{mail_id}"))


# --------------------------------------------------------------------------------------------------------------- mails


def cause_key(notice: Notice) -> tuple[str, str]:
    """Where it stands that this cause has its mail."""
    if notice.order_id is not None:
        return f"ORDER#{notice.order_id}", f"CAUSE#{notice.cause}"
    return f"CAUSE#{notice.cause}", "CAUSE"


def index_keys(status: Status, mail: Mail) -> Item:
    """Where a mail of this status stands in the index."""
    return {"gsi1pk": f"{status}#{mail.type}", "gsi1sk": f"{mail.created_at}#{mail.id}"}


def new_mail(notice: Notice, mail_id: str, recipient: str, claimed_until: str) -> Mail:
    """The mail of a cause, queued."""
    return Mail(
        id=mail_id,
        type=notice.kind,
        status="QUEUED",
        cause=notice.cause,
        cause_event_id=notice.event_id,
        correlation_id=notice.correlation_id,
        created_at=stamp(),
        recipient=recipient,
        order_id=notice.order_id,
        claimed_until=claimed_until,
        body=notice.body,
    )


def mail_of(item: Item) -> Mail:
    """An item as a mail."""
    return msgspec.convert(item, Mail)


async def enlist(
    table: Table, notice: Notice, mail_id: str, *, recipient: str = "", claimed_until: str = "", waits: bool = False
) -> tuple[Mail, bool]:
    """The mail of this cause, and whether it was made just now, with this id and claim, or was there before.

    `waits`: for its reader's contact, which finds it when it comes.
    """
    mail = new_mail(notice, mail_id, recipient, claimed_until)
    fields = {name: value for name, value in msgspec.to_builtins(mail).items() if value is not None}
    expiry = {"expiresAt": int((now() + KEPT).timestamp())}
    pk, sk = cause_key(notice)
    writes = [
        table.put({"pk": pk, "sk": sk, "mailId": mail.id} | expiry, condition=NEW),
        table.put({"pk": f"MAIL#{mail.id}", "sk": "MAIL"} | fields | index_keys("QUEUED", mail) | expiry),
    ]
    if waits:
        writes.append(table.put({"pk": f"CONTACT#{notice.user_id}", "sk": f"{WAITS}{mail.id}"} | expiry))
    try:
        await table.transact(*writes)
    except ConditionFailed as there:
        cause = there.item or await table.get(pk, sk) or {}
        before = await find_mail(table, cause["mailId"])
        if before is None:
            raise
        return before, False
    return mail, True


async def find_mail(table: Table, mail_id: str) -> Mail | None:
    """The mail of this id."""
    item = await table.get(f"MAIL#{mail_id}", "MAIL")
    return mail_of(item) if item else None


async def claim(table: Table, mail: Mail, recipient: str, until: str) -> None:
    """Have a queued mail for oneself, if nobody took it since `mail` was read. Raises ConditionFailed."""
    values = {"queued": "QUEUED", "seen": mail.claimed_until, "until": until, "recipient": recipient}
    await table.write(
        table.update(
            f"MAIL#{mail.id}",
            "MAIL",
            "SET claimedUntil = :until, recipient = :recipient",
            condition="#status = :queued AND claimedUntil = :seen",
            values=values,
            names={"status": "status"},
        )
    )


async def release(table: Table, mail: Mail, mine: str, *, uncertain: bool) -> None:
    """Give a claim up, unless it was lost, so that the next try need not wait for its end.

    `uncertain`: SES may have taken the mail all the same; the next try has to know.
    """
    given_up = table.update(
        f"MAIL#{mail.id}",
        "MAIL",
        "SET claimedUntil = :until",
        condition="#status = :queued AND claimedUntil = :mine",
        values={"queued": "QUEUED", "mine": mine, "until": stamp() if uncertain else ""},
        names={"status": "status"},
    )
    with suppress(ConditionFailed):
        await table.write(given_up)


def settle(table: Table, mail: Mail, status: Status, changes: str, values: Item) -> Write:
    """A queued mail becomes sent or failed; what it was about is forgotten."""
    keys = index_keys(status, mail)
    return table.update(
        f"MAIL#{mail.id}",
        "MAIL",
        f"SET #status = :status, gsi1pk = :gsi1pk, {changes} REMOVE body, claimedUntil",
        condition="#status = :queued",
        values={"queued": "QUEUED", "status": status, "gsi1pk": keys["gsi1pk"]} | values,
        names={"status": "status", **({"error": "error"} if "#error" in changes else {})},
    )


async def record_sent(table: Table, mail: Mail, at: str, fact: Envelope[Any]) -> None:
    """SES has taken it. Raises ConditionFailed when that is on record already."""
    await table.transact(settle(table, mail, "SENT", "sentAt = :at", {"at": at}), table.put(outbox_item(fact)))


async def record_failed(table: Table, mail: Mail, error: str, fact: Envelope[Any]) -> None:
    """It will never be sent. Raises ConditionFailed when something is on record already."""
    await table.transact(
        settle(table, mail, "FAILED", "#error = :error", {"error": error}), table.put(outbox_item(fact))
    )


async def record_opened(table: Table, mail: Mail, at: str, fact: Envelope[Any]) -> None:
    """A sent mail was opened for the first time. Raises ConditionFailed when it had been before."""
    opened = table.update(
        f"MAIL#{mail.id}",
        "MAIL",
        "SET #status = :opened, gsi1pk = :gsi1pk, openedAt = :at",
        condition="#status = :sent",
        values={"sent": "SENT", "opened": "OPENED", "gsi1pk": index_keys("OPENED", mail)["gsi1pk"], "at": at},
        names={"status": "status"},
    )
    await table.transact(opened, table.put(outbox_item(fact)))


# --------------------------------------------------------------------------------------------------------------- lists


async def newest(
    table: Table, status: Status | None, kind: Kind | None, before: str | None, limit: int
) -> list[tuple[str, Mail]]:
    """The newest mails older than the position `before`, each with its position."""
    partitions = [
        f"{state}#{type_}" for state in ((status,) if status else STATUSES) for type_ in ((kind,) if kind else KINDS)
    ]
    found = await asyncio.gather(*(newest_of(table, partition, before, limit) for partition in partitions))
    by_position = {item["gsi1sk"]: mail_of(item) for items in found for item in items}
    return sorted(by_position.items(), reverse=True)[:limit]


async def newest_of(table: Table, partition: str, before: str | None, limit: int) -> list[Item]:
    """The same for one partition; several calls where the items are large."""
    items: list[Item] = []
    start: Item | None = None
    while len(items) < limit:
        found = await table.query(partition, index=BY_STATE, below=before, limit=limit + 1, forward=False, start=start)
        items += [item for item in found.items if item["gsi1sk"] != before]
        start = found.start
        if start is None:
            break
    return items[:limit]


async def mails_of_order(table: Table, order_id: str) -> list[tuple[str, Mail]]:
    """All mails about an order, newest first, each with its position."""
    causes: list[Item] = []
    start: Item | None = None
    while True:
        found = await table.query(f"ORDER#{order_id}", prefix="CAUSE#", start=start, consistent=True)
        causes += found.items
        start = found.start
        if start is None:
            break
    keys = [(f"MAIL#{cause['mailId']}", "MAIL") for cause in causes]
    items = [item for first in range(0, len(keys), 100) for item in await table.get_many(keys[first : first + 100])]
    return sorted(((item["gsi1sk"], mail_of(item)) for item in items), reverse=True)


async def queued(table: Table, kind: Kind, limit: int = 50) -> AsyncIterator[list[Mail]]:
    """The mails of this type that wait, the oldest first, in pages."""
    before, start = stamp(), None
    while True:
        found = await table.query(f"QUEUED#{kind}", index=BY_STATE, below=before, limit=limit, start=start)
        yield [mail_of(item) for item in found.items]
        start = found.start
        if start is None:
            return
