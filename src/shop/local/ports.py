"""TCP ports of 127.0.0.1."""

import random
import socket
import sys

__all__ = ["free_port", "is_free"]

BELOW_EPHEMERAL = range(15_000, 32_000)  # what systems give to outgoing connections begins above


CLAIMED: dict[int, socket.socket] = {}


def free_port() -> int:
    """A port that nobody listens on now, that no outgoing connection will be given, and that no other process of ours
    will choose before somebody listens on it.
    """
    while True:
        port = random.choice(BELOW_EPHEMERAL)  # noqa: S311 - no secret
        if is_free(port) and claim(port):
            return port


def claim(port: int) -> bool:
    """Hold a port for whoever this process has listen on it; false when another process holds it.

    On Linux a port that is bound, not listened on, can be listened on by others that ask to share addresses, as servers
    do, but not be bound by one that does not ask: two shops that start at once choose different ports.
    """
    if sys.platform != "linux":
        return True
    held = socket.socket()
    try:
        held.bind(("127.0.0.1", port))
    except OSError:
        held.close()
        return False
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    CLAIMED[port] = held
    return True


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
