"""Our launcher of PostgreSQL: starts, stops, crashes."""

import os
import signal
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.support.client import until
from tests.support.processes import listeners, running

from shop.local import databases
from shop.local.leftover import end_leftover
from shop.local.ports import free_port
from shop.local.postgres import SUPERUSER, Postgres, dsn

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Server:
    """One PostgreSQL with data of its own."""

    def __init__(self, folder: Path) -> None:
        self.postgres = Postgres(folder, "secret", durable=False)
        self.port = free_port()
        self.reading, self.writing = os.pipe()
        self.popen: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return dsn(self.port, SUPERUSER, "secret", "postgres")

    def start(self) -> int:
        end_leftover(self.postgres.data)
        self.postgres.prepare()
        command, environment = self.postgres.command(self.port, self.reading), self.postgres.environment()
        self.popen = subprocess.Popen(command, env=environment, pass_fds=[self.reading], stderr=subprocess.DEVNULL)
        until(self.postgres.is_ready)
        return self.popen.pid

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        if self.popen is not None and self.popen.poll() is None:
            self.popen.send_signal(number)
            self.popen.wait(20)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "postgres")
    yield server
    server.stop()
    os.close(server.reading)
    os.close(server.writing)


async def execute(address: str, *statements: str) -> Any:
    connection = await asyncpg.connect(address)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


def test_data_survives_a_stop_and_a_kill(server: Server, run: Run):
    server.start()
    run(execute(server.dsn, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1)", "SELECT 1"))
    server.stop()
    server.start()
    assert run(execute(server.dsn, "SELECT n FROM kept")) == 1
    server.stop(signal.SIGKILL)
    until(lambda: started(server))
    assert run(execute(server.dsn, "SELECT n FROM kept")) == 1


def started(server: Server) -> bool:
    """Whether a start went well; its backends may hold the memory of a killed server for a moment."""
    try:
        server.start()
    except AssertionError:
        return False
    return True


def test_the_pid_file_of_a_killed_server_does_not_stand_in_the_way(server: Server, run: Run):
    server.start()
    server.stop()
    other = subprocess.Popen(["sleep", "60"])  # somebody else got the number, as after a restart of the machine
    (server.postgres.data / "postmaster.pid").write_text(f"{other.pid}\n{server.postgres.data}\n1\n1\n\n\n\nready\n")
    server.start()
    assert run(execute(server.dsn, "SELECT 1")) == 1
    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_server_that_was_left_behind_is_ended_first(server: Server, run: Run):
    first = server.start()
    assert server.popen is not None
    left = server.popen
    server.port = free_port()
    assert server.start() != first
    assert left.wait(5) is not None
    assert run(execute(server.dsn, "SELECT 1")) == 1


def test_it_listens_on_loopback_only_and_opens_no_socket_file(server: Server):
    pid = server.start()
    until(lambda: running(pid))
    assert listeners(pid) == {"0100007F"}
    assert not list(server.postgres.data.glob("**/.s.PGSQL*"))


def test_a_wrong_password_is_refused(server: Server, run: Run):
    server.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        run(execute(dsn(server.port, SUPERUSER, "guessed", "postgres"), "SELECT 1"))


def test_every_service_has_a_database_that_the_others_cannot_enter(server: Server, run: Run):
    server.start()
    passwords = {"catalog": "one", "orders": "two"}
    for _ in (1, 2):
        run(databases.create(server.dsn, passwords))
    own = dsn(server.port, "orders", "two", "orders")
    assert run(execute(own, "CREATE EXTENSION pg_trgm", "CREATE TABLE t (n int)", "SELECT current_user")) == "orders"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        run(execute(dsn(server.port, "orders", "two", "catalog"), "SELECT 1"))


def test_the_generation_that_wrote_last_is_remembered(server: Server, run: Run):
    server.start()
    assert run(databases.generation(server.dsn)) == ""
    for name in ("first", "second"):
        run(databases.note_generation(server.dsn, name))
    assert run(databases.generation(server.dsn)) == "second"
