"""From points to the state of objectives and alarms."""

import pytest

from shop.telemetry import names
from shop.telemetry.histogram import Histogram
from shop.telemetry.meter import catalogue
from shop.telemetry.samples import Sample
from shop.telemetry.slos import evaluate, slos
from shop.telemetry.spread import Spread

MINUTE = 60 * 10**9
NOW = 100_000 * MINUTE
OBJECTIVES = {each.id: each for each in slos().objectives}
ALARMS = {each.id: each for each in slos().alarms}


def mails(ago, success=0, failure=0):
    """Mails that were sent so many minutes ago."""
    end = NOW - ago * MINUTE
    return [
        Sample(names.NOTIFICATIONS_MAILS, "notifications", "a", {names.OUTCOME: outcome}, end - MINUTE, end, count)
        for outcome, count in (("success", success), ("failure", failure))
    ]


def mail_success(*samples):
    return evaluate(OBJECTIVES["notifications.mail_success"], [each for some in samples for each in some], NOW)


def test_there_is_one_for_all_that_the_contract_asks_for():
    services = ("catalog", "orders", "users", "inventory", "notifications")
    wanted = {f"{service}.{what}" for service in services for what in ("availability", "latency")}
    assert OBJECTIVES.keys() == wanted | {"orders.completion", "notifications.mail_success"}
    assert ALARMS.keys() == {"inventory.stock_out", "queues.age", "queues.dead_letters"}


@pytest.mark.parametrize("each", [*slos().objectives, *slos().alarms], ids=lambda each: each.id)
def test_each_is_judged_by_what_the_registry_or_cloudwatch_has(each):
    assert all(name in catalogue() or name.startswith("AWS/SQS ") for name in each.metrics)
    assert each.title.ja
    assert each.title.en


def test_where_nothing_happened_nothing_is_known():
    assert mail_success([]).state == "INSUFFICIENT_DATA"


def test_all_well_is_ok_with_the_whole_budget():
    state = mail_success(mails(1, success=100))
    assert (state.state, state.value, state.budget_left) == ("OK", 1.0, 1.0)


def test_a_fast_burn_pages():
    state = mail_success(mails(1, success=80, failure=20))
    assert (state.state, state.severity, state.value) == ("ALARM", "page", 0.8)
    assert state.burning[0].long_burn == pytest.approx(20)
    assert state.budget_left == pytest.approx(-19)


def test_a_slow_burn_is_a_ticket():
    state = mail_success(*(mails(at, success=96, failure=4) for at in range(1, 600, 10)))
    assert (state.state, state.severity) == ("ALARM", "ticket")


def test_what_is_over_ends_with_the_short_window():
    """An hour's window still has the trouble in it, the last five minutes have not."""
    state = mail_success(mails(20, success=10, failure=10), mails(1, success=10))
    page = state.burning[0]
    assert page.long_burn is not None
    assert page.long_burn > page.factor
    assert (page.short_burn, page.firing) == (0, False)


def test_few_events_are_no_reason_to_wake_anybody():
    assert mail_success(mails(1, success=1, failure=1)).state == "OK"


def test_the_budget_outlasts_the_windows():
    state = mail_success(mails(10_000, success=50, failure=50), mails(1, success=100))
    assert (state.state, state.value) == ("OK", 0.75)


def requests(service, seconds, **attributes):
    histogram = Histogram()
    for each in seconds:
        histogram.add(each)
    buckets = {histogram.low + at: n for at, n in enumerate(histogram.counts())}
    spread = Spread(histogram.count, histogram.total, 0, histogram.scale, buckets, min(seconds), max(seconds))
    named = {name.replace("__", "."): value for name, value in attributes.items()}
    return Sample(names.HTTP_SERVER_REQUEST_DURATION, service, "a", named, NOW - MINUTE, NOW, spread)


def test_availability_is_requests_without_an_error_of_ours():
    given = [requests("catalog", [0.01] * 98), requests("catalog", [0.01] * 2, error__type="500"),
             requests("orders", [0.01] * 50, error__type="500")]  # fmt: skip
    state = evaluate(OBJECTIVES["catalog.availability"], given, NOW)
    assert (state.value, state.state, state.severity) == (0.98, "ALARM", "page")


def test_latency_is_requests_within_a_time():
    state = evaluate(OBJECTIVES["catalog.latency"], [requests("catalog", [0.1] * 99 + [0.9])], NOW)
    assert (state.value, state.state) == (0.99, "OK")
    slow = evaluate(OBJECTIVES["catalog.latency"], [requests("catalog", [0.1] * 80 + [0.9] * 20)], NOW)
    assert (slow.value, slow.state) == (0.8, "ALARM")


def orders(status, count, failure=None):
    attributes = {names.ORDER_STATUS: status} | ({names.ORDER_FAILURE: failure} if failure else {})
    return Sample(names.ORDERS_TRANSITIONS, "orders", "a", attributes, NOW - MINUTE, NOW, count)


def test_a_declined_card_is_no_fault_of_the_shop():
    fine = [orders("PLACED", 100), orders("CONFIRMED", 60), orders("CANCELLED", 40, "PAYMENT_DECLINED")]
    assert evaluate(OBJECTIVES["orders.completion"], fine, NOW).value == 1.0
    stuck = evaluate(OBJECTIVES["orders.completion"], [*fine, orders("CANCELLED", 20, "STUCK")], NOW)
    assert (stuck.value, stuck.state) == (0.75, "ALARM")


def gauge(metric, queue, value, ago=0):
    at = NOW - ago * MINUTE
    return Sample(f"AWS/SQS {metric}", "console", "a", {"QueueName": queue}, at, at, value)


def test_a_dead_letter_alarms_until_its_queue_is_empty_again():
    def looked(*samples):
        return evaluate(ALARMS["queues.dead_letters"], samples, NOW)

    visible = "ApproximateNumberOfMessagesVisible"
    assert looked().state == "INSUFFICIENT_DATA"
    assert looked(gauge(visible, "orders-events", 100), gauge(visible, "orders-events-dlq", 0)).state == "OK"
    state = looked(gauge(visible, "orders-events-dlq", 0), gauge(visible, "inventory-commands-dlq.fifo", 2))
    assert (state.state, state.severity, state.value) == ("ALARM", "page", 2)
    assert state.over == ("inventory-commands-dlq.fifo",)
    assert looked(gauge(visible, "orders-events-dlq", 3, ago=2), gauge(visible, "orders-events-dlq", 0)).state == "OK"


def test_an_old_message_alarms():
    state = evaluate(ALARMS["queues.age"], [gauge("ApproximateAgeOfOldestMessage", "orders-events", 61)], NOW)
    assert (state.state, state.over) == ("ALARM", ("orders-events",))


def test_empty_shelves_alarm_when_many_met_them():
    def checks(out, well):
        both = (("OUT_OF_STOCK", out), ("IN_STOCK", well))
        return [
            Sample(names.INVENTORY_CHECKS, "inventory", "a", {names.STOCK_STATUS: status}, NOW - MINUTE, NOW, n)
            for status, n in both
        ]

    alarm = ALARMS["inventory.stock_out"]
    assert evaluate(alarm, checks(5, 5), NOW).state == "INSUFFICIENT_DATA"
    assert evaluate(alarm, checks(4, 16), NOW).state == "OK"
    state = evaluate(alarm, checks(5, 16), NOW)
    assert (state.state, state.severity, state.value) == ("ALARM", "ticket", 5 / 21)
