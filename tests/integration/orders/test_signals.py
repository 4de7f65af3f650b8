"""What orders tells about itself, as a collector receives it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.orders.conftest import answer
from tests.support.otlp import Receiver, sending

from shop.contracts.commands import RefundPayment, TakePayment
from shop.contracts.events import StockCommitted, StockRejected, StockReserved
from shop.orders import payment, worker

SYNTHETIC = "user_agent.synthetic.type"
CARTS, TRANSITIONS = "shop.orders.carts", "shop.orders.transitions"
AN_HOUR_AGO = "update carts set updated_at = updated_at - interval '1 hour' where user_id = $1"
CANCEL = {"reason": "もういらない、山田花子より"}


def outcomes(collector, name, *attributes):
    """How often each combination of these attributes was counted."""
    found: dict[tuple[Any, ...], float] = {}
    for point in collector.of(name):
        key = tuple(point.attributes.get(attribute) for attribute in attributes)
        found[key] = found.get(key, 0) + (point.histogram["count"] if point.histogram else point.value)
    return {key: count for key, count in found.items() if count}


async def walk(shop):
    """Four carts and six orders, each with another fate."""
    emptied, left, buyer = shop.customer(), shop.customer(), shop.customer()
    product = await shop.product()
    await emptied.add(product)
    await emptied.call("DELETE", f"/carts/{emptied.id}")
    await left.add(product)
    await shop.sql(AN_HOUR_AGO, left.id)
    await worker.sweep(shop.deps)
    await left.add(product)  # a new cart, as far as anybody counts

    confirmed = await buyer.place(product)
    pay = TakePayment(order_id=confirmed["id"])
    await shop.receive(answer(StockReserved, confirmed), pay, pay, answer(StockCommitted, confirmed))
    await buyer.call("POST", f"/orders/{confirmed['id']}/cancel", CANCEL)
    await shop.receive(RefundPayment(order_id=confirmed["id"]))
    rejected = await buyer.place(product)
    await shop.receive(answer(StockRejected, rejected))
    for token in ("tok_declined", "tok_flaky"):
        order = await buyer.place(product, token=token)
        await shop.receive(answer(StockReserved, order), TakePayment(order_id=order["id"]))
    stuck = await buyer.place(product)
    await shop.sql("update orders set moved_at = moved_at - interval '1 hour' where id = $1", stuck["id"])
    await worker.sweep(shop.deps)


def test_carts_transitions_payments_and_stages_are_counted_exactly(shop, run):
    with Receiver() as collector:
        with sending("orders", collector, OTEL_SDK_DISABLED="false"):
            run(walk(shop))
        assert outcomes(collector, CARTS, "shop.cart.outcome") == {
            ("created",): 8, ("emptied",): 1, ("abandoned",): 1, ("converted",): 5,
        }  # fmt: skip
        assert outcomes(collector, TRANSITIONS, "shop.order.status", "shop.order.failure") == {
            ("PLACED", None): 5,
            ("STOCK_RESERVED", None): 3,
            ("CONFIRMED", None): 1,
            ("CANCELLED", "CUSTOMER_CANCELLED"): 1,
            ("CANCELLED", "OUT_OF_STOCK"): 1,
            ("CANCELLED", "PAYMENT_DECLINED"): 1,
            ("CANCELLED", "STUCK"): 1,
        }
        tries = outcomes(collector, "shop.orders.payment.duration", "shop.outcome", "error.type")
        assert tries == {
            ("success", None): 2, ("failure", "PAYMENT_DECLINED"): 1, ("failure", "ProviderFailed"): 2,
        }  # fmt: skip
        stages = outcomes(collector, "shop.orders.stage.duration", "shop.order.stage")
        assert stages == {("reserve",): 4, ("payment",): 3, ("confirm",): 1}
        delays = outcomes(collector, "shop.events.delay", "messaging.destination.name", "shop.event.type")
        assert delays["orders-payments", "TakePayment"] == 4
        assert delays["orders-events", "StockReserved"] == 3
        charges = [span.status for span in collector.spans if span.name == "charge"]
        assert sorted(charges) == ["error", "error", "error", "unset", "unset"]
        told = json.dumps([dict(span.attributes) for span in collector.spans], ensure_ascii=False)
        told += b"".join(collector.bodies).decode(errors="replace")
        for secret in ("もういらない", "山田", "tok_", "神宮前", "150-0001"):
            assert secret not in told, secret


def test_a_try_that_is_cut_off_is_a_failed_one(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product(), token="tok_timeout")
        shop.deps = hasty
        await shop.receive(answer(StockReserved, order), TakePayment(order_id=order["id"]))

    patient = shop.deps
    hasty = type(patient)(
        patient.db, patient.provider, timedelta(milliseconds=20), patient.stuck_after, patient.abandoned_after
    )
    try:
        with Receiver() as collector:
            with sending("orders", collector, OTEL_SDK_DISABLED="false"):
                run(scenario())
            tries = outcomes(collector, "shop.orders.payment.duration", "shop.outcome", "error.type")
            assert tries == {("failure", "TimeoutError"): 3}
    finally:
        shop.deps = patient


MARKED = {"x-synthetic": "test"}
LONG_AGO = "update orders set moved_at = moved_at - interval '1 hour' where id = $1"


async def leave_a_cart(shop):
    """Nobody has made it an order."""
    who = shop.customer()
    await who.call("POST", f"/carts/{who.id}/items", {"productId": await shop.product(), "quantity": 1}, **MARKED)
    await shop.sql(AN_HOUR_AGO, who.id)
    await worker.sweep(shop.deps)
    return f"cart-{who.id}", None


async def be_stuck(shop):
    """Inventory has never answered."""
    who = shop.customer()
    await who.add(await shop.product())
    placed = await who.check_out(headers=MARKED)
    await shop.sql(LONG_AGO, placed.json["id"])
    await worker.sweep(shop.deps)
    assert (await who.order(placed.json["id"]))["failure"]["code"] == "STUCK"
    return placed.json["id"], placed.headers["x-trace-id"]


async def leave_a_payment_open(shop):
    """The consumer that was paying has died, the order was cancelled, and its message is lost."""
    who = shop.customer()
    await who.add(await shop.product())
    placed = await who.check_out(headers=MARKED)
    order = placed.json
    await shop.receive(answer(StockReserved, order))
    await payment.begin_try(shop.deps, order["id"], "somebody who died")
    await shop.deps.provider.charge(order["id"], "tok_visa", order["total"]["amount"])
    await who.call("POST", f"/orders/{order['id']}/cancel", CANCEL, **MARKED)
    await shop.sql("update payments set held_until = now() - interval '1 second' where order_id = $1", order["id"])
    await worker.sweep(shop.deps)
    assert (await shop.types_sent(order["id"]))[-1] == "RefundPayment"
    return order["id"], placed.headers["x-trace-id"]


@pytest.mark.parametrize("happen", [leave_a_cart, be_stuck, leave_a_payment_open], ids=lambda each: each.__name__)
def test_what_time_brings_about_synthetic_traffic_is_marked_and_in_its_trace(shop, run, happen):
    with Receiver() as collector:
        with sending("orders", collector, OTEL_SDK_DISABLED="false"):
            about, trace = run(happen(shop))
        name, ended = (CARTS, "abandoned") if trace is None else (TRANSITIONS, "CANCELLED")
        counted = [point for point in collector.of(name) if point.value and ended in point.attributes.values()]
        assert [point.attributes.get(SYNTHETIC) for point in counted] == ["test"]
        last = run(shop.sent(about))[-1]["metadata"]
        assert last["synthetic"] == "test"
        if trace is not None:
            resumed = [span for span in collector.trace(trace) if span.name in ("due order", "due payment")]
            assert [(span.attributes[SYNTHETIC], span.attributes["shop.order.id"]) for span in resumed] == [
                ("test", about)
            ]
            assert last["traceparent"][3:35] == trace


def test_what_time_brings_about_people_is_not_marked_and_old_rows_are_theirs(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        await shop.sql("update order_events set traceparent = null, synthetic = null where order_id = $1", order["id"])
        await who.add(await shop.product())
        await shop.sql(AN_HOUR_AGO, who.id)
        await shop.sql(LONG_AGO, order["id"])
        await worker.sweep(shop.deps)
        return order["id"], f"cart-{who.id}"

    with Receiver() as collector:
        with sending("orders", collector, OTEL_SDK_DISABLED="false"):
            order, cart = run(scenario())
        told = [*collector.of(CARTS), *collector.of(TRANSITIONS)]
        assert [point for point in told if point.value and SYNTHETIC in point.attributes] == []
        assert {message["metadata"].get("synthetic") for message in run(shop.sent(order))} == {None}
        assert {message["metadata"].get("synthetic") for message in run(shop.sent(cart))} == {None}


def test_a_cart_is_abandoned_by_whoever_changed_it_last(shop, run):
    async def scenario():
        who = shop.customer()
        path, body = f"/carts/{who.id}/items", {"productId": await shop.product(), "quantity": 1}
        await who.call("POST", path, body, **MARKED)
        await who.call("POST", path, body)
        await shop.sql(AN_HOUR_AGO, who.id)
        await worker.sweep(shop.deps)
        return f"cart-{who.id}"

    (message,) = run(shop.sent(run(scenario())))
    assert message["metadata"].get("synthetic") is None
