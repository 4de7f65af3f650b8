"""What notifications tells about itself, as a collector receives it; and what it never tells."""

from uuid import uuid4

from tests.support.functions import call, from_gateway, from_queue
from tests.support.orders import an_address, an_order, told
from tests.support.otlp import Receiver

from shop.contracts.events import OrderConfirmed, UserConfirmed
from shop.contracts.messages import envelope
from shop.kernel.ids import new_id
from shop.notifications.model import KINDS

APP = "shop.notifications.app"
CAUSE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_mails_are_counted_timed_and_traced_and_nobody_is_named(run, shop, environment):
    good, bad = f"{uuid4().hex[:12]}@secret.example", f"{uuid4().hex[:12]} @secret.example"
    people = [UserConfirmed(user_id=new_id(), email=email, name="秘密太郎", locale="ja") for email in (good, bad)]
    contacts = [envelope(who, aggregate_id=who.user_id, aggregate_version=1) for who in people]
    place = an_address(recipient="秘密花子", city="秘密市")
    order, other = (an_order(who.user_id, shipping_address=place) for who in people)
    fact = envelope(OrderConfirmed(order=order), aggregate_id=order.id, aggregate_version=5, traceparent=CAUSE)
    batch = from_queue(fact, told(OrderConfirmed, other), fact)
    with Receiver() as collector:
        sending = {"OTEL_SDK_DISABLED": "false", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        _, printed = call(APP, ("events", from_queue(*contacts)), ("events", batch), ("events", batch), **sending)
        (mail,) = run(shop.listed(f"orderId={order.id}"))
        pixel = ("http", from_gateway(f"/notifications/{mail['id']}/open.gif"))
        _, printed_too = call(APP, pixel, pixel, **sending)
        collector.wait(lambda: collector.total("shop.notifications.opens") == 1)

        mails = {
            tuple(sorted(point.attributes.items())): point.value
            for point in collector.of("shop.notifications.mails")
            if point.value
        }
        kind = ("shop.notification.type", "ORDER_CONFIRMATION")
        assert mails == {
            (kind, ("shop.outcome", "success")): 1,
            (("error.type", "INVALID_ADDRESS"), kind, ("shop.outcome", "failure")): 1,
        }
        assert {
            point.attributes["shop.notification.type"] for point in collector.of("shop.notifications.mails")
        } == set(KINDS)
        assert collector.total("shop.notifications.processing.duration") == 1
        assert collector.total("shop.orders.stage.duration", shop__order__stage="notify") == 1
        assert collector.total("shop.events.delay", shop__event__type="OrderConfirmed") == 6

        names = {span.name for span in collector.trace("4bf92f3577b34da6a3ce929d0e0e4736")}
        assert {"process notifications-events", "SESv2.SendEmail"} <= names
        assert printed.count('"event":"shop.mail.sent"') == 1
        everything = "".join(body.decode(errors="replace") for body in collector.bodies) + printed + printed_too
        assert order.id in everything
        assert not [secret for secret in (good, bad, "secret.example", "秘密") if secret in everything]
