"""The output of all processes, told apart: `12:00:00.123 orders  INFO shop.request GET /orders/{orderId} 200 3 ms ...`.

A process writes JSON lines (one wide event each); what else it writes is shown as it is.
"""

import asyncio
import json
import os
import queue
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TextIO

from shop.telemetry import names

__all__ = ["Screen", "Splitter", "pretty"]

LONGEST: Final = 1 << 20  # bytes of one line; the rest is shown as further lines
WIDTH: Final = 15
COLOURS: Final = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
LEVELS: Final = {"WARNING": 33, "WARN": 33, "ERROR": 31, "CRITICAL": 31, "FATAL": 31}
ASIDE: Final = frozenset({"timestamp", "level", "event", names.SERVICE_NAME, "trace_id", "span_id"})
HOST: Final = "lambda-host"  # shows what its functions print
SHOWN: Final = 8
WAITING: Final = 20_000  # lines


class Splitter(asyncio.Protocol):
    """Cuts what comes out of a pipe into lines."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        self._heard = heard
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        """More of it."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._heard(line.decode(errors="replace"))
        if len(self._rest) > LONGEST:
            self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """No more of it: the rest is a line too."""
        if self._rest:
            self._heard(self._rest.decode(errors="replace"))
            self._rest = b""


def parsed(line: str) -> dict[str, Any] | None:
    """The event that a line holds, or None when it is plain text."""
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def pretty(event: dict[str, Any]) -> str:
    """An event for the eye: level, name, its first few fields, and the beginning of its trace id."""
    name = str(event.get("event", ""))
    fields = [f"{key}={short(value)}" for key, value in event.items() if key not in ASIDE and value not in (None, "")]
    trace = [f"trace_id={event['trace_id']}"] if event.get("trace_id") else []
    return " ".join([str(event.get("level", "INFO")), name, *fields[:SHOWN], *trace])


def short(value: Any) -> str:
    """A field's value in at most 80 characters."""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class Screen:
    """Where the lines go, with colours when somebody looks. A reader that is slow or gone never holds up the shop."""

    def __init__(self, stream: TextIO) -> None:
        self._descriptor = stream.fileno()
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ
        self._names: list[str] = []
        self._waiting: queue.Queue[str | None] = queue.Queue(WAITING)
        self._writer = threading.Thread(target=self._write_all, name="screen", daemon=True)
        self._writer.start()

    def show(self, name: str, line: str) -> None:
        """One line of the process `name`."""
        event = parsed(line)
        if event and name == HOST:
            name = str(event.get(names.SERVICE_NAME, name))
        text = pretty(event) if event else line
        colour = LEVELS.get(str((event or {}).get("level", "")))
        if colour:
            text = self._in(colour, text)
        now = datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
        self._put(f"{self._in(2, now)} {self._in(self._colour_of(name), name.ljust(WIDTH))} {text}")

    def say(self, text: str) -> None:
        """A word of the supervisor's own."""
        self._put(self._in(1, text))

    def close(self) -> None:
        """Let what waits be written, but not for long."""
        self._put(None)
        self._writer.join(timeout=1)

    def _put(self, text: str | None) -> None:
        try:
            self._waiting.put_nowait(text)
        except queue.Full:  # nobody reads: the oldest lines go
            self._waiting.get_nowait()
            self._waiting.put_nowait(text)

    def _write_all(self) -> None:
        # Not through the stream: what its buffer holds when the reader goes would be an error at the very end.
        while (text := self._waiting.get()) is not None:
            try:
                write_whole(self._descriptor, f"{text}\n".encode())
            except OSError:  # whoever read it is gone: the shop goes on
                return

    def _colour_of(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return COLOURS[self._names.index(name) % len(COLOURS)]

    def _in(self, colour: int, text: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._coloured else text


def write_whole(descriptor: int, content: bytes) -> None:
    """Write all of it; a terminal may take it in pieces."""
    while content:
        content = content[os.write(descriptor, content) :]
