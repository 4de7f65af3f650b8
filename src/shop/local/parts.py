"""Of what the shop consists on this machine: a `Spec` for every process."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from signal import SIGINT

from shop.contracts import topology
from shop.contracts.topology import Container
from shop.local.emulator import SAVING, Access, Emulator
from shop.local.environment import Place, Settings, console, process, url
from shop.local.errors import Refused
from shop.local.http import answers
from shop.local.language import say
from shop.local.leftover import end_leftover
from shop.local.postgres import Postgres
from shop.local.process import Process, Spec, module
from shop.runtime.wire import Client
from shop.telemetry import names

__all__ = ["STAGES", "Parts", "begin_anew"]

READY = names.READY  # what a worker logs
STAGES = (
    ("gateway",),
    ("lambda-host", *(one.name for one in topology.CONTAINERS if one.kind == "worker")),
    tuple(one.name for one in topology.CONTAINERS if one.kind == "api"),
    ("emulator", "postgres"),
    ("console",),  # last: the others tell of their end, too
)


@dataclass(frozen=True)
class Parts:
    """Makes the specs; `client` asks the processes how they are."""

    client: Client

    def emulator(self, emulator: Emulator) -> Spec:
        """AWS. It is never ended for being silent: that would lose what it holds."""
        starts = 0

        async def prepare() -> None:
            nonlocal starts
            starts += 1
            emulator.prepare()
            if starts > 1 and emulator.saved().generation != emulator.generation:
                raise Refused(
                    say("エミュレーターが保存せずに終了し、", "the emulator ended without saving, ")
                    + say("AWS 側のデータが失われました。", "and what AWS held is lost. ")
                    + begin_anew()
                )

        async def ready(_: Process) -> bool:
            return emulator.is_ready()

        return Spec("emulator", emulator.command, emulator.environment(), ready, prepare=prepare, grace=SAVING)

    def postgres(self, postgres: Postgres, port: int) -> Spec:
        """The databases. SIGINT is PostgreSQL's fast shutdown."""

        async def prepare() -> None:
            await asyncio.to_thread(end_leftover, postgres.data)
            await asyncio.to_thread(postgres.prepare)

        async def ready(_: Process) -> bool:
            return postgres.is_ready()

        def command(lifeline: int) -> list[str]:
            return postgres.command(port, lifeline)

        return Spec("postgres", command, postgres.environment(), ready, prepare=prepare, end=SIGINT, grace=5)

    def container(self, container: Container, settings: Settings) -> Spec:
        """An API under uvicorn, or a worker."""
        environment = settings.container(container.name)
        if container.kind == "worker":
            return Spec(
                container.name, module("shop.runtime.worker", container.entry), environment, logged_ready, grace=3
            )
        port = settings.place.apis[container.service]
        command = module(
            "uvicorn", container.entry, "--factory", "--host", "127.0.0.1", "--port", str(port),
            "--http", "httptools", "--ws", "none", "--no-proxy-headers", "--no-access-log", "--log-level", "warning",
            "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "1",
        )  # fmt: skip
        health = f"{url(port)}/health/{container.service}"
        return Spec(container.name, command, environment, self.asking(f"{health}/ready"), self.alive(f"{health}/live"))

    def lambda_host(self, settings: Settings) -> Spec:
        """The host of all functions."""
        ready = f"{url(settings.place.lambda_host)}/ready"
        environment = settings.lambda_host()
        return Spec(
            "lambda-host", module("shop.local.lambda_host"), environment, self.asking(ready), self.alive(ready), grace=3
        )

    def gateway(self, settings: Settings) -> Spec:
        """The shop's one origin."""
        live = f"{settings.place.gateway_url}/health/live"
        return Spec("gateway", module("shop.local.gateway"), settings.gateway(), self.asking(live), self.alive(live))

    def console(self, place: Place, access: Access) -> Spec:
        """What takes the telemetry of all the others, and shows it."""
        ready = f"{place.console_url}/health/ready"
        environment = console(place, access)
        return Spec("console", module("shop.console"), environment, self.asking(ready), self.alive(ready), grace=3)

    def provision(self, emulator: Emulator) -> Spec:
        """What makes the resources on the emulator, once."""
        environment = {**process(), **emulator.access.environment()}
        return Spec("provision", module("shop.local.provision"), environment)

    def traffic(self, settings: Settings) -> Spec:
        """A few simulated customers, as long as the shop runs."""
        place = settings.place

        def command(lifeline: int) -> list[str]:
            return [
                sys.executable, "-m", "shop.local.traffic", "--lifeline", str(lifeline), "--gateway", place.gateway_url,
                "--console", place.console_url, "--accounts", place.accounts_file,
                "--users", "2", "--pace", "2", "--most-accounts", "12",
            ]  # fmt: skip

        return Spec("traffic", command, process())

    def seed(self, settings: Settings, *arguments: str) -> Spec:
        """What fills the shop, once."""
        columns = {"COLUMNS": os.environ["COLUMNS"]} if "COLUMNS" in os.environ else {}
        return Spec("seed", module("shop.local.seed", *arguments), {**settings.seed(), **columns})

    def asking(self, address: str) -> Callable[[Process], Awaitable[bool]]:
        """Ready when a GET of `address` is answered well."""

        async def ready(_: Process) -> bool:
            return await answers(self.client, address)

        return ready

    def alive(self, address: str) -> Callable[[], Awaitable[bool]]:
        """Alive while a GET of `address` is answered within 5 s."""

        async def alive() -> bool:
            return await answers(self.client, address, timeout=5)

        return alive


def begin_anew() -> str:
    """What to do about data that cannot be mended."""
    return say("`shop reset --data-only` でやり直してください", "Begin anew with `shop reset --data-only`")


async def logged_ready(process: Process) -> bool:
    """Ready when it has said so in its log."""
    return READY in process.events
