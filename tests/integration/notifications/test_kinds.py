"""The other causes: shipping, cancellation, restock, low stock, alarms."""

import json
from datetime import timedelta
from uuid import uuid4

import boto3
import msgspec
import pytest
from tests.support.orders import an_item, an_order, cancelled, shipped, told

from shop.contracts.events import LowStockDetected, OrderCancelled, OrderShipped, RestockNoticeDue
from shop.contracts.messages import envelope
from shop.contracts.shapes import Text
from shop.kernel.clock import now
from shop.kernel.ids import new_id
from shop.notifications import worker

OPERATOR = "operator@mieruka.example"


def an_alarm(name: str | None = None, state: str = "ALARM", at: str = "2026-11-24T12:00:00.000+0000"):
    name = name or f"dlq-not-empty-{uuid4().hex[:8]}"
    return {
        "AlarmName": name,
        "AlarmDescription": None,
        "AWSAccountId": "123456789012",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 datapoint [2.0] was greater than the threshold (0.0).",
        "StateChangeTime": at,
        "Region": "Asia Pacific (Tokyo)",
        "AlarmArn": f"arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:{name}",
        "OldStateValue": "OK",
        "Trigger": {"MetricName": "ApproximateNumberOfMessagesVisible", "Namespace": "AWS/SQS"},
    }


def low(sku: str, email: str | None = None):
    found = LowStockDetected(
        product_id=new_id(), sku=sku, name="ドリップケトル", translations={}, available=3, threshold=5, email=email
    )
    return envelope(found, aggregate_id=found.product_id, aggregate_version=1)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("ja", ["ヤマト運輸", "1234-5678-9012", "東京都渋谷区神宮前1-2-3"]),
        ("en", ["Tracking", "1234-5678-9012", "Japan"]),
    ],
)
def test_a_shipped_order_is_told_with_tracking_and_address(run, shop, locale, words):
    async def story():
        who = await shop.customer(locale)
        assert await shop.receive(told(OrderShipped, shipped(an_order(who.user_id)))) == []
        (mail,) = shop.mails(who.email)
        assert all(word in mail[body] for word in words for body in ("BodyText", "BodyHtml"))

    run(story())


@pytest.mark.parametrize(
    ("locale", "code", "detail", "words"),
    [
        ("ja", "CUSTOMER_CANCELLED", "色を間違えた", "理由: 色を間違えた"),
        ("en", "OPERATOR_CANCELLED", "damaged in storage", "Reason: damaged in storage"),
        ("ja", "OUT_OF_STOCK", "mug: 1 of 2", "在庫が不足していた"),
        ("en", "PAYMENT_DECLINED", "tok_declined", "Your card was declined."),
        ("en", "CUSTOMER_CANCELLED", " ", "You asked us to cancel it."),
    ],
)
def test_a_cancelled_order_is_told_with_the_reason(run, shop, locale, code, detail, words):
    async def story():
        who = await shop.customer(locale)
        assert await shop.receive(told(OrderCancelled, cancelled(an_order(who.user_id), code, detail))) == []
        (mail,) = shop.mails(who.email)
        assert words in mail["BodyText"]
        assert words in mail["BodyHtml"]

    run(story())


def test_a_cancellation_says_what_becomes_of_the_money(run, shop):
    async def story():
        who = await shop.customer()
        paid = an_order(who.user_id, an_item("本", 700))
        unpaid = an_order(who.user_id, payment=msgspec.structs.replace(paid.payment, status="DECLINED"))
        assert await shop.receive(told(OrderCancelled, cancelled(paid, "OPERATOR_CANCELLED"))) == []
        assert await shop.receive(told(OrderCancelled, cancelled(unpaid, "PAYMENT_DECLINED"))) == []
        first, second = shop.mails(who.email)
        assert "1,250円 は全額返金" in first["BodyText"]
        assert "代金は請求されません" in second["BodyText"]

    run(story())


def test_a_restock_is_told_once_per_registration(run, shop):
    async def story():
        who = await shop.customer("en")
        due = RestockNoticeDue(
            product_id=new_id(), sku="KET-08", name="ケトル", translations={"en": Text(name="Kettle")},
            user_id=who.user_id, registration_id=new_id(),
        )  # fmt: skip
        told_twice = [envelope(due, aggregate_id=due.product_id, aggregate_version=n) for n in (1, 2)]
        again = envelope(
            msgspec.structs.replace(due, registration_id=new_id()), aggregate_id=due.product_id, aggregate_version=3
        )
        assert await shop.receive(*told_twice) == []
        assert await shop.receive(*told_twice) == []
        assert [mail["Subject"] for mail in shop.mails(who.email)] == ["Back in stock: Kettle"]
        assert await shop.receive(again) == []
        assert len(shop.mails(who.email)) == 2

    run(story())


