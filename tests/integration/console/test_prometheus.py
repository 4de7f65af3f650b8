"""The HTTP API of Prometheus, called as Grafana's data source calls it."""

import time
from urllib.parse import urlencode

import pytest
from tests.support.client import until
from tests.support.console import counter, hex_id, request

SECOND = 10**9


@pytest.fixture
def metric(console, service):
    """A delta counter with 60 points of 2, one a second, of each of two kinds; its name."""
    now = time.time_ns() // SECOND * SECOND
    points = [({"kind": kind}, now - (60 - i) * SECOND, now - (59 - i) * SECOND, 2) for i in range(60) for kind in "ab"]
    name = f"{service}.orders"
    histogram = {
        "name": f"{service}.duration",
        "unit": "s",
        "exponentialHistogram": {
            "aggregationTemporality": 1,
            "dataPoints": [
                {
                    "startTimeUnixNano": str(now - SECOND), "timeUnixNano": str(now), "count": "4", "sum": 10.0,
                    "scale": 0, "zeroCount": "1", "positive": {"offset": 0, "bucketCounts": ["1", "2"]},
                    "exemplars": [
{"timeUnixNano": str(now), "asDouble": 3.0, "traceId": hex_id(16), "spanId": hex_id()}
],
                }
            ],
        },
    }  # fmt: skip
    console.send("metrics", request("metrics", service, [counter(name, points), histogram]))
    until(lambda: console.json("/api/v1/query", query=f'count({{"{name}"}})')["data"]["result"])
    return name


def test_grafana_finds_out_what_it_talks_to(console):
    answer = console.json("/api/v1/status/buildinfo")
    assert answer["status"] == "success"
    assert answer["data"]["version"].startswith("3.")


def test_a_query_by_get_and_by_form_is_the_same(console, metric):
    at = str(time.time())
    query = f'sum by (kind) (sum_over_time({{"{metric}"}}[5m]))'
    by_get = console.json("/api/v1/query", query=query, time=at)
    assert [(each["metric"], each["value"][1]) for each in by_get["data"]["result"]] == [
        ({"kind": "a"}, "120"), ({"kind": "b"}, "120"),
    ]  # fmt: skip
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"query": query, "time": at}).encode()
    assert console.http.call("POST", "/api/v1/query", body, base=console.url, headers=form).json == by_get


def test_a_range_query(console, metric):
    now = int(time.time())
    query = f'sum(sum_over_time({{"{metric}"}}[10s]))'
    answer = console.json("/api/v1/query_range", query=query, start=now - 60, end=now - 20, step=10)
    (series,) = answer["data"]["result"]
    assert answer["data"]["resultType"] == "matrix"
    assert [value for _, value in series["values"]][1:] == ["40"] * (len(series["values"]) - 1)


def test_a_rate_of_deltas_comes_with_a_warning(console, metric):
    assert console.json("/api/v1/query", query=f'rate({{"{metric}"}}[1m])')["warnings"]


def test_labels_series_and_values(console, metric, service):
    match = {"match[]": f'{{"{metric}"}}'}
    names = console.json("/api/v1/labels", **match)["data"]
    assert {"__name__", "kind", "@resource.service.name", "@instrumentation.@name", "__temporality__"} <= set(names)
    assert console.json("/api/v1/label/kind/values", **match)["data"] == ["a", "b"]
    assert console.json("/api/v1/label/U___40_resource_2e_service_2e_name/values", **match)["data"] == [service]
    series = console.json("/api/v1/series", **match)["data"]
    assert [each["kind"] for each in series] == ["a", "b"]
    assert metric in console.json("/api/v1/label/__name__/values")["data"]
    about = console.json("/api/v1/metadata", metric=metric)["data"]
    assert about == {metric: [{"type": "counter", "help": "Things.", "unit": "{thing}"}]}


