"""What the gateway does with a request: finds its route, keeps the rate, and hands it on, to a container or a function.

Trace, problems and the account of each request are those of every service (`runtime.http.app`). What no route has goes
to the function `edge`, as to API Gateway's `$default`.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.types import Receive, Scope, Send

from shop import telemetry
from shop.contracts.topology import CONTAINERS
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, MalformedRequest
from shop.local.gateway.events import BadGateway, answer_of, event_of
from shop.local.gateway.table import Table, Target
from shop.runtime.http.app import CORS, read, respond
from shop.runtime.wire import Client, ConnectFailed, Response, TimedOut, WireError
from shop.telemetry import names

__all__ = ["Gateway", "Settings"]

LIMIT = 29.0  # seconds; API Gateway's own is 30
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
NOT_FORWARDED = HOP_BY_HOP | {
    "content-length",
    "expect",
    "forwarded",
    "host",
    "traceparent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
}
OURS = HOP_BY_HOP | {
    "access-control-allow-origin",
    "access-control-expose-headers",
    "content-length",
    "date",
    "server",
    "x-trace-id",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, and where the services are."""

    port: int
    catalog_url: str
    orders_url: str
    lambda_host_url: str
    rate_limit: int = 500
    rate_burst: int = 1000

    def __post_init__(self) -> None:
        if self.rate_limit < 1 or self.rate_burst < 1:
            raise ValueError("RATE_LIMIT and RATE_BURST must be at least 1")


class Gateway:
    """The ASGI application inside `Front`."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.client = client
        self.table = Table(settings.rate_limit, settings.rate_burst)
        urls = {"catalog": settings.catalog_url, "orders": settings.orders_url}
        self.containers = {each.service: urls[each.service].rstrip("/") for each in CONTAINERS if each.kind == "api"}
        self.places = {service: place_of(url) for service, url in self.containers.items()}
        self.invoke = f"{settings.lambda_host_url.rstrip('/')}/2015-03-31/functions/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope["raw_path"].decode("latin-1")
        method = scope["method"]
        if method == "OPTIONS" and (allowed := self.table.allowed(path)):
            await respond(send, 204, b"", [(b"allow", ", ".join(allowed).encode()), *CORS])
            return
        target, parameters = self.table.find(method, path)
        if not target.is_default:
            scope["shop.route"] = target.path
        elif method in ("GET", "HEAD") and path == "/health/live":
            headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
            await respond(send, 200, b'{"status":"up"}', headers, head=method == "HEAD")
            return
        target.bucket.take()
        # Nothing of edge's takes a body: what is sent to an unknown path is 404, however long it is.
        body = b"" if target.is_default else await read(receive, scope["shop.headers"])
        if target.service in self.containers:
            response = await self.proxy(scope, target, path, body)
        else:
            response = await self.call(scope, target, parameters, body)
        await deliver(send, response, head=method == "HEAD")

    async def proxy(self, scope: Scope, target: Target, path: str, body: bytes) -> Response:
        """Hand the request on to a container, and its answer back."""
        method, query = scope["method"], scope["query_string"].decode("latin-1")
        url = f"{self.containers[target.service]}{path}{'?' + query if query else ''}"
        about = self.places[target.service] | {
            names.HTTP_REQUEST_METHOD: method,
            names.URL_PATH: scope["path"],
            names.URL_TEMPLATE: target.path,
        }
        with telemetry.span(f"{method} {target.path}", kind="client", attributes=about) as span:
            headers = forwarded(scope) | {"traceparent": span.traceparent}
            response = await self.exchange(method, url, headers, body)
            told(span, response)
        return response

    async def call(self, scope: Scope, target: Target, parameters: dict[str, str], body: bytes) -> Response:
        """Hand the request on to a function, as an event, and its answer back."""
        function = target.service if target.is_default else f"{target.service}-http"
        about = {
            names.FAAS_INVOKED_NAME: function,
            names.FAAS_INVOKED_PROVIDER: "aws",
            names.RPC_SYSTEM: "aws-api",
            names.RPC_SERVICE: "Lambda",
            names.RPC_METHOD: "Invoke",
        }
        with telemetry.span(f"Invoke {function}", kind="client", attributes=about) as span:
            headers = forwarded(scope) | {"traceparent": span.traceparent}
            event = msgspec.json.encode(event_of(scope, target, parameters, headers, body))
            url = f"{self.invoke}{function}/invocations"
            response = answer_of(await self.exchange("POST", url, {"content-type": "application/json"}, event))
            told(span, response)
        return response

    async def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """One exchange. Raises DependencyUnavailable, DependencyTimeout, BadGateway."""
        try:
            return await self.client.request(method, url, headers=headers, body=body, timeout=LIMIT)
        except TimedOut as error:
            raise DependencyTimeout("The service did not answer in time.") from error
        except ConnectFailed as error:
            raise DependencyUnavailable("The service cannot be reached.") from error
        except WireError as error:  # lost in the middle, no HTTP, or without end
            raise BadGateway from error
        except (ValueError, UnicodeError) as error:
            raise MalformedRequest("A header cannot be handed on.") from error


def told(span: telemetry.Span, response: Response) -> None:
    """What came back, for the span; an error of the service is one of the call."""
    span.set({names.HTTP_RESPONSE_STATUS_CODE: response.status})
    if response.status >= 500:
        span.fail(str(response.status))


async def deliver(send: Send, response: Response, *, head: bool) -> None:
    """The service's answer to the client. After HEAD its length is that of the body which GET would have brought."""
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
        if name not in OURS
    ]
    headers.extend((b"set-cookie", cookie.encode("latin-1")) for cookie in response.cookies)
    if not head:
        await respond(send, response.status, response.body, headers)
        return
    length = response.headers.get("content-length")
    if length is not None:
        headers.append((b"content-length", length.encode("latin-1")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def forwarded(scope: Scope) -> dict[str, str]:
    """The client's headers as a service gets them, with where the request came from."""
    given: dict[str, str] = scope["shop.headers"]
    headers = {name: value for name, value in given.items() if name not in NOT_FORWARDED}
    for name in given.get("connection", "").split(","):  # a client may name more that concern this hop alone
        headers.pop(name.strip().lower(), None)
    headers["x-forwarded-for"] = scope["client"][0]
    headers["x-forwarded-proto"] = "http"
    return headers


def place_of(url: str) -> dict[str, Any]:
    """Where a container is, for spans."""
    parts = urlsplit(url)
    return {names.SERVER_ADDRESS: parts.hostname or "", names.SERVER_PORT: parts.port or 80}
