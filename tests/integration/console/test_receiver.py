"""OTLP/HTTP: what is taken, what is refused and how, and that nothing acknowledged is lost or doubled."""

import base64
import gzip
import signal
import time
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from tests.support.client import until
from tests.support.console import counter, hex_id, log_record, request, running, span
from tests.support.otlp import Receiver

DAY = 86_400 * 10**9
PROTOBUF = "application/x-protobuf"


def traces_of(console, service):
    return console.json("/api/traces", service=service)["items"]


def as_protobuf(kind, body):
    """The same request as protobuf. OTLP's own JSON has ids in hex, protobuf's in base64."""
    message = kind()
    json_format.ParseDict(with_base64(body), message)
    return message.SerializeToString()


def with_base64(given):
    if isinstance(given, list):
        return [with_base64(each) for each in given]
    if not isinstance(given, dict):
        return given
    ids = {"traceId", "spanId", "parentSpanId"}
    return {
        name: base64.b64encode(bytes.fromhex(each)).decode() if name in ids else with_base64(each)
        for name, each in given.items()
    }


@pytest.mark.parametrize("zipped", [False, True])
def test_spans_as_json_are_seen(console, service, zipped):
    console.send("traces", request("traces", service, [span(hex_id(16), "GET /")]), zipped=zipped)
    until(lambda: traces_of(console, service))


def test_spans_as_protobuf_are_what_they_are_as_json(console, service):
    trace, other = hex_id(16), hex_id(16)
    about: dict[str, Any] = {"a": "text", "b": 7, "c": 1.5, "d": True, "e": ["x", 1], "f": {"g": "h"}}
    start = time.time_ns()
    for each in (trace, other):
        id_ = hex_id()
        body = request(
            "traces", service, [span(each, "GET /", id_=id_, start=start, error=True, links=[(other, id_)], **about)]
        )
        if each == trace:
            console.send("traces", body)
        else:
            answer = console.post("traces", as_protobuf(ExportTraceServiceRequest, body), PROTOBUF)
            assert (answer.status, answer.headers["content-type"], answer.body) == (200, PROTOBUF, b"")
    until(lambda: len(traces_of(console, service)) == 2)
    one, two = (console.json(f"/api/traces/{each}")["spans"][0] for each in (trace, other))
    assert one["attributes"] == two["attributes"] == about
    assert {**one, "spanId": "", "links": []} == {**two, "spanId": "", "links": []}


def test_metrics_and_lines_as_protobuf_are_seen(console, service):
    now = time.time_ns()
    metric = counter(f"{service}.things", [({"kind": "a"}, now - 10**9, now, 3)])
    body = as_protobuf(ExportMetricsServiceRequest, request("metrics", service, [metric]))
    assert console.post("metrics", body, PROTOBUF).status == 200
    trace = hex_id(16)
    line = log_record("hello", traceId=trace, spanId=hex_id())
    assert (
        console.post("logs", as_protobuf(ExportLogsServiceRequest, request("logs", service, [line])), PROTOBUF).status
        == 200
    )
    query = f'{{"{service}.things"}}'
    found = until(lambda: console.json("/api/v1/query", query=query)["data"]["result"])
    assert (found[0]["metric"]["kind"], found[0]["value"][1]) == ("a", "3")
    until(lambda: console.get(f"/api/traces/{trace}").status == 200)
    assert console.json(f"/api/traces/{trace}")["logs"][0]["@message"] == "hello"


def test_what_comes_twice_is_stored_once(console, service):
    now, trace = time.time_ns(), hex_id(16)
    spans = request("traces", service, [span(trace, "GET /"), span(trace, "GET /x")])
    points = request("metrics", service, [counter(f"{service}.n", [({}, now - 10**9, now, 2)])])
    lines = request("logs", service, [log_record("once", observedTimeUnixNano=str(now), traceId=trace)])
    for _ in range(2):
        for signal_, body in (("traces", spans), ("metrics", points), ("logs", lines)):
            console.send(signal_, body)
            console.send(signal_, body)
        until(lambda: traces_of(console, service))
    later = request("traces", service, [span(trace, "last")])
    console.send("traces", later)
    found = until(lambda: (each := traces_of(console, service)[0])["spanCount"] == 3 and each)
    assert found["traceId"] == trace
    total = console.json("/api/v1/query", query=f'sum(sum_over_time({{"{service}.n"}}[1m]))')["data"]["result"]
    assert total[0]["value"][1] == "2"
    assert len(console.json(f"/api/traces/{trace}")["logs"]) == 1


@pytest.mark.parametrize(
    ("body", "media", "headers", "status"),
    [
        (b"{", "application/json", {}, 400),
        (b'{"resourceSpans": 3}', "application/json", {}, 400),
        (b"\xff\xff\xff", PROTOBUF, {}, 400),
        (b"no gzip", "application/json", {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0)[:-4], "application/json", {"Content_Encoding": "gzip"}, 400),
        (b"{}", "application/json", {"Content_Encoding": "br"}, 415),
        (b"{}", "text/plain", {}, 415),
        (gzip.compress(b" " * (65 << 20), 9, mtime=0), "application/json", {"Content_Encoding": "gzip"}, 413),
        (b"{}", "application/json", {"Host": "shop.example"}, 421),
    ],
)
def test_what_is_no_request_is_refused_as_the_protocol_says(console, body, media, headers, status):
    answer = console.post("traces", body, media, **headers)
    assert answer.status == status
    assert answer.headers["content-type"] == (PROTOBUF if media == PROTOBUF else "application/json")
    assert answer.body


