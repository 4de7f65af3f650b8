"""Prometheus's HTTP API as Grafana's data source calls it, parameters in, envelope out."""

import json

import pytest
from tests.support.series import NS, Loaded

from shop.console.promql.api import label_values, respond

METRICS = Loaded("""load 15s
  {"shop.orders", __type__="counter", "http.route"="/a", "@resource.service.name"="orders"} 1 2 3 4 5
  {"shop.orders", __type__="counter", "http.route"="/b", "@resource.service.name"="orders"} 1 1 1 1 1
  {"shop.stock", __type__="gauge", "@resource.service.name"="inventory"} 7 7 7 7 7
""")
NOW = 60 * NS


def asked(call, **given):
    response = respond(
        METRICS, call, {name.replace("match", "match[]"): as_list(each) for name, each in given.items()}, NOW
    )
    assert json.loads(json.dumps(response.body, allow_nan=False)) == response.body
    return response


def as_list(value):
    return value if isinstance(value, list) else [value]


def data(call, **given):
    response = asked(call, **given)
    assert (response.status, response.body["status"]) == (200, "success"), response.body
    return response.body["data"]


def test_the_health_check_of_grafana():
    assert data("query", query="1+1", time="4") == {"resultType": "scalar", "result": [4, "2"]}
    assert data("status/buildinfo")["version"] == "3.5.0"


@pytest.mark.parametrize("time", ["60", "60.0", "1970-01-01T00:01:00Z", "1970-01-01T09:01:00+09:00", None])
def test_a_time_is_seconds_or_rfc_3339_or_now(time):
    given = {} if time is None else {"time": time}
    found = data("query", query='{"shop.stock"}', **given)
    assert found["resultType"] == "vector"
    assert found["result"][0]["value"] == [60, "7"]


@pytest.mark.parametrize("step", ["30", "30s", "0.5m", "30000ms"])
def test_a_chart(step):
    given = {"query": 'sum({"shop.orders"})', "start": "0", "end": "60", "step": step}
    response = asked("query_range", **given)
    if step == "0.5m":
        assert response.status == 400
        return
    [series] = response.body["data"]["result"]
    assert series == {"metric": {}, "values": [[0, "2"], [30, "4"], [60, "6"]]}


def test_warnings_are_beside_the_data():
    metrics = Loaded('load 15s\n  {"a", __temporality__="delta"} 1 2 3')
    body = respond(metrics, "query", {"query": ['rate({"a"}[1m])']}, NOW).body
    assert "delta temporality" in body["warnings"][0]
    assert asked("query", query='max({"shop.stock"})').body.keys() == {"status", "data"}


def test_series_labels_and_values():
    assert data("series", match='{"shop.stock"}') == [
        {"__name__": "shop.stock", "__type__": "gauge", "@resource.service.name": "inventory"}
    ]
    assert data("labels") == ["@resource.service.name", "__name__", "__type__", "http.route"]
    assert data("labels", match=['{"shop.stock"}']) == ["@resource.service.name", "__name__", "__type__"]
    assert data("labels", match=['{"shop.stock"}', '{"http.route"="/a"}'], limit="1") == ["@resource.service.name"]


@pytest.mark.parametrize("name", ["http.route", "U__http_2e_route", "@datapoint.http.route"])
def test_a_labels_values_by_all_names_of_it(name):
    body = label_values(METRICS, name, {"match[]": ['{"shop.orders"}'], "start": ["0"], "end": ["60"]}, NOW).body
    assert body == {"status": "success", "data": ["/a", "/b"]}


def test_names_of_metrics():
    assert label_values(METRICS, "__name__", {}, NOW).body["data"] == ["shop.orders", "shop.stock"]
    assert label_values(METRICS, "nothing", {}, NOW).body["data"] == []


def test_metadata():
    wanted = [{"type": "counter", "help": "Orders", "unit": "{order}"}]
    assert data("metadata") == {"shop.orders": wanted, "shop.stock": wanted}
    assert data("metadata", metric="shop.stock") == {"shop.stock": wanted}
    assert data("metadata", limit="1") == {"shop.orders": wanted}


def test_exemplars_lead_to_their_traces():
    found = data("query_exemplars", query='sum(rate({"shop.stock"}[1m])) + {"shop.stock"}', start="45", end="60")
    assert [each["seriesLabels"]["__name__"] for each in found] == ["shop.stock"]
    assert found[0]["exemplars"][-1] == {
        "labels": {"trace_id": f"{60:032x}", "span_id": "00f067aa0ba902b7"},
        "value": "0.5",
        "timestamp": 60,
    }


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("query", {}),
        ("query", {"query": ""}),
        ("query", {"query": "x", "time": "soon"}),
        ("query", {"query": "x", "time": "nan"}),
        ("query", {"query": "x", "time": "1e300"}),
        ("query_range", {"query": "x", "start": "0", "end": "1"}),
        ("query_range", {"query": "x", "start": "0", "end": "1", "step": "0"}),
        ("query_range", {"query": "x", "start": "0", "end": "1", "step": "-1"}),
        ("query_range", {"query": "x", "start": "0", "end": "1", "step": "inf"}),
        ("query_range", {"query": "x", "start": "0", "end": "1e9", "step": "1"}),
        ("query_range", {"query": "x", "start": "1", "end": "0", "step": "1"}),
        ("series", {}),
        ("series", {"match": "sum(x)"}),
        ("labels", {"match": "{"}),
        ("labels", {"limit": "many"}),
        ("query_exemplars", {}),
    ],
)
def test_what_is_wrong_is_bad_data(call, given):
    response = asked(call, **given)
    assert (response.status, response.body["status"], response.body["errorType"]) == (400, "error", "bad_data")
    assert response.body["error"]


def test_an_error_of_the_query_has_its_line_and_column():
    body = asked("query", query="sum(\n  x ) )").body
    assert (body["error"].startswith('invalid parameter "query": 2:7: parse error: '), body["position"]) == (True, 11)


def test_an_ambiguous_query_is_an_error_of_execution():
    response = asked("query", query='{"shop.stock"} * on() {"shop.orders"}')
    assert (response.status, response.body["errorType"]) == (422, "execution")


@pytest.mark.parametrize("time", ["-62135596800", "253402300799"])
def test_the_least_and_the_greatest_time_of_prometheus_are_times(time):
    assert data("query", query="1", time=time)["resultType"] == "scalar"
    assert data("query", query="x @ 253402300799", time=time)["result"] == []
    assert data("labels", start="-62135596800", end="253402300799")
