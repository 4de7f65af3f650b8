"""Services that are gone, slow or broken; clients that send too much, too fast, or no HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
from tests.support.client import until
from tests.support.gateway import Gateway, function, raw, read_answer, running

from shop.local.ports import free_port


def problem(answer, status, code):
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["traceId"] == answer.headers["x-trace-id"]
    assert {"type", "title", "status", "detail", "instance"} <= set(answer.json)
    return answer


def test_services_that_are_not_there_are_503_in_both_languages():
    nowhere = f"http://127.0.0.1:{free_port()}"
    with running(CATALOG_URL=nowhere, LAMBDA_HOST_URL=nowhere) as gateway:
        for path in ("/products", "/users/u/profile", "/nothing"):
            answer = problem(gateway.call("GET", path), 503, "DEPENDENCY_UNAVAILABLE")
            assert int(answer.headers["retry-after"]) >= 1
        titles = [
            gateway.call("GET", "/products", headers={"Accept-Language": each}).json["title"] for each in ("ja", "en")
        ]
        assert [title.isascii() for title in titles] == [False, True]
        assert "127.0.0.1" not in answer.body.decode()
        trace = answer.headers["x-trace-id"]
        spans = gateway.collector.wait(lambda: len(found := gateway.collector.trace(trace)) == 2 and found)
        assert {span.status for span in spans} == {"error"}
        assert {span.attributes["error.type"] for span in spans} == {"DEPENDENCY_UNAVAILABLE"}
        assert gateway.line(trace)["shop.problem.code"] == "DEPENDENCY_UNAVAILABLE"


def test_a_service_that_does_not_answer_is_504(monkeypatch):
    with running() as gateway:
        # The limit is 29 s; the same way is gone in no time by a function that Lambda has timed out.
        timed_out = {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: x Error: Task timed out"}
        gateway.upstream.reply = lambda _: function(timed_out, x_amz_function_error="Unhandled")
        problem(gateway.call("GET", "/users/u/profile"), 504, "DEPENDENCY_TIMEOUT")


@pytest.mark.parametrize(
    "answer",
    [b"nonsense\r\n\r\n", b"", b"HTTP/1.0 200 OK\r\ncontent-length: 100\r\n\r\nshort", b"HTTP/2 200\r\n\r\n"],
    ids=["no HTTP", "hangs up", "cut off", "another version"],
)
def test_an_answer_that_is_none_is_502(gateway: Gateway, answer):
    gateway.upstream.reply = lambda _: answer
    problem(gateway.call("POST", "/orders"), 502, "BAD_GATEWAY")


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (function({"errorType": "ValueError"}, x_amz_function_error="Unhandled"), 502, "BAD_GATEWAY"),
        (function({"statusCode": "ok"}), 502, "BAD_GATEWAY"),
        (raw(200, b"<html>"), 502, "BAD_GATEWAY"),
        (raw(429, b"{}"), 503, "DEPENDENCY_UNAVAILABLE"),
        (raw(404, b"{}"), 503, "DEPENDENCY_UNAVAILABLE"),
    ],
)
def test_functions_that_fail(gateway: Gateway, reply, status, code):
    gateway.upstream.reply = lambda _: reply
    answer = problem(gateway.call("GET", "/inventory"), status, code)
    assert b"ValueError" not in answer.body


LONG = 256 * 1024 + 1


@pytest.mark.parametrize("path", ["/products", "/users"])
def test_a_body_over_the_limit_is_413_before_it_is_read(gateway: Gateway, path):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {LONG}\r\n\r\n"
    with gateway.connect() as connection:
        connection.sendall(head.encode())
        answer = read_answer(connection)
    assert b" 413 " in answer
    assert b"PAYLOAD_TOO_LARGE" in answer
    assert not gateway.upstream.seen


def test_a_body_over_the_limit_without_a_length_is_413_too(gateway: Gateway):
    with gateway.connect() as connection:
        connection.sendall(b"POST /products HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert b" 413 " in read_answer(connection)
    assert not gateway.upstream.seen


def test_a_body_of_exactly_the_limit_passes_chunked_or_not(gateway: Gateway):
    assert gateway.call("POST", "/products", b"x" * (LONG - 1)).status == 200
    assert gateway.call("POST", "/products", iter([b"x" * (LONG // 2), b"y" * 10])).status == 200
    assert [len(seen.body) for seen in gateway.upstream.seen] == [LONG - 1, LONG // 2 + 10]


def test_a_body_that_ends_early_is_not_handed_on(gateway: Gateway):
    with gateway.connect() as connection:
        connection.sendall(b"POST /products HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}")
    assert gateway.call("GET", "/products").status == 200
    assert [seen.method for seen in gateway.upstream.seen] == ["GET"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /products HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /products HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST /products HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /products HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        b"GET /products HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
    ],
    ids=repr,
)
def test_what_is_no_http_is_400_and_the_end(gateway: Gateway, data):
    head, _, body = gateway.send(data).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 "), head
    assert b"connection: close" in head
    assert b"x-trace-id: " in head
    assert json.loads(body)["code"] == "MALFORMED_REQUEST"
    assert not gateway.upstream.seen


def test_a_head_without_end_is_refused_not_collected(gateway: Gateway):
    with gateway.connect() as connection:
        connection.sendall(b"GET /products HTTP/1.1\r\nHost: x\r\nX-Long: ")
        answer = b""
        try:
            for _ in range(200):
                connection.sendall(b"x" * 4096)
            answer = read_answer(connection)
        except OSError:
            pass  # it had hung up while we were still sending
    assert not answer or b" 431 " in answer
    assert not gateway.upstream.seen
    assert gateway.call("GET", "/products", headers={"X-Long": "x" * 30_000}).status == 200


def test_requests_in_a_row_are_answered_in_order(gateway: Gateway):
    gateway.upstream.reply = lambda seen: raw(200, seen.path.encode())
    paths = [f"/products/p{number}" for number in range(10)]
    requests = [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths]
    last = b"GET /products/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answers = gateway.send(b"".join(requests) + last)
    assert [answers.find(f"\r\n\r\n{path}".encode()) for path in paths] == sorted(
        answers.find(f"\r\n\r\n{path}".encode()) for path in paths
    )
    assert answers.count(b"HTTP/1.1 200") == 11
    assert answers.endswith(b"/products/last")


def test_a_connection_is_kept_and_http_1_0_is_not(gateway: Gateway):
    with gateway.connect() as connection:
        for _ in range(3):
            connection.sendall(b"GET /products HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_answer(connection).startswith(b"HTTP/1.1 200")
    assert gateway.send(b"GET /products HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_an_upgrade_is_not_made(gateway: Gateway):
    wish = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x"}
    assert gateway.call("GET", "/products", headers=wish).status == 200
    assert "upgrade" not in gateway.upstream.seen[0].headers


def test_a_client_that_asks_first_is_told_to_go_on(gateway: Gateway):
    with gateway.connect() as connection:
        connection.sendall(b"POST /products HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert read_answer(connection).startswith(b"HTTP/1.1 100")
        connection.sendall(b"{}")
        assert read_answer(connection).startswith(b"HTTP/1.1 200")
    assert "expect" not in gateway.upstream.seen[0].headers


def test_each_route_has_a_rate_and_health_has_none():
    with running(RATE_LIMIT="1", RATE_BURST="2") as gateway:
        assert [gateway.call("GET", "/products").status for _ in range(2)] == [200, 200]
        refused = until(lambda: (answer := gateway.call("GET", "/products")).status != 200 and answer)
        assert problem(refused, 429, "RATE_LIMITED").headers["retry-after"] == "1"
        assert gateway.call("GET", "/products/x").status == 200
        assert {gateway.call("GET", "/health/live").status for _ in range(5)} == {200}
        assert {gateway.call("OPTIONS", "/products").status for _ in range(5)} == {204}


def test_what_is_under_way_at_the_end_is_finished_and_told():
    with running() as gateway:
        arrived, go_on = threading.Event(), threading.Event()

        def slow(_):
            arrived.set()
            go_on.wait(30)
            return raw(200, b"done", x_trace_id="")

        gateway.upstream.reply = slow
        answers = []
        asking = threading.Thread(target=lambda: answers.append(gateway.call("GET", "/products")))
        idle = gateway.connect()
        asking.start()
        arrived.wait(5)
        gateway.process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""  # it has heard the signal, and waits for what is under way
        go_on.set()
        asking.join()
        assert gateway.process.wait(20) == 0
        assert (answers[0].status, answers[0].body) == (200, b"done")
        idle.close()
        trace = answers[0].headers["x-trace-id"]
        assert len(gateway.collector.wait(lambda: gateway.collector.trace(trace))) == 2


def test_a_request_that_never_ends_is_told_so_and_does_not_hold_it_up():
    with running() as gateway:
        go_on = threading.Event()
        gateway.upstream.reply = lambda _: raw(200) if go_on.wait(60) else b""
        with gateway.connect() as connection:
            connection.sendall(b"GET /products HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda: gateway.upstream.seen)
            gateway.process.send_signal(signal.SIGTERM)
            answer = read_answer(connection)
            assert gateway.process.wait(20) == 0  # while the service still has not answered
        go_on.set()
        assert b" 503 " in answer
        assert b"DEPENDENCY_UNAVAILABLE" in answer


def started(**settings):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL")} | settings
    command = [sys.executable, "-m", "shop.local.gateway"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10, check=False)


def test_a_taken_port_and_missing_settings_are_one_line_and_2():
    urls = dict.fromkeys(("CATALOG_URL", "ORDERS_URL", "LAMBDA_HOST_URL"), "http://127.0.0.1:1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = started(PORT=str(taken.getsockname()[1]), **urls)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "listen" in ended.stderr
    ended = started(PORT="1", RATE_LIMIT="many")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert all(name in ended.stderr for name in ("CATALOG_URL", "ORDERS_URL", "RATE_LIMIT"))
