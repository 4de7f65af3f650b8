"""A service's routes as an ASGI application: the same under uvicorn in a container and under Mangum in a Lambda.

The checks come in the contract's order: route (404, 405), size (413), token (401), right (403), media type (415), JSON
(400), values (422); then the handler, and what it raises. Every request is one server span, one observation of its
duration and one wide log line; health checks are none of these.
"""

import asyncio
import gc
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol
from uuid import UUID

import msgspec
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop import telemetry
from shop.kernel.errors import (
    DependencyTimeout,
    DependencyUnavailable,
    Forbidden,
    MalformedRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    Problem,
    Unauthenticated,
    UnsupportedMediaType,
)
from shop.runtime import faults
from shop.runtime.http.answers import Answer, Headers, not_modified, pairs_of, problem_json
from shop.runtime.http.bodies import MAX_BODY
from shop.runtime.http.dispatch import Dispatch
from shop.runtime.http.language import language_of
from shop.runtime.http.routes import Call, Route, Routes
from shop.runtime.http.who import Caller
from shop.telemetry import names

__all__ = ["Verifier", "application"]

Ping = Callable[[], Awaitable[None]]
EXPOSED = "x-trace-id, etag, location, retry-after, idempotency-replayed"
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, x-session-id",
    ),
    (b"access-control-max-age", b"600"),
]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
EVERYWHERE = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED.encode()))
GC_THRESHOLDS = 10_000, 20, 50
ENCODER = msgspec.json.Encoder()


class Verifier(Protocol):
    """What makes a caller out of an access token."""

    async def verify(self, token: str) -> Caller:
        """Who it is. Raises Unauthenticated."""
        ...


