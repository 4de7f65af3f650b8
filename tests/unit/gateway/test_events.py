"""API Gateway's payload format 2.0, both ways, and through Mangum, which reads it on AWS too."""

import asyncio
import json
from typing import Any

import pytest
from mangum import Mangum
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.local.gateway.events import BadGateway, answer_of, event_of
from shop.local.gateway.table import Table
from shop.runtime import wire

TABLE = Table(1, 1)


def event(method="GET", path="/users/u-1/addresses", query="", body=b"", **headers):
    target, parameters = TABLE.find(method, path)
    scope = {
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "http_version": "1.1",
        "client": ("127.0.0.9", 1),
        "shop.headers": {"host": "shop.example:8080"} | headers,
    }
    return event_of(scope, target, parameters, {"accept": "*/*"} | headers, body)


def test_an_event_has_what_aws_puts_into_it():
    made = event("POST", "/users/u%2F1/addresses", "a=1&b=%E3%81%82&a=2&c", b'{"label":"x"}', cookie="p=1; q=2")
    assert made["version"] == "2.0"
    assert made["routeKey"] == made["requestContext"]["routeKey"] == "POST /users/{userId}/addresses"
    assert made["rawPath"] == "/users/u%2F1/addresses"
    assert made["rawQueryString"] == "a=1&b=%E3%81%82&a=2&c"
    assert made["queryStringParameters"] == {"a": "1,2", "b": "あ", "c": ""}
    assert made["pathParameters"] == {"userId": "u/1"}
    assert made["cookies"] == ["p=1", "q=2"]
    assert made["headers"] == {"accept": "*/*", "host": "shop.example:8080", "content-length": "13"}
    assert (made["body"], made["isBase64Encoded"]) == ('{"label":"x"}', False)
    about = made["requestContext"]
    assert about["http"] | {"userAgent": ""} == {
        "method": "POST",
        "path": "/users/u%2F1/addresses",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.9",
        "userAgent": "",
    }
    assert about["stage"] == "$default"
    assert about["requestId"]
    json.dumps(made)


def test_what_is_not_there_is_left_out():
    assert {"body", "cookies", "queryStringParameters"}.isdisjoint(event())
    assert event(path="/nothing")["routeKey"] == "$default"
    assert "pathParameters" not in event(path="/nothing")


def test_a_body_that_is_no_text_goes_as_base64():
    made = event("POST", body=b"\xff\x00")
    assert (made["body"], made["isBase64Encoded"]) == ("/wA=", True)


async def show(request: Request) -> Response:
    if request.query_params.get("as") == "picture":
        picture = Response(b"\x89PNG\xff", media_type="image/png")
        picture.set_cookie("a", "1")
        picture.set_cookie("b", "2")
        return picture
    return JSONResponse(
        {"path": request.path_params, "query": dict(request.query_params), "body": (await request.body()).hex()}
        | {"cookies": request.cookies}
    )


SHOWING = Starlette(routes=[Route("/users/{user}/addresses", show, methods=["GET", "POST"])])


@pytest.fixture
def through():
    """Calls the service as Lambda does, and makes HTTP of its answer."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    function: Any = Mangum(SHOWING, lifespan="off")
    yield lambda made: answer_of(wire.Response(200, {}, json.dumps(function(made, None)).encode()))
    asyncio.set_event_loop(None)
    loop.close()


def test_a_service_under_mangum_gets_what_was_sent(through):
    answer = through(event("POST", "/users/%E3%81%82%252F/addresses", "q=%2B", b"\xff\x00", cookie="p=1"))
    assert json.loads(answer.body) == {
        "path": {"user": "あ%2F"},
        "query": {"q": "+"},
        "body": "ff00",
        "cookies": {"p": "1"},
    }


def test_a_picture_and_two_cookies_come_back_whole(through):
    answer = through(event(query="as=picture"))
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"\x89PNG\xff", "image/png")
    assert [cookie.partition(";")[0] for cookie in answer.cookies] == ["a=1", "b=2"]


def answered(value, status=200, **headers):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return answer_of(wire.Response(status, headers, raw))


@pytest.mark.parametrize(
    ("value", "body"),
    [({"a": 1}, b'{"a": 1}'), ([1], b"[1]"), ("Hello あ", "Hello あ".encode()), (None, b"null"), ({}, b"{}")],
)
def test_an_answer_without_a_status_is_the_body_itself(value, body):
    answer = answered(value)
    assert (answer.status, answer.body, answer.headers) == (200, body, {"content-type": "application/json"})


def test_an_answer_is_taken_as_aws_takes_it():
    answer = answered(
        {
            "statusCode": "201",
            "headers": {"X-A": 1, "X-B": True, "X-C": None},
            "cookies": ["c=1"],
            "multiValueHeaders": {},
        }
    )
    assert (answer.status, answer.body, answer.cookies) == (201, b"", ("c=1",))
    assert answer.headers["x-a"] == "1"
    assert "x-c" not in answer.headers


@pytest.mark.parametrize(
    "value",
    [
        b"not json",
        b"",
        {"statusCode": None},
        {"statusCode": "fine"},
        {"statusCode": 0},
        {"statusCode": 101},
        {"statusCode": 1000},
        {"statusCode": 200, "headers": []},
        {"statusCode": 200, "headers": {"a": []}},
        {"statusCode": 200, "headers": {"a": "b\r\nset-cookie: c"}},
        {"statusCode": 200, "headers": {"a": "あ"}},
        {"statusCode": 200, "cookies": "c=1"},
        {"statusCode": 200, "cookies": ["c=1\n"]},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
        b'{"statusCode": 200, "body": "\\ud800"}',
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_a_bad_gateway(value):
    with pytest.raises(BadGateway):
        answered(value)


def test_lambdas_own_errors_become_the_contracts():
    failed = {"x-amz-function-error": "Unhandled"}
    with pytest.raises(DependencyUnavailable):
        answered({"Type": "User"}, 429)
    with pytest.raises(DependencyUnavailable):
        answered({"Type": "User"}, 404)
    with pytest.raises(DependencyTimeout):
        answered({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 3.00 seconds"}, **failed)
    with pytest.raises(BadGateway):
        answered({"errorType": "ValueError", "errorMessage": "secret"}, **failed)
    with pytest.raises(BadGateway):
        answered("what?", **failed)
