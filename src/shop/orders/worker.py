"""Messages in: catalog's products, inventory's answers, money; and what time brings."""

import asyncio
from contextlib import ExitStack
from datetime import timedelta

from shop import telemetry
from shop.contracts.commands import RefundPayment, TakePayment
from shop.contracts.events import (
    ProductCreated,
    ProductDeleted,
    ProductUpdated,
    StockAnswer,
    StockCommitRejected,
    StockCommitted,
    StockRejected,
    StockReserved,
)
from shop.contracts.messages import Envelope
from shop.contracts.shapes import Order
from shop.kernel.clock import now
from shop.orders import carts, payment, progress, saga, signals, store
from shop.orders.parts import Payments
from shop.runtime import inbox
from shop.runtime.consume import Consumer
from shop.runtime.postgres import again_if_raced
from shop.runtime.signals import trouble
from shop.runtime.stopping import pause
from shop.telemetry import names

__all__ = ["events", "payments", "sweep", "sweeper"]

events = Consumer("orders-events")
payments = Consumer("orders-payments")


@events.on(StockReserved, StockRejected, StockCommitted, StockCommitRejected)
async def on_stock_answer(deps: Payments, message: Envelope[StockAnswer]) -> None:
    """Move the order one step on; an answer about an order that is not ours changes nothing."""
    await progress.advance(deps.db, message.data.order_id, message.data, cause=message.metadata.event_id)


@events.on(ProductCreated, ProductUpdated)
async def on_product(deps: Payments, message: Envelope[ProductCreated | ProductUpdated]) -> None:
    """Keep the copy of names and prices; an older word than the one held changes nothing."""
    await store.copy_product(deps.db, message.data.product, version=message.metadata.aggregate_version)


@events.on(ProductDeleted)
async def on_product_deleted(deps: Payments, message: Envelope[ProductDeleted]) -> None:
    """No new cart line; carts that hold it show that there is none."""
    await store.copy_product(deps.db, message.data.product, version=message.metadata.aggregate_version, gone=True)


@payments.on(TakePayment)
async def on_take_payment(deps: Payments, message: Envelope[TakePayment]) -> None:
    """Take the money of an order whose stock is reserved."""
    await payment.take(deps, message.data.order_id, message.metadata.event_id)


@payments.on(RefundPayment)
async def on_refund_payment(deps: Payments, message: Envelope[RefundPayment]) -> None:
    """Give the money of a cancelled order back."""
    await payment.refund(deps, message.data.order_id, message.metadata.event_id)


async def sweeper(deps: Payments, every: timedelta, stop: asyncio.Event) -> None:
    """Look at what only time brings, every so often, until `stop`."""
    while not stop.is_set():
        for failure in await sweep(deps):
            trouble(names.SWEEP_FAILED, failure)
        await pause(stop, every.total_seconds())


async def sweep(deps: Payments) -> list[Exception]:
    """Everything that only time brings; what went wrong with some of it keeps the rest from nothing."""
    failures: list[Exception] = []
    for chore in (abandon_carts, unstick_orders, payment.close_left_open, forget):
        try:
            await chore(deps)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next sweep tries again
            failures.append(error)
    return failures


async def abandon_carts(deps: Payments) -> None:
    """Carts that were left alone."""
    while await carts.abandon(deps.db, deps.abandoned_after):
        pass


async def unstick_orders(deps: Payments) -> None:
    """Orders that do not move."""
    while await unstick(deps):
        pass


async def forget(deps: Payments) -> None:
    """What nobody asks for any more."""
    await store.trim(deps.db)
    await inbox.trim(deps.db)


async def unstick(deps: Payments) -> bool:
    """Look at the order that has waited longest; whether there was one."""
    with ExitStack() as due:

        async def step() -> tuple[store.Kept, Order, saga.Stuck] | None:
            due.close()
            moment = now()
            async with deps.db.transaction() as tx:
                before = await store.lock_stuck(tx, moment - deps.stuck_after)
                if before is None:
                    return None
                due.enter_context(telemetry.due("order", before.began, {names.ORDER_ID: before.order.id}))
                message = saga.Stuck(again=before.nudges > 0)
                after = await progress.take_step(tx, before, message)
                await store.nudge(tx, after.id, moment)
                return before, after, message

        moved = await again_if_raced(step)
        if moved is None:
            return False
        signals.order_moved(*moved)
        return True
