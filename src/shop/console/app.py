"""The console as a process: settings, wiring, and the two ports that it listens on."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import uvicorn
from starlette.types import ASGIApp

from shop.console import routes as api
from shop.console.cloud.alarms import Alarms, Topic
from shop.console.cloud.depths import Depths
from shop.console.cloud.events import Drain
from shop.console.cloud.mailbox import Mailbox
from shop.console.cloud.processes import Processes
from shop.console.cloud.queues import Watcher
from shop.console.console import Console
from shop.console.guard import Guard
from shop.console.pages import Buyer, pages
from shop.console.receiver.forward import Forward
from shop.console.receiver.http import Receiver
from shop.console.receiver.intake import Intake
from shop.console.receiver.journal import Journal
from shop.console.routes.common import off_loop
from shop.console.store.store import Store
from shop.kernel.config import load
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime.aws import Aws
from shop.runtime.http import application
from shop.runtime.queues import Queues
from shop.runtime.wire import Client

__all__ = ["Settings", "main"]

SECOND: Final = 10**9  # ns
logger = logging.getLogger(__name__)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`console_folder` holds all that is kept: no longer than `console_retention`, of spans, points and log lines no
    more than `console_rows`, and about `console_disk_mb`.
    """

    console_port: int
    otlp_port: int
    console_folder: str
    console_retention: timedelta = timedelta(days=30)
    console_rows: int = 30_000_000
    console_disk_mb: int = 2048
    console_memory_mb: int = 256
    console_alarms_every: timedelta = timedelta(seconds=15)
    console_forward_to: str | None = None  # base URL of another OTLP/HTTP endpoint
    aws_endpoint_url: str | None = None
    aws_access_key_id: str = "000000000000"
    aws_region: str = "ap-northeast-1"
    queue_url_prefix: str = ""
    processes_file: str | None = None
    lambda_host_url: str | None = None
    gateway_url: str | None = None
    accounts_file: str | None = None

    def __post_init__(self) -> None:
        if self.console_disk_mb < 16 or self.console_memory_mb < 64 or self.console_rows < 1000:
            raise ValueError(
                "CONSOLE_DISK_MB must be at least 16, CONSOLE_MEMORY_MB at least 64, CONSOLE_ROWS at least 1000"
            )


def opened(settings: Settings) -> tuple[Store, Intake]:
    """The store, and what writes into it, with everything that a crash left behind taken up."""
    folder = Path(settings.console_folder)
    file = folder / "telemetry.duckdb"
    retention = round(settings.console_retention.total_seconds()) * SECOND
    open_store = partial(
        Store,
        file,
        memory_mb=settings.console_memory_mb,
        retention_ns=retention,
        rows=settings.console_rows,
        disk_bytes=settings.console_disk_mb << 20,
    )
    try:
        store = open_store()
    except duckdb.Error as error:
        if "lock" in str(error):  # another process has it: that is no damage
            raise
        broken = file.rename(folder / f"broken-{time.time_ns()}.duckdb")
        Path(f"{file}.wal").unlink(missing_ok=True)
        logger.error("the telemetry cannot be read (%s): it is now %s, and a new file begun", error, broken)  # noqa: TRY400
        store = open_store()
    return store, Intake(store, Journal(folder / "journal", store.database.journal), retention)


@contextlib.asynccontextmanager
async def wired(settings: Settings, store: Store, intake: Intake) -> AsyncIterator[tuple[ASGIApp, ASGIApp]]:
    """The console's application and the receiver's, with all that goes on beside them, while the context lasts."""
    client, aws = Client(), Aws()
    emulator = settings.aws_endpoint_url or ""
    sqs = Queues(aws, settings.queue_url_prefix)
    tasks: list[asyncio.Task[None]] = []
    watcher = Watcher(client, emulator, settings.aws_access_key_id, settings.aws_region)
    topic = Topic(client, emulator, settings.aws_access_key_id, settings.aws_region) if emulator else None
    alarms = Alarms(store, topic, Path(settings.accounts_file) if settings.accounts_file else None)
    tasks.append(asyncio.create_task(alarms.run(settings.console_alarms_every)))
    if emulator:
        depths = Depths(watcher, lambda body: intake.take("metrics", "json", body))
        tasks.append(asyncio.create_task(depths.run()))
        mails = Mailbox(store.database, client, emulator, settings.aws_access_key_id)
        intake.written.append(mails.hear)
        tasks += [asyncio.create_task(mails.run()), asyncio.create_task(Drain(store.database, sqs).run())]
    forward = Forward(client, settings.console_forward_to) if settings.console_forward_to else None
    if forward:
        tasks.append(asyncio.create_task(forward.run()))
    console = Console(
        store,
        sqs,
        watcher,
        alarms,
        Processes(client, settings.processes_file, settings.lambda_host_url),
    )
    intake.start()
    try:
        api_app = application(api.routes, console, told=False, ready={"store": partial(ready, store)})
        app = pages(api_app, buyer(settings, client))
        yield Guard(app), Receiver(intake, forward.take if forward else None)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(intake.stop)
        await client.aclose()
        await aws.aclose()


async def ready(store: Store) -> None:
    """Nothing, or DependencyUnavailable."""
    try:
        await off_loop(store.run, "select 1")
    except (duckdb.Error, DependencyTimeout) as error:
        raise DependencyUnavailable("The store does not answer.") from error


def buyer(settings: Settings, client: Client) -> Buyer | None:
    """Who orders for the first step of a learner, where there is a shop to order at."""
    if settings.gateway_url is None or settings.accounts_file is None:
        return None
    return Buyer(client, settings.gateway_url, Path(settings.accounts_file))


class Server(uvicorn.Server):
    """One of two in this process: signals are the process's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave them alone."""
        yield


def server(app: ASGIApp, port: int, *, lifespan: bool) -> Server:
    """What listens on this port of 127.0.0.1."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        http="httptools",
        ws="none",
        lifespan="on" if lifespan else "off",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    return Server(config)


async def serve(settings: Settings) -> None:
    """Until a signal says that it is enough."""
    store, intake = opened(settings)
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with wired(settings, store, intake) as (console, receiver):
        servers = [
            server(console, settings.console_port, lifespan=True),
            server(receiver, settings.otlp_port, lifespan=False),
        ]
        serving = [asyncio.create_task(each.serve()) for each in servers]
        ending = asyncio.create_task(told.wait())
        await asyncio.wait([ending, *serving], return_when=asyncio.FIRST_COMPLETED)
        for each in servers:
            each.should_exit = True
        await asyncio.gather(*serving)
        ending.cancel()
    store.close()


def main() -> None:
    """Run the console with the settings of the environment."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    settings = load(Settings)
    for port in (settings.console_port, settings.otlp_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415 - not on every system

        uvloop.install()
    asyncio.run(serve(settings))
