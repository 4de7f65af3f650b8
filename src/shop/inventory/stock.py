"""What changes stock: commands of orders, an operator's hand, time. Each is one transaction over all it touches.

Every writer conditions on the revision it has read; whoever loses a race reads again and decides anew. So nothing is
ever oversold, nothing is refused while there is enough, and what is announced is exactly what was written.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic

from shop import telemetry
from shop.contracts.events import (
    StockCommitRejected,
    StockCommitted,
    StockRejected,
    StockReleased,
    StockReserved,
)
from shop.contracts.messages import Message
from shop.contracts.shapes import OrderLine, Product
from shop.inventory import signals, store
from shop.inventory.model import (
    Change,
    Movement,
    MovementType,
    ProductNotFound,
    Reservation,
    State,
    StockRecord,
    merged,
    shortages,
)
from shop.kernel.clock import now, stamp
from shop.kernel.errors import DependencyUnavailable, Unprocessable
from shop.runtime.dynamo import ConditionFailed, Table, Write
from shop.telemetry import names

__all__ = ["Contention", "change_stock", "commit", "lapse", "learn", "release", "reserve", "ship"]

PATIENCE = 8.0  # seconds; a function has 10
LONGEST_PAUSE = 0.1
MOST_LINES = 30  # three items each, and DynamoDB's transactions hold a hundred


class Contention:
    """A loop that goes on while others win, each time after a short while: `while await contention.again():`."""

    def __init__(self) -> None:
        self._until, self._lost = monotonic() + PATIENCE, 0

    async def again(self) -> bool:
        """Whether to try (again). Raises DependencyUnavailable when others have won for too long."""
        if monotonic() > self._until:
            raise DependencyUnavailable("Too many are changing this stock at once.")
        if self._lost:
            await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE, 0.002 * 2**self._lost)))  # noqa: S311 - jitter
        self._lost += 1
        return True


def checked_id(identity: str) -> str:
    """The id of an order or product in a message. Raises Unprocessable for what is none."""
    if not 0 < len(identity) <= store.LONGEST_ID:
        raise Unprocessable(f"an id has 1 to {store.LONGEST_ID} characters")
    return identity


def checked(lines: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """The lines of a command, one per product. Raises Unprocessable for what cannot be a command."""
    if not lines or any(line.quantity < 1 for line in lines):
        raise Unprocessable("a line needs a quantity of at least 1, and a command at least one line")
    once = merged(lines)
    if len(once) > MOST_LINES:
        raise Unprocessable(f"more than {MOST_LINES} lines")
    return once


# -------------------------------------------------------------------------------------------------- commands of orders


async def reserve(
    table: Table, order_id: str, lines: Sequence[OrderLine], ttl: timedelta, cause: str | None = None
) -> None:
    """Reserve all lines or none, once per order; a repeated command repeats its answer."""
    wanted = checked(lines)
    checked_id(order_id)
    contention = Contention()
    while await contention.again():
        known, records = await store.find_order(table, order_id, (line.product_id for line in wanted))
        if known is not None:
            await say(table, order_id, reserve_answer(known, wanted), cause)
            return
        short = shortages(wanted, records)
        if short:
            held = Reservation(order_id, "REJECTED", wanted, shortages=short)
            changes: list[Change] = []
        else:
            began = telemetry.origin()._asdict()
            held = Reservation(order_id, "RESERVED", wanted, due_at=stamp(now() + ttl), **began)
            changes = [moved(records[line.product_id], "RESERVATION", line.quantity, order_id) for line in wanted]
        if await took_place(table, None, held, changes, reserve_answer(held, wanted), cause):
            return


def reserve_answer(reservation: Reservation, lines: Sequence[OrderLine]) -> Message:
    """What ReserveStock is answered, the first time and again."""
    if reservation.state in ("REJECTED", "TOMBSTONE"):
        return StockRejected(order_id=reservation.order_id, lines=list(lines), shortages=list(reservation.shortages))
    return StockReserved(order_id=reservation.order_id, lines=list(reservation.lines))


async def commit(table: Table, order_id: str, lines: Sequence[OrderLine], cause: str | None = None) -> None:
    """Make a reservation permanent; refused when there is none, or its time is over."""
    checked_id(order_id)
    contention = Contention()
    while await contention.again():
        known = await store.find_reservation(table, order_id)
        if known is not None and known.state in ("COMMITTED", "SHIPPED"):
            await say(table, order_id, StockCommitted(order_id=order_id, lines=list(known.lines)), cause)
            return
        if known is None or known.state != "RESERVED":
            await say(table, order_id, StockCommitRejected(order_id=order_id, lines=list(lines)), cause)
            return
        if known.due_at <= stamp():
            await lapse(table, known)
            continue
        after = replace(known, state="COMMITTED")
        told = StockCommitted(order_id=order_id, lines=list(known.lines))
        if await took_place(table, known, after, [], told, cause):
            return


async def release(table: Table, order_id: str, lines: Sequence[OrderLine], cause: str | None = None) -> None:
    """Give a reservation back, a permanent one too; without one, leave a tombstone that rejects a later reservation."""
    checked_id(order_id)
    contention = Contention()
    while await contention.again():
        known, records = await held(table, order_id, lines)
        if known is None:
            tombstone = Reservation(order_id, "TOMBSTONE", merged(lines))
            if await took_place(table, None, tombstone, [], None, cause):
                return
        elif known.holds:
            if await given_back(table, known, records, "RELEASED", cause):
                return
        else:
            if known.state == "RELEASED":
                await say(table, order_id, StockReleased(order_id=order_id, lines=list(known.lines)), cause)
            return


async def ship(table: Table, order_id: str, lines: Sequence[OrderLine]) -> None:
    """The goods of a reservation have left."""
    checked_id(order_id)
    contention = Contention()
    while await contention.again():
        known, records = await held(table, order_id, lines)
        if known is None or not known.holds:
            return
        changes = [moved(records[line.product_id], "SHIPMENT", -line.quantity, order_id) for line in known.lines]
        if await took_place(table, known, replace(known, state="SHIPPED"), changes, None, None):
            return


async def lapse(table: Table, reservation: Reservation) -> bool:
    """End a reservation whose time is over and that nobody has committed; whether it was this call that did."""
    began = telemetry.Origin(reservation.traceparent, reservation.synthetic)
    contention = Contention()
    with telemetry.due("reservation", began, {names.ORDER_ID: reservation.order_id}):
        while await contention.again():
            known, records = await held(table, reservation.order_id, reservation.lines)
            if known is None or known.state != "RESERVED" or known.due_at > stamp():
                return False
            if await given_back(table, known, records, "LAPSED", None):
                return True
    return False


async def held(
    table: Table, order_id: str, lines: Sequence[OrderLine]
) -> tuple[Reservation | None, dict[str, StockRecord]]:
    """What is held for an order, with the stock of its lines, which a command names as well as it knows them."""
    known, records = await store.find_order(table, order_id, (line.product_id for line in lines[:MOST_LINES]))
    missing = [line.product_id for line in known.lines if line.product_id not in records] if known else []
    if missing:
        records |= await store.find_many(table, missing)
    return known, records


async def given_back(
    table: Table, known: Reservation, records: dict[str, StockRecord], state: State, cause: str | None
) -> bool:
    """Give back what is held; False when somebody else was faster."""
    changes = [moved(records[line.product_id], "RELEASE", -line.quantity, known.order_id) for line in known.lines]
    told = StockReleased(order_id=known.order_id, lines=list(known.lines))
    return await took_place(table, known, replace(known, state=state), changes, told, cause)


def moved(record: StockRecord, kind: MovementType, quantity: int, order_id: str) -> Change:
    """One line of an order, as a change of its stock."""
    movement = Movement(type=kind, quantity=quantity, order_id=order_id, at=stamp())
    return Change(record, record.moved(movement), movement)


async def took_place(
    table: Table,
    before: Reservation | None,
    after: Reservation,
    changes: Sequence[Change],
    told: Message | None,
    cause: str | None,
) -> bool:
    """Write a reservation's next state with all its lines and its answer; False when somebody else was faster."""
    writes: list[Write] = [store.save_reservation(table, before, after)]
    for change in changes:
        writes += store.writes_of(table, change, correlation=after.order_id)
    if told is not None:
        writes.append(store.answer(table, after.order_id, told, cause))
    try:
        await table.transact(*writes)
    except ConditionFailed:
        return False
    signals.order_handled(after)
    for change in changes:
        signals.stock_changed(change)
    return True


