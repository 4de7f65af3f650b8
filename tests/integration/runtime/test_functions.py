"""Lambda entry points, called as Lambda calls them: with AWS's own events, one after the other in one environment."""

import asyncio
import json
import socket
import threading
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from shop import telemetry
from shop.contracts.events import EVENTS, StockChanged
from shop.contracts.messages import encode, read_message
from shop.kernel.errors import DependencyUnavailable
from shop.runtime import functions
from shop.runtime.aws import Aws
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer
from shop.runtime.dynamo import Table, outbox_item, wire
from shop.runtime.functions import http_function, queue_function, relay_function
from shop.runtime.queues import Queues
from shop.runtime.wire import Client


@dataclass(frozen=True)
class Context:
    aws_request_id: str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


@pytest.fixture(autouse=True)
def _fresh_environment(monkeypatch):
    """Each test is an environment that has answered nothing yet, with a loop of its own."""
    monkeypatch.setattr(functions.Temperature, "cold", True)
    functions.event_loop.cache_clear()
    yield
    if functions.event_loop.cache_info().currsize:
        functions.event_loop().close()
        asyncio.set_event_loop(None)


def http_event(path, method="GET", body=None):
    """API Gateway's HTTP API, payload 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "limit=5",
        "headers": {"host": "shop.test", "content-type": "application/json", "x-forwarded-for": "203.0.113.7"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "shop",
            "domainName": "shop.test",
            "domainPrefix": "shop",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "test",
            },
            "requestId": "r",
            "routeKey": "$default",
            "stage": "$default",
            "time": "24/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795521600000,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def test_a_request_is_answered_by_the_same_application_as_in_a_container():
    seen = []

    async def echo(request):
        seen.append(request.scope["shop.span"])
        return JSONResponse({"body": await request.json(), "limit": request.query_params["limit"]}, status_code=201)

    handler = http_function(lambda: Starlette(routes=[Route("/users", echo, methods=["POST"])]))
    answer = handler(http_event("/users", "POST", '{"name": "花子"}'), Context())
    assert answer["statusCode"] == 201
    assert json.loads(answer["body"]) == {"body": {"name": "花子"}, "limit": "5"}
    handler(http_event("/users", "POST", "{}"), Context("second"))
    assert [about["faas.coldstart"] for about in seen] == [True, False]
    assert [about["faas.invocation_id"] for about in seen] == [Context().aws_request_id, "second"]


def test_a_function_gets_the_path_as_it_was_encoded():
    async def echo(scope, _receive, send):
        await JSONResponse(scope["raw_path"].decode())(scope, _receive, send)

    answer = http_function(lambda: Starlette(routes=[Mount("/", echo)]))(http_event("/users/a%2Fb"), Context())
    assert json.loads(answer["body"]) == "/users/a%2Fb"


@pytest.mark.parametrize(
    ("told", "encoded", "name"),
    [
        ("/users/花子/addresses", "/users/%E8%8A%B1%E5%AD%90/addresses", "花子"),
        ("/users/a/b/addresses", "/users/a%2Fb/addresses", "a/b"),
        ("/users/100%41/addresses", "/users/100%2541/addresses", "100%41"),
        ("/users/u-1/addresses", "/users/u-1/addresses", "u-1"),
    ],
)
def test_a_path_that_the_gateway_has_decoded_is_understood(told, encoded, name):
    """API Gateway's HTTP API gives `rawPath` decoded, and what it took for a name beside it."""

    async def echo(scope, _receive, send):
        await JSONResponse([scope["path"], scope["raw_path"].decode()])(scope, _receive, send)

    event = http_event(told) | {"routeKey": "GET /users/{userId}/addresses", "pathParameters": {"userId": name}}
    answer = http_function(lambda: Starlette(routes=[Mount("/", echo)]))(event, Context())
    assert json.loads(answer["body"]) == [told, encoded]


