"""One process of the shop: how it is started, when it is ready, how it ends."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from shop.local.errors import Failed
from shop.local.lines import Splitter

__all__ = ["Lifeline", "Process", "Spec", "StartFailed", "module"]

READY_WITHIN = 60.0
LOOK_EVERY = 0.02


class Command(Protocol):
    """What makes the command of a process that ends with the other end of `lifeline`."""

    def __call__(self, lifeline: int) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Lifeline:
    """What every process inherits: the pipe whose end tells it of our death, and the lock that shows it is there."""

    pipe: int
    lock: int


@dataclass(frozen=True, slots=True)
class Spec:
    """What the supervisor knows of a process."""

    name: str
    command: Command
    environment: Mapping[str, str]
    ready: Callable[["Process"], Awaitable[bool]] | None = None  # none: it is as soon as it runs
    alive: Callable[[], Awaitable[bool]] | None = None  # asked now and then; three times no, and it is started anew
    prepare: Callable[[], Awaitable[None]] | None = None  # before every start
    end: signal.Signals = signal.SIGTERM
    grace: float = 1.5  # seconds to end by itself


class StartFailed(Failed):
    """A process did not become ready. `code` is its exit code, None when it took too long."""

    def __init__(self, process: "Process", code: int | None) -> None:
        self.process, self.code = process, code
        why = "was not ready in time" if code is None else f"ended with exit code {code}"
        super().__init__(f"{process.spec.name} {why}: {process.last_words}")


@dataclass
class Process:
    """A process that is started, and started again, as its spec says."""

    spec: Spec
    lifeline: Lifeline
    show: Callable[[str, str], None]
    restarts: int = 0
    events: set[str] = field(default_factory=set)  # names of the log events since its last start
    last_words: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _popen: subprocess.Popen[bytes] | None = None
    _exited: asyncio.Future[int] | None = None

    def about(self) -> dict[str, Any]:
        """What others may know of it."""
        return {
            "name": self.spec.name,
            "pid": self.pid,
            "startedAt": self.started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "restarts": self.restarts,
        }

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._popen.pid if self._popen and self._popen.returncode is None else None

    async def start(self) -> None:
        """Start it. To be called on the main thread: the kernel takes the thread that spawns for the parent."""
        if self.spec.prepare:
            await self.spec.prepare()
        self.events.clear()
        popen = subprocess.Popen(  # noqa: ASYNC220 - a fork, not a wait
            self.spec.command(self.lifeline.pipe),
            env=dict(self.spec.environment),
            cwd=Path.cwd(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self.lifeline.pipe, self.lifeline.lock),
            start_new_session=True,  # a Ctrl-C at the terminal is for the supervisor alone, which keeps an order
        )
        self._popen, self.started = popen, datetime.now(UTC)
        loop = asyncio.get_running_loop()
        self._exited = loop.create_future()
        await loop.connect_read_pipe(lambda: Splitter(self._heard), popen.stdout)

    def _heard(self, line: str) -> None:
        if line.startswith("{") and '"event"' in line:
            self._note(line)
        elif line.strip():
            self.last_words = line.strip()
        self.show(self.spec.name, line)

    def _note(self, line: str) -> None:
        try:
            event = json.loads(line).get("event")
        except (ValueError, AttributeError):
            return
        if len(self.events) < 100:
            self.events.add(str(event))

    def reap(self) -> None:
        """Notice its end, if it has ended: called whenever some child has."""
        if self._popen and self._exited and not self._exited.done() and self._popen.poll() is not None:
            self._exited.set_result(self._popen.returncode)

    async def until_ready(self) -> None:
        """Wait until it answers; StartFailed when it ends before, or takes too long."""
        deadline = asyncio.get_running_loop().time() + READY_WITHIN
        while asyncio.get_running_loop().time() < deadline:
            if self._exited and self._exited.done():
                raise StartFailed(self, self._exited.result())
            if self.spec.ready is None or await self.spec.ready(self):
                return
            await asyncio.sleep(LOOK_EVERY)
        raise StartFailed(self, None)

    async def ended(self, timeout: float | None = None) -> int | None:  # noqa: ASYNC109 - None when the time is over
        """Its exit code once it has ended, or None when it has not within `timeout` seconds or was never started."""
        if self._exited is None:
            return None
        done, _ = await asyncio.wait([self._exited], timeout=timeout)
        return self._exited.result() if done else None

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self._popen and self._popen.returncode is None:
            self._popen.send_signal(number)

    async def stop(self) -> bool:
        """Tell it to end and wait as long as it may take; then end it by force. Whether it ended by itself."""
        self.send(self.spec.end)
        if self.pid is None or await self.ended(self.spec.grace) is not None:
            return True
        self.send(signal.SIGKILL)
        await self.ended(5)
        return False


def module(*command: str) -> Command:
    """The command that runs a Python module as a child of ours."""
    return lambda lifeline: [sys.executable, "-m", "shop.local.child", str(lifeline), "-m", *command]
