"""The outbox of a service with PostgreSQL: what is announced is written with what it announces, and sent afterwards.

A relay takes the oldest message of each aggregate, holds it by a row lock while it sends, and deletes it in the same
transaction once it is acknowledged. Several relays may run: one that finds an aggregate held passes on to the next.
Nothing is ever read "after the last id": a transaction that commits late would be overlooked.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg

from shop import telemetry
from shop.contracts.messages import Envelope, Metadata
from shop.runtime import signals
from shop.runtime.bus import BATCH, Bus, Parcel, Unsendable, caused_here, pack, unpack
from shop.runtime.postgres import Connection, Database
from shop.runtime.stopping import cancelled, pause
from shop.telemetry import names

__all__ = ["ROWS", "WAKE", "Relay", "columns", "put"]

CHANNEL = "outbox"
AGGREGATES = 10 * BATCH  # held by one lane at a time
MESSAGES = 2 * AGGREGATES  # sent by one lane at a time
LANES = 3
LONGEST_PAUSE = 2.0  # seconds between tries while the bus is down: soon enough after it is back

ROWS = "insert into outbox (aggregate_id, event_id, body) select * from unnest($1::text[], $2::text[], $3::text[])"
WAKE = f"select pg_notify('{CHANNEL}', '') where cardinality($1::text[]) > 0"
PUT = f"with rows as ({ROWS}) {WAKE}"
OLDEST_UNSENT_OF_EACH_AGGREGATE = """
with held as (
    select o.aggregate_id from outbox o
    where o.retry_at <= clock_timestamp()
      and not exists (select from outbox p where p.aggregate_id = o.aggregate_id and p.seq < o.seq)
    order by o.seq limit $1
    for update of o skip locked
)
select aggregate_id, event_id, body from outbox
where aggregate_id in (select aggregate_id from held)
order by seq limit $2
"""
ACKNOWLEDGED = """
delete from outbox where event_id = any($1)
returning event_id, extract(epoch from clock_timestamp() - created_at)::float8 as seconds
"""
REFUSED = """
update outbox
set tries = tries + 1, retry_at = clock_timestamp() + least(60, power(2, least(tries, 6))) * interval '1 second'
where event_id = any($1)
"""


async def put(tx: Connection, *messages: Envelope[Any]) -> None:
    """Send `messages`, in this order, once `tx` is committed. Raises Unsendable."""
    if messages:
        await tx.execute(PUT, *columns(messages))


def columns(messages: Iterable[Envelope[Any]]) -> tuple[list[str], list[str], list[str]]:
    """The parameters of ROWS, for who writes them together with something else, and wakes the relay by WAKE."""
    parcels = [pack(caused_here(message)) for message in messages]
    return (
        [parcel.aggregate for parcel in parcels],
        [parcel.id for parcel in parcels],
        [parcel.body for parcel in parcels],
    )


class Relay:
    """Sends what `put` has left. `on_sent(metadata, seconds)` hears of each message how long it lay here."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        *,
        on_sent: Callable[[Metadata, float], None] | None = None,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        self._db, self._bus, self._on_sent, self._poll = db, bus, on_sent, poll.total_seconds()
        self._woken = asyncio.Event()
        self._lanes: set[asyncio.Task[None]] = set()
        self._pause = 0.0
        self._crowded = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; what is under way then is finished first."""
        listening = asyncio.create_task(self._listen())
        stopping = asyncio.create_task(self._wake_at(stop))
        try:
            while not stop.is_set():
                self._crowded = len(self._lanes) == LANES
                if not self._crowded:
                    self._start_lane(stop)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._poll)
                self._woken.clear()
            await asyncio.gather(*self._lanes)
        finally:
            await cancelled(listening, stopping, *self._lanes)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()

    def _start_lane(self, stop: asyncio.Event) -> None:
        lane = asyncio.create_task(self._lane(stop))
        self._lanes.add(lane)
        lane.add_done_callback(self._end_lane)

    def _end_lane(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        if self._crowded:  # somebody called while all lanes were busy; this one may have looked before that
            self._woken.set()

    async def _lane(self, stop: asyncio.Event) -> None:
        """Send until nothing is left that another lane or relay does not hold."""
        while not stop.is_set():
            try:
                if not await self.send_oldest():
                    return
                self._pause = 0.0
            except Exception as error:  # noqa: BLE001 - whatever it is, the messages are safe and the next try may work
                self._pause = min(LONGEST_PAUSE, max(0.1, 2 * self._pause))
                signals.trouble(names.OUTBOX_STALLED, error)
                await pause(stop, random.uniform(0.5, 1) * self._pause)  # noqa: S311 - jitter, no secret

    async def send_oldest(self) -> int:
        """Send the oldest messages of some aggregates and tell how many were found.

        Raises what `Bus.dispatch` raises when nothing was acknowledged; then nothing has changed.
        """
        async with self._db.transaction() as tx:
            rows = await tx.fetch(OLDEST_UNSENT_OF_EACH_AGGREGATE, AGGREGATES, MESSAGES)
            if len(rows) >= AGGREGATES:
                self._woken.set()  # there is more: another lane may take it meanwhile
            parcels, refused = readable(rows)
            refused += await self._bus.dispatch(parcels.values())
            sent = await tx.fetch(ACKNOWLEDGED, [sent for sent in parcels if sent not in refused]) if parcels else []
            if refused:
                await tx.execute(REFUSED, refused)
        if sent:
            telemetry.hurry()  # the spans of the sending are parents of what others do now
        if self._on_sent:
            for row in sent:
                metadata = parcels[row["event_id"]].metadata
                with telemetry.context(synthetic=metadata.synthetic):
                    self._on_sent(metadata, row["seconds"])
        return len(rows)

    async def _listen(self) -> None:
        """Wake on NOTIFY. While the connection is lost, the poll does."""
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._listen_once()
            await asyncio.sleep(self._poll)

    async def _listen_once(self) -> None:
        lost = asyncio.Event()
        connection = await asyncpg.connect(self._db.url, timeout=5, server_settings={"application_name": "shop-relay"})
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
            self._woken.set()  # for what was written before we listened
            await lost.wait()
        finally:
            await connection.close(timeout=1)


def readable(rows: Iterable[Any]) -> tuple[dict[str, Parcel], list[str]]:
    """The parcels by id, and the ids of those that nobody understands, which hold up what follows them."""
    parcels: dict[str, Parcel] = {}
    stuck: dict[str, str] = {}
    for row in rows:
        if row["aggregate_id"] in stuck:
            continue
        try:
            parcels[row["event_id"]] = unpack(row["body"])
        except Unsendable as error:
            stuck[row["aggregate_id"]] = row["event_id"]
            signals.message_failed(row["event_id"], error)
    return parcels, list(stuck.values())