class Endpoint:
    """All methods of one path."""

    def __init__(self, deps: Any, tokens: Verifier | None, routes: Iterable[Route]) -> None:
        self.deps, self.tokens = deps, tokens
        self.routes = {route.method: route for route in routes}
        if "GET" in self.routes:
            self.routes["HEAD"] = self.routes["GET"]
        self.allow = ", ".join(sorted({*self.routes, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or raise a Problem."""
        route = self.routes.get(scope["method"])
        if route is None:
            if scope["method"] == "OPTIONS":
                await respond(send, 204, b"", [(b"allow", self.allow.encode()), *CORS])
                return
            raise MethodNotAllowed(headers={"Allow": self.allow})
        headers = scope["shop.headers"]
        call = Call(scope, headers, scope["shop.language"])
        scope["shop.route"] = route.path
        call.raw = await read(receive, headers)
        call.caller = await self.identify(call, route)
        if call.caller.user_id:
            telemetry.log.add({names.USER_ID: call.caller.user_id})
        if route.body is not None and not is_json(headers.get("content-type", "")):
            raise UnsupportedMediaType
        values = {name: parameter.read(call) for name, parameter in route.parameters.items()}
        await faults.point("http.in", route.path)
        await deliver(send, call, route, await route.handler(self.deps, **values))

    async def identify(self, call: Call, route: Route) -> Caller:
        """Who calls. Raises Unauthenticated, Forbidden."""
        about = {
            "client_address": client_address(call.scope, call.headers),
            "session_id": call.scope["shop.session"],
            "agent": call.headers.get("user-agent", ""),
        }
        authorization = call.headers.get("authorization")
        if authorization is None:
            caller = Caller(**about)
        else:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or self.tokens is None:
                raise Unauthenticated
            caller = msgspec.structs.replace(await self.tokens.verify(token.strip()), **about)
        if not route.open and not caller.may(route.who, call.path.get("userId")):
            raise Forbidden if caller.user_id else Unauthenticated
        return caller


async def deliver(send: Send, call: Call, route: Route, result: Any) -> None:
    """Send what a handler returned."""
    answer = result if isinstance(result, Answer) else Answer(result)
    status = answer.status or route.status
    headers = encoded(answer.headers)
    if answer.etag:
        headers.append((b"etag", answer.etag.encode()))
        if route.method == "GET" and not_modified(call.headers.get("if-none-match"), answer.etag):
            await respond(send, 304, b"", headers)
            return
    if answer.content is None:
        await respond(send, status, b"", headers)
        return
    content = answer.content
    body = content if isinstance(content, bytes) else ENCODER.encode(content)
    headers.append((b"content-type", answer.media_type.encode()))
    await respond(send, status, body, headers, head=call.scope["method"] == "HEAD")


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return list(headers.pairs) if isinstance(headers, Headers) else pairs_of(headers)


async def respond(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]], *, head: bool = False
) -> None:
    """One answer, whole."""
    if status not in (204, 304):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def read(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """The body. Raises PayloadTooLarge as soon as it is known to be over the limit."""
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise PayloadTooLarge
    if declared == "0" and "transfer-encoding" not in headers:
        return b""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedRequest("The body ended early.")  # nobody hears it, but half a body is not acted on
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY:
            raise PayloadTooLarge
        if not message.get("more_body", False):
            return body


def is_json(content_type: str) -> bool:
    """Whether a Content-Type is one of JSON's."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def client_address(scope: Scope, headers: Mapping[str, str]) -> str:
    """Where the request came from: what the gateway appended to X-Forwarded-For, never what a client put before it."""
    forwarded = headers.get("x-forwarded-for", "")
    if forwarded:
        return forwarded.rpartition(",")[2].strip()
    client = scope.get("client")
    return client[0] if client else ""


class Front:
    """What surrounds every request: trace, session, language, problems, and the account of it all."""

    def __init__(self, app: ASGIApp, service: str, *, told: bool = True) -> None:
        self.app, self.service, self.told = app, service, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; anything else passes through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["shop.headers"] = headers = joined(scope["headers"])
        scope["shop.language"] = language_of(headers.get("accept-language", ""))
        scope["shop.session"] = session = uuid_or_none(headers.get("x-session-id"))
        if not self.told or scope["path"].startswith("/health/"):
            await self.answer(scope, receive, send, telemetry.trace_id())
            return
        synthetic = headers.get("x-synthetic")
        if session is None and synthetic is None:
            await self.account(scope, receive, send, headers)
            return
        with telemetry.context(session_id=session, synthetic=synthetic):
            await self.account(scope, receive, send, headers)

    async def account(self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        """Answer inside a server span and a wide line."""
        method = scope["method"]
        known = method if method in METHODS else "_OTHER"
        attributes = {
            names.HTTP_REQUEST_METHOD: known,
            names.URL_PATH: scope["path"],
            names.URL_SCHEME: scope.get("scheme", "http"),
            names.USER_AGENT_ORIGINAL: headers.get("user-agent", ""),
        }
        if "shop.span" in scope:
            attributes |= scope["shop.span"]
        span = telemetry.span(known, kind="server", attributes=attributes, parent=headers.get("traceparent"))
        with span as server, telemetry.work(names.REQUEST):
            status, error = await self.answer(scope, receive, send, telemetry.trace_id())
            route = scope.get("shop.route")
            about: dict[str, Any] = {names.HTTP_REQUEST_METHOD: known, names.HTTP_RESPONSE_STATUS_CODE: status}
            if route:
                about[names.HTTP_ROUTE] = route
                server.name = f"{known} {route}"
            if status >= 500:
                server.fail(error or str(status))
                about[names.ERROR_TYPE] = getattr(error, "code", type(error).__name__) if error else str(status)
            if isinstance(error, Problem):
                telemetry.log.add({names.PROBLEM_CODE: error.code})
            server.set(about)
            telemetry.log.add(about | {names.URL_PATH: scope["path"]})
            telemetry.observe(names.HTTP_SERVER_REQUEST_DURATION, server.stop(), about)

    async def answer(
        self, scope: Scope, receive: Receive, send: Send, trace_id: str
    ) -> tuple[int, BaseException | None]:
        """The status that was sent, and what went wrong, if anything did."""
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-trace-id", trace_id.encode()), *EVERYWHERE]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Problem as problem:
            if status:
                raise
            await send_problem(sending, scope, problem, trace_id)
            return status, problem
        except asyncio.CancelledError:  # the server ends, and waits for this request no longer
            ending = DependencyUnavailable("The shop is shutting down.")
            if not status:
                await send_problem(sending, scope, ending, trace_id)
            return status, ending
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a clean 500 and the log the rest
            if self.told:
                telemetry.log.add({names.EXCEPTION_STACKTRACE: stack(error)})
            else:
                telemetry.log(names.REQUEST, {names.EXCEPTION_STACKTRACE: stack(error)}, level="ERROR")
            if not status:
                await send_problem(sending, scope, Problem("An error of ours."), trace_id)
            return status, error
        return status, None


def joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name, lower case, without blanks around them; the values of a repeated one are joined, as in HTTP."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").strip(" \t")
        headers[name] = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}" if name in headers else value
    return headers


async def send_problem(send: Send, scope: Scope, problem: Problem, trace_id: str) -> None:
    """A problem as the answer."""
    body = problem_json(problem, scope["shop.language"], scope["path"], trace_id)
    headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    headers.append((b"content-type", b"application/problem+json"))
    await respond(send, problem.status, body, headers, head=scope["method"] == "HEAD")


def stack(error: BaseException) -> str:
    """Where it happened; not what it said, which may quote a customer."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}\n{frames}"


def uuid_or_none(text: str | None) -> str | None:
    """A session id, if it is a UUID."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None


class Service(Starlette):
    """A Starlette application that has its lifespan from there, and everything else from us."""

    def __init__(self, front: ASGIApp, lifespan: Any) -> None:
        super().__init__(lifespan=lifespan)
        self.front: ASGIApp = telemetry.instrumented(front)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request, or the lifespan."""
        await (self.front if scope["type"] == "http" else self.router)(scope, receive, send)


def application(
    routes: Routes,
    deps: Any,
    *,
    tokens: Verifier | None = None,
    ready: Mapping[str, Ping] | None = None,
    lifespan: Sequence[AbstractAsyncContextManager[Any]] = (),
    told: bool = True,
) -> Starlette:
    """The routes as an application over `deps`. `ready`: pings of dependencies; `lifespan`: entered at start.

    Requests that are not `told` leave no span, metric or line: those to the place where these are looked at.
    """

    @asynccontextmanager
    async def living(_app: Starlette) -> Any:
        async with AsyncExitStack() as stack_:
            for context in lifespan:
                await stack_.enter_async_context(context)
            settle()
            yield
        telemetry.shutdown()

    by_path: dict[str, list[Route]] = {}
    for route in routes.all:
        by_path.setdefault(route.path, []).append(route)
    dispatch = Dispatch()
    health = Health(ready or {})
    for prefix in ("/health", f"/health/{routes.service}"):
        dispatch.add(f"{prefix}/live", health.live)
        dispatch.add(f"{prefix}/ready", health.ready)
    for path, there in by_path.items():
        dispatch.add(path, Endpoint(deps, tokens, there))
    return Service(Front(dispatch, routes.service, told=told), living)


def settle() -> None:
    """What a service has made at its start stays: let the garbage collector not look at it again, nor look often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


class Health:
    """Whether the process lives, and whether what it needs does."""

    def __init__(self, pings: Mapping[str, Ping]) -> None:
        self.pings = pings
        self.live = Plain(self._live)
        self.ready = Plain(self._ready)

    async def _live(self) -> tuple[int, Any]:
        return 200, {"status": "up"}

    async def _ready(self) -> tuple[int, Any]:
        states = {name: {"status": await state_of(ping)} for name, ping in self.pings.items()}
        down = any(state["status"] == "down" for state in states.values())
        return (503 if down else 200), {"status": "down" if down else "up", "dependencies": states}


async def state_of(ping: Ping) -> str:
    """`up` or `down`."""
    try:
        await ping()
    except (DependencyUnavailable, DependencyTimeout):
        return "down"
    return "up"


class Plain:
    """A GET that needs nothing of the request."""

    def __init__(self, make: Callable[[], Awaitable[tuple[int, Any]]]) -> None:
        self.make = make

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer GET and HEAD."""
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed(headers={"Allow": "GET, HEAD"})
        status, value = await self.make()
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        if status == 503:
            headers.append((b"retry-after", b"1"))
        await respond(send, status, ENCODER.encode(value), headers, head=scope["method"] == "HEAD")
