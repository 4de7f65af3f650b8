"""A container worker on real queues: it polls, handles beside each other, deletes, and stops as it was told."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from functools import partial

import pytest

from shop.contracts.events import StockChanged
from shop.kernel.errors import DependencyUnavailable
from shop.runtime import worker
from shop.runtime.consume import Consumer, Queues
from shop.runtime.worker import Worker, poll

QUEUE = "catalog-events"


class Shelf:
    """What the handler below does: waits as long as told for a product, and notes what it did."""

    def __init__(self):
        self.handled, self.waits, self.running, self.most = [], {}, 0, 0


def consumer():
    made = Consumer(QUEUE)

    @made.on(StockChanged)
    async def on_change(shelf, message):
        shelf.running += 1
        shelf.most = max(shelf.most, shelf.running)
        try:
            await asyncio.sleep(shelf.waits.get(message.data.product_id, 0.005))
            shelf.handled.append(message.data.product_id)
        finally:
            shelf.running -= 1

    return made


@pytest.fixture
def shelf(empty):
    empty(QUEUE)
    return Shelf()


async def until(condition, seconds=20.0):
    """Wait until a condition holds that nobody announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


async def depth(aws, emulator):
    """Messages that wait, and messages that somebody has in hand."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = await aws.call("sqs", "GetQueueAttributes", QueueUrl=emulator.queue_url(QUEUE), AttributeNames=names)
    return tuple(int(answer["Attributes"][name]) for name in names)


class Polling:
    """A poll that runs inside the block and is stopped after it."""

    def __init__(self, shelf, queues, **options):
        self.stop = asyncio.Event()
        self.loop = partial(poll, consumer(), shelf, queues, stop=self.stop, **options)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.loop())
        return self

    async def __aexit__(self, *exc):
        self.stop.set()
        await asyncio.wait_for(self.task, 20)


def test_messages_are_handled_beside_each_other_and_deleted(run, aws, emulator, bus, queues, shelf, changed):
    async def story():
        async with Polling(shelf, queues):
            await bus.publish([changed(f"p{n}") for n in range(30)])
            await until(lambda: len(shelf.handled) == 30)
        assert shelf.most > 5
        assert await depth(aws, emulator) == (0, 0)

    run(story())


def test_at_most_so_many_are_in_hand_at_once(run, bus, queues, shelf, changed):
    async def story():
        async with Polling(shelf, queues, concurrency=3):
            await bus.publish([changed(f"p{n}") for n in range(12)])
            await until(lambda: len(shelf.handled) == 12)
        assert shelf.most <= 3

    run(story())


def test_a_slow_message_holds_up_no_other(run, bus, queues, shelf, changed, monkeypatch):
    monkeypatch.setattr(worker, "GRACE", 0.1)

    async def story():
        shelf.waits["slow"] = 60
        async with Polling(shelf, queues, concurrency=3):
            await bus.publish([changed("slow"), *(changed(f"p{n}") for n in range(12))])
            await until(lambda: len(shelf.handled) == 12)
        assert "slow" not in shelf.handled

    run(story())


def test_a_stop_does_not_wait_for_the_long_poll(run, queues, shelf):
    polls = []

    class Noted(Queues):
        def __init__(self):
            pass

        async def receive(self, *args):
            polls.append("asked")
            found = await queues.receive(*args)
            polls.append("answered")
            return found

    async def story():
        async with Polling(shelf, Noted()):
            await until(lambda: polls)

    run(story())
    assert polls == ["asked"]


def test_at_its_stop_a_worker_ends_what_it_can_and_gives_the_rest_back(
    run, aws, emulator, bus, queues, shelf, changed, monkeypatch
):
    monkeypatch.setattr(worker, "GRACE", 0.3)

    async def story():
        shelf.waits |= {"long": 30, "short": 0.2}
        async with Polling(shelf, queues):
            await bus.publish([changed("long"), changed("short")])
            await until(lambda: shelf.running == 2)
        assert shelf.handled == ["short"]
        assert await depth(aws, emulator) == (1, 0)  # visible at once for the next worker

    run(story())


def test_a_queue_that_cannot_be_reached_is_asked_again(run, queues, shelf, bus, changed):
    class Flaky(Queues):
        def __init__(self):
            self.tries = 0

        async def receive(self, *args):
            self.tries += 1
            if self.tries < 3:
                raise DependencyUnavailable
            return await queues.receive(*args)

        async def delete(self, *args):
            await queues.delete(*args)

        async def release_all(self, *args):
            await queues.release_all(*args)

    async def story():
        async with Polling(shelf, Flaky()):
            await bus.publish([changed("mug")])
            await until(lambda: shelf.handled == ["mug"])

    run(story())


def test_a_message_whose_deletion_failed_comes_again(run, aws, emulator, queues, shelf, bus, changed):
    class Forgetful(Queues):
        def __init__(self):
            self.failures = 1

        async def receive(self, *args):
            return await queues.receive(*args)

        async def delete(self, *args):
            self.failures -= 1
            if self.failures >= 0:
                raise DependencyUnavailable
            await queues.delete(*args)

        async def release_all(self, *args):
            await queues.release_all(*args)

    async def story():
        async with Polling(shelf, Forgetful()):
            await bus.publish([changed("mug")])
            await until(lambda: shelf.handled == ["mug"])
            await asyncio.sleep(0.05)
        assert await depth(aws, emulator) == (0, 1)  # until its visibility ends

    run(story())


def test_a_loop_that_fails_ends_the_worker_and_stops_the_others(run):
    ended = []

    async def failing(stop):
        raise RuntimeError("broken")

    async def patient(stop):
        await stop.wait()
        ended.append("patient")

    with pytest.raises(ExceptionGroup, match="unhandled"):
        run(worker.run(Worker(loops=[patient, failing]), asyncio.Event()))
    assert ended == ["patient"]


def test_loops_start_when_every_dependency_answers(run):
    story = []

    async def ping():
        story.append("ping")
        if len(story) < 3:
            raise DependencyUnavailable

    async def loop(stop):
        story.append("loop")
        stop.set()

    run(worker.run(Worker(loops=[loop], ready={"postgres": ping}), asyncio.Event()))
    assert story == ["ping", "ping", "ping", "loop"]


SERVICE = """
import asyncio
from shop.runtime.worker import Worker
from shop.kernel.errors import SettingsError

async def loop(stop):
    await stop.wait()
    print("stopped", flush=True)

def worker():
    return Worker(loops=[loop])

def unset():
    raise SettingsError("DATABASE_URL is missing")
"""


@pytest.fixture
def start(tmp_path):
    (tmp_path / "small_service.py").write_text(SERVICE)

    def run_worker(factory):
        return subprocess.Popen(
            [sys.executable, "-m", "shop.runtime.worker", f"small_service:{factory}"],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run_worker


def test_as_a_process_it_says_when_it_is_ready_and_ends_cleanly_at_sigterm(start):
    with start("worker") as process:
        assert json.loads(process.stdout.readline())["event"] == "shop.ready"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "stopped\n"
        assert process.wait(5) == 0


def test_wrong_settings_are_one_line_and_exit_code_two(start):
    with start("unset") as process:
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert errors == "small_service:unset cannot start: DATABASE_URL is missing\n"
