"""The databases of the services on our PostgreSQL: one each, owned by a role of its own, closed to the others."""

import contextlib
from collections.abc import AsyncIterator, Mapping

import asyncpg

__all__ = ["create", "generation", "note_generation"]

NOTE = "CREATE TABLE IF NOT EXISTS generation (one boolean PRIMARY KEY DEFAULT true CHECK (one), name text NOT NULL)"
WRITE = "INSERT INTO generation (name) VALUES ($1) ON CONFLICT (one) DO UPDATE SET name = excluded.name"


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the superuser."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def create(dsn: str, passwords: Mapping[str, str]) -> None:
    """Make a role and its database for every service that has none yet."""
    async with connected(dsn) as connection:
        there = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name, password in passwords.items():
            if name in there:
                continue
            # Names come from the topology and passwords from us: neither needs more than quotes.
            await connection.execute(f"DROP ROLE IF EXISTS {name}")  # of a start that was cut off
            await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
            await connection.execute(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0")
            await connection.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")


async def generation(dsn: str) -> str:
    """Which generation of the shop wrote here last; empty: none."""
    async with connected(dsn) as connection:
        await connection.execute(NOTE)
        return str(await connection.fetchval("SELECT name FROM generation") or "")


async def note_generation(dsn: str, name: str) -> None:
    """From now on this generation writes here."""
    async with connected(dsn) as connection:
        await connection.execute(WRITE, name)
