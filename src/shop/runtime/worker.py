"""A container worker: loops that run until SIGTERM. `python -m shop.runtime.worker shop.orders.app:worker`."""

import asyncio
import importlib
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import uvloop

from shop import telemetry
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, SettingsError
from shop.runtime import signals
from shop.runtime.aws import AwsError
from shop.runtime.consume import Consumer, Queues, Received
from shop.runtime.queues import BATCH, LONG_POLL
from shop.runtime.stopping import cancelled, pause
from shop.telemetry import names

__all__ = ["Loop", "Worker", "main", "poll", "run"]

Loop = Callable[[asyncio.Event], Awaitable[None]]
GRACE = 2.5  # seconds that what is in hand gets to end; the shop stops within 5
GATHER = 0.1  # seconds that a message which is done with waits for others: one call deletes ten
LONGEST_PAUSE = 5.0  # seconds between polls while the queue cannot be reached
READY_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker is made of: what is entered first, the loops, and the pings of its dependencies by name."""

    lifespan: Sequence[AbstractAsyncContextManager[Any]] = ()
    loops: Sequence[Loop] = ()
    ready: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)


async def run(worker: Worker, stop: asyncio.Event) -> None:
    """Run all loops until `stop`, or until one of them fails, which fails the worker."""
    async with AsyncExitStack() as stack:
        for context in worker.lifespan:
            await stack.enter_async_context(context)
        for ping in worker.ready.values():
            await reached(ping, stop)
        async with asyncio.TaskGroup() as group:
            for loop in worker.loops:
                group.create_task(_until_stopped(loop, stop))
            if not stop.is_set():
                telemetry.log(names.READY)


async def _until_stopped(loop: Loop, stop: asyncio.Event) -> None:
    try:
        await loop(stop)
    finally:
        stop.set()  # one that ends early takes the others along: a worker that does half its work looks healthy


async def reached(ping: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Wait until a dependency answers."""
    while not stop.is_set():
        try:
            await ping()
        except (AwsError, DependencyUnavailable, DependencyTimeout):
            await pause(stop, READY_PAUSE)
        else:
            return


async def poll(consumer: Consumer, deps: Any, queues: Queues, stop: asyncio.Event, *, concurrency: int = 20) -> None:
    """Receive and handle messages until `stop`, at most `concurrency` at once."""
    signals.dead_lettered(consumer.queue.name, 0)
    hands = Hands(consumer, deps, queues)
    stopping = asyncio.create_task(stop.wait())
    failures = 0
    try:
        while not stop.is_set():
            free = await hands.free(concurrency, stopping)
            receiving = asyncio.create_task(queues.receive(consumer.queue.name, min(BATCH, free), LONG_POLL))
            await asyncio.wait({receiving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                await cancelled(receiving)
                break
            try:
                hands.take(receiving.result())
                failures = 0
            except (AwsError, DependencyUnavailable, DependencyTimeout):
                failures += 1
                await pause(stop, min(LONGEST_PAUSE, 0.1 * 2**failures))
    finally:
        await hands.finish()
        await cancelled(stopping)


class Hands:
    """The messages that a poll has in hand. Each leaves by itself: a slow one holds up no other."""

    def __init__(self, consumer: Consumer, deps: Any, queues: Queues) -> None:
        self._consumer, self._deps, self._queues = consumer, deps, queues
        self._held: dict[str, Received] = {}
        self._batches: set[asyncio.Task[Any]] = set()
        self._done: list[Received] = []
        self._some_done, self._ending = asyncio.Event(), False
        self._deleting = asyncio.create_task(self._delete())
        self._change = asyncio.Event()

    async def free(self, concurrency: int, stopping: asyncio.Task[Any]) -> int:
        """How many more may be taken; waits until it is one."""
        while len(self._held) >= concurrency and not stopping.done():
            self._change.clear()
            changing = asyncio.create_task(self._change.wait())
            await asyncio.wait({changing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await cancelled(changing)
        return max(1, concurrency - len(self._held))

    def take(self, received: Sequence[Received]) -> None:
        """Start to handle a batch."""
        if not received:
            return
        self._held |= {message.receipt: message for message in received}
        handling = self._consumer.handle(self._deps, received, self._queues, settled=self._settle)
        batch = asyncio.create_task(handling)
        self._batches.add(batch)
        batch.add_done_callback(self._batches.discard)

    def _settle(self, message: Received, done: bool) -> None:
        del self._held[message.receipt]
        self._change.set()
        if done:
            self._done.append(message)
            self._some_done.set()

    async def _delete(self) -> None:
        """Delete what is done with, as many at once as come together within a moment."""
        while self._done or not self._ending:
            await self._some_done.wait()
            if not self._ending:
                await asyncio.sleep(GATHER)
                self._some_done.clear()
            while self._done:
                batch, self._done = self._done[:BATCH], self._done[BATCH:]
                await self._delete_some(batch)

    async def _delete_some(self, batch: list[Received]) -> None:
        try:
            await self._queues.delete(self._consumer.queue.name, batch)
        except (AwsError, DependencyUnavailable, DependencyTimeout) as error:
            signals.trouble(names.MESSAGE_DELETE_FAILED, error)

    async def finish(self) -> None:
        """Let what is in hand end; what does not goes back at once, for the next worker."""
        if self._batches:
            await asyncio.wait(self._batches, timeout=GRACE)
        await cancelled(*self._batches)
        back = list(self._held.values())
        try:
            await self._queues.release_all(self._consumer.queue.name, back, 0)
        except (AwsError, DependencyUnavailable, DependencyTimeout) as error:
            signals.trouble(names.MESSAGE_RELEASE_FAILED, error)
        self._ending = True
        self._some_done.set()
        await self._deleting


async def until_told(worker: Worker) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(worker, stop)


def main(entry: str) -> int:
    """Run the worker that the factory `module:function` makes; it has set up telemetry. The exit code."""
    module, _, function = entry.partition(":")
    try:
        worker = getattr(importlib.import_module(module), function)()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(until_told(worker))
    except SettingsError as error:
        sys.stderr.write(f"{entry} cannot start: {error}\n")
        return 2
    finally:
        telemetry.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
