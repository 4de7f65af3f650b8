"""Messages in: what time brings."""

from shop.contracts.commands import SweepDue
from shop.contracts.messages import Envelope
from shop.kernel.clock import stamp
from shop.runtime import relay
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer
from shop.runtime.dynamo import ConditionFailed, Item
from shop.users import sessions, signals, store
from shop.users.parts import Users

__all__ = ["Sweeping", "consumer", "sweep"]

PAGE = 100
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
    """Everything that is due by now; a second sweep finds nothing more."""
    start: Item | None = None
    while True:
        found = await store.due(users.table, PAGE, start)
        for item in found.items:
            await settle(users, item)
        start = found.start
        if start is None:
            return


async def settle(users: Users, item: Item) -> None:
    """One thing that is due: a session that ends, or a registration that was not completed in time."""
    if item["kind"] == "session":
        await sessions.expire(users, item["subject"])
        return
    try:
        await store.expire_registration(users.table, item["subject"], stamp())
    except ConditionFailed:
        return  # confirmed at the last moment, or seen by another sweep
    signals.registration("expired")
