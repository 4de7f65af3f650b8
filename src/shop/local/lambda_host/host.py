"""The host: pools for all functions, their sources, and the Invoke API in front."""

import asyncio
import contextlib
import signal
from pathlib import Path

import msgspec

from shop import telemetry
from shop.contracts.topology import FUNCTIONS, SCHEDULES, Function, QueueSource, StreamSource
from shop.local.lambda_host import schedules
from shop.local.lambda_host.pool import Busy, Pool
from shop.local.lambda_host.queue_source import QueueMapping
from shop.local.lambda_host.server import Answer, Request, serve
from shop.local.lambda_host.starting import Starter, starter
from shop.local.lambda_host.stream_source import StreamMapping
from shop.runtime.aws import Aws
from shop.telemetry import names

__all__ = ["Host", "Settings", "run"]

INVOKE = "/2015-03-31/functions/"
GRACE = 2.0  # seconds that running invocations get to end
REAP_EVERY = 30.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`functions_file`: JSON, the environment variables of each function by its name. `state_dir`: checkpoints."""

    lambda_host_port: int
    functions_file: str
    state_dir: str
    queue_url_prefix: str


class Host:
    """All functions of the shop."""

    def __init__(self, functions: tuple[Function, ...], environments: dict[str, dict[str, str]], how: Starter) -> None:
        self._starter = how
        self.pools = {each.name: Pool(each, how, environments.get(each.name, {})) for each in functions}
        self._tasks: list[asyncio.Task[None]] = []
        self._queues: list[QueueMapping] = []

    async def open(self) -> None:
        """Start one environment of each function."""
        await self._starter.open(self._gone)
        await asyncio.gather(*(pool.warm_up() for pool in self.pools.values()))
        self._tasks.append(asyncio.create_task(self._reap()))

    def connect(self, aws: Aws, queue_url_prefix: str, state: Path) -> None:
        """Begin to feed the functions from their sources, and to keep the schedules."""
        streams: dict[str, StreamMapping] = {}
        for pool in self.pools.values():
            function, source = pool.function, pool.function.source
            if isinstance(source, QueueSource):
                queue = QueueMapping(function, source, pool, aws, queue_url_prefix)
                self._queues.append(queue)
                self._tasks.append(asyncio.create_task(queue.run()))
            elif isinstance(source, StreamSource):
                streams[function.service] = StreamMapping(function, source, pool, aws, state)
                self._tasks.append(asyncio.create_task(streams[function.service].run()))
        for pool in self.pools.values():
            if pool.function.service in streams and not isinstance(pool.function.source, StreamSource):
                pool.touched = streams[pool.function.service].wake  # only they write the table
        for schedule in SCHEDULES:
            self._tasks.append(asyncio.create_task(schedules.keep(schedule, aws, queue_url_prefix)))

    def _gone(self, pid: int, how: str) -> None:
        for pool in self.pools.values():
            if pool.gone(pid, how):
                return

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(REAP_EVERY)
            for pool in self.pools.values():
                pool.reap()

    async def close(self) -> None:
        """Stop the sources first, then let running invocations end, then end the processes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(queue.finish(GRACE) for queue in self._queues))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(pool.at_rest() for pool in self.pools.values())), GRACE)
        for pool in self.pools.values():
            await pool.close()
        await self._starter.close()

    async def handle(self, request: Request) -> Answer:
        """The Invoke API, and what the supervisor asks."""
        if request.method == "POST" and request.path.startswith(INVOKE):
            return await self._invoke(request.path.removeprefix(INVOKE).removesuffix("/invocations"), request)
        if request.path == "/ready":
            cold = [name for name, pool in self.pools.items() if not pool.warm.is_set()]
            return Answer(503 if cold else 200, msgspec.json.encode({"cold": cold}))
        if request.path == "/processes":
            running = [about for pool in self.pools.values() for about in pool.running]
            return Answer(200, msgspec.json.encode(running), {"Content-Type": "application/json"})
        if request.path == "/environments":
            pids = {name: pid for pool in self.pools.values() for name, pid in pool.pids.items()}
            return Answer(200, msgspec.json.encode(pids), {"Content-Type": "application/json"})
        return Answer(404)

    async def _invoke(self, name: str, request: Request) -> Answer:
        pool = self.pools.get(name)
        if pool is None:
            return refusal(404, "ResourceNotFoundException", f"Function not found: {name}")
        if request.headers.get("x-amz-invocation-type") == "Event":
            task = asyncio.create_task(self._later(pool, request.body))
            self._tasks.append(task)
            task.add_done_callback(self._tasks.remove)
            return Answer(202)
        try:
            outcome = await pool.invoke(request.body)
        except Busy:
            return refusal(429, "TooManyRequestsException", "Rate Exceeded.")
        headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": "$LATEST"}
        if outcome.error:
            headers["X-Amz-Function-Error"] = outcome.error
        return Answer(200, outcome.body, headers)

    async def _later(self, pool: Pool, payload: bytes) -> None:
        with contextlib.suppress(Busy):
            await pool.invoke(payload)


def module_of(function: Function) -> str:
    """Where its handler stands."""
    return function.handler.rpartition(".")[0]


def refusal(status: int, kind: str, message: str) -> Answer:
    """Lambda's own no."""
    body = msgspec.json.encode({"Type": "User", "Message": message})
    return Answer(status, body, {"Content-Type": "application/json", "X-Amzn-ErrorType": kind})


def prepared(settings: Settings) -> tuple[dict[str, dict[str, str]], Path]:
    """The functions' environments, and the folder of the checkpoints."""
    state = Path(settings.state_dir)
    state.mkdir(parents=True, exist_ok=True)
    return msgspec.json.decode(Path(settings.functions_file).read_bytes()), state


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    environments, state = prepared(settings)
    packaged = any("LAMBDA_TASK_ROOT" in each for each in environments.values())
    host = Host(FUNCTIONS, environments, starter((module_of(each) for each in FUNCTIONS), packaged=packaged))
    await host.open()
    server = await serve(host.handle, settings.lambda_host_port)
    async with Aws() as aws:
        host.connect(aws, settings.queue_url_prefix, state)
        telemetry.log(names.READY)
        await stop.wait()
        await host.close()
    server.close()
