"""What is recorded arrives, once and whole, as OpenTelemetry's own classes read it."""

import asyncio
import itertools
import threading
import time
from collections import Counter

from tests.support.otlp import Receiver, sending

from shop import telemetry
from shop.kernel.errors import NotFound
from shop.telemetry import count, gauge, names, observe, span

PLACED = {names.ORDER_STATUS: "PLACED"}


def test_spans_arrive_with_all_they_have():
    began = time.time_ns()
    with Receiver() as collector, sending("orders", collector):
        attributes: dict[str, telemetry.Value] = {
            "text": "見",
            "int": 2**53,
            "float": 0.5,
            "bool": True,
            "list": ["a", "b"],
            "none": None,
        }
        with span("GET /orders", kind="server", attributes=attributes) as server:
            other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            with span("select orders", kind="client", links=[other]) as query:
                query.fail("TimeoutError")
            server.event("cache.miss", {"key": "k"})
            server.rename("GET /orders/{orderId}")
        collector.wait(lambda: len(collector.spans) == 2)
    child, parent = collector.spans
    assert (parent.name, parent.kind, parent.status, parent.parent_id) == (
        "GET /orders/{orderId}",
        "server",
        "unset",
        "",
    )
    assert parent.attributes == {"text": "見", "int": 2**53, "float": 0.5, "bool": True, "list": ("a", "b")}
    assert parent.events == (("cache.miss", {"key": "k"}),)
    assert (child.trace_id, child.parent_id) == (parent.trace_id, parent.span_id)
    assert (child.kind, child.status, child.attributes) == ("client", "error", {"error.type": "TimeoutError"})
    assert child.links == (("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"),)
    assert began <= parent.start <= child.start <= child.end <= parent.end
    assert (parent.service, parent.scope, parent.resource["service.namespace"]) == ("orders", "shop", "shop")


def test_a_problem_of_ours_arrives_with_its_words():
    with Receiver() as collector, sending("orders", collector):
        with span("one", kind="server") as one:
            one.fail(NotFound())
        collector.wait(lambda: collector.spans)
    assert collector.spans[0].message == "There is no such resource."
    assert collector.spans[0].attributes["error.type"] == "NOT_FOUND"


def test_counts_from_threads_and_tasks_arrive_exactly():
    async def tasks():
        async def one():
            for _ in range(50):
                count(names.ORDERS_TRANSITIONS, PLACED)
                observe(names.EVENTS_DELAY, 0.25)
                await asyncio.sleep(0)

        await asyncio.gather(*(one() for _ in range(40)))

    def thread():
        for _ in range(50):
            time.sleep(0.001)
            for _ in range(100):
                count(names.ORDERS_TRANSITIONS, PLACED)

    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="5ms"):
        threads = [threading.Thread(target=thread) for _ in range(3)]
        for each in threads:
            each.start()
        asyncio.run(tasks())
        for each in threads:
            each.join()
        telemetry.shutdown()
    assert collector.total(names.ORDERS_TRANSITIONS) == 17_000
    assert collector.total(names.EVENTS_DELAY) == 2000
    assert sum(point.value for point in collector.of(names.EVENTS_DELAY)) == 500.0
    assert max(Counter(point.identity for point in collector.points).values()) == 1
    assert len(collector.of(names.ORDERS_TRANSITIONS, shop__order__status="PLACED")) > 3


def test_points_are_delta_with_the_registrys_unit_and_follow_each_other():
    with Receiver() as collector, sending("orders", collector, EXPORT_EVERY="10s"):
        for _ in range(3):
            count(names.ORDERS_TRANSITIONS, PLACED)
            telemetry.flush(5)
    points = collector.of(names.ORDERS_TRANSITIONS, shop__order__status="PLACED")
    assert [point.value for point in points] == [1, 1, 1]
    assert {(point.kind, point.temporality, point.monotonic, point.unit) for point in points} == {
        ("sum", "delta", True, "{transition}")
    }
    assert all(before.end == after.start < after.end for before, after in itertools.pairwise(points))


