"""The outbox of PostgreSQL and its relay: what is committed is announced, whatever happens, each aggregate in order."""

import asyncio
from datetime import timedelta

import pytest

from shop.contracts.events import StockChanged
from shop.contracts.messages import envelope
from shop.kernel.errors import DependencyUnavailable
from shop.runtime import inbox, outbox
from shop.runtime.bus import Unsendable
from shop.runtime.outbox import Relay
from shop.runtime.postgres import Database, migrate


class Told:
    """Stands where the bus is: acknowledges, but refuses or is gone when told so, and keeps what it took."""

    def __init__(self):
        self.took, self.refuses, self.down, self.waits = [], set(), False, 0.0
        self.before_answer = None

    async def dispatch(self, parcels):
        parcels = list(parcels)
        await asyncio.sleep(self.waits)
        if self.down:
            raise DependencyUnavailable
        failed, stuck = [], set()
        for parcel in parcels:
            if parcel.id in self.refuses or parcel.aggregate in stuck:
                stuck.add(parcel.aggregate)
                failed.append(parcel.id)
            else:
                self.took.append((parcel.aggregate, parcel.metadata.aggregate_version))
        if self.before_answer:
            self.before_answer()
        return failed

    def of(self, aggregate):
        """Versions of one aggregate in the order in which they were taken."""
        return [version for name, version in self.took if name == aggregate]


def changed(product, version):
    return envelope(
        StockChanged(product_id=product, available=version, status="IN_STOCK"),
        aggregate_id=product,
        aggregate_version=version,
    )


@pytest.fixture(scope="module")
def db(run, database):
    async def opened():
        db = await Database(database).__aenter__()
        await migrate(db, "shop.runtime")
        return db

    opened_db = run(opened())
    yield opened_db
    run(opened_db.__aexit__())


@pytest.fixture
def bus(run, db):
    run(db.execute("truncate outbox, inbox"))
    return Told()


async def put(db, *messages):
    async with db.transaction() as tx:
        await outbox.put(tx, *messages)


async def put_and_fail(db, *messages):
    async with db.transaction() as tx:
        await outbox.put(tx, *messages)
        raise RuntimeError


async def left(db):
    return await db.fetchval("select count(*) from outbox")


