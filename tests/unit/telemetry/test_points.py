"""The evaluator of observability points, on points made by hand. (tests/telemetry has them through the real shop.)"""

import subprocess
import sys
from datetime import timedelta

import pytest

from shop.telemetry import names
from shop.telemetry.meter import catalogue
from shop.telemetry.points import points
from shop.telemetry.samples import Sample, Window, deltas
from shop.telemetry.spread import Spread

IDS = [
    "catalog.product_views",
    "catalog.category_views",
    "catalog.search_queries",
    "catalog.response_time",
    "users.registration_completion",
    "users.login_success",
    "users.session_duration",
    "users.profile_updates",
    "orders.cart_abandonment",
    "orders.completion",
    "orders.payment_time",
    "orders.bottleneck",
    "inventory.stock_out",
    "inventory.updates",
    "inventory.low_stock_alerts",
    "inventory.restock_registrations",
    "notifications.mail_success",
    "notifications.processing_time",
    "notifications.event_delay",
    "notifications.open_rate",
]
SECOND = 10**9
POINTS = {point.id: point for point in points()}


def sample(metric, value, *, end=1, source="a", service="orders", **attributes):
    named = {name.replace("__", "."): given for name, given in attributes.items()}
    return Sample(metric, service, source, named, (end - 1) * SECOND, end * SECOND, value)


def carts(**outcomes):
    return [sample(names.ORDERS_CARTS, n, shop__cart__outcome=outcome) for outcome, n in outcomes.items()]


def evaluated(point, samples, start=0, end=100):
    return POINTS[point].evaluate(samples, Window(start * SECOND, end * SECOND))


def test_the_points_are_those_of_the_contract():
    assert list(POINTS) == IDS
    assert all(point.id.startswith(f"{point.service}.") for point in points())


@pytest.mark.parametrize("point", points(), ids=lambda point: point.id)
def test_each_is_made_from_a_registered_metric_and_says_all_in_both_languages(point):
    registered = catalogue()
    assert point.metrics <= registered.keys()
    for text in (point.title, point.question, point.definition, point.why):
        assert text.ja
        assert not text.ja.isascii()
        assert text.en
        assert text.en.isascii()
    unit = registered[next(iter(point.metrics))].unit
    assert point.unit == ("1" if point.measure.__class__.__name__ == "Ratio" else unit)


def test_a_ratio_is_exact_and_has_its_parts():
    answer = evaluated("orders.cart_abandonment", carts(created=100, abandoned=30, converted=70))
    assert (answer.value, answer.numerator, answer.denominator) == (0.3, 30, 100)
    assert {line.attributes["shop.cart.outcome"]: line.value for line in answer.series} == {
        "created": 100,
        "abandoned": 30,
        "converted": 70,
    }


def test_nothing_over_nothing_is_null_and_a_count_of_nothing_is_0():
    answer = evaluated("orders.cart_abandonment", carts(abandoned=0, converted=0, created=5))
    assert (answer.value, answer.denominator) == (None, 0)
    assert evaluated("users.profile_updates", []).value == 0
    times = evaluated("orders.payment_time", [])
    assert times.stats is not None
    assert (times.value, times.stats.count, times.stats.avg) == (None, 0, None)


def test_a_repeated_point_counts_once_and_another_senders_counts_too():
    one = sample(names.USERS_PROFILE_UPDATES, 2)
    assert evaluated("users.profile_updates", [one, one, one._replace(source="b")]).value == 4


def test_a_point_belongs_to_the_moment_at_which_it_ends():
    samples = [sample(names.USERS_PROFILE_UPDATES, 10**at, end=at) for at in (1, 2, 3)]
    assert evaluated("users.profile_updates", samples, 1, 2).value == 100
    assert evaluated("users.profile_updates", samples, 0, 3).value == 1110


def test_the_bottleneck_pools_all_stages_and_has_one_series_each():
    def stage(name, seconds):
        index = {1.0: -1, 4.0: 1}[seconds]
        return sample(names.ORDERS_STAGE_DURATION, Spread(1, seconds, 0, 0, {index: 1}, seconds, seconds),
                      shop__order__stage=name)  # fmt: skip

    answer = evaluated("orders.bottleneck", [stage("payment", 4.0), stage("outbox", 1.0)])
    assert answer.stats is not None
    assert (answer.stats.count, answer.stats.sum, answer.stats.avg) == (2, 5.0, 2.5)
    assert [(line.attributes["shop.order.stage"], line.value) for line in answer.series] == [
        ("outbox", pytest.approx(1.0, rel=0.04)),  # where Prometheus sees it within its bucket
        ("payment", pytest.approx(4.0, rel=0.04)),
    ]


def test_the_response_time_is_the_catalogs_alone():
    def took(service):
        return sample(names.HTTP_SERVER_REQUEST_DURATION, Spread(1, 1.0, 0, 0, {-1: 1}, 1.0, 1.0), service=service)

    answer = evaluated("catalog.response_time", [took("catalog"), took("gateway")])
    assert answer.stats is not None
    assert answer.stats.count == 1


def test_the_open_rate_divides_by_mails_with_the_pixel():
    mails = [
        sample(names.NOTIFICATIONS_MAILS, n, shop__notification__type=kind, shop__outcome=outcome)
        for kind, outcome, n in (
            ("ORDER_CONFIRMATION", "success", 3),
            ("SHIPPING_NOTICE", "success", 1),
            ("SHIPPING_NOTICE", "failure", 5),
            ("STOCK_ALERT", "success", 7),
        )
    ]
    opens = [sample(names.NOTIFICATIONS_OPENS, 1, shop__notification__type="ORDER_CONFIRMATION")]
    assert evaluated("notifications.open_rate", mails + opens).value == 0.25
    assert evaluated("notifications.mail_success", mails).value == 11 / 16


def test_cumulative_points_become_what_came_between():
    def at(end, value, start=0):
        return Sample("m", "s", "a", {}, start * SECOND, end * SECOND, value)

    given = [at(3, 7), at(1, 2), at(2, 2), at(2, 2), at(9, 1, start=8)]
    assert [(each.start // SECOND, each.end // SECOND, each.value) for each in deltas(given)] == [
        (0, 1, 2),
        (1, 2, 0),
        (2, 3, 5),
        (8, 9, 1),
    ]


def test_the_query_names_the_metric_and_its_attributes_as_they_are():
    hour = timedelta(hours=1)
    assert POINTS["orders.completion"].promql(hour) == (
        '(sum(sum_over_time({"shop.orders.transitions", "shop.order.status"="CONFIRMED"}[3600s])) or vector(0)) / '
        'sum(sum_over_time({"shop.orders.transitions", "shop.order.status"="PLACED"}[3600s]))'
    )
    assert POINTS["catalog.response_time"].promql(hour) == (
        'histogram_quantile(0.95, sum(sum_over_time('
        '{"http.server.request.duration", "@resource.service.name"="catalog"}[3600s])))'
    )  # fmt: skip


def test_importing_them_reads_no_file_and_opens_no_socket():
    code = """
import sys
import shop.telemetry  # what everybody has imported
opened = []
sys.addaudithook(lambda event, args: opened.append((event, args)) if event == "open" and ".py" not in str(args[0])
                 and "__pycache__" not in str(args[0]) or event.startswith("socket") else None)
import shop.telemetry.points, shop.telemetry.slos
assert not opened, opened
"""
    subprocess.run([sys.executable, "-c", code], check=True)
