"""One mail per cause, whatever fails or dies in between."""

import asyncio
from unittest import mock

import msgspec
import pytest
from tests.support.orders import an_order, told
from tests.support.otlp import Receiver, sending

from shop.contracts.events import OrderConfirmed, UserConfirmed
from shop.contracts.messages import envelope
from shop.kernel.clock import now
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.kernel.ids import new_id
from shop.notifications import delivery, model, signals, store
from shop.runtime.aws import AwsError
from shop.telemetry import names

CAUSE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def no(code: str, status: int = 400) -> AwsError:
    return AwsError("sesv2", "SendEmail", status, code, "", {})


@pytest.fixture
def later(monkeypatch):
    """`later(seconds)`: from now on the service's clock is ahead by so much."""

    def move(seconds: float) -> None:
        from datetime import timedelta

        from shop.kernel import clock

        ahead = timedelta(seconds=seconds)
        real_since = clock.seconds_since
        monkeypatch.setattr(delivery, "stamp", lambda moment=None: clock.stamp(moment or now() + ahead))
        monkeypatch.setattr(delivery, "now", lambda: now() + ahead)
        monkeypatch.setattr(delivery, "seconds_since", lambda text: real_since(text) + seconds)
        monkeypatch.setattr("shop.notifications.worker.stamp", lambda: clock.stamp(now() + ahead))

    return move


@pytest.fixture
def counted():
    """What was counted of mails: (type, outcome, error)."""
    seen: list[tuple[str, str, str | None]] = []

    def count(_name, attributes, n=1):
        seen.append(
            (attributes["shop.notification.type"], attributes.get("shop.outcome"), attributes.get("error.type"))
        )

    with mock.patch.object(signals, "count", count):
        yield seen


def test_who_dies_before_the_mail_is_on_record_leaves_it_to_the_redelivery(run, shop):
    async def story():
        who = await shop.customer()
        fact = told(OrderConfirmed, an_order(who.user_id))
        await shop.die(fact, before="TransactWriteItems")
        assert await shop.receive(fact) == []
        assert len(shop.mails(who.email)) == 1

    run(story())


def test_who_dies_before_ses_is_asked_leaves_the_mail_to_the_sweep(run, shop, later):
    async def story():
        who = await shop.customer()
        fact = told(OrderConfirmed, an_order(who.user_id))
        await shop.die(fact, before="SendEmail")
        assert await shop.receive(fact) == []  # claimed still: somebody might be sending it
        assert await shop.sweep() == []
        assert shop.mails(who.email) == []
        later(21)
        assert await shop.sweep() == []
        assert len(shop.mails(who.email)) == 1
        assert await shop.sweep() == []
        assert len(shop.mails(who.email)) == 1

    run(story())


def test_a_mail_that_the_sweep_sends_is_marked_as_its_cause(run, shop, later):
    async def story():
        who = await shop.customer()
        order = an_order(who.user_id)
        fact = told(OrderConfirmed, order)
        marked = msgspec.structs.replace(fact.metadata, traceparent=CAUSE, synthetic="test")
        fact = msgspec.structs.replace(fact, metadata=marked)
        await shop.die(fact, before="SendEmail")
        later(21)
        assert await shop.sweep() == []
        (mail,) = await shop.listed(f"orderId={order.id}")
        return mail["id"]

    with Receiver() as collector:
        with sending("notifications", collector, OTEL_SDK_DISABLED="false"):
            mail = run(story())
        sent = {
            point.attributes[names.OUTCOME]: point for point in collector.of(names.NOTIFICATIONS_MAILS) if point.value
        }
        assert sent.keys() == {"success", "uncertain"}
        assert {point.attributes[names.USER_AGENT_SYNTHETIC_TYPE] for point in sent.values()} == {"test"}
        (resumed,) = [span for span in collector.trace(CAUSE[3:35]) if span.name == "due mail"]
        assert resumed.attributes[names.USER_AGENT_SYNTHETIC_TYPE] == "test"
        assert [fact["synthetic"] for fact in run(shop.said(mail))] == ["test"]


def test_only_a_death_between_acceptance_and_record_mails_twice_and_is_counted(run, shop, later, counted):
    async def story():
        who = await shop.customer()
        order = an_order(who.user_id)
        fact = told(OrderConfirmed, order)
        await shop.die(fact, after="SendEmail")
        later(21)
        await asyncio.gather(*(shop.receive(fact) for _ in range(5)))
        first, second = shop.mails(who.email)
        (shown,) = await shop.listed(f"orderId={order.id}")
        assert shown["id"] in first["BodyText"]
        assert shown["id"] in second["BodyText"]
        assert counted == [("ORDER_CONFIRMATION", "uncertain", None), ("ORDER_CONFIRMATION", "success", None)]
        assert await shop.announced(shown["id"]) == ["NotificationSent"]

    run(story())


