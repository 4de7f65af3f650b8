"""Orders on bad days: consumers that die between two steps, writers that race, rows that were damaged."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from unittest import mock

from tests.integration.orders.conftest import OrdersUnderTest, answer

from shop.contracts.commands import RefundPayment, TakePayment
from shop.contracts.events import StockCommitted, StockRejected, StockReserved
from shop.contracts.messages import envelope
from shop.contracts.shapes import OrderLine
from shop.orders import carts, store, worker
from shop.orders.rebuild import rebuild
from shop.runtime.postgres import Raced

REASON = {"reason": "気が変わった"}


async def reserved(shop: OrdersUnderTest, who, token="tok_visa"):
    """An order whose stock is reserved."""
    order = await who.place(await shop.product(), token=token)
    await shop.receive(answer(StockReserved, order))
    return order


# ---------------------------------------------------------------------------------------------------------------- races


def test_whoever_asks_for_the_same_at_once_gets_the_same(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        path = f"/orders/{order['id']}/cancel"
        answers = await asyncio.gather(*(who.call("POST", path, REASON) for _ in range(12)))
        assert {each.status for each in answers} == {202}
        assert len({each.body for each in answers}) == 1
        assert (await shop.types_sent(order["id"])).count("OrderCancelled") == 1

    run(scenario())


def test_everything_at_once_leaves_a_stream_without_gaps(shop, run):
    async def scenario():
        who, operator = shop.customer(), shop.customer("operator")
        parcel = {"carrier": "ヤマト運輸", "trackingNumber": "1"}
        for _ in range(5):
            order = await reserved(shop, who)
            path = f"/orders/{order['id']}"
            answered, delivered = await asyncio.gather(
                asyncio.gather(
                    who.call("POST", f"{path}/cancel", REASON),
                    operator.call("POST", f"{path}/shipments", parcel),
                    operator.call("POST", f"{path}/cancel", REASON),
                ),
                asyncio.gather(
                    shop.receive(TakePayment(order_id=order["id"])),
                    shop.receive(answer(StockCommitted, order)),
                    shop.receive(answer(StockReserved, order)),
                ),
            )
            assert {each.status for each in answered} <= {202, 409}
            assert list(delivered) == [[], [], []]
            events = (await who.call("GET", f"{path}/events")).json["items"]
            assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
            assert (await who.order(order["id"]))["version"] == len(events)

    run(scenario())


def test_a_step_that_always_loses_is_told_to_come_again(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        with mock.patch.object(store, "append", side_effect=Raced):
            answered = await who.call("POST", f"/orders/{order['id']}/cancel", REASON)
        assert (answered.status, answered.code) == (503, "DEPENDENCY_UNAVAILABLE")
        assert (await who.order(order["id"]))["status"] == "PLACED"

    run(scenario())


# -------------------------------------------------------------------------------------------------------------- payment


async def take_and_die(shop: OrdersUnderTest, order) -> None:
    """What the worker does with TakePayment, up to where it is killed: the provider has the money, nobody knows."""
    with mock.patch("shop.orders.payment.advance", side_effect=ConnectionError("killed")):
        assert len(await shop.receive(TakePayment(order_id=order["id"]))) == 1


def test_money_taken_by_one_who_died_is_known_by_the_next(shop, run):
    async def scenario():
        who = shop.customer()
        order = await reserved(shop, who)
        await take_and_die(shop, order)
        await shop.sql(OVER, order["id"])
        assert await shop.receive(TakePayment(order_id=order["id"])) == []
        assert (await who.order(order["id"]))["payment"]["status"] == "APPROVED"
        assert await shop.books(order["id"]) == {"AUTHORISATION": 1, "CAPTURE": 1}

    run(scenario())


OVER = "update payments set held_until = clock_timestamp() - interval '1 second' where order_id = $1"


def test_money_taken_by_one_who_died_goes_back_when_the_order_was_cancelled_meanwhile(shop, run):
    async def scenario():
        who = shop.customer()
        order = await reserved(shop, who)
        await take_and_die(shop, order)
        assert (await who.call("POST", f"/orders/{order['id']}/cancel", REASON)).status == 202
        assert await shop.receive(TakePayment(order_id=order["id"])) == []
        assert (await who.order(order["id"]))["payment"]["status"] == "APPROVED"
        assert (await shop.types_sent(order["id"]))[-1] == "RefundPayment"
        await shop.receive(RefundPayment(order_id=order["id"]))
        assert (await who.order(order["id"]))["payment"]["status"] == "REFUNDED"
        assert await shop.books(order["id"]) == {"AUTHORISATION": 1, "CAPTURE": 1, "REFUND": 1}

    run(scenario())


def test_the_sweeper_finds_such_money_when_the_message_is_lost_too(shop, run):
    async def scenario():
        who = shop.customer()
        order = await reserved(shop, who)
        await take_and_die(shop, order)
        await who.call("POST", f"/orders/{order['id']}/cancel", REASON)
        await shop.sql(OVER, order["id"])
        assert await worker.sweep(shop.deps) == []
        assert (await who.order(order["id"]))["payment"]["status"] == "APPROVED"
        await shop.receive(RefundPayment(order_id=order["id"]))
        assert await worker.sweep(shop.deps) == []
        assert await shop.books(order["id"]) == {"AUTHORISATION": 1, "CAPTURE": 1, "REFUND": 1}

    run(scenario())


def test_an_order_that_was_cancelled_before_any_try_is_never_charged(shop, run):
    async def scenario():
        who = shop.customer()
        order = await reserved(shop, who)
        await who.call("POST", f"/orders/{order['id']}/cancel", REASON)
        await shop.receive(TakePayment(order_id=order["id"]))
        late = await shop.deps.provider.charge(order["id"], "tok_visa", order["total"]["amount"])
        assert late.reference is None  # a try that began before, and comes to the provider only now
        assert await shop.books(order["id"]) == {}

    run(scenario())


def test_no_try_begins_when_the_order_is_older_than_it_may_be(shop, run):
    async def scenario():
        who = shop.customer()
        order = await reserved(shop, who)
        late = replace(shop, deps=replace(shop.deps, stuck_after=timedelta(0)))
        await late.receive(TakePayment(order_id=order["id"]))
        done = await who.order(order["id"])
        assert (done["failure"]["code"], done["payment"]["status"]) == ("PAYMENT_TIMEOUT", "TIMED_OUT")
        assert [row["tries"] for row in await shop.sql(TRIES, order["id"])] == [0]
        assert await shop.books(order["id"]) == {}

    run(scenario())


TRIES = "select tries from payments where order_id = $1"


def test_a_message_without_its_order_is_ignored(shop, run):
    async def scenario():
        stranger = {"id": "no-such-order", "items": []}
        line = [OrderLine(product_id="p", quantity=1)]
        assert await shop.receive(StockReserved(order_id="no-such-order", lines=line)) == []
        assert await shop.receive(answer(StockRejected, stranger)) == []
        assert await shop.receive(TakePayment(order_id="no-such-order"), RefundPayment(order_id="no-such-order")) == []

    run(scenario())


# -------------------------------------------------------------------------------------------------------------- sweeper


def test_what_fails_in_a_sweep_keeps_nothing_else_from_being_swept(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        await shop.sql("update orders set moved_at = moved_at - interval '1 hour' where id = $1", order["id"])
        with mock.patch.object(carts, "abandon", side_effect=ValueError("broken")):
            failures = await worker.sweep(shop.deps)
        assert [type(failure) for failure in failures] == [ValueError]
        assert (await who.order(order["id"]))["failure"]["code"] == "STUCK"

    run(scenario())


def test_an_order_that_moves_while_it_is_swept_moves_once(shop, run):
    async def scenario():
        who = shop.customer()
        for _ in range(5):
            order = await who.place(await shop.product())
            await shop.sql("update orders set moved_at = moved_at - interval '1 hour' where id = $1", order["id"])
            swept, delivered, cancelled = await asyncio.gather(
                worker.sweep(shop.deps),
                shop.receive(answer(StockReserved, order)),
                who.call("POST", f"/orders/{order['id']}/cancel", REASON),
            )
            assert (swept, delivered, cancelled.status) == ([], [], 202)
            assert (await who.order(order["id"]))["status"] == "CANCELLED"
            assert (await shop.types_sent(order["id"])).count("OrderCancelled") == 1

    run(scenario())


def test_money_that_is_not_back_is_asked_for_again(shop, run):
    async def scenario():
        who = shop.customer()
        order = await reserved(shop, who)
        await shop.receive(TakePayment(order_id=order["id"]))
        await who.call("POST", f"/orders/{order['id']}/cancel", REASON)
        await shop.sql("update orders set moved_at = moved_at - interval '1 hour' where id = $1", order["id"])
        assert await worker.sweep(shop.deps) == []
        assert (await shop.types_sent(order["id"])).count("RefundPayment") == 2
        assert await worker.sweep(shop.deps) == []
        assert (await shop.types_sent(order["id"])).count("RefundPayment") == 2  # not before its time has come again

    run(scenario())


# -------------------------------------------------------------------------------------------------------- read rows


def test_damaged_read_rows_are_made_anew_while_orders_go_on(shop, run):
    async def scenario():
        who = shop.customer()
        orders = [await reserved(shop, who) for _ in range(4)]
        ids = [order["id"] for order in orders]
        before = await shop.sql("select * from orders where id = any($1) order by id", ids)
        await shop.sql("update orders set body = '{}', version = 7, status = 'SHIPPED' where id = $1", ids[0])
        await shop.sql("delete from orders where id = $1", ids[1])
        await shop.sql("update orders set id = 'unfounded' where id = $1", ids[2])
        _, *paid = await asyncio.gather(
            rebuild(shop.deps.db), *(shop.receive(TakePayment(order_id=ids[3])) for _ in range(2))
        )
        assert [] in paid  # whoever came second was told to wait
        after = await shop.sql("select * from orders where id = any($1) order by id", ids)
        assert after[:3] == before[:3]
        assert after[3]["version"] == 3
        assert await shop.sql("select from orders where id = 'unfounded'") == []

    run(scenario())


def test_the_past_is_a_beginning_of_the_stream_whatever_the_clocks_said(shop, run):
    async def scenario():
        who = shop.customer()
        order = await reserved(shop, who)
        await shop.receive(TakePayment(order_id=order["id"]))
        early = "update order_events set occurred_at = occurred_at - interval '1 hour' where order_id = $1 and seq = 3"
        await shop.sql(early, order["id"])
        events = (await who.call("GET", f"/orders/{order['id']}/events")).json["items"]
        third = datetime.fromisoformat(events[2]["occurredAt"])
        then = await who.call(
            "GET", f"/orders/{order['id']}?at={third:%Y-%m-%dT%H:%M:%S}.{third.microsecond // 1000:03d}Z"
        )
        assert (then.json["status"], then.json["version"]) == ("STOCK_RESERVED", 3)
        for text in ("yesterday", "1764000000", "2026-01-01T00:00:00"):
            wrong = await who.call("GET", f"/orders/{order['id']}?at={text}")
            assert (wrong.status, wrong.json["errors"][0]["field"]) == (422, "at"), text

    run(scenario())


def test_a_repeated_event_changes_nothing_even_after_the_next(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        told = envelope(answer(StockReserved, order), aggregate_id=order["id"], aggregate_version=1)
        await shop.deliver(told)
        await who.call("POST", f"/orders/{order['id']}/cancel", REASON)
        before = await shop.types_sent(order["id"])
        await asyncio.gather(*(shop.deliver(told) for _ in range(5)))
        assert await shop.types_sent(order["id"]) == before
        await shop.receive(answer(StockReserved, order))  # a late one, by another id, gives its stock back once more
        assert await shop.types_sent(order["id"]) == [*before, "ReleaseStock"]

    run(scenario())
