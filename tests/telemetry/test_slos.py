"""Objectives and alarms, judged on what a real story sent: their figures are those of what happened in it."""

import pytest
from tests.support.story import told

from shop.telemetry.slos import Alarm, Objective, evaluate, slos

OURS = ("PAYMENT_TIMEOUT", "RESERVATION_EXPIRED", "STUCK")  # what ends an order for a reason of the shop's


def state(name):
    """How an objective or alarm stands at the end of the story, from what was sent in its window."""
    story, rules = told(), slos()
    judged: list[Objective | Alarm] = [*rules.objectives, *rules.alarms]
    (what,) = [each for each in judged if each.id == name]
    once = {point.identity: point for point in story.points if story.window.start < point.end <= story.window.end}
    return evaluate(what, [point.sample for point in once.values()], story.window.end)


def test_mail_success_is_what_was_sent_of_what_was_tried():
    sent, failed = (sum(told().facts[what].values()) for what in ("mails", "failed_mails"))
    assert failed > 0
    found = state("notifications.mail_success")
    assert found.value == pytest.approx(sent / (sent + failed))
    assert found.budget_left == pytest.approx(1 - (failed / (sent + failed)) / (1 - 0.99))


def test_order_completion_counts_what_ended_for_a_reason_of_the_shops():
    transitions = told().facts["transitions"]
    bad = sum(transitions.get(code, 0) for code in OURS)
    assert bad > 0
    assert state("orders.completion").value == pytest.approx(
        transitions["CONFIRMED"] / (transitions["CONFIRMED"] + bad)
    )


@pytest.mark.parametrize("service", ["catalog", "orders", "users", "inventory", "notifications"])
def test_availability_is_the_share_of_requests_without_an_error(service):
    points = [each for each in told().within("http.server.request.duration") if each.service == service]
    everything = sum(point.histogram["count"] for point in points)
    failed = sum(point.histogram["count"] for point in points if point.attributes.get("error.type"))
    assert everything > 0
    found = state(f"{service}.availability")
    assert found.value == pytest.approx(1 - failed / everything)


def test_what_nobody_tells_of_is_no_alarm():
    assert state("queues.age").state == "INSUFFICIENT_DATA"  # depths of queues come from the console, not the services