def test_an_answer_of_ses_that_is_lost_counts_as_uncertain_too(run, shop, counted):
    async def story():
        who = await shop.customer()
        fact = told(OrderConfirmed, an_order(who.user_id))
        shop.aws.after["SendEmail"] = DependencyTimeout()
        assert len(await shop.receive(fact)) == 1
        shop.aws.heal()
        await asyncio.sleep(0.002)
        assert await shop.receive(fact) == []
        assert len(shop.mails(who.email)) == 2
        assert [outcome for _, outcome, _ in counted] == ["uncertain", "success"]

    run(story())


def test_a_record_that_fails_for_a_moment_brings_no_second_mail(run, shop, monkeypatch, counted):
    monkeypatch.setattr(delivery, "RECORD_PAUSES", (0, 0))

    async def story():
        who = await shop.customer()
        fact = told(OrderConfirmed, an_order(who.user_id))
        record, tries = store.record_sent, []

        async def in_trouble(*arguments):
            tries.append(arguments)
            if len(tries) < 3:
                raise DependencyUnavailable
            await record(*arguments)

        monkeypatch.setattr(store, "record_sent", in_trouble)
        assert await shop.receive(fact) == []
        assert len(shop.mails(who.email)) == 1
        assert counted == [("ORDER_CONFIRMATION", "success", None)]

    run(story())


@pytest.mark.parametrize(
    "trouble", [no("TooManyRequestsException", 429), no("SendingPausedException"), DependencyUnavailable()]
)
def test_what_may_pass_is_tried_again_and_certain(run, shop, counted, trouble):
    async def story():
        who = await shop.customer()
        fact = told(OrderConfirmed, an_order(who.user_id))
        shop.aws.before["SendEmail"] = trouble
        assert len(await shop.receive(fact)) == 1
        assert await shop.sweep() == []
        shop.aws.heal()
        assert await shop.receive(fact) == []
        assert len(shop.mails(who.email)) == 1
        assert [outcome for _, outcome, _ in counted] == ["success"]

    run(story())


@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException"])
def test_what_ses_will_never_take_fails_at_once_and_for_good(run, shop, counted, code):
    async def story():
        who = await shop.customer()
        order = an_order(who.user_id)
        fact = told(OrderConfirmed, order)
        shop.aws.before["SendEmail"] = no(code)
        assert await shop.receive(fact) == []
        shop.aws.heal()
        assert await shop.receive(fact) == []
        assert await shop.sweep() == []
        (shown,) = await shop.listed(f"orderId={order.id}&status=FAILED")
        assert shown["error"] == code
        assert shop.mails(who.email) == []
        assert counted == [("ORDER_CONFIRMATION", "failure", code)]
        assert await shop.announced(shown["id"]) == ["NotificationFailed"]

    run(story())


@pytest.mark.parametrize(
    "address", ["not an address", "a@b", "ä@example.jp", ".a@example.jp", "a@example.jp\nBcc: b@example.jp"]
)
def test_an_address_that_is_none_fails_without_asking_ses(run, shop, address):
    async def story():
        who = await shop.customer(email=address)
        order = an_order(who.user_id)
        shop.aws.calls.clear()
        assert await shop.receive(told(OrderConfirmed, order)) == []
        (shown,) = await shop.listed(f"orderId={order.id}")
        assert (shown["status"], shown["error"]) == ("FAILED", "INVALID_ADDRESS")
        assert "SendEmail" not in shop.aws.calls

    run(story())


def contact(user, email=None, version=1):
    who = UserConfirmed(user_id=user, email=email or f"{user}@example.jp", name="遅れた 人", locale="ja")
    return envelope(who, aggregate_id=user, aggregate_version=version)


def test_what_comes_before_its_readers_contact_is_sent_when_that_comes(run, shop):
    async def story():
        user = new_id()
        facts = [told(OrderConfirmed, an_order(user)) for _ in range(3)]
        assert await shop.receive(*facts, facts[0]) == []
        assert await shop.sweep() == []
        assert {one["status"] for fact in facts for one in await shop.listed(f"orderId={fact.data.order.id}")} == {
            "QUEUED"
        }
        known = contact(user)
        at_once = [shop.receive(each) for each in (known, known, facts[1])]
        assert await asyncio.gather(*at_once) == [[]] * 3
        assert await shop.receive(*facts) == []
        assert await shop.sweep() == []
        mails = shop.mails(known.data.email)
        assert len(mails) == 3
        assert all(any(fact.data.order.id in mail["BodyText"] for mail in mails) for fact in facts)

    run(story())


