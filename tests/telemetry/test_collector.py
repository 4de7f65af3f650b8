"""An OpenTelemetry Collector takes what the shop sends, all of it, and hands on exactly that."""

import json
import pickle
import urllib.request
from pathlib import Path

import pytest
from tests.support.collector import BINARY, MISSING, running_collector
from tests.support.otlp import Receiver, sending
from tests.support.servers import ask
from tests.support.story import told

from shop import telemetry
from shop.telemetry import names

pytestmark = pytest.mark.skipif(BINARY is None, reason=MISSING)
LONG = 120.0


def contents(signals):
    """Each as one text, in no order: a collector batches anew."""
    return sorted(map(repr, signals))


def send(endpoint, path, body):
    """One request, and what it was answered."""
    request = urllib.request.Request(endpoint + path, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=LONG) as answer:
        return json.loads(answer.read() or b"{}")


def test_everything_that_a_shop_has_sent_goes_through_unchanged(tmp_path):
    story = told()
    requests = pickle.loads((Path(ask("story")["folder"]) / "sent.pickle").read_bytes())
    with Receiver() as sink:
        with running_collector(tmp_path, sink.endpoint) as collector:
            answers = [send(collector.endpoint, path, body) for path, body in requests]
            sink.wait(lambda: len(sink.spans) >= len(story.spans), LONG)
            sink.wait(lambda: len(sink.points) >= len(story.points), LONG)
            sink.wait(lambda: len(sink.lines) >= len(story.lines), LONG)
        assert [answer for answer in answers if answer.get("partialSuccess")] == []
        assert collector.complaints == []
        assert contents(sink.spans) == contents(story.spans)
        assert contents(sink.points) == contents(story.points)
        assert contents(sink.lines) == contents(story.lines)


def test_it_takes_what_our_own_sender_sends_as_it_sends_it(tmp_path):
    """Over a kept connection, from the thread and by a flush, cumulative sums too."""
    cumulative = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative"}
    with Receiver() as sink:
        with running_collector(tmp_path, sink.endpoint) as collector:
            for settings in ({"EXPORT_EVERY": "20ms"}, cumulative):
                with sending("orders", collector.endpoint, **settings):
                    for seconds in (0.0, 0.01, 3.0):
                        with telemetry.span("charge", kind="client", attributes={names.ORDER_ID: "o"}) as span:
                            span.event("exception", {names.EXCEPTION_TYPE: "X"})
                            telemetry.observe(names.ORDERS_PAYMENT_DURATION, seconds, {names.OUTCOME: "success"})
                            telemetry.count(names.ORDERS_CARTS, {names.CART_OUTCOME: "created"})
                    telemetry.flush(LONG)
            sink.wait(lambda: len(sink.spans) >= 6, LONG)
            sink.wait(lambda: {point.temporality for point in sink.of(names.ORDERS_CARTS)} == {"delta", "cumulative"})
        assert collector.complaints == []
        delta = [point for point in sink.of(names.ORDERS_CARTS) if point.temporality == "delta"]
        assert sum(point.value for point in delta) == 3
        assert sink.total(names.TELEMETRY_DROPPED) == 0
        assert len(sink.spans) == 6
