"""Ground truth: what each observability point says of the story is exactly what happened in it.

One truth, two readers: what the shop sent to the story's receiver, evaluated; and a console that got the same bytes,
asked through `/api/signals`.
"""

from datetime import timedelta

import msgspec
import pytest
from tests.support.series import Kept
from tests.support.story import told

from shop.console.promql import instant
from shop.telemetry import names
from shop.telemetry.points import points


@pytest.fixture(params=["receiver", "console"])
def says(request):
    """`says("orders.completion")`: what a reader says of a point."""
    return told().answer if request.param == "receiver" else told().retold.answers.__getitem__


def series(answer):
    """The values behind a point by their attributes' values; what never happened is left out."""
    return {" ".join(line.attributes.values()): line.value for line in answer.series if line.value}


def spread(answer):
    """How many values there are behind a histogram's point, by their attributes' values."""
    lines = answer.series
    return {" ".join(line.attributes.values()): line.stats.count for line in lines if line.stats is not None}


def total(what):
    return sum(told().facts[what].values())


def test_catalog_product_views(says):
    assert says("catalog.product_views").value == total("product_views")
    assert series(says("catalog.product_views")) == {told().facts["root"]: total("product_views")}


def test_catalog_category_views(says):
    assert series(says("catalog.category_views")) == {told().facts["root"]: total("category_views")}


def test_catalog_search_queries(says):
    assert says("catalog.search_queries").value == total("searches")
    assert series(says("catalog.search_queries")) == told().facts["searches"]
    results = told().within(names.CATALOG_SEARCH_RESULTS)
    assert sum(point.histogram["count"] for point in results) == total("searches")
    assert sum(point.value for point in results) == told().facts["found"][""]


def test_catalog_response_time(says):
    """One observation per request that catalog answered, whoever asked; each exactly as long as its span."""
    story = told()
    asked = [call for call in story.calls if call.path.startswith(("/products", "/categories"))]
    answer = says("catalog.response_time")
    assert answer.stats is not None
    assert answer.stats.count == len(asked)
    traces = {call.trace_id for call in asked}
    spans = [s for s in story.spans if s.service == "catalog" and s.kind == "server" and s.trace_id in traces]
    assert len(spans) == len(asked)
    assert answer.stats.sum == pytest.approx(sum(span.end - span.start for span in spans) / 1e9, rel=1e-9)
    counted = spread(says("catalog.response_time"))
    for route in ("/products/{productId}", "/products/search", "/categories/{categoryId}/products"):
        assert counted[route] == sum(span.attributes["http.route"] == route for span in spans)


def test_users_registration_completion(says):
    answer = says("users.registration_completion")
    facts = told().facts["registrations"]
    assert (answer.value, answer.numerator, answer.denominator) == (2 / 3, facts["confirmed"], facts["started"])
    assert series(says("users.registration_completion")) == facts


def test_users_login_success(says):
    facts = told().facts["logins"]
    answer = says("users.login_success")
    assert answer.value == facts[""] / sum(facts.values())
    expected = {f"failure {code}" if code else "success": count for code, count in facts.items()}
    assert series(says("users.login_success")) == expected


def test_users_session_duration(says):
    """As the API says when each began and ended: to the millisecond."""
    sessions = told().facts["sessions"]
    answer = says("users.session_duration")
    assert answer.stats is not None
    every = [seconds for ended in sessions.values() for seconds in ended]
    assert answer.stats.count == len(every)
    assert answer.stats.sum == pytest.approx(sum(every), abs=1e-6)
    assert spread(says("users.session_duration")) == {reason: len(ended) for reason, ended in sessions.items()}
    assert answer.value == pytest.approx(20.0, rel=0.05)  # most of them ran until SESSION_TTL


def test_users_profile_updates(says):
    assert says("users.profile_updates").value == total("profile_updates")


def test_orders_cart_abandonment(says):
    answer = says("orders.cart_abandonment")
    facts = told().facts["carts"]
    assert series(says("orders.cart_abandonment")) == facts
    assert answer.value == facts["abandoned"] / (facts["abandoned"] + facts["converted"]) == 3 / 14


def test_orders_completion(says):
    facts = told().facts["transitions"]
    answer = says("orders.completion")
    assert (answer.numerator, answer.denominator) == (facts["CONFIRMED"], facts["PLACED"])
    assert answer.value == facts["CONFIRMED"] / facts["PLACED"]
    statuses = ("PLACED", "STOCK_RESERVED", "CONFIRMED", "SHIPPED", "DELIVERED")
    assert series(says("orders.completion")) == {
        status if status in statuses else f"CANCELLED {status}": count for status, count in facts.items()
    }


def test_orders_payment_time(says):
    """One observation per try, exactly as long as its span. The slow card takes 3 s, and is seen as 3 s: no less."""
    story = told()
    expected = {f"failure {why}" if why else "success": count for why, count in story.facts["payments"].items()}
    assert spread(says("orders.payment_time")) == expected
    (slow,) = [span for span in story.trace(story.orders["tok_slow"]) if span.name == "charge"]
    (point,) = [
        point
        for point in story.within(names.ORDERS_PAYMENT_DURATION)
        if point.attributes[names.OUTCOME] == "success" and point.histogram["max"] > 2
    ]
    assert point.histogram["max"] == (slow.end - slow.start) / 1e9 >= 3.0
    timeouts = story.within(names.ORDERS_PAYMENT_DURATION)
    timeouts = [point for point in timeouts if point.attributes.get(names.ERROR_TYPE) == "TimeoutError"]
    assert min(point.histogram["min"] for point in timeouts) >= 4.0  # PAYMENT_TRY_TIMEOUT
    tried = [span for span in story.trace(story.orders["tok_timeout"]) if span.name == "charge"]
    seen = sum(point.value for point in timeouts)
    assert seen == pytest.approx(sum(span.end - span.start for span in tried) / 1e9, rel=1e-9)


