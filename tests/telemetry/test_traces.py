"""One order, one trace: from the request to the mail, on every way an order can go."""

import json

import pytest
from tests.support.story import told
from tests.telemetry.matrix import ORDERS, REQUESTS, SIGNALS

from shop.telemetry import names

FURTHER = ("charge", "SESv2.SendEmail", "GET")  # client spans that are steps


def step(span):
    return f"{span.service} {span.kind} {span.name} {span.attributes.get(names.EVENT_TYPE, '')}".strip()


def is_step(span):
    return span.kind in ("server", "producer", "consumer") or span.name in FURTHER or span.service == "gateway"


def parents(spans):
    """For each step the step that led to it."""
    by_id = {span.span_id: span for span in spans}
    for span in filter(is_step, spans):
        parent = by_id.get(span.parent_id)
        while parent is not None and not is_step(parent):
            parent = by_id.get(parent.parent_id)
        if parent is not None:
            yield step(parent), step(span)


def orphans(spans):
    ids = {span.span_id for span in spans}
    return [step(span) for span in spans if span.parent_id and span.parent_id not in ids]


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_is_one_trace_whatever_becomes_of_it(order):
    story = told()
    spans = story.trace(story.orders[order])
    assert [step(span) for span in spans if not span.parent_id] == ["gateway server POST /orders"]
    assert orphans(spans) == []
    assert set(parents(spans)) == ORDERS[order]


def test_the_story_has_every_order_of_the_matrix():
    assert told().orders.keys() == ORDERS.keys()


@pytest.mark.parametrize("route", REQUESTS)
def test_what_a_request_leads_to_is_in_its_trace(route):
    """Not every one leads to all of it: a second cancellation does nothing, a product may begin without stock."""
    story = told()
    roots = [span for span in story.spans if step(span) == f"gateway server {route}" and 200 <= status(span) < 300]
    traces = [story.trace(root.trace_id) for root in roots]
    assert [orphan for spans in traces for orphan in orphans(spans)] == []
    assert {edge for spans in traces for edge in parents(spans)} == REQUESTS[route]


def status(span):
    return span.attributes[names.HTTP_RESPONSE_STATUS_CODE]


def test_tries_of_a_payment_are_spans_and_the_failed_ones_errors():
    story = told()

    def charges(order):
        spans = [span for span in story.trace(story.orders[order]) if span.name == "charge"]
        return [(span.attributes[names.PAYMENT_ATTEMPT], span.attributes.get(names.ERROR_TYPE)) for span in spans]

    assert charges("visa") == [(1, None)]
    assert charges("tok_declined") == [(1, "PAYMENT_DECLINED")]
    assert charges("tok_flaky") == [(1, "ProviderFailed"), (2, "ProviderFailed"), (3, None)]
    assert charges("killed_paying") == [(2, None)]  # the first died with its worker
    assert charges("tok_timeout") == [(number, "TimeoutError") for number in (1, 2, 3)]


def test_three_seconds_at_the_provider_are_three_seconds_in_the_trace():
    story = told()
    (charge,) = [span for span in story.trace(story.orders["tok_slow"]) if span.name == "charge"]
    assert charge.end - charge.start >= 3_000_000_000


def test_every_message_is_a_span_that_is_linked_with_the_batch_that_received_it():
    """The batch has a trace of its own: its messages belong to many."""
    story = told()
    batches = {span.span_id: span for span in story.spans if span.name.startswith("receive ")}
    processed = [span for span in story.spans if span.name.startswith("process ")]
    assert len(processed) > 100
    for span in processed:
        ((trace, batch),) = span.links
        assert (span.trace_id, span.span_id) in batches[batch].links
        assert (batches[batch].trace_id, batches[batch].parent_id) == (trace, "")
        unsent = span.parent_id == batch  # a schedule's or a stranger's message: no span of ours has sent it
        assert (trace == span.trace_id) == unsent
        assert batches[batch].start <= span.start
        assert span.end <= batches[batch].end
    for each in batches.values():
        assert len(each.links) == each.attributes[names.MESSAGING_BATCH_MESSAGE_COUNT]


def test_a_message_that_nobody_understands_fails_its_span_and_says_why():
    story = told()
    (span,) = [each for each in story.spans if each.name == "process orders-events" and each.status == "error"]
    failed = [json.loads(line.body) for line in story.lines if '"shop.message.failed"' in line.body]
    (line,) = [each for each in failed if each["messageId"] == span.attributes[names.MESSAGING_MESSAGE_ID]]
    assert line["error.type"] == span.attributes["error.type"]
    assert "not an envelope" in line["reason"]


@pytest.mark.parametrize(("service", "signal"), [(each, signal) for each in SIGNALS for signal in SIGNALS[each]])
def test_every_service_gives_every_signal(service, signal):
    story = told()
    speakers = {
        "traces": {span.service for span in story.spans},
        "metrics": {point.service for point in story.points},
        "logs": {line.service for line in story.lines},
    }
    assert service in speakers[signal]


def test_no_other_service_speaks():
    story = told()
    assert {span.service for span in story.spans} == {point.service for point in story.points} == SIGNALS.keys()
    assert {each.service for each in story.lines} <= SIGNALS.keys() | {"lambda-host"}


def test_every_answers_trace_is_there_with_its_request_and_its_line():
    """The id that a client is shown leads to the spans, and from there to the wide line and back."""
    story = told()
    servers = {(span.trace_id, span.service): span for span in story.spans if span.kind == "server"}
    lines = {line.span_id: json.loads(line.body) for line in story.lines if '"event":"shop.request"' in line.body}
    calls = [call for call in story.calls if not call.path.startswith("/health")]
    assert len(calls) > 150
    for call in calls:
        span = servers[call.trace_id, "gateway"]
        assert (span.attributes[names.HTTP_REQUEST_METHOD], status(span)) == (call.method, call.status)
        line = lines[span.span_id]
        assert (line["trace_id"], line["http.response.status_code"]) == (call.trace_id, call.status)


def test_a_session_is_on_its_spans_and_lines():
    story = told()
    spans = story.trace(story.facts["session_trace"])
    sessions = {(span.service, span.attributes.get(names.SESSION_ID)) for span in spans}
    assert sessions == {(service, "0199c0de-5e55-4000-8000-000000000000") for service in ("gateway", "catalog")}
    lines = [json.loads(line.body) for line in story.lines if line.trace_id == story.facts["session_trace"]]
    assert {line[names.SESSION_ID] for line in lines} == {"0199c0de-5e55-4000-8000-000000000000"}


def test_synthetic_traffic_is_marked_on_spans_lines_and_metrics():
    story = told()
    trace = story.facts["synthetic_trace"]
    key = names.USER_AGENT_SYNTHETIC_TYPE
    assert {span.attributes.get(key) for span in story.trace(trace)} == {"test"}
    lines = [json.loads(line.body) for line in story.lines if line.trace_id == trace]
    assert {(line["event"], line.get(key)) for line in lines} == {
        ("shop.request", "test"),
        ("shop.product.viewed", "test"),
    }
    assert story.counts(names.CATALOG_PRODUCT_VIEWS, key) == story.facts["product_views"]
