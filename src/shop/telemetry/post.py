"""One kept HTTP/1.1 connection to the collector, on the standard library's sockets: an exchange ends by its deadline.

`http.client` can only limit each single read, so a collector that trickles could hold a Lambda's answer for as long as
it likes; and importing it costs more than all of this package.
"""

import re
import socket
import time
import urllib.parse

from shop import __version__
from shop.telemetry.resource import pairs

__all__ = ["Collector"]

MAX_HEAD = 64 * 1024  # bytes of an answer's head
STATUS = re.compile(rb"http/1\.[01] (\d{3})")
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,15})")


class Collector:
    """Where OTLP goes. Not for several threads at once."""

    def __init__(self, endpoint: str, headers: str = "") -> None:
        address = urllib.parse.urlsplit(endpoint)
        self.tls = address.scheme == "https"
        self.host = address.hostname or "127.0.0.1"
        self.port = address.port or (443 if self.tls else 80)
        self.path = address.path.rstrip("/")
        more = "".join(f"{name}: {value}\r\n" for name, value in pairs(headers).items())
        self.head = (
            f"Host: {address.netloc.rpartition('@')[2]}\r\nUser-Agent: shop-telemetry/{__version__}\r\n{more}"
            "Content-Type: application/json\r\nContent-Length: "
        )
        self.socket: socket.socket | None = None

    def post(self, path: str, body: bytes, deadline: float) -> int:
        """The status of the answer; OSError when there is none, TimeoutError at `deadline`, a monotonic time."""
        kept = self.socket is not None
        try:
            return self.exchange(path, body, deadline)
        except OSError as error:
            self.close()
            if not kept or isinstance(error, TimeoutError):
                raise
        # The collector had closed the kept connection, perhaps while this function was frozen.
        try:
            return self.exchange(path, body, deadline)
        except OSError:
            self.close()
            raise

    def exchange(self, path: str, body: bytes, deadline: float) -> int:
        """One request and its answer."""
        connection = self.socket or self.connect(deadline)
        connection.settimeout(left(deadline))
        connection.sendall(f"POST {self.path}{path} HTTP/1.1\r\n{self.head}{len(body)}\r\n\r\n".encode() + body)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            if len(answer) > MAX_HEAD:
                raise ConnectionError("this is no collector")
            answer += receive(connection, deadline)
        head = answer[:end].lower()
        length = CONTENT_LENGTH.search(head)
        status = STATUS.match(head)
        if status is None:
            raise ConnectionError("this is no collector")
        if length is not None and b"\r\nconnection: close" not in head:
            missing = end + 4 + int(length[1]) - len(answer)
            while missing > 0:
                missing -= len(receive(connection, deadline))
        else:  # chunked, or until the end: nothing in there is worth the reading
            self.close()
        return int(status[1])

    def connect(self, deadline: float) -> socket.socket:
        """A new connection."""
        connection = socket.create_connection((self.host, self.port), left(deadline))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            import ssl  # noqa: PLC0415 - the local collector has none, and ssl takes 10 ms to import

            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)
        self.socket = connection
        return connection

    def close(self) -> None:
        """Ends the connection; the next exchange makes another."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def receive(connection: socket.socket, deadline: float) -> bytes:
    """What comes next; ConnectionError when that is the end."""
    connection.settimeout(left(deadline))
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError("the collector closed the connection")
    return data


def left(deadline: float) -> float:
    """Seconds until the deadline; TimeoutError when it has come."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the collector did not answer in time")
    return seconds
