"""A `shop up` of a test's own, as its user starts and ends it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.client import Shop, until
from tests.support.processes import running

__all__ = ["Up", "command", "refused", "shop_up"]

PATIENCE = 120  # seconds until a hang is taken for one; this says nothing of how long it may take


class Up:
    """One running `shop up --json`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self.log = process, log
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"the shop did not start: {log.read_text()[-4000:]}")
        self.info = json.loads(line)
        self.shop = Shop(self.info)

    @property
    def pids(self) -> set[int]:
        """Every process of it."""
        return {*self.info["pids"].values(), self.process.pid}

    def ended(self) -> int:
        """Its exit code, once it has ended and nothing of it is left."""
        code = self.process.wait(PATIENCE)
        until(lambda: not [pid for pid in self.pids if running(pid)], seconds=PATIENCE)
        return code


def command(data: Path, *arguments: str, traffic: bool = False) -> list[str]:
    """How it is started, on ports that are free."""
    arguments = arguments if traffic else ("--no-traffic", *arguments)
    ports = [part for name in ("--port", "--console-port", "--otlp-port") for part in (name, "0")]
    return [sys.executable, "-m", "shop.cli", "up", "--json", "--data", str(data), *ports, *arguments]


@contextmanager
def shop_up(data: Path, *arguments: str, traffic: bool = False) -> Iterator[Up]:
    """A shop on this folder, until the context ends; a test may end it itself before that."""
    log = data.with_name(f"{data.name}.log")
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            command(data, *arguments, traffic=traffic),
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=os.environ | {"LANG": "en_US.UTF-8"},
        )
    try:
        up = Up(process, log)
        yield up
        up.shop.close()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def refused(data: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and words of a `shop up` that cannot start."""
    tried = subprocess.run(
        command(data, *arguments),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ | {"LANG": "en_US.UTF-8"},
    )
    assert tried.stdout == ""
    return tried.returncode, tried.stderr
