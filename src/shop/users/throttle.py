"""How often somebody may try: counted in the table, so that all environments of the function count together.

What is counted is named by a fingerprint: no key shows a mail or internet address.
"""

import asyncio
import math
from dataclasses import dataclass
from datetime import timedelta

from shop.kernel.clock import now, parse, stamp
from shop.kernel.errors import RateLimited
from shop.runtime.dynamo import ConditionFailed, Item, Table
from shop.users.model import fingerprint

__all__ = ["ACCOUNT", "ADDRESS", "CONFIRM_CODES", "RESET_CODES", "Limit", "check", "count", "forget", "forgive"]

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times within a window, which begins with the first."""

    name: str
    times: int
    window: timedelta = timedelta(minutes=15)


ACCOUNT = Limit("LOGIN", 5)  # wrong passwords for one mail address, known or not
ADDRESS = Limit("CLIENT", 100)  # wrong passwords from one client address
CONFIRM_CODES = Limit("CONFIRM", 5)  # codes asked for, for one mail address
RESET_CODES = Limit("RESET", 5)


def key(limit: Limit, subject: str) -> tuple[str, str]:
    """Where the count stands."""
    return f"TRIES#{limit.name}#{fingerprint(subject)}", "TRIES"


async def check(table: Table, *subjects: tuple[Limit, str]) -> None:
    """Raises RateLimited when one of them has used its times up."""
    found = await asyncio.gather(*(table.get(*key(limit, subject)) for limit, subject in subjects))
    for (limit, _), item in zip(subjects, found, strict=True):
        if item and item["times"] >= limit.times and item["windowEnds"] > stamp():
            raise too_many(item)


async def count(table: Table, limit: Limit, subject: str) -> None:
    """Count once more. Raises RateLimited when the times are used up, however many count at the same moment."""
    pk, sk = key(limit, subject)
    ends = now() + limit.window
    expression = (
        "SET times = if_not_exists(times, :none) + :one, windowEnds = if_not_exists(windowEnds, :ends),"
        " expiresAt = if_not_exists(expiresAt, :expires)"
    )
    values = {"none": 0, "one": 1, "ends": stamp(ends), "expires": int(ends.timestamp())}
    condition = "attribute_not_exists(pk) OR (times < :limit AND windowEnds > :now)"
    for _ in range(ATTEMPTS):
        limits = {"limit": limit.times, "now": stamp()}
        try:
            await table.write(table.update(pk, sk, expression, condition=condition, values=values | limits))
        except ConditionFailed as failure:
            item = failure.item
            if item is not None and item["windowEnds"] > stamp():
                raise too_many(item) from failure
            await _begin_anew(table, pk, sk)
        else:
            return
    raise RateLimited("Too many tries at the same moment.")


async def forgive(table: Table, limit: Limit, subject: str) -> None:
    """Forget what was counted. Raises RateLimited when the times were used up meanwhile, by others."""
    pk, sk = key(limit, subject)
    values = {"limit": limit.times, "now": stamp()}
    condition = "attribute_not_exists(pk) OR times < :limit OR windowEnds <= :now"
    try:
        await table.write(table.delete(pk, sk, condition=condition, values=values))
    except ConditionFailed as failure:
        raise too_many(failure.item or {"windowEnds": stamp(now() + limit.window)}) from failure


async def forget(table: Table, limit: Limit, subject: str) -> None:
    """Forget what was counted, even where the times are used up: its owner has proved to be the owner."""
    await table.write(table.delete(*key(limit, subject)))


async def _begin_anew(table: Table, pk: str, sk: str) -> None:
    """Remove a window that is over; DynamoDB's own expiry takes its time."""
    try:
        await table.write(table.delete(pk, sk, condition="windowEnds <= :now", values={"now": stamp()}))
    except ConditionFailed:
        return  # somebody else was faster


def too_many(item: Item) -> RateLimited:
    """The problem, with the time until the window ends."""
    left = (parse(item["windowEnds"]) - now()).total_seconds()
    return RateLimited("Too many tries: wait, then try again.", retry_after=max(1, math.ceil(left)))
