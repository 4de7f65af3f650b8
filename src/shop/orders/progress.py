"""One step of an order: read it, ask the saga, record what follows; one transaction, started over when it lost."""

from shop.contracts.messages import Message
from shop.contracts.shapes import Order
from shop.orders import saga, signals, store
from shop.orders.store import Kept
from shop.runtime import inbox
from shop.runtime.postgres import Connection, Database, again_if_raced

__all__ = ["advance", "take_step"]


async def advance(
    db: Database, order_id: str, message: Message | saga.Wish, *, cause: str | None = None
) -> Order | None:
    """What `message` does to an order; the order after it, None when there is none.

    `cause` is the event that brought it: one that was here before changes nothing. Raises what `saga.react` raises.
    """

    async def step() -> tuple[Kept, Order] | None:
        async with db.transaction() as tx:
            new = cause is None or await inbox.admit(tx, cause)
            before = await store.find_order(tx, order_id)
            if before is None:
                return None
            return before, (await take_step(tx, before, message, cause) if new else before.order)

    moved = await again_if_raced(step)
    if moved is None:
        return None
    before, after = moved
    signals.order_moved(before, after, message)  # after the commit: a step that was rolled back was none
    return after


async def take_step(tx: Connection, before: Kept, message: Message | saga.Wish, cause: str | None = None) -> Order:
    """The order after `message`, written but not yet committed."""
    return await store.record(tx, before.order, saga.react(before.order, message), cause=cause)
