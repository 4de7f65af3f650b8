"""What orders tells about itself, as a collector receives it."""

import json
from datetime import timedelta
from typing import Any

from tests.integration.orders.conftest import answer
from tests.support.otlp import Receiver, sending

from shop.contracts.commands import RefundPayment, TakePayment
from shop.contracts.events import StockCommitted, StockRejected, StockReserved
from shop.orders import worker

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
