"""The API gateway of the laptop, in the place of API Gateway's HTTP API and the load balancer.

One origin in front of every service: it finds the route, keeps the rate, and hands the request on: to a container over
a kept connection, to a function as an API Gateway event (payload 2.0). What no route has goes to the function `edge`.
Trace, problems and the account of each request are those of every service (`runtime.http.app`).
"""

import asyncio
import base64
import socket
import sys
from collections.abc import Mapping
from time import monotonic
from typing import Any
from urllib.parse import unquote

import msgspec
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shop import telemetry
from shop.contracts.routes import DEFAULT, ROUTES
from shop.contracts.topology import CONTAINERS
from shop.kernel.clock import now
from shop.kernel.config import load
from shop.kernel.errors import (
    DependencyTimeout,
    DependencyUnavailable,
    MalformedRequest,
    Problem,
    RateLimited,
    SettingsError,
)
from shop.kernel.ids import new_id
from shop.runtime.http.answers import problem_json
from shop.runtime.http.app import CORS, Front, read, respond
from shop.runtime.wire import Client, Response, TimedOut, WireError
from shop.telemetry import names

__all__ = ["Gateway", "Settings", "Table", "main"]

LIMIT = 29.0  # seconds; API Gateway's own is 30
KEEP_ALIVE = 75  # seconds; browsers and our clients give an idle connection up earlier
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# What comes from outside must not pass for ours, and lengths are counted anew.
NOT_FORWARDED = HOP_BY_HOP | {"content-length", "host", "expect", "x-forwarded-for", "x-forwarded-host", "traceparent"}
OURS = HOP_BY_HOP | {
    "content-length",
    "x-trace-id",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "date",
    "server",
}


