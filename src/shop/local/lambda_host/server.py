"""HTTP/1.1 as a server, as little of it as the Runtime API and the Invoke API need."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httptools

__all__ = ["Answer", "Request", "Server", "serve"]

REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    404: "Not Found",
    413: "Too Large",
    429: "Too Many",
    503: "Down",
}
MAX_BODY = 8 * 1024 * 1024  # above Lambda's 6 MB, so that the pool can say what is wrong


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked. Header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Answer]]


class Exchange(asyncio.Protocol):
    """One connection: requests are answered one after the other."""

    def __init__(self, server: "Server") -> None:
        self.server, self.handler = server, server.handler
        self.transport: asyncio.Transport
        self.waiting: deque[Request] = deque()
        self.answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self.transport = transport  # type: ignore[assignment]  # a stream transport, since we listen for streams
        self.server.connections.add(self)
        self.begin()

    def begin(self) -> None:
        """Get ready for the next request."""
        self.parser = httptools.HttpRequestParser(self)
        self.url, self.headers, self.body = b"", dict[str, str](), bytearray()

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.transport.close()

    def on_url(self, url: bytes) -> None:
        """The parser has (a part of) the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser has a header."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """The parser has a part of the body."""
        if len(self.body) + len(body) > MAX_BODY:
            self.transport.close()
        self.body += body

    def on_message_complete(self) -> None:
        """A request is whole."""
        method, path = self.parser.get_method().decode(), self.url.decode("latin-1")
        self.waiting.append(Request(method, path, self.headers, bytes(self.body)))
        self.url, self.headers, self.body = b"", {}, bytearray()
        if self.answering is None or self.answering.done():
            self.answering = asyncio.get_running_loop().create_task(self.answer_all())

    async def answer_all(self) -> None:
        """Answer what waits."""
        while self.waiting:
            answer = await self.handler(self.waiting.popleft())
            if self.transport.is_closing():
                return
            lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Error')}"]
            lines += [f"{name}: {value}" for name, value in answer.headers.items()]
            lines += [f"Content-Length: {len(answer.body)}", "", ""]
            self.transport.write("\r\n".join(lines).encode("latin-1") + answer.body)

    def connection_lost(self, _exc: Exception | None) -> None:
        """The client has gone: nobody waits for an answer any more."""
        self.server.connections.discard(self)
        if self.answering is not None:
            self.answering.cancel()


class Server:
    """A listening socket and its connections."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.connections: set[Exchange] = set()
        self.port = 0

    async def open(self, port: int) -> None:
        """Listen on 127.0.0.1. OSError: the port is taken."""
        loop = asyncio.get_running_loop()
        self._socket = await loop.create_server(lambda: Exchange(self), "127.0.0.1", port)
        self.port = self._socket.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop listening, and end every connection."""
        self._socket.close()
        for connection in list(self.connections):
            connection.transport.abort()


async def serve(handler: Handler, port: int = 0) -> Server:
    """Answer with `handler` on 127.0.0.1, on a free port by default. OSError: the port is taken."""
    server = Server(handler)
    await server.open(port)
    return server
