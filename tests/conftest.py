"""Fixtures of all tests. The servers behind them start when the first test asks for one, once per run."""

import asyncio
import functools
import re
import secrets
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from tests.support.account import Account
from tests.support.servers import Servers, ask

from shop.local.emulator import Access
from shop.local.provision import provision

T = TypeVar("T")
servers = pytest.StashKey[Servers]()


def pytest_configure(config: pytest.Config) -> None:
    """The run's first process owns the servers; workers of xdist ask it for them."""
    if not hasattr(config, "workerinput"):
        config.stash[servers] = Servers().__enter__()


def pytest_unconfigure(config: pytest.Config) -> None:
    """What was started is stopped, however the tests ended."""
    if servers in config.stash:
        config.stash[servers].__exit__()


def needs_story(item: pytest.Item) -> bool:
    """Whether the module of a test asks for the story."""
    told = getattr(getattr(item, "module", None), "told", None)
    return getattr(told, "__module__", None) == "tests.support.story"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the story come last, and it is told while the others run: nobody waits for it longer than needed."""
    of_story = [item for item in items if needs_story(item)]
    if of_story and not config.option.collectonly:
        items[:] = [item for item in items if item not in of_story] + of_story
        ask("story")


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """`run(coroutine)`: its result, on one event loop for the whole module, so that pools and clients may be kept."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def postgres() -> Callable[[str], str]:
    """`postgres("orders")`: the address of a fresh, empty database of one's own on the run's PostgreSQL."""
    server = ask("postgres")["dsn"]

    def fresh(name: str = "test") -> str:
        database = f"{re.sub('[^a-z0-9]', '_', name.lower())[:40]}_{secrets.token_hex(4)}"
        asyncio.run(execute(server, f'CREATE DATABASE "{database}"'))
        return f"{server.rpartition('/')[0]}/{database}"

    return fresh


async def execute(dsn: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def database(postgres: Callable[[str], str], request: pytest.FixtureRequest) -> str:
    """The address of a database that this module has for itself."""
    return postgres(request.module.__name__.rpartition(".")[2])


@functools.cache
def account_of(folder: Path) -> Account:
    """The account of a folder's tests in this worker."""
    access = Access(ask("emulator")["endpoint"], ask("account")["account"])
    return Account(access, provision(access))


@pytest.fixture(scope="module")
def emulator(request: pytest.FixtureRequest) -> Account:
    """AWS for this folder's tests in this worker alone: its queues, tables and users are nobody else's."""
    return account_of(request.path.parent)