def test_low_stock_comes_through_the_topic_to_the_operator_and_who_registered(run, shop):
    async def story():
        sku = f"KET-{uuid4().hex[:8]}"
        assert await shop.deps.bus.publish([low(sku, email=f"{sku.lower()}@example.jp")]) == []
        received = await shop.queues.receive("alerts-notifications", wait=5)
        assert await worker.alerts.handle(shop.deps, received, shop.queues) == []
        await shop.queues.delete("alerts-notifications", received)
        (mail,) = [one for one in shop.mails(OPERATOR) if sku in one["BodyText"]]
        assert mail["To"] == [OPERATOR, f"{sku.lower()}@example.jp"]
        assert mail["Subject"] == "【在庫アラート】ドリップケトル（残り3点）"
        assert "open.gif" not in mail["BodyHtml"]

    run(story())


def test_a_bad_address_of_an_alert_does_not_keep_it_from_the_operator(run, shop):
    async def story():
        sku = f"KET-{uuid4().hex[:8]}"
        assert await shop.receive(low(sku, email="nobody")) == []
        (mail,) = [one for one in shop.mails(OPERATOR) if sku in one["BodyText"]]
        assert mail["To"] == [OPERATOR]

    run(story())


def alarm_mails(shop, name: str):
    return [mail for mail in shop.mails(OPERATOR) if name in mail["Subject"]]


def test_an_alarm_comes_through_the_topic_to_the_operator(run, shop):
    async def story():
        alarm = an_alarm()
        access = shop.account.access
        sns = boto3.client(
            "sns", endpoint_url=access.endpoint, region_name=access.region,
            aws_access_key_id=access.account, aws_secret_access_key=access.secret,
        )  # fmt: skip
        (topic,) = [one["TopicArn"] for one in sns.list_topics()["Topics"] if one["TopicArn"].endswith(":alerts")]
        sns.publish(TopicArn=topic, Message=json.dumps(alarm))
        sns.close()
        received = await shop.queues.receive("alerts-notifications", wait=5)
        assert await worker.alerts.handle(shop.deps, received, shop.queues) == []
        await shop.queues.delete("alerts-notifications", received)
        (mail,) = alarm_mails(shop, alarm["AlarmName"])
        assert "OK → ALARM" in mail["BodyText"]
        assert "2026年11月24日(火) 21:00" in mail["BodyText"]

    run(story())


def test_an_alarm_is_mailed_once_and_only_when_it_goes_off(run, shop):
    async def story():
        alarm = an_alarm()
        calm = [alarm | {"NewStateValue": state} for state in ("OK", "INSUFFICIENT_DATA")]
        assert await shop.receive(*calm) == []
        assert alarm_mails(shop, alarm["AlarmName"]) == []
        assert await shop.receive(alarm) == []
        assert await shop.receive(alarm, alarm) == []
        assert len(alarm_mails(shop, alarm["AlarmName"])) == 1

    run(story())


def test_a_storm_of_alarms_is_no_storm_of_mails(run, shop, monkeypatch):
    from shop.notifications import alarms, signals

    kept_back: list[str] = []
    monkeypatch.setattr(signals, "suppressed", kept_back.append)
    tomorrow = now() + timedelta(days=1)  # ten minutes that no other test has
    monkeypatch.setattr(alarms, "now", lambda: tomorrow)

    async def story():
        flapping = [an_alarm("flapping", at=f"2026-11-24T12:00:{second:02}.000+0000") for second in range(10)]
        for alarm in flapping:
            assert await shop.receive(alarm, alarm) == []
        assert len(alarm_mails(shop, "flapping")) == alarms.MOST_OF_ONE
        assert await shop.receive(flapping[1]) == []  # one that was allowed stays so
        assert len(kept_back) == 2 * (10 - alarms.MOST_OF_ONE)
        many = [an_alarm(f"storm-{number}") for number in range(200)]
        for start in range(0, len(many), 10):
            assert await shop.receive(*many[start : start + 10]) == []
        assert 0 < len(alarm_mails(shop, "storm-")) <= alarms.MOST - alarms.MOST_OF_ONE

        monkeypatch.setattr(alarms, "now", lambda: tomorrow + alarms.WINDOW)
        assert await shop.receive(an_alarm("flapping", at="2026-11-24T12:10:00.000+0000")) == []
        assert len(alarm_mails(shop, "flapping")) == alarms.MOST_OF_ONE + 1

    run(story())


def test_an_alarm_of_a_dead_letter_queue_says_how_its_messages_come_back(run, shop):
    async def story():
        watched = {"Dimensions": [{"name": "QueueName", "value": "orders-events-dlq"}]}
        alarm = an_alarm() | {"Trigger": watched}
        assert await shop.receive(alarm, an_alarm() | {"Trigger": "odd"}, an_alarm() | {"Trigger": None}) == []
        (mail,) = alarm_mails(shop, alarm["AlarmName"])
        for body in ("BodyText", "BodyHtml"):
            assert "shop redrive orders-events-dlq" in mail[body]

    run(story())


def a_contributor(name: str, **attributes: str):
    """As CloudWatch's documentation shows the message of an alarm with contributors, which PromQL alarms have too.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html: SNS is told per contributor.
    """
    return {
        "AlarmName": name,
        "NewStateValue": "ALARM",
        "NewStateReason": "5 out of 10 contributors evaluated to ALARM",
        "StateChangeTime": "2026-06-10T12:20:15.000+0000",
        "OldStateValue": "OK",
        "AlarmContributorId": uuid4().hex[:16],
        "AlarmContributorAttributes": attributes,
    }


def test_an_alarm_on_several_series_is_mailed_for_each_of_them_once(run, shop):
    async def story():
        name = f"EndpointLatency-{uuid4().hex[:8]}"
        orders, users = (a_contributor(name, endpoint=f"/api/{what}") for what in ("orders", "users"))
        assert await shop.receive(orders, users, orders) == []
        assert await shop.receive(users) == []
        told = [mail["BodyText"] for mail in alarm_mails(shop, name)]
        assert len(told) == 2
        for endpoint in ("/api/orders", "/api/users"):
            assert sum(f"endpoint = {endpoint}" in body for body in told) == 1
        assert all(f"endpoint = {mail['BodyText'].split('endpoint = ')[1].split()[0]}" in mail["BodyHtml"]
                   for mail in alarm_mails(shop, name))  # fmt: skip
        assert await shop.receive(orders | {"NewStateValue": "OK"}) == []
        assert len(alarm_mails(shop, name)) == 2

    run(story())


def test_a_contributor_that_is_a_dead_letter_queue_says_how_its_messages_come_back(run, shop):
    async def story():
        alarm = a_contributor(f"dlq-{uuid4().hex[:8]}", QueueName="inventory-commands-dlq.fifo")
        odd = a_contributor(f"odd-{uuid4().hex[:8]}") | {"AlarmContributorAttributes": ["odd"]}
        assert await shop.receive(alarm, odd) == []
        (mail,) = alarm_mails(shop, alarm["AlarmName"])
        assert "shop redrive inventory-commands-dlq.fifo" in mail["BodyText"]

    run(story())


@pytest.mark.parametrize("body", [{"hello": "world"}, an_alarm(at="just now"), {"AlarmName": 5}])
def test_json_that_is_no_alarm_is_dead_lettered(run, shop, body):
    async def story():
        assert await shop.receive(body) == []
        buried = await shop.queues.receive("alerts-notifications-dlq", wait=1)
        assert any("CloudWatch alarm" in one.attributes["reason"] for one in buried)
        await shop.queues.delete("alerts-notifications-dlq", buried)

    run(story())


def test_what_was_left_in_the_outbox_is_announced_by_the_sweep(run, shop, monkeypatch):
    async def story():
        who = await shop.customer()
        order = an_order(who.user_id)
        assert await shop.receive(told(OrderShipped, shipped(order))) == []
        (shown,) = await shop.listed(f"orderId={order.id}")
        assert await shop.announced(shown["id"]) == ["NotificationSent"]
        monkeypatch.setattr("shop.runtime.relay.now", lambda: now() + timedelta(seconds=11))
        assert await shop.sweep() == []
        assert await shop.announced(shown["id"]) == []

    run(story())