def test_cumulative_is_a_setting():
    with (
        Receiver() as collector,
        sending(
            "orders", collector, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE="cumulative", EXPORT_EVERY="10s"
        ),
    ):
        for _ in range(3):
            count(names.ORDERS_TRANSITIONS, PLACED)
            observe(names.EVENTS_DELAY, 1)
            telemetry.flush(5)
    points = collector.of(names.ORDERS_TRANSITIONS, shop__order__status="PLACED")
    assert [point.value for point in points] == [1, 2, 3, 3]  # the last one said when the process ended
    assert len({point.start for point in points}) == 1
    assert {point.temporality for point in points} == {"cumulative"}
    assert [point.histogram["count"] for point in collector.of(names.EVENTS_DELAY)] == [1, 2, 3, 3]


def test_a_histogram_arrives_with_its_buckets_and_the_trace_behind_it():
    with Receiver() as collector, sending("orders", collector):
        with span("pay") as pay:
            for value in (0.0, 0.5, 3.0, 3.0):
                observe(names.ORDERS_PAYMENT_DURATION, value, {names.OUTCOME: "success"})
        collector.wait(lambda: collector.of(names.ORDERS_PAYMENT_DURATION))
    (point,) = collector.of(names.ORDERS_PAYMENT_DURATION)
    histogram = point.histogram
    assert (point.kind, point.unit) == ("exponential_histogram", "s")
    assert (histogram["count"], histogram["sum"], histogram["min"], histogram["max"]) == (4, 6.5, 0.0, 3.0)
    assert (histogram["zeros"], sum(histogram["buckets"])) == (1, 3)
    upper = 2 ** ((histogram["offset"] + len(histogram["buckets"])) / 2 ** histogram["scale"])
    assert 3.0 <= upper < 3.1
    assert histogram["buckets"][-1] == 2
    assert point.exemplars == ((3.0, pay.trace_id, pay.span_id),)


def test_bounded_values_are_there_as_zero_from_the_start():
    with Receiver() as collector, sending("notifications", collector):
        collector.wait(lambda: collector.points)
    mails = {(p.attributes[names.NOTIFICATION_TYPE], p.value) for p in collector.of(names.NOTIFICATIONS_MAILS)}
    assert ("ORDER_CONFIRMATION", 0) in mails
    assert {point.service for point in collector.points} == {"notifications"}
    assert not collector.of(names.ORDERS_TRANSITIONS)


def test_a_gauge_arrives_as_it_is():
    with Receiver() as collector, sending("inventory", collector):
        gauge(names.INVENTORY_PRODUCTS, 7, {names.STOCK_STATUS: "IN_STOCK"})
        collector.wait(lambda: collector.of(names.INVENTORY_PRODUCTS))
    (point,) = collector.of(names.INVENTORY_PRODUCTS)
    assert (point.kind, point.value) == ("gauge", 7)


def test_the_sender_looks_again_and_again_and_keeps_its_connection():
    with Receiver() as collector, sending("orders", collector):
        for _ in range(3):
            span("one").end()
            collector.wait(collector.spans.copy)
            collector.spans.clear()
    assert collector.connections == 1


def test_a_disabled_sdk_sends_nothing_but_keeps_ids():
    with Receiver() as collector, sending("orders", collector, OTEL_SDK_DISABLED="true"):
        with span("one"):
            assert telemetry.traceparent() is not None
        count(names.ORDERS_TRANSITIONS, PLACED)
        telemetry.flush(1)
    assert collector.requests == []


def test_nothing_unregistered_leaves_a_process():
    with Receiver() as collector, sending("orders", collector):
        count(names.ORDERS_TRANSITIONS, PLACED)
        count(names.ORDERS_TRANSITIONS, "no mapping")  # type: ignore[arg-type] # what a mistake looks like
        observe(names.ORDERS_TRANSITIONS, 1.0)  # a counter
        telemetry.flush(5)
        telemetry.flush(5)
    assert collector.total(names.ORDERS_TRANSITIONS) == 1
    assert collector.total(names.TELEMETRY_DROPPED, shop__telemetry__signal="metrics") == 2


def test_headers_and_a_path_go_with_every_request():
    with Receiver() as collector:
        with sending("orders", collector, OTEL_EXPORTER_OTLP_HEADERS="api-key=a%20b",
                     OTEL_EXPORTER_OTLP_ENDPOINT=f"{collector.endpoint}/otlp/"):  # fmt: skip
            telemetry.flush(5)
        assert collector.requests[0][0] == "/otlp/v1/metrics"
        assert collector.headers[0]["api-key"] == "a b"
        collector.failures.clear()  # the receiver knows no such path