def test_paths_and_methods_that_there_are_not(console):
    assert console.http.call("GET", "/v1/traces", base=console.otlp).status == 405
    assert console.post("profiles", b"{}").status == 404


def test_what_cannot_be_kept_is_told_and_the_rest_is_kept(console, service):
    old, wrong = span(hex_id(16), "old", start=time.time_ns() - 31 * DAY), span("00" * 16, "no trace")
    body = request("traces", service, [old, wrong, span(hex_id(16), "good")])
    partial = console.send("traces", body).json["partialSuccess"]
    assert partial["rejectedSpans"] == "2"
    assert "older" in partial["errorMessage"]
    until(lambda: [each["root"]["name"] for each in traces_of(console, service)] == ["good"])
    answer = console.post("traces", as_protobuf(ExportTraceServiceRequest, body), PROTOBUF)
    assert ExportTraceServiceResponse.FromString(answer.body).partial_success.rejected_spans == 2


def test_odd_values_are_kept_as_far_as_they_make_sense(console, service):
    trace, now = hex_id(16), str(time.time_ns() - 10**9)
    odd: dict[str, Any] = span(trace, "odd")
    odd["attributes"] = [
        {"key": 'a"b', "value": {"stringValue": "c"}},
        {"key": "big", "value": {"intValue": "9" * 30}},
        {"key": "nan", "value": {"doubleValue": "NaN"}},
        {"key": "none"},
    ]
    odd["events"] = [{"timeUnixNano": "9" * 30, "name": "far", "attributes": None}]
    odd["links"] = odd["status"] = None  # null is absent, to protobuf
    console.send("traces", request("traces", service, [odd]))
    until(lambda: traces_of(console, service))
    assert [each["traceId"] for each in console.json("/api/traces", service=service, attr='a"b:c')["items"]] == [trace]
    found = console.json(f"/api/traces/{trace}")["spans"][0]
    assert (found["attributes"]["nan"], found["attributes"]["none"], found["links"]) == ("nan", None, [])
    assert found["events"][0]["time"].startswith("2")
    histogram = {"timeUnixNano": now, "count": "3", "sum": "NaN", "bucketCounts": ["1", "2"], "min": "-Infinity"}
    points = [histogram | {"explicitBounds": ["Infinity"]}, histogram | {"explicitBounds": [1.5]}]
    metric = {"name": f"{service}.odd", "histogram": {"aggregationTemporality": 1, "dataPoints": points}}
    partial = console.send("metrics", request("metrics", service, [metric])).json["partialSuccess"]
    assert partial == {"rejectedDataPoints": "1", "errorMessage": "a histogram's bounds are no numbers"}
    query = f'histogram_count({{"{service}.odd"}})'
    (series,) = until(lambda: console.json("/api/v1/query", query=query)["data"]["result"])
    assert series["value"][1] == "3"


def test_an_older_time_that_is_kept_is_taken(console, service):
    start = time.time_ns() - 20 * DAY
    console.send("traces", request("traces", service, [span(hex_id(16), "past", start=start)]))
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start / 1e9 - 60))
    until(lambda: console.json("/api/traces", service=service, from_=since)["items"])
    assert not traces_of(console, service)


def test_nothing_acknowledged_is_lost_or_doubled_by_kills(tmp_path, service):
    with running(tmp_path) as console:
        sent = 0
        for _ in range(3):
            for _ in range(20):
                console.send("traces", request("traces", service, [span(hex_id(16), "GET /")]))
                console.send("logs", request("logs", service, [log_record("line")]))
                sent += 1
            console.end(signal.SIGKILL)
            console.start()
        found = console.json("/api/traces", service=service, limit=1000)["items"]
        assert len(found) == sent
        console.end()
        assert not list((tmp_path / "journal").iterdir())
        console.start()
        assert len(console.json("/api/traces", service=service, limit=1000)["items"]) == sent


def test_everything_goes_on_to_another_endpoint_also_when_that_was_away(tmp_path, service):
    with Receiver() as other:
        other.status = 503
        with running(tmp_path, CONSOLE_FORWARD_TO=other.endpoint) as console:
            console.send("traces", request("traces", service, [span(hex_id(16), "GET /")]))
            until(lambda: other.requests)
            other.status = 200
            until(lambda: [each.name for each in other.spans if each.service == service], seconds=30)
            until(lambda: traces_of(console, service))


def test_a_damaged_file_is_put_aside_and_a_new_one_begun(tmp_path, service):
    (tmp_path / "telemetry.duckdb").write_bytes(b"no database" * 1000)
    with running(tmp_path) as console:
        console.send("traces", request("traces", service, [span(hex_id(16), "GET /")]))
        until(lambda: traces_of(console, service))
        assert console.json("/health/ready")["dependencies"]["store"]["status"] == "up"
    assert list(tmp_path.glob("broken-*.duckdb"))
