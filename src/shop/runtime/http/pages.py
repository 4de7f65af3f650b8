"""Pages by keyset: a token says where the next one begins, and cannot be made or bent by a client."""

import base64
import hmac
import time
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from shop.contracts.shapes import Shape
from shop.kernel.errors import PageTokenInvalid

__all__ = ["Page", "PageRequest", "PageTokens"]

T = TypeVar("T")
LIFETIME = 24 * 3600  # seconds
MAC = 16  # bytes


class Page(Shape, Generic[T]):
    """Some items, and the token of the next page (null: this was the last)."""

    items: list[T]
    next_token: str | None = None


class PageRequest(msgspec.Struct, frozen=True):
    """Which page is asked for."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    next_token: str | None = None


class PageTokens:
    """Makes and reads page tokens. `scope` is the path with its filters and sort: a token is good for that alone."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def seal(self, scope: str, position: Any) -> str:
        """A token for the page that begins after `position`, any JSON value."""
        body = msgspec.json.encode([int(time.time()), position])
        return written(self._mac(scope, body) + body)

    def open(self, scope: str, token: str) -> Any:
        """The position in a token. PageTokenInvalid: forged, stale, or made for another path, filter or sort."""
        try:
            content = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
            mac, body = content[:MAC], content[MAC:]
            # base64 has many ways to write the same: only ours is one.
            if not hmac.compare_digest(mac, self._mac(scope, body)) or written(content) != token:
                raise PageTokenInvalid
            made, position = msgspec.json.decode(body)
        except (ValueError, TypeError, msgspec.DecodeError) as error:
            raise PageTokenInvalid from error
        if made + LIFETIME < time.time():
            raise PageTokenInvalid
        return position

    def _mac(self, scope: str, body: bytes) -> bytes:
        return hmac.digest(self._key, scope.encode() + b"\0" + body, "sha256")[:MAC]


def written(content: bytes) -> str:
    """Bytes as they stand in a URL."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
