"""Mails, the bus, queues and processes."""

from datetime import datetime
from typing import Any, Final

import msgspec

from shop.console.cloud import events, mailbox
from shop.console.cloud.queues import dead_letters, queue_named
from shop.console.console import Console
from shop.console.routes.common import Limit, Moment, iso, nanoseconds, off_loop, page, paged, routes, tokens
from shop.contracts.topology import dead_letter_queue
from shop.kernel.errors import DependencyUnavailable, NotFound
from shop.runtime import redrive

__all__ = ["MailNotFound", "QueueNotFound"]

EVER: Final = 1 << 62


class MailNotFound(NotFound):
    """There is no such mail."""

    code = "MAIL_NOT_FOUND"
    title = {"ja": "メールが見つかりません", "en": "No such mail"}  # noqa: RUF012 - as Problem's


class QueueNotFound(NotFound):
    """There is no queue of this name."""

    code = "QUEUE_NOT_FOUND"
    title = {"ja": "キューが見つかりません", "en": "No such queue"}  # noqa: RUF012 - as Problem's


def kept(begin: datetime | None, end: datetime | None) -> tuple[int, int]:
    """A window; without bounds all that is kept: a mail or event is looked for by what it is, not by when it came."""
    return (nanoseconds(begin) if begin else 0), (nanoseconds(end) if end else EVER)


def sealed(scope: str, rows: list[tuple[Any, ...]], limit: int) -> str | None:
    """The token of the next page, when there is one; time and id are where `rows` have them."""
    return tokens.seal(scope, (rows[limit - 1][1], rows[limit - 1][0])) if len(rows) > limit else None


@routes.get("/api/mails")
async def list_mails(
    console: Console,
    to: str | None = None,
    type: str | None = None,  # noqa: A002 - as the query has it
    limit: Limit = 100,
    next_token: str | None = None,
) -> dict[str, Any]:
    """The mails that the shop has sent, to an address, of a type."""
    scope = f"/api/mails {msgspec.json.encode((to, type)).decode()}"
    after = tuple(tokens.open(scope, next_token)) if next_token else None
    rows = await off_loop(
        mailbox.find, console.store.database, (0, EVER), type, to, (int(after[0]), str(after[1])) if after else None,
        limit + 1,
    )  # fmt: skip
    return page([mail_of(row) for row in rows[:limit]], sealed(scope, rows, limit))


@routes.get("/api/mails/{id}", raises=[MailNotFound])
async def get_mail(console: Console, id: str) -> dict[str, Any]:  # noqa: A002 - as it stands in the path
    """One mail."""
    found = await off_loop(mailbox.mail, console.store.database, id)
    if found is None:
        raise MailNotFound
    console.asked.mails.append(str(found[5]))
    return mail_of(found)


def mail_of(row: tuple[Any, ...]) -> dict[str, Any]:
    """A mail as the API shows it."""
    id_, sent, sender, recipients, subject, text, html, kind, trace_hi, trace_lo = row
    return {
        "id": id_,
        "to": msgspec.json.decode(recipients),
        "from": sender,
        "subject": subject,
        "text": text,
        "html": html,
        "type": kind,
        "sentAt": iso(sent),
        "traceId": f"{trace_hi:016x}{trace_lo:016x}" if trace_lo else None,
    }


@routes.get("/api/bus/events")
async def list_events(
    console: Console,
    type: str | None = None,  # noqa: A002 - as the query has it
    correlation_id: str | None = None,
    from_: Moment | None = None,
    to: Moment | None = None,
    limit: Limit = 100,
    next_token: str | None = None,
) -> dict[str, Any]:
    """The events that passed the bus, of a type, with a correlation."""
    scope = f"/api/bus/events {msgspec.json.encode((type, correlation_id, from_, to)).decode()}"
    after = tuple(tokens.open(scope, next_token)) if next_token else None
    rows = await off_loop(
        events.find, console.store.database, kept(from_, to), type, correlation_id,
        (int(after[0]), str(after[1])) if after else None, limit + 1,
    )  # fmt: skip
    return page([event_of(row) for row in rows[:limit]], sealed(scope, rows, limit))


def event_of(row: tuple[Any, ...]) -> dict[str, Any]:
    """An event as the API shows it."""
    id_, time, source, kind, detail = row
    return {
        "id": id_,
        "time": iso(time),
        "source": source,
        "detailType": kind,
        "detail": msgspec.json.decode(detail),
        "targets": events.targets_of(kind),
    }


@routes.get("/api/queues")
async def list_queues(console: Console, limit: Limit = 100, next_token: str | None = None) -> dict[str, Any]:
    """Every queue with its depth, age and dead letters."""
    return paged("/api/queues", await console.queues.overview(), limit, next_token)


@routes.get("/api/queues/{name}/dead-letters", raises=[QueueNotFound])
async def list_dead_letters(
    console: Console, name: str, limit: Limit = 100, next_token: str | None = None
) -> dict[str, Any]:
    """The dead letters of a queue, and why each is one."""
    if queue_named(name) is None:
        raise QueueNotFound
    messages = await console.queues.messages(dead_letter_queue(name))
    letters = await off_loop(dead_letters, console.store.database, messages)
    return paged(f"/api/queues/{name}/dead-letters", letters, limit, next_token)


@routes.post("/api/queues/{name}/redrive", raises=[QueueNotFound, DependencyUnavailable], status=202)
async def redrive_queue(console: Console, name: str) -> dict[str, Any]:
    """The dead letters of a queue go back into it."""
    if queue_named(name) is None:
        raise QueueNotFound
    try:
        return {"moved": await redrive.redrive(console.sqs, name)}
    except redrive.Interrupted as error:
        raise DependencyUnavailable("SQS stopped answering.", moved=error.moved) from error


@routes.get("/api/processes")
async def list_processes(console: Console, limit: Limit = 100, next_token: str | None = None) -> dict[str, Any]:
    """The processes of the shop."""
    return paged("/api/processes", await console.processes.running(), limit, next_token)
