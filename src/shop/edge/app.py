"""What answers where no service does: unknown paths and methods, the front page, the API's documentation, health."""

import asyncio
from importlib.resources import files
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from shop import telemetry
from shop.contracts.routes import ROUTES
from shop.contracts.topology import SERVICES
from shop.edge.pages import docs_page, front_page
from shop.kernel.config import load
from shop.kernel.errors import MethodNotAllowed, RouteNotFound
from shop.runtime.functions import http_function
from shop.runtime.http.app import CORS, Front, respond
from shop.runtime.wire import Client, WireError

__all__ = ["Edge", "Settings", "api", "http"]

LIMIT = 1.0  # seconds that a service may take to say how it is
HTML = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-cache")]
JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
PAGES = ("/", "/docs", "/openapi.json", "/health/live", "/health/ready")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What edge reads from the environment."""

    gateway_url: str


def openapi() -> bytes:
    """The merged document of all services, made when the package is built."""
    return (files("shop.edge") / "openapi.json").read_bytes()


class Edge:
    """The ASGI application inside `Front`."""

    def __init__(self, gateway_url: str, client: Client) -> None:
        self.gateway, self.client = gateway_url.rstrip("/"), client

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """One request that no service has a route for."""
        path, method = scope["path"], scope["method"]
        allowed = methods_of(path)
        if not allowed:
            raise RouteNotFound
        if method == "OPTIONS":
            await respond(send, 204, b"", [(b"allow", ", ".join(allowed).encode()), *CORS])
            return
        if path not in PAGES or method not in ("GET", "HEAD"):
            raise MethodNotAllowed(headers={"Allow": ", ".join(allowed)})
        scope["shop.route"] = path
        status, body, headers = await self.page(path, scope["shop.language"])
        await respond(send, status, body, list(headers), head=method == "HEAD")

    async def page(self, path: str, language: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """One of edge's own."""
        match path:
            case "/":
                return 200, front_page(language), HTML
            case "/docs":
                return 200, docs_page(openapi(), language), HTML
            case "/openapi.json":
                return 200, openapi(), JSON
            case "/health/live":
                return 200, b'{"status":"up"}', JSON
        return await self.ready()

    async def ready(self) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """How every service is, asked at once."""
        states = await asyncio.gather(*(self.state_of(service) for service in SERVICES))
        down = "down" in states
        answer: dict[str, Any] = {
            "status": "down" if down else "up",
            "dependencies": {service: {"status": state} for service, state in zip(SERVICES, states, strict=True)},
        }
        headers = [*JSON, (b"retry-after", b"1")] if down else JSON
        return (503 if down else 200), msgspec.json.encode(answer), headers

    async def state_of(self, service: str) -> str:
        """`up` or `down`."""
        try:
            answer = await self.client.request("GET", f"{self.gateway}/health/{service}/ready", timeout=LIMIT)
        except WireError:
            return "down"
        return "up" if answer.status == 200 else "down"


def methods_of(path: str) -> list[str]:
    """The methods that a path has somewhere in the shop; none: there is no such path."""
    if path in PAGES:
        return ["GET", "HEAD", "OPTIONS"]
    parts = path.split("/")
    found: set[str] = {route.method for route in ROUTES if matches(route.path.split("/"), parts)}
    if "GET" in found:
        found.add("HEAD")
    return sorted(found | {"OPTIONS"}) if found else []


def matches(pattern: list[str], parts: list[str]) -> bool:
    """Whether a path is one of a route; a parameter is never empty."""
    return len(pattern) == len(parts) and all(
        part == wanted or (wanted.startswith("{") and part != "") for wanted, part in zip(pattern, parts, strict=True)
    )


def api() -> Any:
    """The HTTP side, as Mangum runs it."""
    telemetry.setup("edge")
    return Front(Edge(load(Settings).gateway_url, Client()), "edge")


http = http_function(api)
