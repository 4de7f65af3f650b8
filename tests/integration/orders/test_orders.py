"""Orders from POST to their end, with repeated, late and lost messages."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.integration.orders.conftest import OrdersUnderTest, answer

from shop.contracts.commands import RefundPayment, TakePayment
from shop.contracts.events import StockCommitRejected, StockCommitted, StockRejected, StockReserved
from shop.contracts.messages import envelope
from shop.orders import store, worker
from shop.orders.rebuild import rebuild
from shop.orders.stream import fold


async def confirmed(shop: OrdersUnderTest, who, product):
    """An order that is confirmed."""
    order = await who.place(product)
    await shop.receive(answer(StockReserved, order), TakePayment(order_id=order["id"]), answer(StockCommitted, order))
    return await who.order(order["id"])


def test_an_order_goes_its_way_to_confirmed(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product(price=1980), quantity=2)
        assert (order["status"], order["subtotal"]["amount"], order["shippingFee"]["amount"]) == ("PLACED", 3960, 550)
        assert (order["total"]["amount"], order["tax"]["amount"]) == (4510, 410)
        assert await shop.types_sent(order["id"]) == ["ReserveStock", "OrderPlaced"]
        await shop.receive(answer(StockReserved, order))
        assert (await who.order(order["id"]))["status"] == "STOCK_RESERVED"
        await shop.receive(TakePayment(order_id=order["id"]))
        assert (await who.order(order["id"]))["payment"]["status"] == "APPROVED"
        await shop.receive(answer(StockCommitted, order))
        done = await who.order(order["id"])
        assert (done["status"], done["version"]) == ("CONFIRMED", 4)
        assert await shop.types_sent(order["id"]) == [
            "ReserveStock", "OrderPlaced", "TakePayment", "CommitStock", "OrderConfirmed",
        ]  # fmt: skip
        assert await shop.books(order["id"]) == {"AUTHORISATION": 1, "CAPTURE": 1}
        last = (await shop.sent(order["id"]))[-1]
        assert last["data"]["order"] == done
        assert last["metadata"]["correlationId"] == order["id"]

    run(scenario())


def test_the_stream_gives_the_order_at_any_time(shop, run):
    async def scenario():
        who = shop.customer()
        done = await confirmed(shop, who, await shop.product())
        events = (await who.call("GET", f"/orders/{done['id']}/events")).json["items"]
        assert [event["seq"] for event in events] == [1, 2, 3, 4]
        folded = fold(event["data"] for event in events)
        assert folded is not None
        assert json.loads(store.encode(folded)) == done
        first = (await who.call("GET", f"/orders/{done['id']}?at={events[0]['occurredAt']}")).json
        assert (first["status"], first["version"]) == ("PLACED", 1)
        before = (await who.call("GET", f"/orders/{done['id']}?at=2020-01-01T00:00:00Z")).code
        assert before == "ORDER_NOT_FOUND"
        page = (await who.call("GET", f"/orders/{done['id']}/events?limit=3")).json
        rest = (await who.call("GET", f"/orders/{done['id']}/events?limit=3&nextToken={page['nextToken']}")).json
        assert [event["seq"] for event in rest["items"]] == [4]
        assert rest["nextToken"] is None

    run(scenario())


def test_a_message_that_comes_twice_does_its_work_once(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        reserved = envelope(answer(StockReserved, order), aggregate_id=order["id"], aggregate_version=1)
        pay = envelope(TakePayment(order_id=order["id"]), aggregate_id=order["id"], aggregate_version=2)
        await shop.deliver(reserved, reserved, pay, pay, reserved)
        await asyncio.gather(*(shop.receive(TakePayment(order_id=order["id"])) for _ in range(3)))
        assert await shop.books(order["id"]) == {"AUTHORISATION": 1, "CAPTURE": 1}
        assert await shop.types_sent(order["id"]) == ["ReserveStock", "OrderPlaced", "TakePayment", "CommitStock"]

    run(scenario())


def test_no_stock_ends_the_order(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        await shop.receive(answer(StockRejected, order))
        done = await who.order(order["id"])
        assert (done["status"], done["failure"]["code"]) == ("CANCELLED", "OUT_OF_STOCK")
        assert await shop.types_sent(order["id"]) == ["ReserveStock", "OrderPlaced", "OrderCancelled"]
        await shop.receive(TakePayment(order_id=order["id"]))
        assert await shop.books(order["id"]) == {}

    run(scenario())


def test_a_declined_card_ends_the_order_and_releases_the_stock(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product(), token="tok_declined")
        await shop.receive(answer(StockReserved, order), TakePayment(order_id=order["id"]))
        done = await who.order(order["id"])
        assert (done["failure"]["code"], done["payment"]["status"]) == ("PAYMENT_DECLINED", "DECLINED")
        assert (await shop.types_sent(order["id"]))[-2:] == ["ReleaseStock", "OrderCancelled"]
        assert await shop.books(order["id"]) == {"DECLINE": 1}

    run(scenario())


def test_a_flaky_provider_is_asked_again(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product(), token="tok_flaky")
        await shop.receive(answer(StockReserved, order), TakePayment(order_id=order["id"]))
        assert (await who.order(order["id"]))["payment"]["status"] == "APPROVED"
        assert [
            row["tries"] for row in await shop.sql("select tries from payments where order_id = $1", order["id"])
        ] == [3]

    run(scenario())


def test_a_silent_provider_is_cut_off_three_times_and_can_take_nothing_any_more(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product(), token="tok_timeout")
        hasty = replace(shop.deps, try_timeout=timedelta(milliseconds=50))
        under_test = replace(shop, deps=hasty)
        await under_test.receive(answer(StockReserved, order), TakePayment(order_id=order["id"]))
        done = await who.order(order["id"])
        assert (done["failure"]["code"], done["payment"]["status"]) == ("PAYMENT_TIMEOUT", "TIMED_OUT")
        assert await shop.books(order["id"]) == {"VOID": 1}

    run(scenario())


def test_another_consumer_waits_for_the_one_that_pays(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product(), token="tok_slow")
        await shop.receive(answer(StockReserved, order))
        first = asyncio.create_task(shop.receive(TakePayment(order_id=order["id"])))
        await asyncio.sleep(0.3)
        assert len(await shop.receive(TakePayment(order_id=order["id"]))) == 1
        assert await first == []
        assert await shop.books(order["id"]) == {"AUTHORISATION": 1, "CAPTURE": 1}

    run(scenario())


def test_a_lapsed_reservation_gives_the_money_back(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        await shop.receive(
            answer(StockReserved, order), TakePayment(order_id=order["id"]), answer(StockCommitRejected, order)
        )
        assert (await who.order(order["id"]))["failure"]["code"] == "RESERVATION_EXPIRED"
        await shop.receive(RefundPayment(order_id=order["id"]), RefundPayment(order_id=order["id"]))
        assert (await who.order(order["id"]))["payment"]["status"] == "REFUNDED"
        assert await shop.books(order["id"]) == {"AUTHORISATION": 1, "CAPTURE": 1, "REFUND": 1}

    run(scenario())


def test_cancelling_gives_stock_and_money_back(shop, run):
    async def scenario():
        who, operator = shop.customer(), shop.customer("operator")
        done = await confirmed(shop, who, await shop.product())
        cancel = await operator.call("POST", f"/orders/{done['id']}/cancel", {"reason": "棚卸しの誤り"})
        assert cancel.status == 202
        assert cancel.json["failure"] == {"code": "OPERATOR_CANCELLED", "detail": "棚卸しの誤り"}
        again = await who.call("POST", f"/orders/{done['id']}/cancel", {"reason": "いらない"})
        assert (again.status, again.body) == (202, cancel.body)
        assert (await shop.types_sent(done["id"]))[-3:] == ["ReleaseStock", "RefundPayment", "OrderCancelled"]
        assert (await operator.call("POST", f"/orders/{done['id']}/shipments", SHIPMENT)).code == "ORDER_NOT_SHIPPABLE"

    run(scenario())


SHIPMENT = {"carrier": "ヤマト運輸", "trackingNumber": "1234-5678"}


def test_a_shipped_order_is_delivered_and_cannot_be_cancelled(shop, run):
    async def scenario():
        who, operator = shop.customer(), shop.customer("operator")
        done = await confirmed(shop, who, await shop.product())
        assert (await who.call("POST", f"/orders/{done['id']}/shipments", SHIPMENT)).status == 403
        assert (await operator.call("POST", f"/orders/{done['id']}/deliveries")).code == "ORDER_NOT_DELIVERABLE"
        shipped = await operator.call("POST", f"/orders/{done['id']}/shipments", SHIPMENT)
        assert (shipped.status, shipped.json["shipment"]) == (201, SHIPMENT)
        assert (await who.call("POST", f"/orders/{done['id']}/cancel", {"reason": "x"})).code == "ORDER_NOT_CANCELLABLE"
        delivered = await operator.call("POST", f"/orders/{done['id']}/deliveries")
        assert (delivered.status, delivered.json["status"]) == (201, "DELIVERED")
        assert (await shop.types_sent(done["id"]))[-3:] == ["ShipStock", "OrderShipped", "OrderDelivered"]

    run(scenario())


def test_cancel_and_confirm_at_once_end_cancelled(shop, run):
    async def scenario():
        who = shop.customer()
        product = await shop.product()
        for _ in range(5):
            order = await who.place(product)
            await shop.receive(answer(StockReserved, order), TakePayment(order_id=order["id"]))
            await asyncio.gather(
                shop.receive(answer(StockCommitted, order)),
                who.call("POST", f"/orders/{order['id']}/cancel", {"reason": "やめる"}),
            )
            assert (await who.order(order["id"]))["status"] == "CANCELLED"
            assert (await shop.types_sent(order["id"]))[-3:-1] == ["ReleaseStock", "RefundPayment"]

    run(scenario())


def test_an_order_that_does_not_move_is_ended(shop, run):
    async def scenario():
        who = shop.customer()
        order = await who.place(await shop.product())
        paid = await who.place(await shop.product())
        await shop.receive(answer(StockReserved, paid), TakePayment(order_id=paid["id"]))
        both = [order["id"], paid["id"]]
        for _ in range(2):
            await shop.sql(f"{LATER} where id = any($1) and not at_rest", both)
            await shop.sql("update nudges set last_at = last_at - interval '1 hour' where order_id = any($1)", both)
            while await worker.unstick(shop.deps):
                pass
            assert (await shop.types_sent(paid["id"])).count("CommitStock") == 2
        done = await who.order(order["id"])
        assert (done["status"], done["failure"]["code"]) == ("CANCELLED", "STUCK")
        done = await who.order(paid["id"])
        assert (done["status"], done["failure"]["code"]) == ("CANCELLED", "STUCK")
        assert (await shop.types_sent(paid["id"]))[-3:] == ["ReleaseStock", "RefundPayment", "OrderCancelled"]

    run(scenario())


LATER = "update orders set moved_at = moved_at - interval '1 hour'"


def test_read_rows_can_be_thrown_away(shop, run):
    async def scenario():
        who = shop.customer()
        await confirmed(shop, who, await shop.product())
        before = await shop.sql("select * from orders order by id")
        told: list[int] = []
        assert await rebuild(shop.deps.db, told.append) == len(before) == sum(told)
        assert await shop.sql("select * from orders order by id") == before

    run(scenario())


def test_orders_are_listed_newest_first_by_status(shop, run):
    async def scenario():
        who, product = shop.customer(), await shop.product()
        made = [(await who.place(product))["id"] for _ in range(3)]
        await shop.receive(answer(StockRejected, await who.order(made[1])))
        page = (await who.call("GET", f"/users/{who.id}/orders?limit=2")).json
        rest = (await who.call("GET", f"/users/{who.id}/orders?limit=2&nextToken={page['nextToken']}")).json
        assert [order["id"] for order in page["items"] + rest["items"]] == made[::-1]
        assert rest["nextToken"] is None
        cancelled = (await who.call("GET", f"/users/{who.id}/orders?status=CANCELLED")).json["items"]
        assert [order["id"] for order in cancelled] == [made[1]]
        forged = await who.call("GET", f"/users/{who.id}/orders?nextToken={page['nextToken']}&status=PLACED")
        assert forged.code == "PAGE_TOKEN_INVALID"
        assert (await who.call("GET", f"/users/{who.id}/orders?status=LOST")).status == 422

    run(scenario())


def test_somebody_elses_order_looks_like_none(shop, run):
    async def scenario():
        who, other, operator = shop.customer(), shop.customer(), shop.customer("operator")
        order = (await who.place(await shop.product()))["id"]
        for path in ("", "/events", f"?at={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"):
            assert (await other.call("GET", f"/orders/{order}{path}")).status == 404
        assert (await other.call("POST", f"/orders/{order}/cancel", {"reason": "x"})).code == "ORDER_NOT_FOUND"
        assert (await other.call("GET", f"/users/{who.id}/orders")).status == 403
        assert (await operator.call("GET", f"/orders/{order}")).status == 200

    run(scenario())
