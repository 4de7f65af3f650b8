"""What the gateway hands on, and what it hands back."""

import json
import re

import pytest
from tests.support.gateway import Gateway, function, raw

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FORGED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6",
    "Connection": "close, X-Hop",
    "X-Hop": "1",
    "TE": "trailers",
    "Keep-Alive": "timeout=1",
    "Proxy-Authorization": "Basic eA==",
}


def test_a_container_gets_the_request_as_it_was(gateway: Gateway):
    gateway.upstream.reply = lambda _: raw(201, b"made", location="/orders/1", content_type="text/plain", x_own="y")
    answer = gateway.call("POST", "/orders?a=%E3%81%82&b=&b=2", b'{"x":1}', {"Authorization": "Bearer t", "X-Y": "z"})
    seen = gateway.upstream.seen[0]
    assert (seen.method, seen.path, seen.body) == ("POST", "/orders?a=%E3%81%82&b=&b=2", b'{"x":1}')
    assert (seen.headers["authorization"], seen.headers["x-y"]) == ("Bearer t", "z")
    assert (answer.status, answer.body) == (201, b"made")
    assert (answer.headers["location"], answer.headers["x-own"]) == ("/orders/1", "y")


def test_a_path_is_handed_on_as_it_was_encoded(gateway: Gateway):
    gateway.call("GET", "/products/a%2Fb%20%E3%81%82")
    assert gateway.upstream.seen[0].path == "/products/a%2Fb%20%E3%81%82"


