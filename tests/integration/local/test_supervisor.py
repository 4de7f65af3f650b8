"""The supervisor with real processes: small Python programs instead of the shop's."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from tests.support.client import until
from tests.support.processes import running

from shop.local.errors import Refused
from shop.local.lines import Screen
from shop.local.process import Process, Spec, StartFailed
from shop.local.supervisor import Supervisor

Run = Callable[[Coroutine[Any, Any, Any]], Any]
STAYS = 'import time\nprint(\'{"event": "shop.ready"}\', flush=True)\ntime.sleep(60)'
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STAYS


def spec(name: str, program: str, **more: Any) -> Spec:
    def command(lifeline: int) -> list[str]:
        return [sys.executable, "-c", program]

    async def ready(process: Process) -> bool:
        return "shop.ready" in process.events

    return Spec(name, command, {"PATH": os.defpath}, more.pop("ready", ready), **more)


@contextlib.asynccontextmanager
async def supervisor(log: Path, **more: Any) -> AsyncIterator[Supervisor]:
    with log.open("w") as stream:
        screen = Screen(stream)
        lock = os.open(os.devnull, os.O_RDONLY)
        one = Supervisor(screen, lock, **more)
        with one.watching():
            try:
                yield one
            finally:
                await one.stop([])
        os.close(lock)
        screen.close()


async def seen(condition: Callable[[], Any], within: float = 10) -> None:
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


def test_a_process_that_dies_is_started_again_under_another_pid(run: Run, tmp_path: Path):
    async def scenario() -> None:
        async with supervisor(tmp_path / "log") as one:
            await one.start(spec("a", STAYS), spec("b", STAYS))
            before = one.pids()
            os.kill(before["a"], signal.SIGKILL)
            await seen(lambda: one.pids().get("a") not in (None, before["a"]))
            assert one.pids()["b"] == before["b"]
            assert one.processes["a"].restarts == 1

    run(scenario())
    assert "SIGKILL" in (tmp_path / "log").read_text()


def test_one_that_keeps_dying_is_started_at_growing_intervals(run: Run, tmp_path: Path):
    async def scenario() -> None:
        async with supervisor(tmp_path / "log") as one:
            await one.start(spec("a", 'print(\'{"event": "shop.ready"}\', flush=True)\nimport time; time.sleep(0.2)'))
            await seen(lambda: one.processes["a"].restarts >= 3)

    run(scenario())
    log = (tmp_path / "log").read_text()
    assert [f"{pause} s" in log for pause in ("0.2", "0.4", "0.8")] == [True] * 3


def test_one_that_never_gets_ready_fails_the_start_with_its_last_words(run: Run, tmp_path: Path):
    async def scenario() -> None:
        async with supervisor(tmp_path / "log") as one:
            with pytest.raises(StartFailed, match="DATABASE_URL is missing") as failed:
                await one.start(
                    spec("a", STAYS), spec("b", "raise SystemExit('b cannot start: DATABASE_URL is missing')")
                )
            assert (failed.value.process.spec.name, failed.value.code) == ("b", 1)

    run(scenario())


def test_one_that_runs_but_does_not_answer_is_started_anew(run: Run, tmp_path: Path):
    async def scenario() -> None:
        async with supervisor(tmp_path / "log", look_every=0.05) as one:
            answers = True

            async def alive() -> bool:
                return answers

            await one.start(spec("a", STAYS, alive=alive))
            before = one.pids()["a"]
            answers = False
            await seen(lambda: one.processes["a"].restarts == 1)
            answers = True
            await seen(lambda: one.pids().get("a") not in (None, before))

    run(scenario())


def test_a_process_whose_preparation_is_refused_is_lost(run: Run, tmp_path: Path):
    async def scenario() -> None:
        starts = 0

        async def prepare() -> None:
            nonlocal starts
            starts += 1
            if starts > 1:
                raise Refused("its data is gone")

        async with supervisor(tmp_path / "log") as one:
            await one.start(spec("a", STAYS, prepare=prepare))
            os.kill(one.pids()["a"], signal.SIGKILL)
            assert one.lost is not None
            with pytest.raises(Refused, match="its data is gone"):
                await asyncio.wait_for(asyncio.shield(one.lost), 10)

    run(scenario())


NOTING = """import signal, time
signal.signal(signal.SIGTERM, lambda *_: exit(print('ends', flush=True)))
print('{"event": "shop.ready"}', flush=True)
time.sleep(60)"""


def test_processes_end_stage_by_stage_and_by_force_where_they_must(run: Run, tmp_path: Path):
    async def scenario() -> None:
        async with supervisor(tmp_path / "log") as one:
            noting = [spec(name, NOTING) for name in ("first", "second", "other")]
            await one.start(*noting, spec("deaf", DEAF, grace=0.3))
            pids = one.pids()
            await one.stop([["first"], ["second", "deaf"]])
            assert not any(running(pid) for pid in pids.values())

    run(scenario())
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert [line[1] for line in lines if line[-1] == "ends"] == ["other", "first", "second"]


def test_a_program_that_works_once_gives_its_last_line_and_shows_the_rest(run: Run, tmp_path: Path):
    async def scenario() -> None:
        async with supervisor(tmp_path / "log") as one:
            program = "import sys\nprint('half', file=sys.stderr)\nprint('{\"products\": 120}')"
            assert await one.run(spec("seed", program)) == {"products": 120}
            with pytest.raises(StartFailed, match="no room"):
                await one.run(spec("seed", "raise SystemExit('no room')"))
            assert one.pids() == {}

    run(scenario())
    assert "half" in (tmp_path / "log").read_text()


PARENT = """
import os, subprocess, sys, time
reading, writing = os.pipe()
def spawn(*command):
    return subprocess.Popen([sys.executable, "-m", "shop.local.child", str(reading), *command], pass_fds=[reading]).pid
folder = sys.argv[1]
print(spawn("-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder),
      spawn("INT", sys.executable, "-c", sys.argv[2]), flush=True)
time.sleep(60)
"""


def test_no_child_outlives_a_parent_that_is_killed(tmp_path: Path):
    note = tmp_path / "note"
    # By a handler: a KeyboardInterrupt that hits a file's closing is lost, as Python ignores what finalizers raise.
    guarded = f"""
import os, pathlib, signal, time
note = pathlib.Path({str(note)!r})
signal.signal(signal.SIGINT, lambda *_: (note.write_text("ended by SIGINT"), os._exit(0)))
note.write_text("started")
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), guarded], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    until(lambda: note.exists() and note.read_text() == "started")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not any(running(pid) for pid in pids))
    until(lambda: note.read_text() == "ended by SIGINT")
