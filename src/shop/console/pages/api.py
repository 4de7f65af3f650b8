"""The console's API as its pages call it: in this process, without a socket."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.types import ASGIApp, Message

__all__ = ["Api", "Failed", "items"]


class Failed(Exception):
    """The API refused: its status and its problem (a problem+json document, or Prometheus's envelope)."""

    def __init__(self, status: int, problem: Any) -> None:
        self.status, self.problem = status, problem if isinstance(problem, dict) else {}
        super().__init__(self.words)

    @property
    def words(self) -> str:
        """What went wrong, for the eye."""
        detail = self.problem.get("error") or self.problem.get("detail") or self.problem.get("title")
        return str(detail or self.status)


class Api:
    """`await api("/api/traces", limit=20)`: the JSON that this address answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, path: str, *, method: str = "GET", **query: Any) -> Any:
        """Parameters that are None or empty are left out; a list is repeated. Raises Failed."""
        given = {name: value for name, value in query.items() if value not in (None, "", [])}
        status, body = await self.exchange(method, path, urlencode(given, doseq=True).encode())
        answer = msgspec.json.decode(body) if body else None
        if status >= 400:
            raise Failed(status, answer)
        return answer

    async def exchange(self, method: str, path: str, query: bytes) -> tuple[int, bytes]:
        """One request to the application: status and body."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "headers": [(b"host", b"127.0.0.1")],
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        status, body = 0, b""

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, body
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")

        await self.app(scope, receive, send)
        return status, body


def items(answer: Any) -> list[Any]:
    """The items of a page of the API, or a plain list."""
    return list(answer["items"]) if isinstance(answer, dict) else list(answer)