def test_exemplars_lead_to_traces(console, metric, service):
    query = f'histogram_quantile(0.9, {{"{service}.duration"}})'
    (found,) = console.json("/api/v1/query_exemplars", query=query)["data"]
    assert found["seriesLabels"]["__name__"] == f"{service}.duration"
    assert found["exemplars"][0]["value"] == "3"
    assert len(found["exemplars"][0]["labels"]["trace_id"]) == 32


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("query", {"query": "sum("}),
        ("query", {}),
        ("query", {"query": "up", "time": "noon"}),
        ("query_range", {"query": "up", "start": "0", "end": "1", "step": "0"}),
        ("query_range", {"query": "up", "start": "0"}),
        ("series", {}),
        ("series", {"match[]": "sum(x)"}),
        ("labels", {"match[]": '{a=~"("}'}),
    ],
)
def test_what_is_no_query_is_an_error_in_prometheus_envelope(console, path, parameters):
    answer = console.get(f"/api/v1/{path}", parameters)
    assert answer.status == 400
    assert (answer.json["status"], answer.json["errorType"]) == ("error", "bad_data")
    assert answer.json["error"]


def test_several_selectors_in_a_form(console, metric, service):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode([("match[]", f'{{"{metric}"}}'), ("match[]", f'{{"{service}.duration"}}')]).encode()
    answer = console.http.call("POST", "/api/v1/series", body, base=console.url, headers=form).json
    assert {each["__name__"] for each in answer["data"]} == {metric, f"{service}.duration"}


def test_an_error_has_its_line_and_column(console):
    answer = console.get("/api/v1/query", {"query": "sum(up) )"})
    assert answer.status == 400
    assert answer.json["error"].startswith('invalid parameter "query": 1:9: parse error:')


def gauge(name, points):
    """A gauge; a value of None says that there is none any more."""
    return {
        "name": name,
        "gauge": {
            "dataPoints": [
                {"timeUnixNano": str(at), **({"flags": 1} if value is None else {"asDouble": value})}
                for at, value in points
            ]
        },
    }


def test_a_series_ends_when_its_sender_says_that_there_is_no_value(console, service):
    """As Prometheus has it of its OTLP receiver: at once for an instant vector, and never within a range."""
    now = time.time_ns() // SECOND * SECOND
    points = [(now - 100 * SECOND, 5.0), (now - 60 * SECOND, None), (now - 20 * SECOND, 7.0)]
    console.send("metrics", request("metrics", service, [gauge("shop.test.ending", points)]))
    which = f'{{"shop.test.ending", "@resource.service.name"="{service}"}}'

    def value(query, ago):
        found = console.json("/api/v1/query", query=query, time=str(now // SECOND - ago))["data"]["result"]
        return [each["value"][1] for each in found]

    until(lambda: value(which, 0) == ["7"])
    assert value(which, 61) == ["5"]
    assert value(which, 60) == value(which, 40) == value(which, 21) == []
    assert value(f"sum_over_time({which}[5m])", 0) == ["12"]
    assert value(f"count_over_time({which}[5m])", 0) == ["2"]
    assert value(f"last_over_time({which}[5m])", 40) == ["5"]
    signals = console.json("/api/signals")["items"]
    assert len(signals) == 20


def test_a_histogram_and_a_growing_counter_end_likewise(console, service):
    now = time.time_ns() // SECOND * SECOND
    marker = {"startTimeUnixNano": str(now - 100 * SECOND), "timeUnixNano": str(now - 50 * SECOND), "flags": 1}
    value = {**marker, "timeUnixNano": str(now - 90 * SECOND), "flags": 0, "count": "1", "sum": 1.0, "scale": 0,
             "positive": {"offset": 0, "bucketCounts": ["1"]}}  # fmt: skip
    histogram = {
        "name": "shop.test.ended",
        "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [value, marker]},
    }
    console.send("metrics", request("metrics", service, [histogram]))
    which = f'{{"shop.test.ended", "@resource.service.name"="{service}"}}'

    def found(ago):
        return console.json("/api/v1/query", query=which, time=str(now // SECOND - ago))["data"]["result"]

    until(lambda: len(found(60)) == 1)
    assert found(0) == []
