"""A function's environments: as many as its concurrency allows, the last used first; idle ones end after a while."""

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shop import telemetry
from shop.contracts.topology import Function
from shop.local.lambda_host import output
from shop.local.lambda_host.environment import Environment, Invocation, Outcome, failure
from shop.local.lambda_host.starting import Starter, kill
from shop.telemetry import names

__all__ = ["Busy", "Pool", "variables"]

RETURN = 0.05  # seconds that one which has just answered may take to ask again, before another is started
WAIT_FOR_ROOM = 5.0  # seconds that a request waits when all environments are busy
INIT_TIMEOUT = 10.0  # seconds, as Lambda's init phase
IDLE_FOR = 300.0  # seconds until a spare environment ends; one stays


class Busy(Exception):
    """All environments of the function were busy for as long as a request may wait: 429, as Lambda says."""


class Pool:
    """The environments of one function."""

    def __init__(self, function: Function, starter: Starter, environment: dict[str, str]) -> None:
        self.function, self._starter, self._environment = function, starter, environment
        self._all: dict[str, Environment] = {}
        self._idle: list[Environment] = []
        self._waiting: deque[asyncio.Future[Environment]] = deque()
        self._number = 0
        self._outputs: set[asyncio.Task[None]] = set()
        self.warm = asyncio.Event()
        self.touched: Callable[[], None] = lambda: None

    @property
    def pids(self) -> dict[str, int]:
        """The processes, by name."""
        return {name: each.pid for name, each in self._all.items() if each.pid is not None}

    @property
    def running(self) -> list[dict[str, Any]]:
        """The processes, as the console shows them. One that ends is replaced by another, never started again."""
        return [
            {
                "name": name,
                "pid": each.pid,
                "startedAt": each.started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "restarts": 0,
            }
            for name, each in self._all.items()
            if each.pid is not None
        ]

    async def invoke(self, payload: bytes) -> Outcome:
        """Run the function on `payload`. Raises Busy."""
        timeout = self.function.timeout.total_seconds()
        invocation = Invocation(payload, timeout)
        environment = await self._environment_for(invocation)
        if environment is None:
            return await invocation.outcome
        environment.take(invocation)
        try:
            return await asyncio.wait_for(asyncio.shield(invocation.outcome), timeout)
        except TimeoutError:
            return self._timed_out(environment, invocation)
        finally:
            self.touched()

    async def _environment_for(self, invocation: Invocation) -> Environment | None:
        """An idle environment; None when a new one failed to start, which the invocation has been told."""
        while self._idle:
            environment = self._idle.pop()
            if environment.idle:
                return environment
        if len(self._waiting) < sum(each.returning for each in self._all.values()):
            with contextlib.suppress(Busy):
                return await self._turn(RETURN)
        if len(self._all) < self.function.concurrency:
            return await self._start(invocation)
        return await self._turn(WAIT_FOR_ROOM)

    async def _turn(self, seconds: float) -> Environment:
        """The next environment that asks for work. Raises Busy."""
        turn: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await asyncio.wait_for(turn, seconds)
        except TimeoutError:
            raise Busy from None

    async def _start(self, invocation: Invocation) -> Environment | None:
        """A new environment that has come to ask for work."""
        environment = await self._launch()
        turn: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        environment.started_for = invocation  # so that a process that ends while it starts ends this invocation
        ended = invocation.outcome
        either: set[asyncio.Future[Any]] = {turn, ended}
        await asyncio.wait(either, timeout=INIT_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        if turn.done() and not ended.done():
            environment.started_for = None
            return turn.result()
        if turn.done():
            self._on_idle(turn.result())
        else:
            self._waiting.remove(turn)
        if not ended.done():
            self._end(environment)
            invocation.end(failure("Sandbox.Timedout", "Init timed out after 10.00 seconds", invocation.request_id))
        return None

    async def _launch(self) -> Environment:
        """Start a process."""
        self._number += 1
        environment = Environment(self.function, self._number, self._on_idle)
        self._all[environment.name] = environment
        address = await environment.listen()
        reading, writing = os.pipe()
        environment.pid = await self._starter.start(
            environment.name, variables(self.function, environment.name, address) | self._environment, writing
        )
        os.close(writing)
        reads = asyncio.create_task(output.forward(reading, self.function.name, lambda: request_id_of(environment)))
        self._outputs.add(reads)
        reads.add_done_callback(self._outputs.discard)
        return environment

    async def warm_up(self) -> None:
        """Have one environment ready."""
        await self._launch()

    def _on_idle(self, environment: Environment) -> None:
        """An environment asks for work: give it to who waits longest."""
        self.warm.set()
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(environment)
                return
        self._idle.append(environment)

    def _timed_out(self, environment: Environment, invocation: Invocation) -> Outcome:
        seconds = f"Task timed out after {invocation.timeout:.2f} seconds"
        self._end(environment)
        telemetry.log(
            names.FUNCTION_FAILED,
            {
                names.FAAS_NAME: self.function.name,
                names.FAAS_INVOCATION_ID: invocation.request_id,
                names.REASON: seconds,
            },
            level="ERROR",
        )
        invocation.end(failure("Sandbox.Timedout", seconds, invocation.request_id))
        return invocation.outcome.result()

    def _end(self, environment: Environment) -> None:
        """Kill a process; its end is heard of like any other."""
        environment.current = environment.started_for = None
        if environment.pid is not None:
            kill(environment.pid)

    def gone(self, pid: int, how: str) -> bool:
        """A process has ended; whether it was one of this function's."""
        environment = next((each for each in self._all.values() if each.pid == pid), None)
        if environment is None:
            return False
        del self._all[environment.name]
        if environment in self._idle:
            self._idle.remove(environment)
        if environment.current is not None:
            about = {names.FAAS_NAME: self.function.name, names.FAAS_INVOCATION_ID: environment.current.request_id}
            telemetry.log(names.FUNCTION_FAILED, about | {names.REASON: how}, level="ERROR")
        environment.gone(how)
        return True

    def reap(self) -> None:
        """End environments that have been idle for long; keep one."""
        for environment in self._idle[:-1]:
            if time.monotonic() - environment.idle_since > IDLE_FOR:
                self._idle.remove(environment)
                self._end(environment)

    async def at_rest(self) -> None:
        """Wait until no invocation is running."""
        for environment in list(self._all.values()):
            if environment.current is not None:
                await asyncio.wait({environment.current.outcome})

    async def close(self) -> None:
        """Close the endpoints."""
        for environment in self._all.values():
            environment.close()
        for task in self._outputs:
            task.cancel()
        await asyncio.gather(*self._outputs, return_exceptions=True)


def request_id_of(environment: Environment) -> str | None:
    """The invocation that is running there."""
    return environment.current.request_id if environment.current else None


def variables(function: Function, environment: str, address: str) -> dict[str, str]:
    """What Lambda itself sets in an environment."""
    return {
        "AWS_LAMBDA_RUNTIME_API": address,
        "_HANDLER": function.handler,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/shop/local/{function.service}",
        "AWS_LAMBDA_LOG_STREAM_NAME": environment,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "LAMBDA_TASK_ROOT": str(Path(telemetry.__file__).parents[1]),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    }
