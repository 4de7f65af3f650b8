"""Roles and databases, made as on RDS: by an administrator who is no superuser."""

import asyncio
import os
import secrets
import subprocess
import sys
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.conftest import execute

from shop.deploy import databases


@pytest.fixture
def server(postgres):
    """The address of an administrator who may make roles and databases, and what tests make is prefixed with."""
    superuser = postgres("databases")
    name = f"admin_{secrets.token_hex(4)}"
    asyncio.run(execute(superuser, f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD 'p'"))
    place = urlsplit(superuser)
    return f"postgresql://{name}:p@{place.hostname}:{place.port}/postgres", f"s{secrets.token_hex(4)}"


def address(server, user, password, database):
    place = urlsplit(server)
    return f"postgresql://{user}:{password}@{place.hostname}:{place.port}/{database}"


def test_a_service_gets_a_database_of_its_own_that_others_cannot_enter(server):
    dsn, name = server
    other = f"{name}_other"
    asyncio.run(databases.prepare(dsn, {name: "one", other: "two"}))
    asyncio.run(execute(address(dsn, name, "one", name), "create table t (a int); create extension pg_trgm"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(execute(address(dsn, other, "two", name), "select 1"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(execute(address(dsn, name, "two", name), "select 1"))


def test_texts_sort_as_on_the_laptop(server, postgres):
    dsn, name = server
    laptops = urlsplit(postgres("laptop")).path[1:]
    asyncio.run(databases.prepare(dsn, {name: "one"}))
    query = "select datlocprovider, datlocale, pg_encoding_to_char(encoding) from pg_database where datname = any($1)"

    async def locales():
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(query, [name, laptops])
        finally:
            await connection.close()

    ours, theirs = asyncio.run(locales())
    assert ours == theirs


def test_once_all_is_there_it_changes_nothing_but_a_password_that_was_rotated(server):
    dsn, name = server
    asyncio.run(databases.prepare(dsn, {name: "one"}))
    asyncio.run(execute(address(dsn, name, "one", name), "create table t as select 1 as a"))
    asyncio.run(databases.prepare(dsn, {name: "one"}))
    asyncio.run(databases.prepare(dsn, {name: "new"}))
    asyncio.run(execute(address(dsn, name, "new", name), "insert into t values (2)"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(execute(address(dsn, name, "one", name), "select 1"))


def test_tasks_that_start_at_once_do_not_get_into_each_others_way(server):
    dsn, name = server

    async def together():
        await asyncio.gather(*(databases.prepare(dsn, {name: "one"}) for _ in range(4)))

    asyncio.run(together())
    asyncio.run(execute(address(dsn, name, "one", name), "select 1"))


def test_a_start_that_was_cut_off_is_gone_on_with(server):
    dsn, name = server
    asyncio.run(execute(dsn, f"CREATE ROLE {name}"))
    asyncio.run(databases.prepare(dsn, {name: "one"}))
    asyncio.run(execute(address(dsn, name, "one", name), "create table t (a int)"))


def test_a_password_is_never_sent_and_never_in_the_servers_log(server):
    dsn, name = server
    asyncio.run(databases.prepare(dsn, {name: "never-shown"}))
    kept = databases.verifier("never-shown", b"0123456789abcdef")
    assert "never-shown" not in kept
    assert kept.startswith("SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$")


def command(*services, **environment):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    arguments = [sys.executable, "-m", "shop.deploy.databases", *services]
    return subprocess.run(arguments, env=plain | environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_takes_the_administrators_password_from_the_environment(server):
    dsn, _ = server
    place = urlsplit(dsn)
    url = f"postgresql://{place.username}@{place.hostname}:{place.port}/postgres?sslmode=prefer"
    done = command("orders", DATABASE_URL=url, PGPASSWORD="p", ORDERS_PASSWORD="one")
    try:
        assert (done.returncode, done.stdout) == (0, "ready: orders\n"), done.stderr
        asyncio.run(execute(address(dsn, "orders", "one", "orders"), "create table t (a int)"))
    finally:
        asyncio.run(execute(dsn, "DROP DATABASE IF EXISTS orders"))


@pytest.mark.parametrize(
    ("services", "environment", "words"),
    [
        ((), {}, "DATABASE_URL is missing"),
        (("users",), {"DATABASE_URL": "postgresql://x"}, "users: there are catalog, orders"),
        (("orders",), {"DATABASE_URL": "postgresql://x"}, "ORDERS_PASSWORD is missing"),
        ((), {"DATABASE_URL": "postgresql://x", "CATALOG_PASSWORD": "é"}, "CATALOG_PASSWORD is not plain ASCII"),
    ],
)
def test_settings_that_are_wrong_are_told_in_one_line(services, environment, words):
    done = command(*services, **environment)
    assert (done.returncode, done.stderr) == (2, f"the databases cannot be made: {words}\n")


def test_a_server_that_is_not_there_is_told_in_one_line():
    url = "postgresql://a:b@127.0.0.1:1/postgres"
    done = command("orders", DATABASE_URL=url, ORDERS_PASSWORD="one")
    assert done.returncode == 1
    assert done.stderr.startswith("the databases could not be made: ")
    assert done.stderr.count("\n") == 1
