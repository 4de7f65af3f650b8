"""Requests as functions get them, and functions' answers as HTTP: API Gateway's payload format 2.0."""

import base64
import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Scope

from shop.kernel.clock import now
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, Problem
from shop.kernel.ids import new_id
from shop.local.gateway.table import Target
from shop.runtime.wire import Response

__all__ = ["BadGateway", "answer_of", "event_of"]

BROKEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")  # what no header may hold


class BadGateway(Problem):
    """A service gave an answer that is none."""

    status, code = 502, "BAD_GATEWAY"
    title = {"ja": "サービスの応答が不正です", "en": "Bad gateway"}  # noqa: RUF012 - as every problem has it


class FunctionAnswer(msgspec.Struct, rename="camel"):
    """An answer in payload format 2.0."""

    status_code: int
    headers: dict[str, str | int | float | bool | None] | None = None
    body: str | None = None
    cookies: list[str] | None = None
    is_base64_encoded: bool = False


def event_of(
    scope: Scope, target: Target, parameters: dict[str, str], headers: dict[str, str], body: bytes
) -> dict[str, Any]:
    """A request as an event. `headers` are those that are handed on."""
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    host = scope["shop.headers"].get("host", "")
    cookies = headers.pop("cookie", None)
    text, encoded = text_of(body)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": target.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers | {"host": host, "content-length": str(len(body))},
        "requestContext": context_of(scope, target, path, host, headers.get("user-agent", "")),
        "isBase64Encoded": encoded,
    }
    if text:
        event["body"] = text
    if cookies:
        event["cookies"] = cookies.split("; ")
    if query:
        event["queryStringParameters"] = joined(query)
    if parameters:
        event["pathParameters"] = parameters
    return event


def context_of(scope: Scope, target: Target, path: str, host: str, agent: str) -> dict[str, Any]:
    """What the gateway knows of a request beside the request itself."""
    moment = now()
    return {
        "accountId": "000000000000",
        "apiId": "local",
        "domainName": host,
        "domainPrefix": "local",
        "http": {
            "method": scope["method"],
            "path": path,
            "protocol": f"HTTP/{scope['http_version']}",
            "sourceIp": scope["client"][0],
            "userAgent": agent,
        },
        "requestId": new_id(),
        "routeKey": target.key,
        "stage": "$default",
        "time": f"{moment:%d/%b/%Y:%H:%M:%S +0000}",
        "timeEpoch": int(moment.timestamp() * 1000),
    }


def text_of(body: bytes) -> tuple[str, bool]:
    """A body as an event holds it, and whether that is base64."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def joined(query: str) -> dict[str, str]:
    """Query parameters; the values of a repeated one are joined by commas."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def answer_of(raw: Response) -> Response:
    """A function's answer as HTTP. Raises DependencyUnavailable, DependencyTimeout, BadGateway."""
    if raw.status == 429:
        raise DependencyUnavailable("All environments of the function are busy.")
    if raw.status != 200:
        raise DependencyUnavailable("The function cannot be invoked.")
    try:
        answer = msgspec.json.decode(raw.body)
    except msgspec.DecodeError as error:
        raise BadGateway from error
    if "x-amz-function-error" in raw.headers:
        if isinstance(answer, dict) and answer.get("errorType") == "Sandbox.Timedout":
            raise DependencyTimeout("The function did not answer in time.")
        raise BadGateway("The function failed.")
    if not isinstance(answer, dict) or "statusCode" not in answer:
        # AWS takes an answer without a status for the body itself; a text goes as it is.
        content = answer.encode() if isinstance(answer, str) else raw.body
        return Response(200, {"content-type": "application/json"}, content)
    return whole(answer)


def whole(answer: dict[str, Any]) -> Response:
    """An answer that says how it is to be sent. Raises BadGateway."""
    try:
        told = msgspec.convert(answer, FunctionAnswer, strict=False)
        text = told.body or ""
        content = base64.b64decode(text, validate=True) if told.is_base64_encoded else text.encode()
    except ValueError as error:  # msgspec's, base64's, or a lone surrogate
        raise BadGateway from error
    headers = {name.lower(): str(value) for name, value in (told.headers or {}).items() if value is not None}
    cookies = tuple(told.cookies or ())
    if not 200 <= told.status_code <= 599 or any(
        BROKEN.search(each) for each in (*headers, *headers.values(), *cookies)
    ):
        raise BadGateway
    return Response(told.status_code, headers, content, cookies)