async def say(table: Table, order_id: str, told: Message, cause: str | None) -> None:
    """Repeat an answer."""
    await table.write(store.answer(table, order_id, told, cause))


# ------------------------------------------------------------------------------------- an operator's hand, and catalog


async def change_stock(table: Table, product_id: str, decide: Callable[[StockRecord], Change | None]) -> StockRecord:
    """Change one product's stock by what `decide` makes of it (None: nothing); the stock after it.

    Raises ProductNotFound, and what `decide` raises.
    """
    contention = Contention()
    while await contention.again():
        record = await store.find_stock(table, product_id)
        if record is None:
            raise ProductNotFound
        change = decide(record)
        if change is None:
            return record
        try:
            await table.transact(*store.writes_of(table, change))
        except ConditionFailed:
            continue
        signals.stock_changed(change)
        return change.after
    raise AssertionError("contention ends by returning or raising")


async def learn(
    table: Table, product: Product, version: int, *, initial_stock: int | None = None, gone: bool = False
) -> None:
    """Keep what catalog says of a product; `initial_stock` is entered once, whatever comes when."""
    checked_id(product.id)
    if initial_stock is not None and initial_stock < 0:
        raise Unprocessable("a product cannot begin with less than nothing")
    contention = Contention()
    while await contention.again():
        before = await store.find_stock(table, product.id) or StockRecord(product.id, updated_at=stamp())
        after = before.told(product, version, gone=gone)
        movement = None
        if initial_stock is not None and not before.opened:
            if initial_stock:
                movement = Movement(type="RECEIPT", quantity=initial_stock, at=stamp())
                after = after.moved(movement)
            after = replace(after, opened=True)
        if after == before:
            return
        if after.version == 0:
            after = replace(after, version=1)
        change = Change(before, after, movement)
        try:
            await table.transact(*store.writes_of(table, change))
        except ConditionFailed:
            continue
        if movement:
            signals.stock_changed(change)
        return
