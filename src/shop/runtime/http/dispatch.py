"""From a path to what answers there, in a microsecond: Starlette tries one regular expression after the other."""

from typing import Any
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from shop.kernel.errors import RouteNotFound

__all__ = ["Dispatch"]


class Dispatch:
    """The endpoints by their paths. A literal part goes before a parameter, which stands for one part, not empty."""

    def __init__(self) -> None:
        self._literal: dict[str, Any] = {}
        self._patterns: dict[int, list[tuple[list[str], Any]]] = {}  # by number of parts

    def add(self, path: str, endpoint: Any) -> None:
        """Let `endpoint`, an ASGI application, answer at `path`, such as `/orders/{orderId}`."""
        if "{" not in path:
            self._literal[path] = endpoint
            return
        parts = path.split("/")
        patterns = self._patterns.setdefault(len(parts), [])
        patterns.append((parts, endpoint))
        patterns.sort(key=lambda pattern: [part.startswith("{") for part in pattern[0]])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. Raises RouteNotFound."""
        path = scope["path"]
        endpoint = self._literal.get(path)
        if endpoint is None:
            endpoint, scope["path_params"] = self._find(parts_of(scope))
        await endpoint(scope, receive, send)

    def _find(self, parts: list[str]) -> tuple[Any, dict[str, str]]:
        for pattern, endpoint in self._patterns.get(len(parts), ()):
            found = matched(pattern, parts)
            if found is not None:
                return endpoint, found
        raise RouteNotFound


def parts_of(scope: Scope) -> list[str]:
    """The parts of a path, told apart before they are decoded: `%2F` is in a name, and begins no other path."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        return str(scope["path"]).split("/")
    return [unquote(part) for part in raw.decode().split("/")]


def matched(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    """The parameters in `parts`, or None when they are another path."""
    found = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted == part:
            continue
        if not part or not wanted.startswith("{"):
            return None
        found[wanted[1:-1]] = part
    return found
