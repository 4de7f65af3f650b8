"""The route table as the gateway uses it: found by path and method, each with a rate of its own."""

from math import ceil
from time import monotonic
from typing import Any
from urllib.parse import unquote

from shop.contracts.routes import DEFAULT, ROUTES
from shop.kernel.errors import RateLimited

__all__ = ["Bucket", "Table", "Target"]


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
            raise RateLimited(retry_after=ceil((1 - self.tokens) / self.rate))
        self.tokens -= 1


class Target:
    """A route: its path as the table has it, its service, and its rate."""

    __slots__ = ("bucket", "is_default", "key", "method", "parameters", "path", "service")

    def __init__(self, method: str, path: str, service: str, bucket: Bucket) -> None:
        self.method, self.path, self.service, self.bucket = method, path, service, bucket
        self.is_default = service == DEFAULT
        self.key = "$default" if self.is_default else f"{method} {path}"
        parts = enumerate(path.split("/")[1:])
        self.parameters = [(index, part[1:-1]) for index, part in parts if part.startswith("{")]


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
        parts = parts_of(raw_path)
        target = self.methods(parts).get("GET" if method == "HEAD" else method)
        if target is None:
            return self.default, {}
        return target, {name: parts[index] for index, name in target.parameters}

    def allowed(self, raw_path: str) -> list[str]:
        """The methods that a path has; none: there is no such path."""
        methods = set(self.methods(parts_of(raw_path)))
        return sorted(methods | ({"HEAD"} if "GET" in methods else set()) | {"OPTIONS"}) if methods else []

    def methods(self, parts: list[str]) -> dict[str, Target]:
        """The targets of a path by method."""
        return descend(self.root, parts, 0) or {}


def parts_of(raw_path: str) -> list[str]:
    """The segments of a path, split before they are decoded: `%2F` is part of a name."""
    parts = raw_path.split("/")[1:]
    return [unquote(part) for part in parts] if "%" in raw_path else parts


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
