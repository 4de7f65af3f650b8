"""How environments are started: forked from a zygote, or spawned where that is not possible."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

__all__ = ["Forking", "Isolated", "Spawning", "Starter", "starter"]

Gone = Callable[[int, str], None]  # pid, how it ended


class Starter(Protocol):
    """Starts processes and tells of their end."""

    async def open(self, gone: Gone) -> None:
        """Get ready."""
        ...

    async def start(self, name: str, environment: dict[str, str], output: int) -> int:
        """A new process with exactly this environment, its output going to the descriptor `output`; its pid."""
        ...

    async def close(self) -> None:
        """End whatever is left."""
        ...


class Forking:
    """Forks from a zygote: cheap in time and memory (Linux)."""

    def __init__(self, modules: Iterable[str]) -> None:
        self._modules = sorted(set(modules))
        self._started: dict[str, asyncio.Future[int]] = {}
        self._pids: set[int] = set()
        self._ready: asyncio.Future[int] | None = None

    async def open(self, gone: Gone) -> None:
        """Start the zygote and wait until it has imported everything. RuntimeError: it could not."""
        loop = asyncio.get_running_loop()
        self._gone = gone
        self._ready = loop.create_future()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setblocking(False)
        lifeline, self._lifeline = os.pipe()
        arguments = ["-m", "shop.local.child", str(lifeline), "-m", "shop.local.lambda_host.zygote"]
        arguments += [str(theirs.fileno()), *self._modules]
        self._zygote = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, pass_fds=(lifeline, theirs.fileno()), env=bare()
        )
        theirs.close()
        os.close(lifeline)
        loop.add_reader(self._channel, self._read)
        ended = asyncio.ensure_future(self._zygote.wait())
        await asyncio.wait({self._ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            raise RuntimeError("the zygote could not import the functions; its traceback stands above")
        ended.cancel()

    def _read(self) -> None:
        data = self._channel.recv(65536)
        if not data:
            asyncio.get_running_loop().remove_reader(self._channel)
            return
        message = json.loads(data)
        if "ready" in message and self._ready is not None:
            self._ready.set_result(message["ready"])
        elif "started" in message:
            self._pids.add(message["pid"])
            self._started.pop(message["started"]).set_result(message["pid"])
        else:
            self._pids.discard(message["gone"])
            self._gone(message["gone"], message["how"])

    async def start(self, name: str, environment: dict[str, str], output: int) -> int:
        """Fork."""
        started = self._started[name] = asyncio.get_running_loop().create_future()
        request = json.dumps({"name": name, "environment": environment}).encode()
        socket.send_fds(self._channel, [request], [output])
        pid: int = await started
        return pid

    async def close(self) -> None:
        """End the zygote; its forks end with it."""
        asyncio.get_running_loop().remove_reader(self._channel)
        for pid in self._pids:
            kill(pid)
        if self._zygote.returncode is None:
            self._zygote.kill()
        await self._zygote.wait()
        self._channel.close()
        os.close(self._lifeline)


class Spawning:
    """Starts a fresh interpreter for each environment, as Lambda does."""

    command: tuple[str, ...] = ("-m", "shop.local.child", "{lifeline}", "-m", "shop.local.lambda_host.bootstrap")

    def __init__(self) -> None:
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    async def open(self, gone: Gone) -> None:
        """Nothing to prepare but the pipe whose end tells them of ours."""
        self._gone = gone
        self._reading, self._writing = os.pipe()

    async def start(self, name: str, environment: dict[str, str], output: int) -> int:
        """Spawn."""
        arguments = [part.format(lifeline=self._reading) for part in self.command]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            name,
            env=environment | {"SHOP_LIFELINE_GRACE": "0"},
            pass_fds=(self._reading,),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        self._processes[process.pid] = process
        waiting = asyncio.create_task(self._wait(process))
        self._waiting.add(waiting)
        waiting.add_done_callback(self._waiting.discard)
        return process.pid

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        status = await process.wait()
        del self._processes[process.pid]
        self._gone(process.pid, f"signal: {signal.Signals(-status).name}" if status < 0 else f"exit status {status}")

    async def close(self) -> None:
        """End all."""
        for pid in list(self._processes):
            kill(pid)
        await asyncio.gather(*self._waiting)
        os.close(self._reading)
        os.close(self._writing)


class Isolated(Spawning):
    """Starts an interpreter that finds the standard library and a function's package, and nothing else."""

    # Not with -I: an environment's own variables, such as PYTHONUNBUFFERED, count on Lambda too.
    command = ("-S", "-P", str(Path(__file__).with_name("isolated.py")), "{lifeline}")


def kill(pid: int) -> None:
    """End a process at once, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def bare() -> dict[str, str]:
    """What an interpreter needs to find its modules, and nothing of the host's settings."""
    wanted = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in wanted if name in os.environ} | {"PYTHONUNBUFFERED": "1"}


def starter(modules: Iterable[str], *, packaged: bool = False) -> Starter:
    """For functions of these modules: forking on Linux, unless LAMBDA_START=spawn; spawning elsewhere.

    A macOS process that has threads cannot be forked safely. Functions that are `packaged` get an interpreter each.
    """
    if packaged:
        return Isolated()
    if sys.platform == "linux" and os.environ.get("LAMBDA_START") != "spawn":
        return Forking(modules)
    return Spawning()
