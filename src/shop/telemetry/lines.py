"""Log lines: JSON on stdout, one wide one per request or message, each reachable from its trace and back."""

import asyncio
import os
import select
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

import msgspec

from shop.telemetry import names
from shop.telemetry.attributes import Attributes, Value, error_type
from shop.telemetry.masking import masked
from shop.telemetry.sampling import Parent
from shop.telemetry.tracing import carried, current

__all__ = ["Level", "Log", "Work", "log", "use"]

Level: TypeAlias = Literal["DEBUG", "INFO", "WARN", "ERROR"]
STDOUT = 1
ATOMIC = 4096  # bytes that a pipe takes without waiting, once it is ready for any
encode = msgspec.json.Encoder(enc_hook=lambda given: type(given).__name__).encode


class Output:
    """Where lines go, and in whose name; set by `setup`."""

    def __init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """As before `setup`: in nobody's name."""
        self.service: str | None = None
        self.dropped: Callable[[str], None] = lambda _reason: None
        self.torn = False  # the last line could not be finished
        self.ready = select.poll()
        self.ready.register(STDOUT, select.POLLOUT)
        self.second = (0, "")  # since 1970, and as it is written
        self.lock = threading.RLock()  # re-entrant: a signal handler may write while the main thread does

    def stamp(self) -> str:
        """The time now, RFC 3339 with milliseconds; the part above the second is made once a second."""
        now, nanos = divmod(time.time_ns(), 1_000_000_000)
        second, prefix = self.second
        if second != now:
            prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
            self.second = (now, prefix)
        return f"{prefix}.{nanos // 1_000_000:03d}Z"

    def write(self, line: bytes) -> None:
        """Writes a line, or as much of it as the reader has room for: a reader that stopped must not stop us."""
        with self.lock:
            if self.torn:
                line = b"\n" + line
            try:
                for at in range(0, len(line), ATOMIC):
                    if not self.ready.poll(0):
                        self.dropped("blocked")
                        return
                    os.write(STDOUT, line[at : at + ATOMIC] if len(line) > ATOMIC else line)
                    self.torn = at + ATOMIC < len(line)
            except (OSError, ValueError) as error:  # nobody reads any more, or stdout is closed
                self.dropped(error_type(error))


output = Output()
working: ContextVar["Work | None"] = ContextVar("shop.work", default=None)


def use(service: str | None, dropped: Callable[[str], None]) -> None:
    """From now on, lines are those of `service`, and `dropped(reason)` hears of each that could not be written."""
    output.service, output.dropped = service, dropped


def start_over() -> None:
    """In a forked child: no service yet, no work."""
    output.start_over()
    working.set(None)


def write(event: str, level: Level, span: Parent | None, fields: Attributes) -> None:
    """One line. What cannot be encoded is told as its type's name; what cannot be written is counted."""
    line: dict[str, Any] = {"timestamp": output.stamp(), "level": level, "event": event}
    if output.service is not None:
        line[names.SERVICE_NAME] = output.service
    if span is not None:
        line["trace_id"] = span.trace_id
        line["span_id"] = span.span_id
    line.update(carried.get())
    if fields:
        line.update((key, value) for key, value in fields.items() if value is not None)
    try:
        output.write(masked(encode(line)) + b"\n")
    except Exception as error:  # noqa: BLE001 - telemetry never breaks what it tells of
        output.dropped(error_type(error))


class Work:
    """A request or message. Fields gather while it goes on; leaving it writes them as one line with `duration_ms`."""

    __slots__ = ("clock", "event", "fields", "level", "span", "token")

    def __init__(self, event: str) -> None:
        self.event = event
        self.level: Level = "INFO"
        self.fields: dict[str, Value] = {}
        self.span: Parent | None = None
        self.token: Token[Work | None] | None = None
        self.clock = time.perf_counter_ns()

    def add(self, fields: Attributes) -> None:
        """Adds fields to the line; None values are left out."""
        if fields:
            self.fields.update(fields)

    def fail(self, error: BaseException | str) -> None:
        """Makes it a line of level ERROR with `error.type`."""
        self.level = "ERROR"
        self.fields[names.ERROR_TYPE] = error_type(error)

    def __enter__(self) -> Self:
        self.span = current.get()
        self.token = working.set(self)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is not None and isinstance(error, Exception | asyncio.CancelledError):
            self.fail(error)
        self.fields["duration_ms"] = (time.perf_counter_ns() - self.clock) // 1000 / 1000
        write(self.event, self.level, self.span, self.fields)
        if self.token is not None:
            try:
                working.reset(self.token)
            except ValueError:  # a generator that was closed in another context: nothing to undo there
                return


def work(event: str) -> Work:
    """One request or message, to be used with `with`, inside of its span: its end writes the wide line."""
    return Work(event)


class Log:
    """`log(event, fields)` writes a line; `log.add(fields)` puts fields on the wide line of the current work."""

    def __call__(self, event: str, fields: Attributes = None, *, level: Level = "INFO") -> None:
        """One line, now."""
        write(event, level, current.get(), fields)

    def add(self, fields: Attributes) -> None:
        """Fields for the wide line; outside of any work there is none, and nothing happens."""
        line = working.get()
        if line is not None:
            line.add(fields)


log = Log()
