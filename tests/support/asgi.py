"""A service in this process: its application with its lifespan, called without a socket."""

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote

from starlette.applications import Starlette

__all__ = ["Answered", "InProcess"]


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The machine word of a problem."""
        return self.json.get("code") if self.body else None


class InProcess:
    """Calls an application as a server would; entered, it has run its start."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self._lifespan: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)

    async def __aenter__(self) -> Self:
        await self._lifespan.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._lifespan.__aexit__(None, None, None)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answered:
        """One request; a body that is not bytes goes as JSON."""
        sent = {"user-agent": "test", **(headers or {})}
        if token:
            sent["authorization"] = f"Bearer {token}"
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if body is not None:
            sent = {"content-type": "application/json", "content-length": str(len(raw)), **sent}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "scheme": "http",
            "root_path": "",
            "app": self.app,
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        start, *rest = messages
        names = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answered(start["status"], names, b"".join(message.get("body", b"") for message in rest))
