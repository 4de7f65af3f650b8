"""What goes out: values as JSON, problems, and the conditions under which a client gets or changes a thing."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from shop.kernel.errors import Problem, VersionMismatch
from shop.runtime.http.language import Language

__all__ = [
    "Answer",
    "Headers",
    "Version",
    "check_version",
    "etag",
    "not_modified",
    "pairs_of",
    "problem_json",
    "version_in",
]

T = TypeVar("T")
Version = int


def pairs_of(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


class Headers(dict[str, str]):
    """Headers that many answers have: encoded once. They must not be changed."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.pairs = tuple(pairs_of(headers))


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An answer that is more than a value. Bytes go as they are; with an `etag`, a GET may be answered 304."""

    content: T | bytes | None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    media_type: str = "application/json"


def etag(version: int, language: Language, content: bytes) -> str:
    """A strong ETag that changes with anything visible; its first part is the version, which If-Match compares."""
    return f'"{version}-{language}-{hashlib.blake2s(content, digest_size=8).hexdigest()}"'


def version_in(if_match: str | None) -> Version | None:
    """The version that an If-Match header names; None without one or for `*`; -1, which nothing has, for nonsense."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = re.fullmatch(r'"(\d{1,18})(?:-[^"]*)?"', if_match.strip())
    return int(match[1]) if match else -1


def check_version(if_match: Version | None, current: int) -> None:
    """Raises VersionMismatch when the client has seen another version than the current one."""
    if if_match is not None and if_match != current:
        raise VersionMismatch


def not_modified(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has this very answer already."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in (seen.strip().removeprefix("W/") for seen in if_none_match.split(","))


def problem_json(problem: Problem, language: Language, path: str, trace_id: str) -> bytes:
    """A problem as RFC 9457 has it."""
    return msgspec.json.encode(
        {
            "type": f"https://mieruka.shop/problems/{problem.code.lower().replace('_', '-')}",
            "title": problem.title[language],
            "status": problem.status,
            "detail": problem.detail,
            "instance": path,
            "code": problem.code,
            "traceId": trace_id,
        }
        | {name: encodable(value) for name, value in problem.extra.items()}
    )


def encodable(value: Any) -> Any:
    """Extra members are values of ours: money, numbers, lists of errors."""
    return msgspec.to_builtins(value)
