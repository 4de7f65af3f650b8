"""The gateway as a process of its own, in front of services that do what a test tells them to."""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.client import Answer, until
from tests.support.otlp import Receiver

from shop.local.ports import free_port

__all__ = ["Gateway", "Seen", "Upstream", "function", "raw", "running"]


@dataclass
class Seen:
    """A request as a service got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Upstream:
    """Containers and Lambda host in one: answers with what `reply` says, and remembers what came."""

    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    reply: Callable[[Seen], bytes] = lambda _: raw(200, b"{}")

    def __post_init__(self) -> None:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                upstream.connections += 1

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                upstream.seen.append(Seen(self.command, self.path, headers, body))
                answer = upstream.reply(upstream.seen[-1])
                self.wfile.write(answer)
                self.close_connection = b"HTTP/1.1" not in answer

            def __getattr__(self, name: str) -> Callable[[], None]:
                if name.startswith("do_"):  # whatever the method
                    return self.answer
                raise AttributeError(name)

            def log_message(self, *_: object) -> None:
                """A test's output is its own."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def event(self) -> Any:
        """The last event a function got."""
        return json.loads(self.seen[-1].body)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def raw(status: int, body: bytes = b"", **headers: str) -> bytes:
    """An answer as bytes."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} -", f"content-length: {len(body)}", *lines, "", ""])
    return head.encode() + body


def function(answer: Any, **headers: str) -> bytes:
    """What the Lambda host says when a function has answered."""
    return raw(200, json.dumps(answer).encode(), **headers)


def read_answer(connection: socket.socket) -> bytes:
    """One whole answer: its head, and as much of a body as the head says. Less when the other side hangs up."""
    answer = b""
    while b"\r\n\r\n" not in answer and (more := connection.recv(65536)):
        answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0 and (more := connection.recv(missing)):
        answer += more
        missing -= len(more)
    return answer


@dataclass
class Gateway:
    """A running gateway, its services, and where its telemetry goes."""

    port: int
    upstream: Upstream
    collector: Receiver
    process: subprocess.Popen[bytes]
    lines: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> None:
        """Read the log, as the supervisor does, to its end."""
        assert self.process.stdout is not None
        with self.process.stdout as log:
            for line in log:
                self.lines.append(json.loads(line))

    def is_live(self) -> bool:
        """Whether it answers."""
        try:
            return self.call("GET", "/health/live").status == 200
        except OSError:
            return False

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, told, response.read())
        connection.close()
        return answer

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def send(self, data: bytes) -> bytes:
        """These bytes, and all that comes back until the gateway hangs up."""
        with self.connect() as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def line(self, trace_id: str) -> dict[str, Any]:
        """The wide line of a request."""
        lines = until(lambda: [each for each in self.lines if each.get("trace_id") == trace_id])
        return next(each for each in lines if each["event"] == "shop.request")


@contextlib.contextmanager
def running(**settings: str) -> Iterator[Gateway]:
    """A gateway with these settings, until it is told to end."""
    upstream, port = Upstream(), free_port()
    with Receiver() as collector:
        urls = dict.fromkeys(("CATALOG_URL", "ORDERS_URL", "LAMBDA_HOST_URL"), upstream.url)
        own = {"PORT": str(port), "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "EXPORT_EVERY": "100ms"}
        command = [sys.executable, "-m", "shop.local.gateway"]
        process = subprocess.Popen(command, env=os.environ | urls | own | settings, stdout=subprocess.PIPE)
        gateway = Gateway(port, upstream, collector, process)
        reader = threading.Thread(target=gateway.read)
        reader.start()
        try:
            until(gateway.is_live)
            yield gateway
        finally:
            process.terminate()
            process.wait(20)
            reader.join()
            upstream.close()
