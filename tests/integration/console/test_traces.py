"""Traces: the list with its filters and pages, one trace with its waterfall and lines, the map and its rollups."""

import time
from typing import Any

import pytest
from tests.support.client import until
from tests.support.console import hex_id, log_record, request, span

SECOND = 10**9


def listed(console, **parameters):
    return console.json("/api/traces", **parameters)["items"]


def test_a_trace_in_the_list(console, service):
    trace, root, now = hex_id(16), hex_id(), time.time_ns() - SECOND
    console.send("traces", request("traces", service, [span(trace, "GET /orders", id_=root, start=now, ms=50)]))
    inner = span(trace, "SELECT", parent=root, kind="client", start=now + 10**6, ms=80, error=True)
    console.send("traces", request("traces", f"{service}-db", [inner]))
    (found,) = until(lambda: [each for each in listed(console, service=service) if each["spanCount"] == 2])
    assert found["traceId"] == trace
    assert found["root"] == {"service": service, "name": "GET /orders"}
    assert (found["durationMs"], found["errors"], found["services"]) == (81.0, 1, [service, f"{service}-db"])
    assert found["startTime"].startswith(time.strftime("%Y-%m-%dT%H:%M", time.gmtime(now / 1e9)))


@pytest.fixture
def several(console, service):
    """Five traces, a second apart, the newest last."""
    now = time.time_ns() - 10 * SECOND
    traces = [hex_id(16) for _ in range(5)]
    for index, trace in enumerate(traces):
        about: dict[str, Any] = {
            "n": str(index),
            "shop__order__id": f"order-{index % 2}",
            "size": index,
            "text": 'a "quoted" %_',
        }
        start, root = now + index * SECOND, hex_id()
        spans = [
            span(trace, f"op-{index % 2}", id_=root, start=start, ms=10 * (index + 1), error=index == 3, **about),
            span(trace, "inner", parent=root, kind="internal", start=start, ms=1, tier="gold"),
        ]
        console.send("traces", request("traces", service, spans, deployment__environment__name=f"env-{index}"))
    until(lambda: len(listed(console, service=service)) == 5)
    return traces


def test_filters_of_the_list(console, service, several):
    def ids(**parameters):
        return [each["traceId"] for each in listed(console, service=service, **parameters)]

    newest_first = several[::-1]
    assert ids() == newest_first
    assert ids(operation="op-1") == [several[3], several[1]]
    assert ids(minDurationMs=40) == [several[4], several[3]]
    assert ids(status="error") == [several[3]]
    assert ids(status="ok") == [each for each in newest_first if each != several[3]]
    assert ids(attr="shop.order.id:order-0") == [several[4], several[2], several[0]]
    assert ids(attr=["shop.order.id:order-0", "n:2"]) == [several[2]]
    assert ids(attr=["shop.order.id:order-0", "n:3"]) == []
    assert ids(attr="size:4") == [several[4]]
    assert ids(attr='text:a "quoted" %_') == newest_first
    assert ids(attr="text:a") == []
    assert ids(attr="deployment.environment.name:env-1") == [several[1]]
    assert ids(operation="op-0", attr="tier:gold") == []
    assert listed(console, service=service, to="2020-01-01T00:00:00Z") == []


def test_pages_of_the_list_hold_each_trace_once(console, service, several):
    found, token = [], None
    for _ in range(3):
        page = console.json("/api/traces", service=service, limit=2, **({"nextToken": token} if token else {}))
        found += [each["traceId"] for each in page["items"]]
        token = page["nextToken"]
    assert found == several[::-1]
    assert token is None


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"limit": "0"}, 422),
        ({"limit": "1001"}, 422),
        ({"attr": "no-colon"}, 422),
        ({"status": "bad"}, 422),
        ({"from": "yesterday"}, 422),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 422),
        ({"nextToken": "forged"}, 400),
    ],
)
def test_bad_parameters_are_problems(console, parameters, status):
    answer = console.get("/api/traces", parameters)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_trace_with_its_waterfall_and_lines(console, service):
    trace, root, call, note, now = hex_id(16), hex_id(), hex_id(), hex_id(), time.time_ns() - SECOND
    ms = 10**6
    spans = [
        span(trace, "POST /orders", id_=root, start=now, ms=100, http__route="/orders"),
        span(trace, "quick", parent=root, kind="internal", start=now + 10 * ms, ms=20),
        span(trace, "slow", id_=call, parent=root, kind="client", start=now + 20 * ms, ms=70),
        span(trace, "send", id_=note, parent=root, kind="producer", start=now + 92 * ms, ms=1, links=[(trace, call)]),
        span(trace, "process", parent=note, kind="consumer", start=now + 150 * ms, ms=10),
    ]
    console.send("traces", request("traces", service, spans))
    line = {"event": "shop.request", "trace_id": trace, "n": 1}
    console.send(
        "logs", request("logs", service, [log_record('{"event":"shop.request","n":1}', traceId=trace, spanId=root)])
    )
    found = until(
        lambda: (
            (answer := console.get(f"/api/traces/{trace}").json) and answer.get("logs") and answer["spans"] and answer
        )
    )
    by_name = {each["name"]: each for each in found["spans"]}
    assert [each["name"] for each in found["spans"]] == ["POST /orders", "quick", "slow", "send", "process"]
    # 10..90 is covered by quick and slow, 92..93 by send
    assert {name: each["selfMs"] for name, each in by_name.items()} == {
        "POST /orders": 19.0, "quick": 20.0, "slow": 70.0, "send": 1.0, "process": 10.0,
    }  # fmt: skip
    assert {name for name, each in by_name.items() if each["critical"]} == {"POST /orders", "slow", "send", "process"}
    assert by_name["send"]["links"] == [{"traceId": trace, "spanId": call}]
    assert by_name["POST /orders"]["parentSpanId"] is None
    assert (by_name["slow"]["kind"], by_name["slow"]["status"]) == ("client", "unset")
    assert found["logs"][0]["spanId"] == root
    assert found["logs"][0]["fields"]["event"] == line["event"]


