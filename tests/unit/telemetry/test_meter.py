import math
import threading

import pytest

from shop.telemetry import context, span
from shop.telemetry.meter import MAX_SERIES, OVERFLOW, Meter, Metric, catalogue


def point(meter, name, **kwargs):
    """The only point of a metric."""
    (collected,) = [each for each in meter.collect(**kwargs) if each.metric.name == name]
    ((_, value),) = collected.points.items()
    return value


def key(**attributes):
    return frozenset((name.replace("__", "."), value) for name, value in attributes.items())


def test_a_delta_counter_tells_what_came_since_the_last_time():
    meter = Meter()
    meter.add("orders", None, 2)
    meter.add("orders", {}, 3)
    assert point(meter, "orders") == 5
    assert meter.collect() == []
    meter.add("orders", None, 1)
    assert point(meter, "orders") == 1


def test_intervals_follow_each_other_without_gap_or_overlap():
    meter = Meter()
    intervals = []
    for _ in range(3):
        meter.add("orders", None, 1)
        (collected,) = meter.collect()
        intervals.append((collected.start, collected.end))
    assert intervals[0][0] == meter.began
    assert [start for start, _ in intervals[1:]] == [end for _, end in intervals[:-1]]


def test_a_cumulative_counter_grows_from_the_beginning():
    meter = Meter()
    for expected in (1, 2, 3):
        meter.add("orders", None, 1)
        meter.observe("delay", 1.0, None)
        collected = {each.metric.name: each for each in meter.collect(cumulative=True)}
        assert {each.start for each in collected.values()} == {meter.began}
        assert collected["orders"].points == {frozenset(): expected}
        assert collected["delay"].points[frozenset()].count == expected


def test_attributes_make_a_series_whatever_their_order_and_none_is_absent():
    meter = Meter()
    meter.add("orders", {"a": "1", "b": "2"}, 1)
    meter.add("orders", {"b": "2", "c": None, "a": "1"}, 1)
    meter.add("orders", {"a": "1"}, 1)
    (collected,) = meter.collect()
    assert collected.points == {key(a="1", b="2"): 2, key(a="1"): 1}


def test_no_count_is_lost_or_doubled_between_threads_and_a_collector():
    meter, stop, seen = Meter(), threading.Event(), []

    def counter():
        for _ in range(20_000):
            meter.add("orders", None, 1)

    def collector():
        while not stop.is_set():
            seen.extend(meter.collect())

    threads = [threading.Thread(target=counter) for _ in range(4)]
    reader = threading.Thread(target=collector)
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    reader.join()
    seen.extend(meter.collect())
    assert sum(value for each in seen for value in each.points.values()) == 80_000


def test_an_initial_point_is_there_as_zero_and_again_after_a_minute_of_rest():
    meter = Meter(
        metrics={"orders": Metric("orders", "counter", services=("orders",), initial=({"status": "PLACED"},))}
    )
    meter.begin("orders")
    assert point(meter, "orders") == 0
    assert meter.collect() == []
    meter.idle_since -= 60_000_000_000
    assert point(meter, "orders") == 0
    meter.add("orders", {"status": "PLACED"}, 1)
    meter.idle_since -= 60_000_000_000
    assert point(meter, "orders") == 1


def test_another_service_has_no_initial_points():
    meter = Meter(metrics=catalogue())
    meter.begin("catalog")
    assert {each.metric.name.split(".")[1] for each in meter.collect()} == {"catalog"}


def test_a_metric_of_too_many_series_says_so_in_one_more():
    meter = Meter()
    for number in range(MAX_SERIES + 100):
        meter.add("orders", {"id": str(number)}, 1)
    (collected,) = meter.collect()
    assert len(collected.points) == MAX_SERIES + 1
    assert collected.points[OVERFLOW] == 100


def test_a_histogram_remembers_the_last_sampled_trace():
    meter = Meter()
    with span("sampled") as sampled:
        meter.observe("delay", 1.5, None)
    with span("not", parent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"):
        meter.observe("delay", 2.5, None)
    meter.observe("delay", 3.5, None)
    histogram = point(meter, "delay")
    value, _, trace_id, span_id = histogram.exemplar
    assert (value, trace_id, span_id) == (1.5, sampled.trace_id, sampled.span_id)
    assert histogram.count == 3


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_a_value_that_no_duration_can_have_is_ignored(wrong):
    meter = Meter()
    meter.observe("delay", wrong, None)
    assert meter.collect() == []


def test_a_gauge_tells_its_last_value_once():
    meter = Meter()
    meter.gauge("products", 1, None)
    meter.gauge("products", 7, None)
    assert point(meter, "products") == 7
    assert meter.collect() == []


def test_synthetic_traffic_is_a_series_of_its_own():
    meter = Meter()
    with context(session_id="s-1", synthetic="test"):
        meter.add("orders", None, 1)
    (collected,) = meter.collect()
    assert collected.points == {key(user_agent__synthetic__type="test"): 1}


def test_what_cannot_be_a_series_is_one_by_its_type():
    meter = Meter()
    meter.add("orders", {"ids": ["a"], "status": "PLACED"}, 1)
    (collected,) = meter.collect()
    assert collected.points == {key(ids="list", status="str"): 1}
