"""PostgreSQL for one service: a pool, migrations, and the two errors that mean "again"."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache
from importlib.resources import files
from types import TracebackType
from typing import Any, Self, TypeVar

import asyncpg

from shop import telemetry
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime import faults
from shop.runtime.pool import Pool
from shop.telemetry import names

__all__ = ["Connection", "Database", "Raced", "again_if_raced", "migrate", "migrated"]

Record = asyncpg.Record
T = TypeVar("T")
QUERY_TIMEOUT = 10.0  # seconds
ACQUIRE_TIMEOUT = 5.0
START_WITHIN = 30.0  # seconds that a process waits for its database when it starts
START_PAUSE = 0.2
DOWN = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,  # the server's last words came in the middle of an answer
)
GONE = (*DOWN, asyncpg.InterfaceError, TimeoutError)
RACES = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
RACE_ATTEMPTS = 10
MIGRATIONS = """
create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())
"""


class Raced(Exception):
    """Somebody else wrote first what this transaction was about to write; `again_if_raced` starts it over."""


class Connection:
    """Queries on one connection; each is a client span when it belongs to a trace."""

    def __init__(self, connection: Any) -> None:
        self.raw: asyncpg.Connection[Record] = connection

    async def fetch(self, sql: str, *args: Any) -> list[Record]:
        """All rows."""
        with _Query(sql):
            await faults.point("postgres", sql)
            return await self.raw.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Record | None:
        """The first row, or None."""
        with _Query(sql):
            await faults.point("postgres", sql)
            return await self.raw.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        with _Query(sql):
            await faults.point("postgres", sql)
            return await self.raw.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """PostgreSQL's word on what was done, such as `UPDATE 1`."""
        with _Query(sql):
            await faults.point("postgres", sql)
            return await self.raw.execute(sql, *args)

    async def executemany(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """The same statement for every row, in one round trip."""
        with _Query(sql):
            await faults.point("postgres", sql)
            await self.raw.executemany(sql, rows)


class Database:
    """A pool of connections, opened on entering. Down or silent: DependencyUnavailable, DependencyTimeout."""

    def __init__(self, url: str, *, max_size: int = 8) -> None:
        self.url, self._max_size = url, max_size
        self._pool: Pool | None = None

    async def __aenter__(self) -> Self:
        self._pool = Pool(self._connect, self._max_size, ACQUIRE_TIMEOUT)
        await self.ping()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close(2)

    async def _connect(self) -> "asyncpg.Connection[Record]":
        return await asyncpg.connect(
            self.url,
            command_timeout=QUERY_TIMEOUT,
            timeout=ACQUIRE_TIMEOUT,
            server_settings={"application_name": "shop", "jit": "off", "timezone": "UTC"},
        )

    def connection(self) -> "_Borrowed":
        """A connection of the pool for several statements, each its own transaction; `async with`."""
        if self._pool is None:
            raise DependencyUnavailable("The database is not connected.")
        return _Borrowed(self._pool)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction: committed at the end of the block, rolled back by an exception."""
        async with self.connection() as connection:
            transaction = connection.raw.transaction()
            with _translated():
                await transaction.start()
            try:
                yield connection
            except BaseException:
                with suppress(
                    *GONE
                ):  # no server, no transaction; and the error that brought us here is the one to tell
                    await transaction.rollback()
                raise
            with _translated():
                await transaction.commit()

    async def fetch(self, sql: str, *args: Any) -> list[Record]:
        """All rows."""
        async with self.connection() as connection:
            return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Record | None:
        """The first row, or None."""
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        async with self.connection() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """PostgreSQL's word on what was done."""
        async with self.connection() as connection:
            return await connection.execute(sql, *args)

    async def ping(self) -> None:
        """Nothing, or DependencyUnavailable, DependencyTimeout."""
        async with self.connection() as connection:
            with _translated():
                await asyncio.wait_for(connection.raw.execute("select 1"), 1)


class _Borrowed:
    """A connection while it is lent out: a context manager without a generator, since every query needs one."""

    __slots__ = ("pool", "raw")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def __aenter__(self) -> Connection:
        raw = self.pool.idle()
        if raw is None:
            with _translated():
                raw = await self.pool.take()
        self.raw = raw
        return Connection(raw)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.give_back(self.raw, error)


def translate(error: BaseException) -> None:
    """PostgreSQL's ways of being gone, in the contract's words. Raises them; anything else is nothing."""
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
        raise DependencyTimeout("The database did not answer in time.") from error
    if isinstance(error, DOWN) or (isinstance(error, asyncpg.InterfaceError) and "clos" in str(error)):
        raise DependencyUnavailable("The database cannot be reached.") from error


class _translated:  # noqa: N801 - used as the context manager it is; a generator would cost a frame per query
    """Inside, `translate` hears of every error."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None:
            translate(error)


class _Query:
    """The span around one statement, when it belongs to a trace; errors come out translated."""

    __slots__ = ("span",)

    def __init__(self, sql: str) -> None:
        self.span: telemetry.Span | None = None
        if telemetry.traceparent() is not None:
            name, attributes = described(sql)
            self.span = telemetry.span(name, kind="client", attributes=attributes)

    def __enter__(self) -> None:
        if self.span is not None:
            self.span.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            if self.span is not None:
                self.span.__exit__(None, None, None)
            return
        try:
            translate(error)
        except (DependencyUnavailable, DependencyTimeout) as told:
            if self.span is not None:
                self.span.__exit__(type(told), told, told.__traceback__)
            raise
        if self.span is not None:
            self.span.__exit__(kind, error, trace)


@cache
def described(sql: str) -> tuple[str, dict[str, str | None]]:
    """The name of a statement's span, and its attributes."""
    verb, table = summary(sql)
    attributes = {
        names.DB_SYSTEM_NAME: "postgresql",
        names.DB_OPERATION_NAME: verb,
        names.DB_COLLECTION_NAME: table or None,
        names.DB_QUERY_TEXT: sql,  # parameters never stand in the text: all are bound
    }
    return f"{verb} {table}".strip(), attributes


def summary(sql: str) -> tuple[str, str]:
    """What a statement does and to which table, for the name of its span."""
    verb = re.search(r"\b(insert|update|delete|select|copy|lock|notify|create|truncate)\b", sql, re.IGNORECASE)
    table = re.search(r"\b(?:into|update|from|join|copy|lock table|truncate)\s+([a-z_][a-z_0-9.]*)", sql, re.IGNORECASE)
    return (verb[1].upper() if verb else "SQL"), (table[1] if table else "")


async def again_if_raced(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work`, a whole transaction, and run it again from its reading on when it lost a race (Raced, deadlock).

    Raises DependencyUnavailable when it always loses.
    """
    for attempt in range(1, RACE_ATTEMPTS + 1):
        try:
            return await work()
        except (Raced, *RACES):
            await asyncio.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311 - jitter, no secret
    raise DependencyUnavailable("Too many are changing this at once.")


@asynccontextmanager
async def migrated(database: Database, package: str) -> AsyncIterator[None]:
    """The database, connected, with its tables as this version of `package` needs them.

    A server that is not there yet, or starts anew just now, is waited for: a process that ended would come back later.
    """
    deadline = asyncio.get_running_loop().time() + START_WITHIN
    while True:
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(database)
                await migrate(database, package)
            except (DependencyUnavailable, DependencyTimeout):
                if asyncio.get_running_loop().time() > deadline:
                    raise
            else:
                yield
                return
        await asyncio.sleep(START_PAUSE)


async def migrate(database: Database, package: str) -> None:
    """Bring the database to the newest `migrations/NNNN_*.sql` of the runtime's own tables and of `package`.

    Each file runs once, in a transaction of its own; processes that start at the same moment wait for each other.
    """
    async with database.connection() as connection:
        raw = connection.raw
        with _translated():
            await raw.execute("select pg_advisory_lock(7236012)")
            try:
                await apply(raw, package)
            finally:
                with suppress(*GONE):  # a lock does not outlive its session
                    await raw.execute("select pg_advisory_unlock(7236012)")


async def apply(raw: Any, package: str) -> None:
    """Run what has not run yet."""
    await raw.execute(MIGRATIONS)
    done = {row["name"] for row in await raw.fetch("select name from migrations")}
    for source in dict.fromkeys(("shop.runtime", package)):
        folder = files(source) / "migrations"
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            name = f"{source}/{file.name}"
            if file.name.endswith(".sql") and name not in done:
                async with raw.transaction():
                    await raw.execute(file.read_text(encoding="utf-8"), timeout=600)
                    await raw.execute("insert into migrations (name) values ($1)", name)