@pytest.mark.parametrize("id_", ["0" * 32, "xyz", "ab" * 16])
def test_a_trace_that_there_is_not_is_404(console, id_):
    answer = console.get(f"/api/traces/{id_}")
    assert (answer.status, answer.code) == (404, "TRACE_NOT_FOUND")


def test_the_map_of_an_order(console, service):
    a, b, queue, now = f"{service}-a", f"{service}-b", f"{service}-queue", time.time_ns() - 5 * SECOND
    for index in range(10):
        trace, root, call, answer, sending = hex_id(16), hex_id(), hex_id(), hex_id(), hex_id()
        at = now + index * 10**6
        here = [
            span(trace, "GET /", id_=root, start=at, ms=index + 1),
            span(trace, "call", id_=call, parent=root, kind="client", start=at, server__address=b),
            span(trace, "send", id_=sending, parent=root, kind="producer", start=at, messaging__system="aws_sqs",
                 messaging__destination__name=queue),
        ]  # fmt: skip
        there = [
            span(trace, "GET /b", id_=answer, parent=call, start=at, ms=20, error=index == 0),
            span(trace, "SELECT", parent=answer, kind="client", start=at, db__system__name="postgresql"),
            span(trace, "process", parent=sending, kind="consumer", start=at + 10**6, messaging__system="aws_sqs",
                 messaging__destination__name=queue),
        ]  # fmt: skip
        console.send("traces", request("traces", b, there))  # what is called tells of it first
        console.send("traces", request("traces", a, here))

    def edges():
        shown = console.json("/api/map")
        return {(each["from"], each["to"]): each for each in shown["edges"]} if shown else {}

    seen = until(lambda: (found := edges()).get((queue, b), {}).get("requests") == 10 and found)
    assert (seen[a, b]["requests"], seen[a, b]["errors"], seen[a, b]["p95Ms"]) == (10, 1, 20.0)
    assert seen[a, queue]["requests"] == seen[b, f"postgresql/{b}"]["requests"] == 10
    nodes = {each["service"]: each for each in console.json("/api/map")["nodes"]}
    assert (nodes[a]["kind"], nodes[queue]["kind"], nodes[f"postgresql/{b}"]["kind"]) == (
        "service",
        "queue",
        "database",
    )
    assert (nodes[a]["requests"], nodes[a]["p50Ms"], nodes[a]["p95Ms"]) == (10, 5.0, 10.0)
    assert (nodes[b]["requests"], nodes[b]["errors"]) == (20, 1)


def test_what_slow_traces_share_is_told(console, service):
    now = time.time_ns() - 100 * SECOND
    spans = []
    for index in range(20):
        slow = index in (3, 4)
        about: dict[str, Any] = {"shop__tier": "gold" if slow else "basic", "http__route": "/a b", "n__id": str(index)}
        spans.append(span(hex_id(16), "GET /a", start=now + index * SECOND, ms=900 if slow else 5, **about))
    console.send("traces", request("traces", service, spans))
    until(lambda: len(listed(console, service=service)) == 20)
    found = console.json("/api/compare", service=service)
    assert (found["limitMs"], found["slow"], found["rest"]) == (900, 2, 18)
    assert found["attributes"] == [{"key": "shop.tier", "value": "gold", "slow": 1.0, "rest": 0.0}]
    assert console.json("/api/compare", service="nobody") == {"limitMs": 0, "slow": 0, "rest": 0, "attributes": []}
    page = console.get(f"/traces?service={service}&attr=http.route:%22/a%20b%22").body.decode()
    assert page.count("<tr><td") == 20
    page = console.get(f"/traces-compare?service={service}&lang=en").body.decode()
    assert "shop.tier" in page
    assert "gold" in page


def test_scripts_of_other_sites_learn_nothing(console):
    assert "access-control-allow-origin" not in console.get("/api/map").headers
    answer = console.http.call(
        "POST", "/api/queues/x/redrive", base=console.url, headers={"Origin": "http://evil.example"}
    )
    assert (answer.status, answer.code) == (403, "FOREIGN_HOST")
    assert console.get("/api/map", Host="evil.example").status == 403
    assert console.get("/api/map", Host="localhost:9999").status == 200