def test_orders_bottleneck(says):
    """One observation per stretch of each order; the value pools them all, and waiting for a card is the longest."""
    expected = told().facts["stages"] | {"outbox": told().facts["outbox"][""]}
    assert spread(says("orders.bottleneck")) == expected
    answer = says("orders.bottleneck")
    assert answer.stats is not None
    assert answer.stats.count == sum(expected.values())
    longest = max(answer.series, key=lambda line: line.value or 0)
    assert longest.attributes == {names.ORDER_STAGE: "payment"}


def test_inventory_stock_out(says):
    facts = told().facts["checks"]
    assert series(says("inventory.stock_out")) == facts
    assert says("inventory.stock_out").value == facts["OUT_OF_STOCK"] / sum(facts.values())


def test_inventory_updates(says):
    assert series(says("inventory.updates")) == told().facts["movements"]
    assert says("inventory.updates").value == total("movements")


def test_inventory_low_stock_alerts(says):
    assert says("inventory.low_stock_alerts").value == total("alerts")


def test_inventory_restock_registrations(says):
    assert says("inventory.restock_registrations").value == total("registered")


def test_notifications_mail_success(says):
    facts, failed = told().facts["mails"], told().facts["failed_mails"]
    answer = says("notifications.mail_success")
    assert (answer.numerator, answer.denominator) == (sum(facts.values()), sum(facts.values()) + sum(failed.values()))
    expected = {f"{kind} success": count for kind, count in facts.items()}
    assert series(says("notifications.mail_success")) == expected | {
        f"{kind} failure INVALID_ADDRESS": count for kind, count in failed.items()
    }


def test_notifications_processing_time(says):
    assert spread(says("notifications.processing_time")) == told().facts["mails"]


def test_notifications_event_delay(says):
    """Every message that was handled in the window, by queue and type: as many as there were."""
    found = spread(says("notifications.event_delay"))
    facts = told().facts
    orders = facts["transitions"]
    cancelled = (
        sum(count for status, count in orders.items() if status.isupper() and "_" in status) - orders["STOCK_RESERVED"]
    )
    assert found["notifications-events OrderConfirmed"] == orders["CONFIRMED"] + total("failed_mails")
    assert found["notifications-events OrderCancelled"] == cancelled
    assert found["notifications-events OrderShipped"] == orders["SHIPPED"]
    assert found["notifications-events UserConfirmed"] == facts["registrations"]["confirmed"] + 1
    assert found["notifications-events ProfileChanged"] == total("profile_updates")
    assert found["inventory-commands.fifo ReserveStock"] == orders["PLACED"]
    assert found["orders-payments TakePayment"] == orders["STOCK_RESERVED"]
    assert found["orders-events StockReserved"] == orders["STOCK_RESERVED"]
    assert found["alerts-notifications LowStockDetected"] == total("alerts")
    assert found["users-events SweepDue"] > 5
    answer = says("notifications.event_delay")
    assert answer.stats is not None
    assert answer.stats.count == sum(found.values())


def test_dead_letters():
    counted = told().counts(names.MESSAGES_DEAD_LETTERED, names.MESSAGING_DESTINATION_NAME)
    assert counted == told().facts["dead_lettered"]


def test_notifications_open_rate(says):
    facts, sent = told().facts["opens"], told().facts["mails"]
    tracked = sum(count for kind, count in sent.items() if kind not in ("STOCK_ALERT", "SYSTEM_ALERT"))
    answer = says("notifications.open_rate")
    assert (answer.value, answer.numerator, answer.denominator) == (3 / tracked, total("opens"), tracked)
    assert series(says("notifications.open_rate")) == facts


@pytest.mark.parametrize("point", [point.id for point in points()])
def test_a_console_says_what_was_sent_and_its_queries_give_the_value(point):
    """Sums of seconds may differ in their last bit, since they are added up in another order."""
    console, sent = told().retold.answers[point], told().answer(point)
    assert plain(console) == plain(sent)
    assert sums(console) == pytest.approx(sums(sent), rel=1e-12)
    assert told().retold.promql[point] == pytest.approx([sent.value], rel=1e-9)
    by_logs = told().retold.insights.get(point)
    assert by_logs is None or by_logs[0][-1] == pytest.approx(sent.value, rel=1e-9)


def plain(answer):
    """An answer without its sums."""
    lines = [msgspec.structs.replace(line, stats=without_sum(line.stats)) for line in answer.series]
    return msgspec.structs.replace(answer, stats=without_sum(answer.stats), series=tuple(lines))


def without_sum(stats):
    return msgspec.structs.replace(stats, sum=0.0, avg=None) if stats else None


def sums(answer):
    return [stats.sum for stats in (answer.stats, *(line.stats for line in answer.series)) if stats]


@pytest.mark.parametrize("point", [point.id for point in points()])
def test_every_point_has_its_ground_truth(point):
    assert f"test_{point.replace('.', '_')}" in globals()


@pytest.mark.parametrize("point", [point for point in points() if point.by], ids=lambda point: point.id)
def test_the_query_of_what_a_point_is_made_of_gives_its_series(point):
    story, window = told(), told().window
    query = point.promql_by(timedelta(microseconds=(window.end - window.start) // 1000))
    metrics = Kept(each.sample for each in story.points if each.name in point.metrics)
    found = {
        tuple(each["metric"].get(name, "") for name in point.by): float(each["value"][1])
        for each in instant(metrics, query, window.end).result
    }
    wanted = {
        tuple(line.attributes.get(name, "") for name in point.by): line.value for line in story.answer(point.id).series
    }
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value, rel=0.05), key  # a quantile is known to a bucket's width