class BadGateway(Problem):
    """A service gave an answer that is none."""

    status, code = 502, "BAD_GATEWAY"
    title = {"ja": "サービスの応答が不正です", "en": "Bad gateway"}  # noqa: RUF012 - as every problem has it


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, and where the services are."""

    port: int
    catalog_url: str
    orders_url: str
    lambda_host_url: str
    rate_limit: int = 500
    rate_burst: int = 1000


class Bucket:
    """A token bucket: so many requests a second, and so many at once."""

    __slots__ = ("at", "burst", "rate", "tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, burst, monotonic()

    def take(self) -> None:
        """One request. Raises RateLimited."""
        moment = monotonic()
        self.tokens = min(self.burst, self.tokens + (moment - self.at) * self.rate)
        self.at = moment
        if self.tokens < 1:
            raise RateLimited(retry_after=max(1, round((1 - self.tokens) / self.rate)))
        self.tokens -= 1


class Target:
    """A route: its path as the table has it, its service, and its rate."""

    __slots__ = ("bucket", "key", "method", "path", "service")

    def __init__(self, method: str, path: str, service: str, bucket: Bucket) -> None:
        self.method, self.path, self.service, self.bucket = method, path, service, bucket
        self.key = "$default" if service == DEFAULT else f"{method} {path}"


class Table:
    """The route table as a tree of path segments; a segment by name goes before one by parameter."""

    def __init__(self, rate: float, burst: float) -> None:
        self.root: dict[str, Any] = {}
        self.default = Target("", "", DEFAULT, Bucket(rate, burst))
        for route in ROUTES:
            node = self.root
            for part in route.path.split("/")[1:]:
                node = node.setdefault("{}" if part.startswith("{") else part, {})
            node.setdefault("", {})[route.method] = Target(route.method, route.path, route.service, Bucket(rate, burst))

    def find(self, method: str, raw_path: str) -> tuple[Target, dict[str, str]]:
        """The route of a request, and the parameters in its path."""
        parts = [unquote(part) for part in raw_path.split("/")[1:]]
        found = descend(self.root, parts, 0)
        if found is None:
            return self.default, {}
        methods: dict[str, Target] = found
        target = methods.get("GET" if method == "HEAD" else method)
        if target is None:
            return self.default, {}
        pattern = target.path.split("/")[1:]
        return target, {name[1:-1]: part for name, part in zip(pattern, parts, strict=True) if name.startswith("{")}

    def allows(self, raw_path: str) -> bool:
        """Whether any method has this path."""
        return descend(self.root, [unquote(part) for part in raw_path.split("/")[1:]], 0) is not None


def descend(node: dict[str, Any], parts: list[str], at: int) -> dict[str, Target] | None:
    """The methods at the end of a path. A parameter is never empty."""
    if at == len(parts):
        methods: dict[str, Target] | None = node.get("")
        return methods
    part = parts[at]
    if part and part != "{}" and part in node:
        found = descend(node[part], parts, at + 1)
        if found is not None:
            return found
    return descend(node["{}"], parts, at + 1) if part and "{}" in node else None


class Gateway:
    """The ASGI application inside `Front`."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.client = client
        self.table = Table(settings.rate_limit, settings.rate_burst)
        urls = {"catalog": settings.catalog_url, "orders": settings.orders_url}
        self.containers = {each.service: urls[each.service].rstrip("/") for each in CONTAINERS if each.kind == "api"}
        self.invoke = f"{settings.lambda_host_url.rstrip('/')}/2015-03-31/functions/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope["raw_path"].decode("latin-1")
        method = scope["method"]
        if method == "OPTIONS" and self.table.allows(path):
            await respond(send, 204, b"", list(CORS))
            return
        target, parameters = self.table.find(method, path)
        if target.service != DEFAULT:
            scope["shop.route"] = target.path
        elif method == "GET" and path == "/health/live":
            await respond(send, 200, b'{"status":"up"}', [(b"content-type", b"application/json")])
            return
        target.bucket.take()
        body = await read(receive, scope["shop.headers"])
        if target.service in self.containers:
            response = await self.proxy(scope, target, path, body)
        else:
            response = await self.call(scope, target, path, parameters, body)
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
            if name not in OURS
        ]
        headers.extend((b"set-cookie", cookie.encode("latin-1")) for cookie in response.cookies)
        if method == "HEAD":
            await send_head(send, response, headers)
        else:
            await respond(send, response.status, response.body, headers)

    async def proxy(self, scope: Scope, target: Target, path: str, body: bytes) -> Response:
        """Hand the request on to a container, and its answer back."""
        query = scope["query_string"].decode("latin-1")
        url = f"{self.containers[target.service]}{path}{'?' + query if query else ''}"
        with telemetry.span(scope["method"], kind="client", attributes=described(scope, target)) as span:
            headers = forwarded(scope) | {"traceparent": span.traceparent}
            response = await self.exchange(scope["method"], url, headers, body)
            span.set({names.HTTP_RESPONSE_STATUS_CODE: response.status})
        return response

    async def call(self, scope: Scope, target: Target, path: str, parameters: dict[str, str], body: bytes) -> Response:
        """Hand the request on to a function, as an event, and its answer back."""
        function = DEFAULT if target.service == DEFAULT else f"{target.service}-http"
        about = {
            names.FAAS_INVOKED_NAME: function,
            names.FAAS_INVOKED_PROVIDER: "aws",
            names.RPC_SYSTEM: "aws-api",
            names.RPC_METHOD: "Invoke",
        }
        with telemetry.span(f"Invoke {function}", kind="client", attributes=about) as span:
            headers = forwarded(scope) | {"traceparent": span.traceparent}
            event = event_of(scope, target, path, parameters, headers, body)
            raw = await self.exchange("POST", f"{self.invoke}{function}/invocations", {}, msgspec.json.encode(event))
            response = answer_of(raw)
            span.set({names.HTTP_RESPONSE_STATUS_CODE: response.status})
        return response

    async def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """One exchange. Raises DependencyUnavailable, DependencyTimeout, BadGateway."""
        try:
            return await self.client.request(method, url, headers=headers, body=body, timeout=LIMIT)
        except TimedOut as error:
            raise DependencyTimeout("The service did not answer in time.") from error
        except WireError as error:
            raise DependencyUnavailable("The service cannot be reached.") from error
        except (ValueError, UnicodeError) as error:
            raise MalformedRequest("A header cannot be handed on.") from error


