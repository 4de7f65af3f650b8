"""What the shop's processes write arrives as log records, whole, and leads to its trace."""

import json

import pytest
from tests.support.otlp import Receiver

from shop.local.forwarder import Forwarder

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
WIDE = {
    "timestamp": "2026-11-28T16:45:23.962Z",
    "level": "WARN",
    "event": "shop.request",
    "service.name": "orders",
    "trace_id": TRACE,
    "span_id": SPAN,
    "n": 1,
}


@pytest.fixture
def collector():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def forwarder(collector):
    made = Forwarder(collector.endpoint, "local", 0.01)
    yield made
    made.stop()


def test_a_line_is_a_record_of_its_service(collector, forwarder):
    forwarder.take("lambda-host", json.dumps(WIDE))
    forwarder.start()
    collector.wait(lambda: collector.lines)
    (line,) = collector.lines
    assert (line.service, line.severity, line.trace_id, line.span_id) == ("orders", "WARN", TRACE, SPAN)
    assert json.loads(line.body) == WIDE
    assert line.time == 1_795_884_323_962_000_000


def test_plain_words_are_records_too_but_not_those_of_other_programs(collector, forwarder):
    forwarder.take("postgres", "ERROR: duplicate key (email)=(hanako)")
    forwarder.take("gateway", "Traceback (most recent call last):")
    forwarder.take("gateway", '{"broken')
    forwarder.take("gateway", "  ")
    forwarder.start()
    collector.wait(lambda: len(collector.lines) == 2)
    assert [(line.service, line.body) for line in collector.lines] == [
        ("gateway", "Traceback (most recent call last):"),
        ("gateway", '{"broken'),
    ]


def test_nothing_is_lost_while_the_collector_refuses_and_order_is_kept(collector, forwarder):
    collector.status = 503
    for number in range(2500):
        forwarder.take("orders", json.dumps({"event": "x", "n": number}))
    forwarder.start()
    collector.wait(lambda: collector.requests)
    collector.status = 200
    collector.wait(lambda: len(collector.lines) == 2500)
    assert [json.loads(line.body)["n"] for line in collector.lines] == list(range(2500))


def test_whoever_hands_a_line_over_and_whoever_ends_it_does_not_wait_for_a_collector_that_hangs(collector, forwarder):
    collector.hang()
    forwarder.take("orders", "one")
    forwarder.start()
    collector.wait(lambda: collector.requests)
    for _ in range(30_000):
        forwarder.take("orders", "more")
    forwarder.stop()
    assert collector.answered == 0
    assert len(forwarder.lines) == 20_000


def test_what_is_left_goes_out_at_the_end(collector):
    forwarder = Forwarder(collector.endpoint, "local", 3600)
    forwarder.start()
    forwarder.take("orders", "last words")
    forwarder.stop()
    assert [line.body for line in collector.lines] == ["last words"]
