"""A confirmed order brings one mail, in its customer's language."""

import asyncio

import msgspec
from tests.support.orders import an_item, an_order, told

from shop.contracts.events import OrderConfirmed, ProfileChanged
from shop.contracts.messages import envelope
from shop.kernel.money import yen


def test_a_confirmed_order_is_mailed_with_lines_totals_and_address(run, shop):
    async def story():
        who = await shop.customer()
        order = an_order(who.user_id)
        assert await shop.receive(told(OrderConfirmed, order)) == []
        (mail,) = shop.mails(who.email)
        assert mail["Subject"] == "【見える化 Shop】ご注文ありがとうございます：ドリップケトル 0.8L ほか1点"
        for body in (mail["BodyText"], mail["BodyHtml"]):
            for words in (
                "山田 花子 様",
                order.id,
                "ドリップケトル 0.8L",
                "4,980円 × 2",
                "9,960円",
                "11,160円",
                "〒150-0001",
            ):
                assert words in body, words
        (shown,) = await shop.listed(f"orderId={order.id}")
        assert shown["status"] == "SENT"
        assert (shown["type"], shown["recipient"]) == ("ORDER_CONFIRMATION", f"{who.email[0]}***@example.jp")
        assert f"https://shop.example/notifications/{shown['id']}/open.gif" in mail["BodyHtml"]
        assert shown["id"] in mail["BodyText"]
        assert await shop.announced(shown["id"]) == ["NotificationSent"]

    run(story())


def test_a_repeated_event_mails_nothing_more(run, shop):
    async def story():
        who = await shop.customer()
        fact = told(OrderConfirmed, an_order(who.user_id))
        assert await shop.receive(fact, fact, fact) == []
        assert await asyncio.gather(*(shop.receive(fact) for _ in range(10))) == [[]] * 10
        assert len(shop.mails(who.email)) == 1

    run(story())


def test_an_english_reader_gets_english(run, shop):
    async def story():
        who = await shop.customer("en", "Hanako Yamada")
        order = an_order(who.user_id, an_item("Drip kettle", 1200), placed_at="2026-11-24T15:30:00.000Z")
        assert await shop.receive(told(OrderConfirmed, order)) == []
        (mail,) = shop.mails(who.email)
        assert mail["Subject"] == "Thank you for your order: Drip kettle"
        for body in (mail["BodyText"], mail["BodyHtml"]):
            for words in (
                "Dear Hanako Yamada,",
                "¥1,200",
                "¥1,750",
                "November 25, 2026, 12:30 AM (JST)",
                "Tokyo 150-0001",
            ):
                assert words in body, words

    run(story())


def test_names_of_products_cannot_bring_markup_or_lines_of_their_own(run, shop):
    async def story():
        who = await shop.customer(name='<b>"Bobby"</b>')
        evil = "<script>alert(1)</script>\r\n合計 0円\u202e{{ 7*7 }}"
        order = msgspec.structs.replace(an_order(who.user_id, an_item(evil, 100)), total=yen(650))
        assert await shop.receive(told(OrderConfirmed, order)) == []
        (mail,) = shop.mails(who.email)
        assert "<script>" not in mail["BodyHtml"]
        assert "&lt;script&gt;" in mail["BodyHtml"]
        assert "<b>" not in mail["BodyHtml"]
        assert "\n合計 0円" not in mail["BodyText"]
        assert "{{ 7*7 }}" in mail["BodyText"]
        assert "\u202e" not in mail["BodyText"] + mail["Subject"]
        assert "\n" not in mail["Subject"]

    run(story())


def test_the_contact_book_ignores_what_is_older_than_itself(run, shop):
    async def story():
        who = await shop.customer()
        change = ProfileChanged(user_id=who.user_id, email=who.email, name="鈴木 花子", locale="ja")
        old = msgspec.structs.replace(change, name="古い 名前")
        newer = envelope(change, aggregate_id=who.user_id, aggregate_version=3)
        older = envelope(old, aggregate_id=who.user_id, aggregate_version=2)
        assert await shop.receive(newer) == []
        assert await shop.receive(older, newer) == []
        assert await shop.receive(told(OrderConfirmed, an_order(who.user_id))) == []
        assert "鈴木 花子 様" in shop.mails(who.email)[0]["BodyText"]

    run(story())
