"""The operator's list, and the pixel."""

import asyncio

import pytest
from tests.support.orders import an_order, cancelled, shipped, told
from tests.support.people import token_of

from shop.contracts.events import OrderCancelled, OrderConfirmed, OrderShipped
from shop.kernel.ids import new_id
from shop.notifications import signals


async def confirmed(shop):
    """The id of a mail that was sent."""
    who = await shop.customer()
    order = an_order(who.user_id)
    assert await shop.receive(told(OrderConfirmed, order)) == []
    (shown,) = await shop.listed(f"orderId={order.id}")
    return shown["id"], order


def test_the_first_get_of_the_pixel_is_an_open_and_no_other(run, shop, monkeypatch):
    opens: list[str] = []
    monkeypatch.setattr(signals, "mail_opened", opens.append)

    async def story():
        mail, order = await confirmed(shop)
        path = f"/notifications/{mail}/open.gif"
        head = await shop.call("HEAD", path)
        assert (head.status, head.body, opens) == (200, b"", [])
        answers = await asyncio.gather(*(shop.call("GET", path) for _ in range(8)))
        first = answers[0]
        assert {answer.status for answer in answers} == {200}
        assert first.body.startswith(b"GIF89a")
        assert first.headers["content-type"] == "image/gif"
        assert "no-store" in first.headers["cache-control"]
        assert opens == ["ORDER_CONFIRMATION"]
        (shown,) = await shop.listed(f"orderId={order.id}&status=OPENED")
        assert shown["openedAt"] >= shown["sentAt"]
        assert await shop.announced(mail) == ["NotificationSent", "NotificationOpened"]

    run(story())


@pytest.mark.parametrize("mail", ["nothing", "x" * 3000, "MAIL%23x"])
def test_the_pixel_of_an_unknown_mail_is_404(run, shop, mail):
    for method in ("GET", "HEAD"):
        answer = run(shop.call(method, f"/notifications/{mail}/open.gif"))
        assert answer.status == 404


def test_a_mail_that_is_read_before_its_sending_is_on_record_counts_as_sent(run, shop):
    async def story():
        who = await shop.customer()
        order = an_order(who.user_id)
        fact = told(OrderConfirmed, order)
        await shop.die(fact, after="SendEmail")
        (shown,) = await shop.listed(f"orderId={order.id}")
        assert shown["status"] == "QUEUED"
        assert (await shop.call("GET", f"/notifications/{shown['id']}/open.gif")).status == 200
        assert await shop.announced(shown["id"]) == ["NotificationSent", "NotificationOpened"]
        assert await shop.receive(fact) == []
        assert len(shop.mails(who.email)) == 1

    run(story())


def test_the_list_is_for_operators(run, shop):
    assert run(shop.call("GET", "/notifications")).status == 401
    customer = token_of(shop.account, "customer")
    assert run(shop.call("GET", "/notifications", token=customer)).status == 403
    assert run(shop.call("GET", "/notifications", token=token_of(shop.account, "customer", "admin"))).status == 200


def test_the_mails_of_an_order_come_newest_first_and_filtered(run, shop):
    async def story():
        who = await shop.customer()
        order = an_order(who.user_id)
        for kind, state in ((OrderConfirmed, order), (OrderShipped, shipped(order))):
            assert await shop.receive(told(kind, state)) == []
        other = an_order(who.user_id)
        assert await shop.receive(told(OrderCancelled, cancelled(other, "STUCK"))) == []
        found = await shop.listed(f"orderId={order.id}")
        assert [one["type"] for one in found] == ["SHIPPING_NOTICE", "ORDER_CONFIRMATION"]
        assert [one["type"] for one in await shop.listed(f"orderId={order.id}&type=SHIPPING_NOTICE")] == [
            "SHIPPING_NOTICE"
        ]
        assert await shop.listed(f"orderId={order.id}&status=FAILED") == []
        assert who.email not in str(found)
        assert {"id", "type", "recipient", "status", "causeEventId", "sentAt", "openedAt", "error"} <= set(found[0])

    run(story())


def test_pages_show_every_mail_once_newest_first(run, shop):
    async def story():
        who = await shop.customer()
        facts = [told(OrderConfirmed, an_order(who.user_id)) for _ in range(7)]
        facts += [told(OrderShipped, shipped(an_order(who.user_id))) for _ in range(5)]
        assert await shop.receive(*facts) == []
        mail, _ = await confirmed(shop)
        await shop.call("GET", f"/notifications/{mail}/open.gif")
        whole, token = [], ""
        while True:
            page = (await shop.call("GET", f"/notifications?limit=5{token}", token=shop.operator)).json
            whole += page["items"]
            if page["nextToken"] is None:
                break
            assert len(page["items"]) == 5
            token = f"&nextToken={page['nextToken']}"
        ids = [one["id"] for one in whole]
        assert len(ids) == len(set(ids))
        assert {fact.metadata.event_id for fact in facts} <= {one["causeEventId"] for one in whole}
        assert [one["createdAt"] for one in whole] == sorted((one["createdAt"] for one in whole), reverse=True)
        kinds = {one["type"] for one in await shop.listed("type=SHIPPING_NOTICE&status=SENT")}
        assert kinds == {"SHIPPING_NOTICE"}
        stolen = await shop.call("GET", f"/notifications?limit=5&status=SENT{token}", token=shop.operator)
        assert (stolen.status, stolen.code) == (400, "PAGE_TOKEN_INVALID")

    run(story())


@pytest.mark.parametrize("query", ["status=GONE", "type=LETTER", f"orderId={'x' * 101}", "limit=0"])
def test_a_filter_that_makes_no_sense_is_422(run, shop, query):
    assert run(shop.call("GET", f"/notifications?{query}", token=shop.operator)).status == 422


def test_an_order_without_mails_has_an_empty_page(run, shop):
    assert run(shop.listed(f"orderId={new_id()}")) == []
