"""The outbox of a service with DynamoDB: items of the table itself, sent by a function on the table's stream.

The function gets each outbox item as a stream record, sends what it holds and deletes it. What was left behind (the
stream forgets after 24 h, the emulator's at every stop) is found by `sweep` through the sparse index `outbox`.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shop.contracts.topology import OUTBOX_INDEX
from shop.kernel.clock import now, stamp
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime import signals
from shop.runtime.aws import AwsError
from shop.runtime.bus import Bus, Parcel, Unsendable, unpack
from shop.runtime.dynamo import OUTBOX, OUTBOX_SHARD, Item, Table, read, wire

__all__ = ["forward", "sweep"]

DELETES = 25  # of one BatchWriteItem
SWEPT = 100  # items of one page


@dataclass(frozen=True, slots=True)
class Kept:
    """An outbox item and the parcels in it."""

    pk: str
    sk: str
    parcels: list[Parcel]


async def forward(table: Table, bus: Bus, records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Send what a batch of stream records announces; sequence numbers of the records that must come again.

    A record comes at least once: after a failure Lambda repeats all that follow it; consumers know what they have seen.
    """
    announced = {
        number: item for record in records if (item := new_outbox_item(record)) for number in [sequence(record)]
    }
    kept = {number: opened for number, item in announced.items() if (opened := await _open(table, item))}
    left = await _send(table, bus, kept.values())
    return [number for number, item in kept.items() if item.pk in left]


async def sweep(table: Table, bus: Bus, older_than: timedelta = timedelta(seconds=10)) -> int:
    """Send the outbox items that have waited for longer; how many were sent. Oldest first; what fails waits on."""
    before, start, sent = stamp(now() - older_than), None, 0
    index = (OUTBOX_INDEX.name, OUTBOX_INDEX.partition, OUTBOX_INDEX.sort or "")
    while True:
        found = await table.query(OUTBOX_SHARD, below=before, index=index, limit=SWEPT, start=start)
        kept = [opened for item in found.items if (opened := await _open(table, item))]
        left = await _send(table, bus, kept)
        sent += len(kept) - len(left)
        start = found.start
        if start is None or left:
            return sent


def new_outbox_item(record: Mapping[str, Any]) -> Item | None:
    """The outbox item that a stream record says was written; None for any other record."""
    change = record["dynamodb"]
    if record["eventName"] != "INSERT" or "NewImage" not in change:
        return None
    item = read(change["NewImage"])
    return item if item["pk"].startswith(OUTBOX) else None


def sequence(record: Mapping[str, Any]) -> str:
    """What Lambda's partial failures and checkpoints are told in."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


async def _open(table: Table, item: Item) -> Kept | None:
    """The parcels of an item. One that nobody understands leaves the outbox, but stays in the table to be looked at."""
    try:
        return Kept(item["pk"], item["sk"], [unpack(body) for body in item["messages"]])
    except Unsendable as error:
        signals.message_failed(item["pk"], error)
        park = "SET parked = :reason REMOVE outboxShard"
        await table.write(table.update(item["pk"], item["sk"], park, values={"reason": str(error)}))
        return None


async def _send(table: Table, bus: Bus, kept: Iterable[Kept]) -> set[str]:
    """Send all parcels in order and delete what was acknowledged; keys of the items that are left."""
    kept = list(kept)
    parcels = [parcel for item in kept for parcel in item.parcels]
    try:
        failed = set(await bus.dispatch(parcels))
    except (AwsError, DependencyUnavailable, DependencyTimeout):
        return {item.pk for item in kept}  # the spans of the sending tell why
    left = {item.pk for item in kept if any(parcel.id in failed for parcel in item.parcels)}
    await _delete(table, [item for item in kept if item.pk not in left])
    return left


async def _delete(table: Table, items: Sequence[Kept]) -> None:
    """Delete what was sent. What stays by accident is sent again by the sweep, which is allowed."""
    keys = [{"DeleteRequest": {"Key": wire({"pk": item.pk, "sk": item.sk})}} for item in items]
    await asyncio.gather(*(table.write_many(keys[start : start + DELETES]) for start in range(0, len(keys), DELETES)))
