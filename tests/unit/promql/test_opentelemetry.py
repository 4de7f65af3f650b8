"""What is CloudWatch's and OpenTelemetry's about the queries: names, labels, temporality, native histograms."""

import pytest
from tests.support.series import NS, Loaded

from shop.console.promql import instant

COUNTER = '__type__="counter", __temporality__="delta", "@resource.service.name"="orders"'
HISTOGRAM = "{{schema:0 count:4 sum:5 buckets:[2 2] offset:1}}"
DELTA = f"""load 15s
  {{"shop.orders.transitions", {COUNTER}, "shop.order.status"="CONFIRMED"}} 1 2 0 5 3
  {{"shop.orders.transitions", {COUNTER}, "shop.order.status"="CANCELLED"}} 0 1 0 1 0
  {{"shop.requests", __type__="counter", __temporality__="cumulative"}} 0 10 20 30 40
  {{"shop.stock", __type__="gauge", "@resource.service.name"="orders"}} 3 3 3 3 4
  {{"shop.delay", __type__="histogram", __temporality__="delta"}} {HISTOGRAM}x4
"""


def asked(query, at=60):
    return instant(Loaded(DELTA), query, at * NS)


def values(query, at=60):
    return [float(series["value"][1]) for series in asked(query, at).result]


def test_a_delta_counter_over_a_range_is_what_was_counted_after_its_begin_up_to_its_end():
    confirmed = '{"shop.orders.transitions", "shop.order.status"="CONFIRMED"}'
    assert values(f"sum_over_time({confirmed}[1m])") == [10]  # not the one at its begin
    assert values(f"sum_over_time({confirmed}[45s])") == [8]
    assert values(f"sum_over_time({confirmed}[1m])", 59.999) == [8]  # the first one, and not yet the last


@pytest.mark.parametrize("function", ["rate", "increase", "irate"])
def test_the_growth_of_a_delta_counter_is_warned_of_with_what_to_use_instead(function):
    [warning] = asked(f'{function}({{"shop.orders.transitions"}}[1m])').warnings
    assert warning.startswith(
        f'PromQL warning: {function}() assumes a cumulative counter, but "shop.orders.transitions"'
    )
    assert "use sum_over_time" in warning


def test_the_growth_of_a_delta_histogram_is_warned_of():
    assert len(asked('histogram_quantile(0.5, rate({"shop.delay"}[1m]))').warnings) == 1


@pytest.mark.parametrize(
    "query",
    ['rate({"shop.requests"}[1m])', 'sum_over_time({"shop.orders.transitions"}[1m])', 'delta({"shop.stock"}[1m])'],
)
def test_what_fits_the_temporality_is_not_warned_of(query):
    assert asked(query).warnings == []


def test_a_cumulative_counter_grows_as_in_prometheus():
    assert values('rate({"shop.requests"}[1m])') == [pytest.approx(40 / 60)]


@pytest.mark.parametrize(
    "query",
    [
        '{"@datapoint.@name"="shop.orders.transitions", "shop.order.status"="CONFIRMED"}',
        '{"shop.orders.transitions", "@datapoint.shop.order.status"="CONFIRMED"}',
        '{"shop.orders.transitions", __temporality__="delta", "shop.order.status"!="CANCELLED"}',
        '{__name__=~"shop\\\\.orders\\\\..+", "shop.order.status"=~"CONF.*", "@resource.service.name"="orders"}',
    ],
)
def test_both_names_of_a_label_find_it(query):
    assert values(query) == [3]


def test_groups_are_by_attributes_of_point_and_resource_under_either_name():
    counted = 'sum_over_time({"shop.orders.transitions"}[1m])'
    bare = asked(f'sum by ("shop.order.status") ({counted})').result
    assert bare == asked(f'sum by ("@datapoint.shop.order.status") ({counted})').result
    assert {series["metric"]["shop.order.status"]: series["value"][1] for series in bare} == {
        "CONFIRMED": "10",
        "CANCELLED": "2",
    }
    [whole] = asked(f'sum by ("@resource.service.name") ({counted})').result
    assert whole["metric"] == {"@resource.service.name": "orders"}


def test_type_and_temporality_are_the_metrics_and_leave_with_its_name():
    [series] = asked('{"shop.stock"}').result
    assert series["metric"] == {"__name__": "shop.stock", "__type__": "gauge", "@resource.service.name": "orders"}
    [series] = asked('{"shop.stock"} * 2').result
    assert series["metric"] == {"@resource.service.name": "orders"}


def test_a_counter_is_divided_by_a_gauge_of_the_same_resource():
    counted = 'sum without ("shop.order.status") (sum_over_time({"shop.orders.transitions"}[1m]))'
    assert values(f'{counted} / {{"shop.stock"}}') == [3]


def test_histograms_of_deltas_add_up_to_quantiles_and_counts():
    assert values('histogram_count(sum_over_time({"shop.delay"}[1m]))') == [16]
    assert values('histogram_quantile(0.5, sum_over_time({"shop.delay"}[1m]))') == [2]
    assert values('histogram_avg(sum_over_time({"shop.delay"}[1m]))') == [1.25]


def test_a_histogram_answers_with_its_buckets():
    [series] = asked('{"shop.delay"}').result
    assert series["histogram"] == [
        60,
        {"count": "4", "sum": "5", "buckets": [[0, "1", "2", "2"], [0, "2", "4", "2"]]},
    ]
