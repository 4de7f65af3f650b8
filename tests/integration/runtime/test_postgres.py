"""The pool of connections on a real PostgreSQL: lent, waited for, cut off, lost, closed."""

import asyncio
import contextlib
from unittest import mock

import asyncpg
import pytest

from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime import postgres
from shop.runtime.postgres import Database

ME = "select pg_backend_pid()"


async def end(database: str, pid: int) -> None:
    """End a connection from the server's side."""
    connection = await asyncpg.connect(database)
    await connection.execute("select pg_terminate_backend($1)", pid)
    await connection.close()


def test_the_connection_used_last_is_lent_first(run, database):
    async def story():
        async with Database(database) as db:
            async with db.connection() as first, db.connection() as second:
                pids = [await each.fetchval(ME) for each in (first, second)]
            assert len(set(pids)) == 2
            assert {await db.fetchval(ME) for _ in range(5)} == {pids[0]}

    run(story())


def test_no_more_than_its_size_are_open_and_the_others_wait_their_turn(run, database):
    async def story():
        async with Database(database, max_size=3) as db:
            order: list[int] = []

            async def work(number: int) -> int:
                async with db.connection() as connection:
                    order.append(number)
                    await connection.execute("select pg_sleep(0.005)")
                    return int(await connection.fetchval(ME))

            pids = await asyncio.gather(*(work(number) for number in range(40)))
            assert len(set(pids)) <= 3
            assert [number for number in order if number >= 3] == list(range(3, 40))  # the first three connect

    run(story())


def test_who_waits_too_long_is_told_and_takes_nothing_away(run, database):
    async def story():
        with mock.patch.object(postgres, "ACQUIRE_TIMEOUT", 0.05):
            db = Database(database, max_size=1)
            async with db:
                async with db.connection() as held:
                    for _ in range(3):
                        with pytest.raises(DependencyTimeout):
                            await db.fetchval(ME)
                    waiting = asyncio.create_task(db.fetchval(ME))
                    await asyncio.sleep(0)
                    waiting.cancel()
                    pid = await held.fetchval(ME)
                assert await db.fetchval(ME) == pid

    run(story())


def test_a_turn_that_nobody_takes_goes_to_the_next(run, database):
    async def story():
        async with Database(database, max_size=1) as db:
            async with db.connection():
                first, second = (asyncio.create_task(db.fetchval(ME)) for _ in range(2))
                await asyncio.sleep(0.01)
            first.cancel()  # at the very moment when it is called
            assert await second
            with pytest.raises(asyncio.CancelledError):
                await first
            assert await db.fetchval(ME)

    run(story())


def test_a_connection_that_was_lost_is_replaced_without_an_error(run, database):
    async def story():
        async with Database(database, max_size=2) as db:
            lost = await db.fetchval(ME)
            await end(database, lost)
            await asyncio.sleep(0.05)
            assert await db.fetchval(ME) != lost
            with pytest.raises(DependencyUnavailable):
                await db.execute("select pg_terminate_backend(pg_backend_pid())")
            assert await db.fetchval(ME)

    run(story())


def test_what_was_cut_off_in_the_middle_is_never_lent_again(run, database):
    async def story():
        async with Database(database, max_size=1) as db:
            before = await db.fetchval(ME)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(db.execute("select pg_sleep(30)"), 0.05)
            assert await db.fetchval("select 7") == 7
            assert await db.fetchval(ME) != before

    run(story())


def test_an_error_of_the_statement_costs_no_connection(run, database):
    async def story():
        async with Database(database) as db:
            before = await db.fetchval(ME)
            for wrong in ("select 1 / 0", "select no_such_column", "no sql"):
                with pytest.raises(asyncpg.PostgresError):
                    await db.fetchval(wrong)
            with contextlib.suppress(KeyError):
                async with db.transaction() as tx:
                    await tx.execute("create table never (x int)")
                    raise KeyError
            assert await db.fetchval("select to_regclass('never')") is None
            assert await db.fetchval(ME) == before

    run(story())


def test_closing_waits_a_little_for_what_is_lent_and_then_cuts_it_off(run, database):
    async def story():
        db = await Database(database).__aenter__()
        ending = asyncio.create_task(db.fetchval("select pg_sleep(0.2), 5"))
        stuck = asyncio.create_task(db.execute("select pg_sleep(60)"))
        await asyncio.sleep(0.05)
        await db.__aexit__()
        await ending
        with pytest.raises((DependencyUnavailable, asyncpg.PostgresError)):
            await stuck
        with pytest.raises(DependencyUnavailable):
            await db.fetchval(ME)

    run(story())


def test_no_server_is_unavailable_from_the_start(run):
    async def story():
        with pytest.raises(DependencyUnavailable):
            async with Database("postgresql://nobody:x@127.0.0.1:1/none"):
                pass

    run(story())