async def until(condition, seconds=5.0):
    """Wait until a condition holds that nobody announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


class Running:
    """A relay that runs inside the block and is stopped after it."""

    def __init__(self, db, bus, **options):
        self.relay, self.stop = Relay(db, bus, **options), asyncio.Event()

    async def __aenter__(self):
        self.task = asyncio.create_task(self.relay.run(self.stop))
        return self

    async def __aexit__(self, *exc):
        self.stop.set()
        await asyncio.wait_for(self.task, 5)


def test_what_is_committed_is_sent_and_leaves_the_table(run, db, bus):
    async def story():
        waited = []
        async with Running(db, bus, on_sent=lambda metadata, seconds: waited.append((metadata.type, seconds))):
            await put(db, changed("mug", 1), changed("mug", 2), changed("pot", 1))
            await until(lambda: len(waited) == 3)
        assert bus.of("mug") == [1, 2]
        assert await left(db) == 0
        assert all(kind == "StockChanged" and seconds >= 0 for kind, seconds in waited)

    run(story())


def test_a_commit_wakes_the_relay_long_before_it_would_look_by_itself(run, db, bus):
    async def story():
        async with Running(db, bus, poll=timedelta(hours=1)):
            await asyncio.sleep(0.2)  # it has looked, and will not do so by itself for an hour
            await put(db, changed("mug", 1))
            await until(lambda: bus.took)

    run(story())


def test_without_the_listener_the_poll_finds_it(run, db, bus):
    async def story():
        async with Running(db, bus, poll=timedelta(milliseconds=50)):
            await asyncio.sleep(0.1)
            await db.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shop-relay'"
            )
            await put(db, changed("mug", 1))
            await until(lambda: bus.took)

    run(story())


def test_what_is_rolled_back_was_never_said(run, db, bus):
    async def story():
        with pytest.raises(RuntimeError):
            await put_and_fail(db, changed("mug", 1))
        async with Running(db, bus):
            await put(db, changed("pot", 1))
            await until(lambda: bus.took)
        assert bus.took == [("pot", 1)]

    run(story())


def test_a_transaction_that_commits_late_is_not_overlooked(run, db, bus):
    async def story():
        async with Running(db, bus):
            async with db.transaction() as slow:
                await outbox.put(slow, changed("mug", 1))  # takes the lower number ...
                await put(db, changed("pot", 1))
                await until(lambda: bus.of("pot"))  # ... and commits after a higher one was sent
            await until(lambda: bus.of("mug"))

    run(story())


def test_nothing_is_lost_while_the_bus_is_down_and_it_goes_on_soon_after(run, db, bus):
    async def story():
        bus.down = True
        async with Running(db, bus):
            for version in range(1, 31):
                await put(db, changed(f"p{version % 3}", version))
            await asyncio.sleep(0.5)
            assert (bus.took, await left(db)) == ([], 30)
            bus.down = False
            await until(lambda: len(bus.took) == 30)
        assert all(bus.of(f"p{n}") == sorted(bus.of(f"p{n}")) for n in range(3))
        assert await left(db) == 0

    run(story())


def test_a_database_that_throws_everybody_out_is_met_again(run, db, bus):
    async def story():
        async with Running(db, bus, poll=timedelta(milliseconds=50)):
            for version in range(1, 4):
                await put(db, changed("mug", version))
                await db.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
                await asyncio.sleep(0.05)
            await until(lambda: set(bus.of("mug")) == {1, 2, 3})
        assert sorted(bus.of("mug")) == bus.of("mug")  # a second time, perhaps, but never out of order

    run(story())


def test_a_refused_message_holds_up_its_own_aggregate_only(run, db, bus):
    async def story():
        poison = changed("mug", 1)
        bus.refuses = {poison.metadata.event_id}
        async with Running(db, bus, poll=timedelta(milliseconds=50)):
            await put(db, poison, changed("mug", 2))
            for version in range(1, 6):
                await put(db, changed("pot", version))
            await until(lambda: len(bus.of("pot")) == 5)
            assert bus.of("mug") == []
            bus.refuses = set()
            await until(lambda: bus.of("mug") == [1, 2])

    run(story())


def test_what_nobody_understands_stays_and_holds_up_no_other(run, db, bus):
    async def story():
        await db.execute("insert into outbox (aggregate_id, event_id, body) values ('mug', 'x', '{}')")
        async with Running(db, bus):
            await put(db, changed("mug", 2), changed("pot", 1))
            await until(lambda: bus.of("pot"))
        assert bus.of("mug") == []
        assert await left(db) == 2

    run(story())


def test_several_relays_share_the_work_and_keep_every_order(run, db, bus):
    async def story():
        bus.waits = 0.002
        async with Running(db, bus), Running(db, bus), Running(db, bus):
            for version in range(1, 41):
                await put(db, *(changed(f"p{n}", version) for n in range(10)))
            await until(lambda: len(bus.took) >= 400)
        for n in range(10):
            assert bus.of(f"p{n}") == list(range(1, 41))  # each once, in order
        assert await left(db) == 0

    run(story())


def test_a_relay_that_dies_after_the_acknowledgement_says_it_again(run, db, bus):
    async def story():
        def die():
            raise ConnectionResetError

        bus.before_answer = die
        await put(db, changed("mug", 1))
        with pytest.raises(ConnectionResetError):
            await Relay(db, bus).send_oldest()
        bus.before_answer = None
        await Relay(db, bus).send_oldest()
        assert bus.of("mug") == [1, 1]  # at least once: consumers know the event id

    run(story())


def test_at_its_stop_a_relay_finishes_what_it_has_begun(run, db, bus):
    async def story():
        bus.waits = 0.3
        async with Running(db, bus):
            await put(db, changed("mug", 1))
            await asyncio.sleep(0.1)
        assert bus.of("mug") == [1]
        assert await left(db) == 0

    run(story())


def test_an_unsendable_message_fails_the_transaction_that_would_announce_it(run, db, bus):
    async def story():
        bad = changed("mug", 1)
        broken = type(bad)(metadata=bad.metadata, data=StockChanged(product_id="mug", available=1, status="SOME"))  # type: ignore[arg-type]
        with pytest.raises(Unsendable):
            await put(db, broken)
        assert await left(db) == 0

    run(story())


def test_an_event_is_admitted_once_even_by_two_at_the_same_moment(run, db, bus):
    async def admit():
        async with db.transaction() as tx:
            return await inbox.admit(tx, "e1")

    async def story():
        return await asyncio.gather(*(admit() for _ in range(5)))

    assert sorted(run(story())) == [False, False, False, False, True]


def test_an_event_whose_effect_was_rolled_back_is_admitted_again(run, db, bus):
    async def failing():
        async with db.transaction() as tx:
            assert await inbox.admit(tx, "e1")
            raise RuntimeError

    async def story():
        with pytest.raises(RuntimeError):
            await failing()
        async with db.transaction() as tx:
            assert await inbox.admit(tx, "e1")

    run(story())


def test_the_inbox_forgets_what_cannot_come_again(run, db, bus):
    async def story():
        await db.execute("insert into inbox values ('old', now() - interval '31 days'), ('young', now())")
        await inbox.trim(db)
        return await db.fetch("select event_id from inbox")

    assert [row["event_id"] for row in run(story())] == ["young"]
