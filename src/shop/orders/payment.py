"""Taking and giving back money: at most three tries, each cut off, each remembered before it is made."""

import asyncio
import random
from datetime import timedelta
from time import monotonic
from typing import Final

from shop import telemetry
from shop.contracts.shapes import Order
from shop.kernel.clock import now, parse
from shop.kernel.ids import new_id
from shop.orders import saga, signals, store
from shop.orders.parts import Payments
from shop.orders.progress import advance
from shop.orders.provider import Charge, ProviderFailed
from shop.telemetry import Value, names

__all__ = ["PaymentUnderWay", "close_left_open", "refund", "take"]

TRIES: Final = 3
LONGEST_PAUSE: Final = 0.5  # seconds between tries
MILLISECOND: Final = 0.001  # uvloop's timers know no less, and may come half of one early
MARGIN: Final = 2.0  # seconds beyond a try that its holder may take to write down what came of it

BEGIN_TRY = """
    update payments set tries = tries + 1, holder = $2, held_until = clock_timestamp() + $3 * interval '1 second'
    where order_id = $1 and tries < $4 and (holder = $2 or held_until is null or held_until < clock_timestamp())
    returning tries, token
"""
HELD_BY_ANOTHER = "select holder <> $2 and held_until >= clock_timestamp() from payments where order_id = $1"
CLOSE = "update payments set held_until = null where order_id = $1"
LEFT_OPEN = """
    select p.order_id, e.traceparent, e.synthetic
    from payments p join orders o on o.id = p.order_id join order_events e on e.order_id = o.id and e.seq = 1
    where p.held_until < clock_timestamp() and o.status = 'CANCELLED' order by p.held_until limit $1
"""
CLOSED_AT_ONCE = 100


class PaymentUnderWay(Exception):
    """Another consumer is at it: this message comes again when that one is done, or has died."""


async def take(payments: Payments, order_id: str, event_id: str) -> None:
    """Take the money of an order whose stock is reserved; of any other nothing is taken."""
    kept = await store.find_order(payments.db, order_id)
    if kept is None or kept.order.payment.status != "PENDING":
        return
    if kept.order.status == "STOCK_RESERVED":
        outcome = await settle(payments, kept.order)
    elif kept.order.status == "CANCELLED":
        outcome = await call_off(payments, order_id)
    else:
        return
    await advance(payments.db, order_id, outcome, cause=event_id)
    await payments.db.execute(CLOSE, order_id)


async def refund(payments: Payments, order_id: str, event_id: str) -> None:
    """Give the money of a cancelled order back."""
    kept = await store.find_order(payments.db, order_id)
    if kept is None or (kept.order.status, kept.order.payment.status) != ("CANCELLED", "APPROVED"):
        return
    await payments.provider.refund(order_id)
    await advance(payments.db, order_id, saga.PaymentRefunded(), cause=event_id)


async def close_left_open(payments: Payments) -> int:
    """Ask the provider about cancelled orders whose last try nobody has finished; how many there were.

    Its consumer has died, and so may have its message: what the provider took must go back all the same.
    """
    rows = await payments.db.fetch(LEFT_OPEN, CLOSED_AT_ONCE)
    for order_id, *began in rows:
        with telemetry.due("payment", telemetry.Origin(*began), {names.ORDER_ID: order_id}):
            await advance(payments.db, order_id, await call_off(payments, order_id))
            await payments.db.execute(CLOSE, order_id)
    return len(rows)


async def settle(payments: Payments, order: Order) -> saga.Wish:
    """What came of the payment. Outside of any transaction: it may take seconds."""
    holder = new_id()
    while now() < parse(order.placed_at) + payments.stuck_after:
        begun = await begin_try(payments, order.id, holder)
        if begun is None:
            break
        charge = await one_try(payments, order, *begun)
        if charge is not None:
            return outcome_of(charge)
        await asyncio.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311 - jitter, no secret
    return await call_off(payments, order.id)


async def call_off(payments: Payments, order_id: str) -> saga.Wish:
    """No more tries. The provider may have taken the money in one whose answer was lost: it says so now, or never will.

    It takes nothing for this order any more.
    """
    charge = await payments.provider.void(order_id)
    return outcome_of(charge) if charge.reference else saga.PaymentTimedOut()


def outcome_of(charge: Charge) -> saga.Wish:
    """The provider's answer as the saga hears it."""
    if charge.reference:
        return saga.PaymentApproved(charge.reference)
    return saga.PaymentDeclined(charge.refusal or "The payment was declined.")


async def begin_try(payments: Payments, order_id: str, holder: str) -> tuple[int, str] | None:
    """The number of the try that begins, and what to charge; None when all have been made. Raises PaymentUnderWay."""
    seconds = payments.try_timeout.total_seconds() + LONGEST_PAUSE + MARGIN
    row = await payments.db.fetchrow(BEGIN_TRY, order_id, holder, seconds, TRIES)
    if row is not None:
        return row["tries"], row["token"]
    if await payments.db.fetchval(HELD_BY_ANOTHER, order_id, holder):
        raise PaymentUnderWay
    return None


def cut_off_after(limit: timedelta) -> asyncio.Timeout:
    """A limit that is never kept too early, by however little: the metric tells how long a try was given."""
    return asyncio.timeout_at(monotonic() + limit.total_seconds() + MILLISECOND)


async def one_try(payments: Payments, order: Order, number: int, token: str) -> Charge | None:
    """One try; None when it brought no answer."""
    about: dict[str, Value] = {names.ORDER_ID: order.id, names.PAYMENT_ATTEMPT: number}
    # Who dies in this long wait has told the order's way up to here.
    await asyncio.to_thread(telemetry.flush, metrics=False)
    with telemetry.span("charge", kind="client", attributes=about) as span:
        try:
            async with cut_off_after(payments.try_timeout):
                charge = await payments.provider.charge(order.id, token, order.total.amount)
        except (TimeoutError, ProviderFailed) as error:
            span.fail(error)
            signals.payment_tried(span.stop(), error)
            return None
        if charge.refusal:
            span.fail("PAYMENT_DECLINED")
        signals.payment_tried(span.stop(), "PAYMENT_DECLINED" if charge.refusal else None)
        return charge