async def send_head(send: Send, response: Response, headers: list[tuple[bytes, bytes]]) -> None:
    """The answer to HEAD: the length is that of the body which GET would have brought."""
    length = response.headers.get("content-length")
    if length is not None:
        headers.append((b"content-length", length.encode("latin-1")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def described(scope: Scope, target: Target) -> dict[str, Any]:
    """A call to a container, for its span."""
    return {
        names.HTTP_REQUEST_METHOD: scope["method"],
        names.URL_PATH: scope["path"],
        names.SERVER_ADDRESS: target.service,
    }


def forwarded(scope: Scope) -> dict[str, str]:
    """The client's headers as a service gets them, with where the request came from."""
    headers = {name: value for name, value in scope["shop.headers"].items() if name not in NOT_FORWARDED}
    headers["x-forwarded-for"] = client_of(scope)
    headers["x-forwarded-proto"] = "http"
    return headers


def client_of(scope: Scope) -> str:
    """The client's address."""
    client = scope.get("client")
    return client[0] if client else ""


def event_of(
    scope: Scope, target: Target, path: str, parameters: dict[str, str], headers: dict[str, str], body: bytes
) -> dict[str, Any]:
    """The request as API Gateway's HTTP API tells it (payload format 2.0)."""
    moment = now()
    cookies = headers.pop("cookie", None)
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": target.key,
        "rawPath": path,
        "rawQueryString": scope["query_string"].decode("latin-1"),
        "headers": headers | {"host": scope["shop.headers"].get("host", ""), "content-length": str(len(body))},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": scope["shop.headers"].get("host", ""),
            "domainPrefix": "local",
            "http": {
                "method": scope["method"],
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": client_of(scope),
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": new_id(),
            "routeKey": target.key,
            "stage": "$default",
            "time": f"{moment:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(moment.timestamp() * 1000),
        },
        "isBase64Encoded": encoded,
    }
    if text:
        event["body"] = text
    if cookies:
        event["cookies"] = cookies.split("; ")
    if parameters:
        event["pathParameters"] = parameters
    return event


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
        if isinstance(answer, dict) and "Timed" in str(answer.get("errorType", "")):
            raise DependencyTimeout("The function did not answer in time.")
        raise BadGateway("The function failed.")
    if not isinstance(answer, dict) or not isinstance(answer.get("statusCode"), int):
        raise BadGateway
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else str(body).encode()
    headers = {str(name).lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
    return Response(answer["statusCode"], headers, content, tuple(answer.get("cookies") or ()))


class Protocol(HttpToolsProtocol):
    """uvicorn's, with a problem in place of its plain words about what is no HTTP."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Say that nothing could be made of this, and hang up."""
        body = problem_json(MalformedRequest("This is no HTTP request."), "ja", "", telemetry.trace_id())
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
        self.transport.close()


async def serve(settings: Settings, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; what is under way then is finished first."""
    async with Client() as client:
        config = uvicorn.Config(
            Front(Gateway(settings, client), "gateway"),
            http=Protocol,
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        telemetry.log(names.READY)
        await server.serve(sockets=[listening])


def main() -> int:
    """Run the gateway; 2 when it cannot start."""
    try:
        settings = load(Settings)
        listening = socket.create_server(("127.0.0.1", settings.port), backlog=2048)
    except SettingsError as error:
        sys.stderr.write(f"the gateway cannot start: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"the gateway cannot listen: {error.strerror}\n")
        return 2
    telemetry.setup("gateway")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, listening))
    telemetry.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
