"""Log lines, asked for over HTTP in the language of CloudWatch Logs Insights."""

import json
import time

import pytest
from tests.support.client import until
from tests.support.console import hex_id, log_record, request

SECOND = 10**9


@pytest.fixture
def lines(console, service):
    """Ten lines of a service of its own, one a second, and one of plain text; the beginning of a query for them."""
    now = time.time_ns() // SECOND * SECOND
    records = []
    for number in range(10):
        line = {
            "event": "request",
            "number": number,
            "shop.order.id": f"ord_{number}",
            "status": 200 + 300 * (number % 2),
        }
        at = str(now - (20 - number) * SECOND)
        records.append({**log_record(json.dumps(line)), "timeUnixNano": at})
    text = {**log_record("user=anna, method:GET"), "timeUnixNano": str(now - SECOND)}
    console.send("logs", request("logs", service, [*records, text], deployment__environment__name="local"))
    mine = f'filter @log = "/shop/local/{service}"'
    until(lambda: asked(console, f"{mine} | stats count(*) as n")["rows"] == [[11]])
    return mine


def asked(console, query, **window):
    return console.json("/api/logs", query=query, **window)


def test_the_newest_lines(console, lines, service):
    answer = asked(console, f"fields @timestamp, @message, @log | {lines} | limit 2")
    assert answer["fields"] == ["@timestamp", "@message", "@log"]
    assert answer["rows"][0][1:] == ["user=anna, method:GET", f"/shop/local/{service}"]
    assert json.loads(answer["rows"][1][1])["number"] == 9
    assert answer["statistics"]["matched"] == 11
    assert answer["statistics"]["scanned"] >= 11


def test_fields_of_the_lines_are_found_by_their_names(console, lines):
    query = f'{lines} and shop.order.id = "ord_3" | fields number, status, `shop.order.id`'
    assert asked(console, query)["rows"] == [[3, 500, "ord_3"]]


def test_stats(console, lines):
    query = f"{lines} and ispresent(status) | stats count(*) as n, max(number) as most by status"
    answer = asked(console, query)
    assert (answer["fields"], answer["rows"]) == (["status", "n", "most"], [[200, 5, 8], [500, 5, 9]])


def test_a_window(console, lines):
    [[newest]] = asked(console, f"{lines} and number = 9 | fields @timestamp")["rows"]
    at = newest.replace(" ", "T") + "Z"
    assert asked(console, f"{lines} | fields number", **{"from": at, "to": at})["rows"] == [[9]]


def test_text_is_parsed(console, lines):
    query = f'{lines} | parse "user=*, method:*" as user, method | filter ispresent(user) | display user, method'
    assert asked(console, query)["rows"] == [["anna", "GET"]]


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("filter a ==", 10),
        ("fields a | pattern @message", 11),
        ("stats nonsense(a)", 6),
        ("filter '; drop table logs; --", 7),
    ],
)
def test_a_query_that_cannot_be_read_is_400_with_its_place(console, query, position):
    answer = console.get("/api/logs", {"query": query})
    assert (answer.status, answer.json["code"], answer.json["position"]) == (400, "QUERY_INVALID", position)


def test_the_lines_of_a_trace_are_those_whose_field_names_it(console, service):
    """The line's own trace_id goes before the record's, in a query and beside the spans alike."""
    ours, theirs = hex_id(16), hex_id(16)
    lines = [
        log_record(json.dumps({"trace_id": ours, "n": 1}), traceId=theirs, spanId=hex_id()),
        log_record(json.dumps({"n": 2}), traceId=ours, spanId=hex_id()),
        log_record("plain", traceId=ours, spanId=hex_id()),
        log_record(json.dumps({"trace_id": "no id", "n": 4}), traceId=ours, spanId=hex_id()),
    ]
    console.send("logs", request("logs", service, lines))

    def found(trace):
        return console.json("/api/logs", query=f'fields @message | filter trace_id = "{trace}"')["rows"]

    until(lambda: len(found(ours)) == 3)
    assert found(theirs) == []
    assert len(console.json(f"/api/traces/{ours}")["logs"]) == 4