def test_a_function_gets_an_event_and_its_answer_is_http(gateway: Gateway):
    gateway.upstream.reply = lambda _: function(
        {
            "statusCode": 201,
            "body": "/wA=",
            "isBase64Encoded": True,
            "headers": {"x-own": "y"},
            "cookies": ["a=1", "b=2"],
        }
    )
    connection = gateway.send(
        b"POST /users?q=1 HTTP/1.1\r\nHost: shop\r\nCookie: c=1; d=2\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )
    assert gateway.upstream.seen[0].path == "/2015-03-31/functions/users-http/invocations"
    event = gateway.upstream.event
    assert (event["routeKey"], event["rawPath"], event["rawQueryString"]) == ("POST /users", "/users", "q=1")
    assert (event["cookies"], event["headers"]["x-a"], event["body"]) == (["c=1", "d=2"], "1, 2", "{}")
    assert event["requestContext"]["http"]["sourceIp"] == event["headers"]["x-forwarded-for"] == "127.0.0.1"
    head, _, body = connection.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201")
    assert head.count(b"set-cookie:") == 2
    assert body == b"\xff\x00"


@pytest.mark.parametrize("path", ["/products", "/users/u/profile"])
def test_what_concerns_one_hop_or_is_forged_is_not_handed_on(gateway: Gateway, path):
    gateway.upstream.reply = lambda seen: function({"a": 1}) if "functions" in seen.path else raw(200)
    gateway.call("GET", path, headers=FORGED)
    seen = gateway.upstream.seen[0]
    headers = gateway.upstream.event["headers"] if "functions" in seen.path else seen.headers
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert "6.6.6.6" not in json.dumps(dict(headers))
    assert {"x-hop", "te", "keep-alive", "proxy-authorization"}.isdisjoint(headers)


def test_a_services_own_marks_are_replaced(gateway: Gateway):
    gateway.upstream.reply = lambda _: raw(200, b"{}", x_trace_id="0" * 32, access_control_allow_origin="https://x")
    answer = gateway.call("GET", "/products")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-trace-id"] != "0" * 32


def test_what_no_route_has_goes_to_edge_without_its_body(gateway: Gateway):
    gateway.upstream.reply = lambda _: function({"statusCode": 404, "body": "no"})
    answer = gateway.call("POST", "/nothing/here", b"x" * 300_000)
    assert (answer.status, answer.body) == (404, b"no")
    assert gateway.upstream.seen[0].path == "/2015-03-31/functions/edge/invocations"
    assert gateway.upstream.event["routeKey"] == "$default"
    assert "body" not in gateway.upstream.event


def test_connections_to_the_services_are_kept(gateway: Gateway):
    gateway.call("GET", "/products")
    before = gateway.upstream.connections
    for _ in range(5):
        gateway.call("GET", "/products")
    assert gateway.upstream.connections == before


def test_head_brings_the_length_and_no_body(gateway: Gateway):
    gateway.upstream.reply = lambda _: b"HTTP/1.1 200 -\r\ncontent-length: 12\r\netag: x\r\n\r\n"
    answer = gateway.call("HEAD", "/products")
    assert (answer.headers["content-length"], answer.headers["etag"], answer.body) == ("12", "x", b"")
    assert gateway.upstream.seen[0].method == "HEAD"
    gateway.upstream.reply = lambda _: function({"statusCode": 200, "headers": {"content-length": "7"}})
    assert gateway.call("HEAD", "/inventory/x").headers["content-length"] == "7"
    assert gateway.upstream.event["requestContext"]["http"]["method"] == "HEAD"


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body_have_no_length(gateway: Gateway, status):
    gateway.upstream.reply = lambda _: raw(status).replace(b"content-length: 0\r\n", b"")
    answer = gateway.call("GET", "/products/x")
    assert answer.status == status
    assert "content-length" not in answer.headers


def test_cors_is_answered_here(gateway: Gateway):
    answer = gateway.call("OPTIONS", "/products/x", headers={"Access-Control-Request-Method": "PUT"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"
    assert not gateway.upstream.seen


def test_one_request_is_two_spans_one_observation_and_one_line(gateway: Gateway):
    answer = gateway.call("GET", "/products/mug?q=1", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert answer.headers["x-trace-id"] == TRACE
    spans = gateway.collector.wait(lambda: len(found := gateway.collector.trace(TRACE)) == 2 and found)
    server, client = sorted(spans, key=lambda span: span.kind == "client")
    assert (server.kind, server.name, server.parent_id) == ("server", "GET /products/{productId}", "00f067aa0ba902b7")
    assert server.attributes["http.route"] == "/products/{productId}"
    assert server.attributes["http.response.status_code"] == 200
    assert (client.kind, client.parent_id) == ("client", server.span_id)
    assert client.attributes["server.address"] == "127.0.0.1"
    handed_on = gateway.upstream.seen[0].headers["traceparent"]
    assert handed_on == f"00-{TRACE}-{client.span_id}-01"
    line = gateway.line(TRACE)
    assert (line["http.route"], line["http.response.status_code"]) == ("/products/{productId}", 200)
    gateway.collector.wait(
        lambda: gateway.collector.of("http.server.request.duration", http__route="/products/{productId}")
    )


def test_a_call_of_a_function_is_told_as_one(gateway: Gateway):
    gateway.upstream.reply = lambda _: function({"statusCode": 503})
    trace = gateway.call("GET", "/notifications").headers["x-trace-id"]
    spans = gateway.collector.wait(lambda: len(found := gateway.collector.trace(trace)) == 2 and found)
    server, client = sorted(spans, key=lambda span: span.kind == "client")
    assert (client.name, client.attributes["faas.invoked_name"]) == ("Invoke notifications-http", "notifications-http")
    assert (client.status, client.attributes["error.type"]) == ("error", "503")
    assert (server.status, server.attributes["error.type"]) == ("error", "503")
    handed_on = gateway.upstream.event["headers"]["traceparent"]
    assert handed_on == f"00-{trace}-{client.span_id}-01"


@pytest.mark.parametrize(
    "given", ["", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "garbage", f"ff-{TRACE}-00f067aa0ba902b7-01"]
)
def test_without_a_good_trace_a_new_one_begins(gateway: Gateway, given):
    answer = gateway.call("GET", "/products", headers={"traceparent": given})
    trace = answer.headers["x-trace-id"]
    assert re.fullmatch("[0-9a-f]{32}", trace)
    assert trace not in given
    assert gateway.upstream.seen[0].headers["traceparent"].split("-")[1] == trace
