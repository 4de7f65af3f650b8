"""Messages in: what time brings."""

import asyncio
from time import monotonic

from shop.contracts.commands import SweepDue
from shop.contracts.messages import Envelope
from shop.runtime import relay
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer
from shop.runtime.dynamo import Item
from shop.users import accounts, sessions, store
from shop.users.parts import Users

__all__ = ["Sweeping", "consumer", "sweep"]

PAGE = 20  # at once
LONGEST = 5.0  # seconds; the function has ten, and what it counted must leave with its answer
consumer = Consumer("users-events")


class Sweeping:
    """What the sweep works with."""

    def __init__(self, users: Users, bus: Bus) -> None:
        self.users, self.bus = users, bus


@consumer.on(SweepDue)
async def on_sweep(deps: Sweeping, _message: Envelope[SweepDue]) -> None:
    """Send what the relay has left behind, and end what has had its time."""
    await relay.sweep(deps.users.table, deps.bus)
    await sweep(deps.users)


async def sweep(users: Users) -> None:
    """What is due by now, the longest waiting first, for as long as one call may take; the next sweep goes on.

    What fails does not keep the rest from being done; it is raised at the end.
    """
    began = monotonic()
    start: Item | None = None
    failures: list[BaseException] = []
    while monotonic() - began < LONGEST:
        found = await store.due(users.table, PAGE, start)
        outcomes = await asyncio.gather(*(settle(users, item) for item in found.items), return_exceptions=True)
        failures += [outcome for outcome in outcomes if outcome is not None]
        start = found.start
        if start is None:
            break
    if failures:
        raise failures[0]


async def settle(users: Users, item: Item) -> None:
    """One thing that is due: a session that ends, or a registration that was not completed in time."""
    if item["kind"] == "session":
        await sessions.expire(users, item["userId"], item["sessionId"])
    else:
        await accounts.expire(users, item["userId"])
