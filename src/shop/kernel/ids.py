"""Identifiers that sort by the time of their making (UUIDv7, RFC 9562)."""

import os
import time
from uuid import UUID

__all__ = ["new_id"]


def new_id() -> str:
    """A new UUIDv7 in its 36-character form."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76  # version 7
    value = value & ~(0x3 << 62) | 0x2 << 62  # RFC variant
    return str(UUID(int=value))
