"""The mailbox: SES on the emulator forgets its mails when it ends, so the console keeps them.

Asking brings every mail there is, so it is asked only when a mail may have come, and not more often than that is worth.
"""

import asyncio
import contextlib
import logging
import time
from typing import Any, Final

import msgspec

from shop.console.store.database import Database
from shop.console.store.rows import Rows
from shop.runtime.wire import Client, WireError
from shop.telemetry import names

__all__ = ["Mailbox", "find", "mail"]

COGNITO: Final = "CognitoVerificationMessage"  # the emulator's own, which no shop sends
EVENT: Final = 7  # place of the event's name in a row of `logs`
SELDOM: Final = 15.0  # seconds after which it is asked although no line told of a mail
SOON: Final = 0.3
COST: Final = 10.0  # asking may take one part in so many of the time
logger = logging.getLogger(__name__)


class Mailbox:
    """Fetches mails into the store."""

    def __init__(self, database: Database, client: Client, emulator: str, account: str) -> None:
        self._database, self._client = database, client
        self._address = f"{emulator}/_ministack/ses/messages?account={account}"
        self._rung = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def hear(self, rows: Rows) -> None:
        """Rows that were stored, on the writer's thread: a line that tells of a mail rings."""
        if any(row[EVENT] == names.MAIL_SENT for row in rows.logs):
            self._loop.call_soon_threadsafe(self._rung.set)

    async def run(self) -> None:
        """Fetch for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), SELDOM)
            self._rung.clear()
            began = time.monotonic()
            await self.fetch()
            await asyncio.sleep(max(SOON, (time.monotonic() - began) * COST))

    async def fetch(self) -> None:
        """Bring the mails that are not in the store into it."""
        try:
            answer = await self._client.request("GET", self._address, timeout=10.0, max_body=1 << 28)
            boxes = msgspec.json.decode(answer.body)["messages"]
        except (WireError, msgspec.DecodeError, KeyError) as error:
            logger.debug("the mailbox cannot be read: %s", error)
            return
        mails = [row(each) for box in boxes.values() for each in box if each["Type"] != COGNITO]
        if mails:
            await asyncio.to_thread(keep, self._database, mails)


def row(given: dict[str, Any]) -> tuple[Any, ...]:
    """A mail of the emulator as a row."""
    return (
        given["MessageId"].partition("@")[0],  # the emulator adds a domain
        int(given["Timestamp"] * 1e9),
        given["Source"],
        msgspec.json.encode(given["To"]).decode(),
        given["Subject"],
        given["BodyText"] or "",
        given["BodyHtml"] or "",
    )


def keep(database: Database, mails: list[tuple[Any, ...]]) -> None:
    """Store those that are new."""
    known = {id_ for (id_,) in database.query("select id from mails")}
    new = [each for each in mails if each[0] not in known]
    if new:
        with database.transaction() as tx:
            tx.executemany("insert or ignore into mails values (?, ?, ?, ?, ?, ?, ?)", new)


TOLD: Final = """
    select split_part(json_extract_string(coalesce(fields, message), '$.MessageId'), '@', 1) as id,
        any_value(json_extract_string(coalesce(fields, message), '$.type')) as type,
        any_value(trace_hi) as trace_hi, any_value(trace_lo) as trace_lo
    from logs where event = 'shop.mail.sent' group by 1"""
COLUMNS: Final = "m.id, sent, sender, recipients, subject, text, html, type, trace_hi, trace_lo"
MAILS: Final = f"""
    select {COLUMNS} from mails m left join ({TOLD}) using (id)
    where sent between ? and ? and (? is null or type = ?)
        and (? is null or list_contains(lower(recipients)::json::varchar[], lower(?)))
        and (? is null or (sent, m.id) < (?, ?))
    order by sent desc, m.id desc limit ?"""  # noqa: S608 - put together from our own parts
MAIL: Final = f"select {COLUMNS} from mails m left join ({TOLD}) using (id) where m.id = ?"  # noqa: S608 - ditto


def find(
    database: Database,
    window: tuple[int, int],
    kind: str | None,
    recipient: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[tuple[Any, ...]]:
    """The newest mails of a window, of this type, to this address, below a position (sent, id)."""
    position = (after[0], after[0], after[1]) if after else (None, 0, "")
    return database.query(MAILS, (*window, kind, kind, recipient, recipient, *position, limit))


def mail(database: Database, id_: str) -> tuple[Any, ...] | None:
    """One mail."""
    found = database.query(MAIL, (id_,))
    return found[0] if found else None
