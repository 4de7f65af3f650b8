"""TCP ports of 127.0.0.1."""

import random
import socket

__all__ = ["free_port", "is_free"]

BELOW_EPHEMERAL = range(15_000, 32_000)  # what systems give to outgoing connections begins above


def free_port() -> int:
    """A port that nobody listens on now, and that no outgoing connection will be given."""
    while True:
        port = random.choice(BELOW_EPHEMERAL)  # noqa: S311 - no secret
        if is_free(port):
            return port


def is_free(port: int) -> bool:
    """Whether `port` can be listened on. That of a server which ended just now can."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:  # macOS would let us share it with a listener on all interfaces
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
