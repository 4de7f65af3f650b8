"""Keeps the processes of the shop running, and ends them in order.

Children are spawned on the main thread and reaped by the loop's own SIGCHLD handler: no thread per child, which is what
asyncio's subprocesses would cost on Python 3.11.
"""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from shop.local.folder import write_private
from shop.local.language import say
from shop.local.lines import Screen
from shop.local.process import Lifeline, Process, Spec, StartFailed
from shop.local.tasks import together

__all__ = ["Supervisor"]

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
STEADY: Final = 10.0  # seconds of running after which a process begins anew at the first pause
LOOK_EVERY: Final = 5.0
PATIENCE: Final = 3  # looks in a row without an answer


class Supervisor:
    """All processes by name."""

    def __init__(self, screen: Screen, lock: int, *, look_every: float = LOOK_EVERY) -> None:
        self.screen = screen
        self.hears: list[Callable[[str, str], None]] = [screen.show]  # who gets the lines of processes
        self._look_every = look_every
        self.processes: dict[str, Process] = {}
        self._read_end, self._write_end = os.pipe()
        self._lifeline = Lifeline(self._read_end, lock)
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self.lost: asyncio.Future[None] | None = None
        self.note: Path | None = None  # a file that says which processes run, renewed whenever one starts or ends

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While the loop runs: notice every child's end."""
        loop = asyncio.get_running_loop()
        self.lost = loop.create_future()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGCHLD)
            os.close(self._write_end)
            os.close(self._read_end)

    def _reap(self) -> None:
        for process in self.processes.values():
            process.reap()

    def _show(self, name: str, line: str) -> None:
        for hear in self.hears:
            hear(name, line)

    def pids(self) -> dict[str, int]:
        """Process ids by name, of those that run."""
        return {name: pid for name, process in self.processes.items() if (pid := process.pid)}

    def write_note(self) -> None:
        """Which processes run."""
        if self.note is not None:
            running = [process.about() for process in self.processes.values() if process.pid]
            write_private(self.note, running)

    async def end(self, name: str) -> None:
        """End one process, and keep it so."""
        keeper = self._keepers.pop(name, None)
        if keeper:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        process = self.processes.pop(name, None)
        if process:
            await process.stop()
        self.write_note()

    async def start(self, *specs: Spec) -> None:
        """Start these at once, wait until all are ready, and keep them so. StartFailed when one does not get there."""
        started = [Process(spec, self._lifeline, self._show) for spec in specs]
        for process in started:
            self.processes[process.spec.name] = process
            await process.start()
        self.write_note()
        await together(*(process.until_ready() for process in started))
        for process in started:
            keeper = self._keepers[process.spec.name] = asyncio.create_task(self._keep(process))
            keeper.add_done_callback(self._note_loss)

    async def run(self, spec: Spec) -> Any:
        """Run one that does its work and ends: the JSON of its last line. StartFailed when it fails."""
        answers: list[str] = []

        def show(name: str, line: str) -> None:
            if line.startswith("{"):
                answers.append(line)
            elif line.strip():
                self.screen.show(name, line)

        process = self.processes[spec.name] = Process(spec, self._lifeline, show)
        await process.start()
        code = await process.ended()
        del self.processes[spec.name]
        if code != 0 or not answers:
            raise StartFailed(process, code)
        return json.loads(answers[-1])

    async def _keep(self, process: Process) -> None:
        """Start a process again whenever it ends, after pauses that grow while it keeps ending soon."""
        pause = FIRST_PAUSE
        watching = asyncio.create_task(self._look_after(process))
        try:
            while True:
                begun = asyncio.get_running_loop().time()
                code = await process.ended()
                if asyncio.get_running_loop().time() - begun > STEADY:
                    pause = FIRST_PAUSE
                self._tell_end(process, code, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                process.restarts += 1
                await process.start()
                self.write_note()
        finally:
            watching.cancel()

    def _note_loss(self, keeper: asyncio.Task[None]) -> None:
        """A process that cannot be started again is lost, and the shop with it."""
        failure = None if keeper.cancelled() else keeper.exception()
        if failure and self.lost and not self.lost.done():
            self.lost.set_exception(failure)

    def _tell_end(self, process: Process, code: int | None, pause: float) -> None:
        name = process.spec.name
        how = f"signal {signal.Signals(-code).name}" if code and code < 0 else f"code {code}"
        ja = f"{name} が終了しました ({how})。{pause:g} 秒後に再起動します"
        self.screen.say(say(ja, f"{name} ended ({how}): restarting it in {pause:g} s"))

    async def _look_after(self, process: Process) -> None:
        """End a process by force when it runs but no longer answers, so that it is started again."""
        silent = 0
        while process.spec.alive:
            await asyncio.sleep(self._look_every)
            silent = 0 if process.pid is None or await process.spec.alive() else silent + 1
            if silent >= PATIENCE:
                self.screen.say(say(f"{process.spec.name} が応答しません", f"{process.spec.name} does not answer"))
                process.send(signal.SIGKILL)
                silent = 0

    async def stop(self, stages: Iterable[Sequence[str]]) -> None:
        """End the processes, stage by stage, those of a stage at once; what no stage names ends first."""
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        self._keepers.clear()
        stages = list(stages)
        named = {name for stage in stages for name in stage}
        for stage in ([name for name in self.processes if name not in named], *stages):
            ending = [self.processes[name] for name in stage if name in self.processes]
            await asyncio.gather(*(process.stop() for process in ending))
        self.processes.clear()

    def kill(self, names: Iterable[str] | None = None) -> None:
        """End these (or all) by force, at once."""
        for name in list(self.processes) if names is None else names:
            if name in self.processes:
                self.processes[name].send(signal.SIGKILL)
