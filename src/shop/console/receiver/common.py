"""What all three signals share on their way into rows: limits, origins, ids, and the count of what was refused."""

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from shop.console.receiver import shapes
from shop.console.receiver.shapes import KeyValue, plain_attributes
from shop.console.store.rows import Rows

__all__ = [
    "Decoded",
    "Limits",
    "Origin",
    "attributes_of",
    "encode",
    "hashed",
    "ident",
    "origin_of",
    "scope_text",
    "trace_ident",
]

encode = msgspec.json.Encoder().encode
AHEAD: Final = 24 * 3600 * 10**9  # ns by which a clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class Limits:
    """From when to when a time may be: what is older is kept no longer, what is much later is no time at all."""

    oldest: int
    latest: int

    @classmethod
    def now(cls, retention_ns: int) -> "Limits":
        """As of now."""
        here = time.time_ns()
        return cls(here - retention_ns, here + AHEAD)

    def trouble(self, moment: int) -> str | None:
        """What is wrong with a time, if anything is."""
        if moment < self.oldest:
            return "older than what is kept"
        return "in the future" if moment > self.latest else None


@dataclass(slots=True)
class Decoded:
    """The rows of one request; how many of its items were refused, and why the first of them was."""

    rows: Rows = field(default_factory=Rows)
    rejected: int = 0
    reason: str = ""

    def refuse(self, reason: str, items: int = 1) -> None:
        """These many items are no rows."""
        self.rejected += items
        self.reason = self.reason or reason


@dataclass(frozen=True, slots=True)
class Origin:
    """A resource as rows need it."""

    id: int
    service: str
    log: str
    stream: str
    attributes: str


def hashed(content: bytes) -> int:
    """64 bits that stand for it; never 0."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest()) or 1


origins: dict[bytes, Origin] = {}  # by the resource as it came; the same few come again and again
MANY: Final = 4096


def origin_of(resource: shapes.Resource | None) -> Origin:
    """Who speaks."""
    key = encode(resource)
    origin = origins.get(key)
    if origin is None:
        if len(origins) >= MANY:
            origins.clear()
        origin = origins[key] = new_origin(resource)
    return origin


def new_origin(resource: shapes.Resource | None) -> Origin:
    """Who speaks, from the attributes. A resource without a name is `unknown_service`, as the specification says."""
    attributes = plain_attributes(resource.attributes) if resource else {}
    service = str(attributes.get("service.name") or "unknown_service")
    environment = attributes.get("deployment.environment.name") or attributes.get("deployment.environment") or "local"
    content = msgspec.json.encode(attributes, order="sorted")
    return Origin(
        hashed(content),
        service,
        f"/shop/{environment}/{service}",
        str(attributes.get("service.instance.id") or ""),
        content.decode(),
    )


def scope_text(scope: shapes.Scope | None) -> str:
    """The library as JSON: its name, version and attributes."""
    if scope is None:
        return "{}"
    about: dict[str, Any] = {"@name": scope.name, "@version": scope.version}
    return encode({name: value for name, value in about.items() if value} | attributes_of(scope.attributes)).decode()


def attributes_of(given: list[KeyValue]) -> dict[str, Any]:
    """Attributes, most often none."""
    return plain_attributes(given) if given else {}


def ident(text: str) -> int:
    """The number of a span id in hex; ValueError when it is none. 0 is an absent one."""
    if not text:
        return 0
    content = bytes.fromhex(text)
    if len(content) != 8:
        raise ValueError("a span id of another length than 8 bytes")
    return int.from_bytes(content)


def trace_ident(text: str) -> tuple[int, int]:
    """Both halves of a trace id; ValueError when it is none. (0, 0) is an absent one."""
    if not text:
        return 0, 0
    content = bytes.fromhex(text)
    if len(content) != 16:
        raise ValueError("a trace id of another length than 16 bytes")
    return int.from_bytes(content[:8]), int.from_bytes(content[8:])
