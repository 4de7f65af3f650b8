"""HTTP/1.1 as a client: kept connections, a limit on every call, nothing else.

About 70 us of CPU a call where general clients need 200 to 1,000: an order makes some thirty calls, and the gateway one
per request (docs/adr/0002-wire.md). One `Client` belongs to one event loop.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import Self
from urllib.parse import urlsplit

import httptools

__all__ = ["Client", "ConnectFailed", "ConnectionLost", "Response", "ResponseTooLarge", "TimedOut", "WireError"]

# Seconds; below the 75 s after which our servers, the emulator and AWS close an idle connection. By the wall clock: the
# other one may stand still while a function's environment is frozen.
KEEP_IDLE = 30.0
MAX_BODY = 32 * 1024 * 1024
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


class WireError(Exception):
    """A call that brought no answer."""


class ConnectFailed(WireError):
    """Nobody listens there: nothing was sent."""


class ConnectionLost(WireError):
    """The connection broke before the answer was whole; the request may have been carried out."""


class TimedOut(WireError):
    """No whole answer within the limit; the request may have been carried out."""


class ResponseTooLarge(WireError):
    """The answer is larger than the caller takes."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer read whole. Header names are lower case; of a repeated header the values are joined by a comma."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = field(default=())


class Connection(asyncio.Protocol):
    """One connection: one exchange at a time, then back into the pool."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.answer: asyncio.Future[Response] | None = None
        self.idle_since = 0.0
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream transport, since we asked for one

    def eof_received(self) -> None:
        self.closed = True  # and the transport closes itself

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.fail(ConnectionLost(str(exc) if exc else "closed by the server"))

    def send(self, request: bytes, *, head: bool, max_body: int) -> "asyncio.Future[Response]":
        """Start an exchange."""
        assert self.transport is not None  # noqa: S101 - set before anybody holds this connection
        self.parser = httptools.HttpResponseParser(self)
        self.headers: dict[str, str] = {}
        self.cookies: list[str] = []
        self.chunks: list[bytes] = []
        self.size, self.head, self.max_body = 0, head, max_body
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    def data_received(self, data: bytes) -> None:
        if self.answer is None:  # bytes that nobody asked for: this connection cannot be trusted any more
            self.close()
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.fail(ConnectionLost(f"not HTTP: {error}"))
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        if key == "set-cookie":
            self.cookies.append(text)
        elif key in self.headers:
            self.headers[key] += f", {text}"
        else:
            self.headers[key] = text

    def on_headers_complete(self) -> None:
        if self.head:  # the parser would wait for a body that the server rightly never sends
            self.finish()
            self.close()

    def on_body(self, body: bytes) -> None:
        self.size += len(body)
        if self.size > self.max_body:
            self.fail(ResponseTooLarge(f"over {self.max_body} bytes"))
            self.close()
        else:
            self.chunks.append(body)

    def on_message_complete(self) -> None:
        if self.parser.get_status_code() < 200:  # 100 Continue, 103 Early Hints: the answer is still to come
            self.headers, self.cookies, self.chunks = {}, [], []
            return
        keep = self.parser.should_keep_alive()
        self.finish()
        if not keep:
            self.close()

    def finish(self) -> None:
        """Hand the answer over."""
        answer, self.answer = self.answer, None
        if answer is not None and not answer.done():
            answer.set_result(
                Response(self.parser.get_status_code(), self.headers, b"".join(self.chunks), tuple(self.cookies))
            )

    def fail(self, error: WireError) -> None:
        """Tell who waits that there will be no answer."""
        answer, self.answer = self.answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def close(self) -> None:
        """Never to be used again."""
        self.closed = True
        if self.transport is not None:
            self.transport.close()


class Client:
    """A pool of kept connections per origin."""

    def __init__(self, *, connect_timeout: float = 2.0) -> None:
        self._connect_timeout = connect_timeout
        self._idle: dict[tuple[str, str, int], deque[Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 5.0,  # noqa: ASYNC109 - the limit is the point of this function
        max_body: int = MAX_BODY,
    ) -> Response:
        """One exchange, whole within `timeout` seconds. Raises a WireError.

        A kept connection that the server closes under our hands is replaced once, if the method may be repeated.
        """
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        origin = (parts.scheme, parts.hostname or "", port)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        message = compose(method, target, parts.netloc, headers or {}, body)
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(method, origin, message, max_body)
        except TimeoutError:
            raise TimedOut(f"{method} {parts.netloc}{parts.path}: no answer within {timeout:g} s") from None

    async def _exchange(self, method: str, origin: tuple[str, str, int], message: bytes, max_body: int) -> Response:
        kept = self._take(origin)
        if kept is not None:
            try:
                return await self._once(kept, origin, method, message, max_body)
            except ConnectionLost:
                if method not in IDEMPOTENT:
                    raise
        return await self._once(await self._connect(origin), origin, method, message, max_body)

    async def _once(
        self, connection: Connection, origin: tuple[str, str, int], method: str, message: bytes, max_body: int
    ) -> Response:
        try:
            response = await connection.send(message, head=method == "HEAD", max_body=max_body)
        except BaseException:
            connection.close()  # cancelled or failed in the middle: its next bytes belong to nobody
            raise
        if not connection.closed:
            connection.idle_since = time()
            self._idle.setdefault(origin, deque()).append(connection)
        return response

    def _take(self, origin: tuple[str, str, int]) -> Connection | None:
        """The connection used last that is still good."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if not connection.closed and time() - connection.idle_since < KEEP_IDLE:
                return connection
            connection.close()
        return None

    async def _connect(self, origin: tuple[str, str, int]) -> Connection:
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(Connection, host, port, ssl=self._context(scheme))
        except TimeoutError:
            raise ConnectFailed(f"{host}:{port} does not accept connections") from None
        except OSError as error:
            raise ConnectFailed(f"{host}:{port}: {error.strerror or error}") from error
        return connection

    def _context(self, scheme: str) -> ssl.SSLContext | None:
        if scheme != "https":
            return None
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    async def aclose(self) -> None:
        """Close every idle connection."""
        for idle in self._idle.values():
            while idle:
                idle.pop().close()
        await asyncio.sleep(0)  # transports close in the loop's next turn

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()


def compose(method: str, target: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request as bytes. ValueError for a header that would smuggle in a line of its own."""
    lines = [f"{method} {target} HTTP/1.1"]
    if "host" not in headers and "Host" not in headers:
        lines.append(f"Host: {host}")
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header or target holds a line break")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