def test_a_connection_that_was_closed_while_the_environment_was_frozen_is_not_used_again():
    """What may not be sent twice, such as a mail, would else fail without anybody knowing whether it was done."""
    listener = socket.create_server(("127.0.0.1", 0))
    served = []

    def serve():
        for _ in range(2):
            connection, _ = listener.accept()
            connection.recv(65536)
            served.append(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    client = Client()

    async def mail(_request):
        answer = await client.request("POST", f"http://127.0.0.1:{listener.getsockname()[1]}/", body=b"{}")
        return Response(answer.body)

    handler = http_function(lambda: Starlette(routes=[Route("/", mail)]))
    assert handler(http_event("/"), Context())["body"] == "ok"
    served[0].close()  # while the loop does not run
    assert handler(http_event("/"), Context())["body"] == "ok"
    server.join(20)
    functions.event_loop().run_until_complete(client.aclose())
    for each in (*served, listener):
        each.close()


def test_a_problem_is_text_and_a_picture_is_not():
    async def problem(request):
        return Response(b'{"code":"X"}', 404, media_type="application/problem+json")

    async def picture(request):
        return Response(b"GIF89a\xff", media_type="image/gif")

    handler = http_function(lambda: Starlette(routes=[Route("/p", problem), Route("/g", picture)]))
    assert handler(http_event("/p"), Context())["body"] == '{"code":"X"}'
    answer = handler(http_event("/g"), Context())
    assert (answer["isBase64Encoded"], answer["body"]) == (True, "R0lGODlh/w==")


def test_an_answer_without_a_body_is_of_no_type():
    async def nothing(request):
        return Response(status_code=204)

    async def something(request):
        return Response(media_type="application/json")

    handler = http_function(lambda: Starlette(routes=[Route("/n", nothing), Route("/s", something)]))
    assert "content-type" not in handler(http_event("/n"), Context())["headers"]
    head = handler(http_event("/s", "HEAD"), Context())
    assert (head["headers"]["content-type"], head["body"]) == ("application/json", "")


def test_what_was_built_and_connected_is_kept_between_calls():
    built, loops = [], []

    async def look(request):
        loops.append(asyncio.get_running_loop())
        return Response()

    def build():
        built.append(1)
        return Starlette(routes=[Route("/", look)])

    handler = http_function(build)
    for _ in range(3):
        handler(http_event("/"), Context())
    assert (len(built), len(set(loops))) == (1, 1)


def test_telemetry_leaves_before_the_answer_and_a_collector_that_is_gone_costs_little(monkeypatch):
    flushed: list[float] = []
    monkeypatch.setattr(telemetry, "flush", flushed.append)

    async def answer(request):
        assert not flushed
        return Response()

    http_function(lambda: Starlette(routes=[Route("/", answer)]))(http_event("/"), Context())
    assert flushed == [0.1]


def sqs_record(message_id, body):
    """A message as Lambda's poller hands it over."""
    return {
        "messageId": message_id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:ap-northeast-1:000000000000:users-events",
        "awsRegion": "ap-northeast-1",
    }


def test_a_queue_function_reports_what_failed_and_only_that(changed):
    consumer, handled = Consumer("catalog-events"), []

    @consumer.on(StockChanged)
    async def on_change(deps, message):
        if message.data.product_id == "bad":
            raise DependencyUnavailable
        handled.append(message.data.product_id)

    class Silent(Queues):
        def __init__(self):
            pass

        async def release_all(self, queue, messages, seconds):
            assert [message.id for message in messages] == ["m2"]

    handler = queue_function(lambda: (consumer, None, Silent()))
    records = [sqs_record(f"m{n}", encode(changed(name)).decode()) for n, name in enumerate(("mug", "pot", "bad"))]
    answer = handler({"Records": records}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert sorted(handled) == ["mug", "pot"]


def test_a_relay_function_sends_what_the_stream_brings(emulator, aws, empty, changed):
    client = Aws()  # finds the emulator by the environment, as a function does
    queues = Queues(client, emulator.access.queue_url_prefix)
    item = outbox_item(changed("mug"))
    record = {
        "eventID": "1",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": wire({"pk": item["pk"]}), "NewImage": wire(item), "SequenceNumber": "111"},
    }

    async def arrived():
        try:
            return await queues.receive("catalog-events", 10, 2)
        finally:
            await client.aclose()

    empty("catalog-events")
    handler = relay_function(lambda: (Table(client, "users"), Bus(client, "shop", emulator.access.queue_url_prefix)))
    assert handler({"Records": [record]}, Context()) == {"batchItemFailures": []}
    (message,) = functions.event_loop().run_until_complete(arrived())
    assert read_message(message.body, EVENTS).data.product_id == "mug"


def test_a_function_that_cannot_be_built_fails_the_call_and_tries_again_at_the_next():
    tries = []

    def build():
        tries.append(1)
        raise DependencyUnavailable

    handler = queue_function(build)
    for _ in range(2):
        with pytest.raises(DependencyUnavailable):
            handler({"Records": []}, Context())
    assert len(tries) == 2