def test_a_contact_that_comes_in_the_very_moment_is_not_missed(run, shop, monkeypatch):
    async def story():
        user = new_id()
        fact, known, enlist = told(OrderConfirmed, an_order(user)), contact(user), store.enlist

        async def after_the_contact(*arguments, **more):
            monkeypatch.setattr(store, "enlist", enlist)
            assert await shop.receive(known) == []  # it finds no mail that waits
            return await enlist(*arguments, **more)

        monkeypatch.setattr(store, "enlist", after_the_contact)
        assert await shop.receive(fact) == []
        assert len(shop.mails(known.data.email)) == 1

    run(story())


def test_who_dies_while_the_contact_sends_what_waited_leaves_it_to_the_next(run, shop):
    async def story():
        user = new_id()
        fact, known = told(OrderConfirmed, an_order(user)), contact(user)
        assert await shop.receive(fact) == []
        await shop.die(known, after="PutItem")
        assert await shop.receive(known) == []
        assert len(shop.mails(known.data.email)) == 1

    run(story())


def test_a_contact_that_ses_refuses_fails_what_waited_for_it(run, shop):
    async def story():
        user = new_id()
        order = an_order(user)
        assert await shop.receive(told(OrderConfirmed, order)) == []
        assert await shop.receive(contact(user, email="nobody")) == []
        (shown,) = await shop.listed(f"orderId={order.id}")
        assert (shown["status"], shown["error"]) == ("FAILED", "INVALID_ADDRESS")

    run(story())


def test_an_event_whose_contact_never_comes_fails_with_its_reason(run, shop, later):
    async def story():
        order = an_order(new_id())
        fact = told(OrderConfirmed, order)
        assert await shop.receive(fact) == []
        later(delivery.CONTACT_COMES_WITHIN + 1)
        assert await shop.sweep() == []
        (shown,) = await shop.listed(f"orderId={order.id}")
        assert (shown["status"], shown["error"], shown["recipient"]) == ("FAILED", "CONTACT_UNKNOWN", "")

    run(story())


def test_one_that_cannot_be_sent_keeps_none_of_the_others_from_the_sweep(run, shop, later, monkeypatch):
    async def story():
        users = [new_id() for _ in range(12)]
        facts = [told(OrderConfirmed, an_order(user)) for user in users]
        assert await shop.receive(*facts) == []
        sound, broken = delivery.deliver, facts[3].metadata.event_id

        async def deliver(parts, notice):
            if notice.event_id == broken:
                raise RuntimeError("a bug of ours")
            await sound(parts, notice)

        monkeypatch.setattr(delivery, "deliver", deliver)
        later(delivery.CONTACT_COMES_WITHIN + 1)
        assert len(await shop.sweep()) == 1
        failed = [await shop.listed(f"orderId={fact.data.order.id}&status=FAILED") for fact in facts]
        assert [len(each) for each in failed] == [0 if fact is facts[3] else 1 for fact in facts]
        monkeypatch.setattr(delivery, "deliver", sound)
        assert await shop.sweep() == []

    run(story())


def test_a_mail_that_ses_has_refused_for_a_day_is_given_up(run, shop, later):
    async def story():
        who = await shop.customer()
        order = an_order(who.user_id)
        shop.aws.before["SendEmail"] = no("TooManyRequestsException", 429)
        assert len(await shop.receive(told(OrderConfirmed, order))) == 1
        later(24 * 3600 + 1)
        assert await shop.sweep() == []
        (shown,) = await shop.listed(f"orderId={order.id}")
        assert (shown["status"], shown["error"]) == ("FAILED", "GIVEN_UP")

    run(story())


def test_a_claim_outlasts_the_function_that_holds_it():
    from shop.contracts.topology import FUNCTIONS

    assert all(2 * each.timeout <= model.CLAIM for each in FUNCTIONS if each.service == "notifications" and each.source)


@pytest.mark.parametrize("known", [True, False])
def test_an_order_that_cannot_be_told_is_dead_lettered(run, shop, known):
    async def story():
        who = await shop.customer()
        user = who.user_id if known else new_id()
        fact = told(OrderConfirmed, an_order(user, placed_at="yesterday"))
        assert await shop.receive(fact) == []
        buried = await shop.queues.receive("notifications-events-dlq", wait=1)
        reasons = [one.attributes["reason"] for one in buried]
        assert any(reason.startswith("ORDER_CONFIRMATION cannot be written") for reason in reasons)
        await shop.queues.delete("notifications-events-dlq", buried)
        assert shop.mails(who.email) == []

    run(story())
