"""Holds stock against its ledger: the ledger is the truth, from which a stock can be made anew.

Up to where a ledger has been added up is kept, with what it came to. Where stock, ledger and that disagree, two against
one decide which is mended; without it, or when all three differ, the ledger is right.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shop.inventory import signals, store
from shop.inventory.model import NOTHING, Change, Movement, MovementType, StockRecord, Sums
from shop.kernel.clock import stamp
from shop.runtime.dynamo import ConditionFailed, Table

__all__ = ["Audit", "Difference", "audit_stock", "check"]

LANES = 8  # products at once
LOOKS = 5  # how often an audit looks again at what seems to differ: orders go on meanwhile
PAUSE = 0.2  # seconds between two looks
REASON = "reconciliation"  # of a line that a ledger had lost


# ----------------------------------------------------------------------------------------------- from time to time


async def check(table: Table, product_ids: Sequence[str]) -> None:
    """Hold up to 100 products against what has come into their ledgers since the last time, and repair them."""
    records, known = await asyncio.gather(store.find_many(table, product_ids), store.find_checks(table, product_ids))
    lanes = asyncio.Semaphore(LANES)

    async def one(record: StockRecord) -> None:
        async with lanes:
            await check_one(table, record, known.get(record.product_id, NOTHING))

    await asyncio.gather(*map(one, records.values()))


async def check_one(table: Table, record: StockRecord, known: Sums) -> None:
    """Hold one product against its ledger: one of a page is added up anew, a longer one from where it is known."""
    if record.version < known.version:
        known = NOTHING  # the table has been set back
    expected = await added_up(table, record, known if known.lines > store.PAGE else NOTHING)
    if not agrees(record, expected):
        expected = await added_up(table, record, NOTHING)  # what was known may be what is wrong
    if agrees(record, expected):
        if expected != known:
            await store.save_check(table, record.product_id, expected)
    elif known != NOTHING and agrees(record, await added_up(table, record, known)):
        await mend(table, record, expected)
    else:
        await repair(table, record, expected)


async def added_up(table: Table, record: StockRecord, known: Sums) -> Sums:
    """What a product's ledger says its stock is. What is known up to now needs no look."""
    if known.version == record.version:
        return known
    return await store.sums(table, record.product_id, record.version, known)


def agrees(record: StockRecord, expected: Sums) -> bool:
    """Whether a stock is what its ledger says."""
    return (record.on_hand, record.reserved) == (expected.on_hand, expected.reserved)


async def repair(table: Table, record: StockRecord, expected: Sums) -> None:
    """Make a stock what its ledger says. Who changes it at this moment wins; the next time finds it again."""
    if not expected.possible:
        signals.drifted(record.product_id, "impossible ledger")
        return
    after = record.at(Sums(expected.on_hand, expected.reserved, record.version + 1), stamp())
    change = Change(record, after)
    try:
        await table.transact(*store.writes_of(table, change))
    except ConditionFailed:
        return
    signals.drifted(record.product_id, "ledger")
    signals.stock_changed(change)


async def mend(table: Table, record: StockRecord, expected: Sums) -> None:
    """Enter what a ledger lacks: its stock is what it added up to before, so lines were lost or changed."""
    missing = corrections(record.on_hand - expected.on_hand, record.reserved - expected.reserved)
    try:
        await table.transact(*store.corrections(table, record, missing))
    except ConditionFailed:
        return  # somebody changes the stock at this moment: the next time finds it again
    signals.drifted(record.product_id, "damaged ledger")
    for movement in missing:
        signals.moved(movement.type)


def corrections(on_hand: int, reserved: int) -> list[Movement]:
    """The lines that lift a ledger's sums by so much."""
    lines: list[tuple[MovementType, int]] = []
    if on_hand:
        lines.append(("ADJUSTMENT", on_hand))
    if reserved:
        lines.append(("RESERVATION" if reserved > 0 else "RELEASE", reserved))
    return [Movement(type=kind, quantity=quantity, at=stamp(), reason=REASON) for kind, quantity in lines]


# ------------------------------------------------------------------------------------------------------------ all of it


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not add up. `what`: a stock's number against its ledger, or what is reserved against what the
    open orders hold (`held`).
    """

    product_id: str
    what: Literal["onHand", "reserved", "held"]
    stock: int
    expected: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found. No differences: `onHand` and `reserved` of each product are what its whole ledger and all
    open reservations say.
    """

    products: int
    differences: list[Difference]


async def audit_stock(table: Table) -> Audit:
    """Compare all stocks with all of their ledgers and with all open reservations. Changes nothing."""
    products = await all_products(table)
    suspects, differences = sorted(products), list[Difference]()
    for look in range(LOOKS):
        await asyncio.sleep(PAUSE if look else 0)
        differences = await compare(table, suspects)
        suspects = sorted({difference.product_id for difference in differences})
        if not suspects:
            break
    return Audit(len(products), differences)


async def all_products(table: Table) -> set[str]:
    """Every product with a stock record; two walks, since one passes those whose status changes meanwhile."""
    found: set[str] = set()
    for _ in range(2):
        async for page, _place in store.every_stock(table):
            found.update(page)
    return found


async def compare(table: Table, products: Sequence[str]) -> list[Difference]:
    """The differences of these products."""
    held: Counter[str] = Counter()
    async for reservation in store.every_hold(table):
        for line in reservation.lines:
            held[line.product_id] += line.quantity
    found: list[Difference] = []
    for first in range(0, len(products), store.KEYS):
        records = await store.find_many(table, products[first : first + store.KEYS])
        for record in records.values():
            found += differences_of(record, await store.sums(table, record.product_id, record.version), held)
    return found


def differences_of(record: StockRecord, expected: Sums, held: Counter[str]) -> list[Difference]:
    """What does not add up about one product."""
    product_id = record.product_id
    compared = (
        Difference(product_id, "onHand", record.on_hand, expected.on_hand),
        Difference(product_id, "reserved", record.reserved, expected.reserved),
        Difference(product_id, "held", record.reserved, held[product_id]),
    )
    return [difference for difference in compared if difference.stock != difference.expected]
