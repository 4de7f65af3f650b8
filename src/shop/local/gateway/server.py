"""HTTP in: uvicorn, with problems in place of its plain words, a limit on request heads, and signals left to us."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shop import telemetry
from shop.kernel.errors import MalformedRequest, Problem
from shop.runtime.http.answers import problem_json

__all__ = ["serve"]

MAX_HEAD = 64 * 1024  # bytes of a request's line and headers that are kept while they are not whole
KEEP_ALIVE = 75  # seconds; browsers and our clients give an idle connection up earlier
GRACE = 1  # seconds that requests under way get at the end


class HeadTooLarge(Problem):
    """The request line and headers are over 64 KB."""

    status, code = 431, "REQUEST_HEADER_TOO_LARGE"
    title = {"ja": "ヘッダーが大きすぎます", "en": "Request header fields too large"}  # noqa: RUF012 - as every problem


class Protocol(HttpToolsProtocol):
    """A connection."""

    head: int | None = None  # bytes so far of a head that is not whole

    def data_received(self, data: bytes) -> None:
        """Bytes have come; a head without end is not collected."""
        if self.head is not None:
            self.head += len(data)
            if self.head > MAX_HEAD:
                self.refuse(HeadTooLarge())
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self.head = None
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """What came is no HTTP."""
        self.refuse(MalformedRequest("This is no HTTP request."))

    def refuse(self, problem: Problem) -> None:
        """Say what is wrong, and hang up: where the next request begins is not known."""
        trace = telemetry.trace_id()
        body = problem_json(problem, "ja", "", trace)
        head = (
            f"HTTP/1.1 {problem.status} {problem.title['en']}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nx-trace-id: {trace}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


class Server(uvicorn.Server):
    """uvicorn's, which would end the process by the signal it got, before telemetry is sent."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end serving, and nothing else."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; what is under way then is finished first."""
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    await Server(config).serve(sockets=[listening])
