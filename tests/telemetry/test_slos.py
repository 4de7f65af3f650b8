"""Objectives and alarms, judged on what a real story sent: their figures are those of what happened in it."""

import pytest
from tests.support.series import Kept
from tests.support.story import told

from shop.console.promql import instant
from shop.telemetry.queries import in_environment, queries
from shop.telemetry.slos import Alarm, evaluate, slos

OURS = ("PAYMENT_TIMEOUT", "RESERVATION_EXPIRED", "STUCK")  # what ends an order for a reason of the shop's


JUDGED = {each.id: each for each in slos().judged}


def points():
    """What was sent in the window of the story, each once."""
    story = told()
    once = {point.identity: point for point in story.points if story.window.start < point.end <= story.window.end}
    return list(once.values())


def state(name):
    """How an objective or alarm stands at the end of the story, from what was sent in its window."""
    return evaluate(JUDGED[name], [point.sample for point in points()], told().window.end)


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


@pytest.mark.parametrize("name", JUDGED)
def test_the_alarms_query_rings_when_the_story_was_bad_enough_and_only_then(name):
    sent, at = points(), told().window.end
    (environment,) = {point.resource["deployment.environment.name"] for point in sent}
    metrics = Kept((point.sample for point in sent), environment)
    asked = {severity: in_environment(query, environment) for severity, query in queries(JUDGED[name]).items()}
    ringing = {severity for severity, query in asked.items() if instant(metrics, query, at).result}
    found = state(name)
    alarmed = {found.severity} - {None} if isinstance(JUDGED[name], Alarm) else set()
    assert ringing == alarmed | {pair.severity for pair in found.burning if pair.firing}


def test_the_story_makes_some_alarms_ring_and_others_not():
    states = {state(name).state for name in JUDGED}
    assert {"OK", "ALARM"} <= states
