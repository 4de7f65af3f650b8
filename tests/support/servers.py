"""PostgreSQL, the emulator, and a whole shop, for one run of the test suite, shared by all its xdist workers.

The run's first process (the controller) owns them: it starts each at the first request for it, which comes over a
loopback socket from whichever worker needs it first, and stops them at the end. Should the controller be killed, they
notice and end too.
"""

import json
import os
import secrets
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from shop.local.emulator import Emulator
from shop.local.ports import free_port
from shop.local.postgres import SUPERUSER, Postgres, dsn

__all__ = ["Servers", "ask"]

ADDRESS = "SHOP_TEST_SERVERS"  # the variable by which workers find the controller
PATIENCE = 30


class Servers:
    """The servers of one run. `start` answers what a worker has to know."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="shop-tests-"))
        self._lifeline, self._held = os.pipe()
        self._known: dict[str, dict[str, Any]] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._accounts = 100_000_000_000 + secrets.randbelow(800_000_000) * 1000
        # One thread for all requests: it spawns, so it must live as long as what it spawned (see shop.local.child).
        self._listener = socketserver.TCPServer(("127.0.0.1", 0), handler(self))
        self._thread = threading.Thread(target=self._listener.serve_forever, name="test-servers", daemon=True)

    def __enter__(self) -> Self:
        os.environ[ADDRESS] = f"127.0.0.1:{self._listener.server_address[1]}"
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.environ.pop(ADDRESS, None)
        self._listener.shutdown()
        self._listener.server_close()
        os.close(self._held)
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(PATIENCE)
        os.close(self._lifeline)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, what: str) -> dict[str, Any]:
        """Where the server `what` is; it is started when it was not."""
        if what == "account":
            self._accounts += 1
            return {"account": str(self._accounts)}
        if what not in self._known:
            servers = {
                "postgres": self._postgres,
                "emulator": self._emulator,
                "shop": self._shop,
                "story": self._story,
            }
            self._known[what] = servers[what]()
        return self._known[what]

    def _postgres(self) -> dict[str, Any]:
        server = Postgres(self._folder / "postgres", secrets.token_hex(8), durable=False)
        server.prepare()
        port = free_port()
        self._run(server.command(port, self._lifeline), server.environment(), server.is_ready)
        return {"dsn": dsn(port, SUPERUSER, server.password, "postgres")}

    def _emulator(self) -> dict[str, Any]:
        server = Emulator(self._folder / "emulator", free_port(), remembers=False)
        server.prepare()
        self._run(server.command(self._lifeline), server.environment(), server.is_ready)
        return {"endpoint": server.access.endpoint}

    def _shop(self) -> dict[str, Any]:
        """A shop as `shop up --json` tells of it; its folder is `data`. Nobody listens on its OTLP port: a test may."""
        ports = ("--port", free_port(), "--console-port", free_port(), "--otlp-port", free_port())
        command = [
            sys.executable,
            "-m",
            "shop.cli",
            "up",
            "--json",
            "--no-traffic",
            "--data",
            self._folder / "shop",
            *ports,
        ]
        log = self._folder / "shop.log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [str(part) for part in command], stdout=subprocess.PIPE, stderr=stderr, process_group=0
            )
        self._processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the shop did not start: {log.read_text()[-4000:]}")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        told: dict[str, Any] = json.loads(line)
        return told | {"data": str(self._folder / "shop")}

    def _story(self) -> dict[str, Any]:
        """The folder in which a story is told from now on: see tests.support.story."""
        folder = self._folder / "story"
        folder.mkdir()
        with (folder / "story.log").open("wb") as log:
            command = [sys.executable, "-m", "tests.support.story", str(folder)]
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, process_group=0))
        return {"folder": str(folder)}

    def _run(self, command: list[str], environment: dict[str, str], is_ready: Callable[[], bool]) -> None:
        log = (self._folder / f"server-{len(self._processes)}.log").open("wb")
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, pass_fds=[self._lifeline], process_group=0
        )
        self._processes.append(process)
        log.close()
        deadline = time.monotonic() + PATIENCE
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"a server of the tests did not start: {Path(log.name).read_text()[-2000:]}")
            time.sleep(0.02)


def handler(servers: Servers) -> type[socketserver.StreamRequestHandler]:
    """What answers a worker: one line in, one line of JSON out."""

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            what = self.rfile.readline().decode().strip()
            try:
                answer = servers.start(what)
            except Exception as error:  # noqa: BLE001 - the worker that asked shall show it
                answer = {"error": f"{type(error).__name__}: {error}"}
            self.wfile.write(json.dumps(answer).encode())

    return Answer


def ask(what: str) -> dict[str, Any]:
    """What the controller says about `postgres`, `emulator`, `shop` or a fresh `account`."""
    host, _, port = os.environ[ADDRESS].partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE * 4) as connection:
        connection.sendall(f"{what}\n".encode())
        with connection.makefile("rb") as stream:
            answer: dict[str, Any] = json.load(stream)
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer
