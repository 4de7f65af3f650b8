"""One shop on this machine: everything started in order of readiness, kept running, and ended in order."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from shop.contracts import topology
from shop.kernel.config import duration
from shop.kernel.ids import new_id
from shop.local import databases
from shop.local.emulator import Emulator
from shop.local.environment import Packages, Place, Settings, url
from shop.local.errors import Refused
from shop.local.folder import Folder, write_private
from shop.local.forwarder import Forwarder
from shop.local.http import answers, ask, decoded
from shop.local.language import say
from shop.local.parts import STAGES, Parts, begin_anew
from shop.local.postgres import SUPERUSER, Postgres, dsn
from shop.local.provision import Provisioned
from shop.local.reset import Extent, forget
from shop.local.supervisor import Supervisor
from shop.local.tasks import together
from shop.runtime.wire import Client

__all__ = ["Options", "Shop"]

PRODUCTS: Final = 120
WARM: Final = 30.0  # seconds that the whole may take to be ready once every part is


@dataclass(frozen=True, slots=True)
class Options:
    """What `shop up` was told."""

    data: Path
    port: int
    console_port: int
    otlp_port: int
    tunables: dict[str, str]
    traffic: bool
    packages: Packages | None = None


@dataclass
class Shop:
    """One running shop."""

    options: Options
    folder: Folder
    supervisor: Supervisor
    client: Client = field(default_factory=Client)
    generation: str = field(default_factory=new_id)
    settings: Settings | None = None
    forwarder: Forwarder | None = None

    @property
    def parts(self) -> Parts:
        """The specs of its processes."""
        return Parts(self.client)

    async def start(self) -> dict[str, Any]:
        """Start everything and fill an empty shop: what `--json` prints. Refused or StartFailed when it cannot be."""
        emulator = Emulator(self.folder.emulator, self.folder.port("emulator"), generation=self.generation)
        postgres = Postgres(self.folder.postgres, self.folder.secret("postgres"))
        await self.start_console(emulator)
        provisioned, stores = await together(self.start_aws(emulator), self.start_databases(postgres, emulator))
        settings = self.settings = Settings(self.place(stores), emulator.access, provisioned, self.options.tunables)
        self.forward_lines(settings)
        await self.start_services(settings)
        accounts = await self.fill(settings)
        await self.until_warm(settings)
        if self.options.traffic:
            await self.supervisor.start(self.parts.traffic(settings))
        return await self.describe(settings, accounts)

    async def start_console(self, emulator: Emulator) -> None:
        """The console, before all that has something to tell it."""
        self.supervisor.note = self.folder.processes
        await self.supervisor.start(self.parts.console(self.place({}), emulator.access))

    async def start_aws(self, emulator: Emulator) -> Provisioned:
        """The emulator with everything in it that the topology declares."""
        started = self.supervisor.start(self.parts.emulator(emulator))
        _, made = await together(started, self.supervisor.run(self.parts.provision(emulator)))
        return msgspec.convert(made, Provisioned)

    async def start_databases(self, postgres: Postgres, emulator: Emulator) -> dict[str, str]:
        """PostgreSQL with a database per service: their addresses. Refused when its state and AWS's do not fit."""
        port = self.folder.port("postgres")
        await self.supervisor.start(self.parts.postgres(postgres, port))
        server = dsn(port, SUPERUSER, postgres.password, "postgres")
        passwords = {name: self.folder.secret(f"postgres-{name}") for name in topology.DATABASES}
        await databases.create(server, passwords)
        saved = emulator.saved()
        if await databases.generation(server) not in (saved.generation, saved.before):
            raise Refused(
                say(
                    f"{self.folder.path} のデータが食い違っています (エミュレーターが最後に保存できませんでした)。",
                    f"the data in {self.folder.path} does not fit together: PostgreSQL is newer than what the emulator "
                    "saved last. ",
                )
                + begin_anew()
            )
        await databases.note_generation(server, self.generation)
        return {name: dsn(port, name, password, name) for name, password in passwords.items()}

    def place(self, stores: dict[str, str]) -> Place:
        """Where everything listens."""
        return Place(
            gateway=self.options.port,
            otlp=self.options.otlp_port,
            console=self.options.console_port,
            apis={one.service: self.folder.port(one.name) for one in topology.CONTAINERS if one.kind == "api"},
            lambda_host=self.folder.port("lambda-host"),
            databases=stores,
            page_token_key=self.folder.secret("page-tokens"),
            functions_file=str(self.folder.functions),
            checkpoints=str(self.folder.checkpoints),
            search=str(self.folder.search),
            telemetry=str(self.folder.telemetry),
            processes_file=str(self.folder.processes),
            accounts_file=str(self.folder.accounts),
            packages=self.options.packages,
        )

    def forward_lines(self, settings: Settings) -> None:
        """What the processes write goes where their traces and metrics go."""
        if self.forwarder is None:
            environment = settings.everyone()
            every = duration(environment["EXPORT_EVERY"]).total_seconds()
            self.forwarder = Forwarder(settings.place.otlp_url, environment["DEPLOYMENT_ENVIRONMENT"], every)
            self.supervisor.hears.append(self.forwarder.take)
            self.forwarder.start()

    async def start_services(self, settings: Settings) -> None:
        """The APIs, which bring their databases up to date, and the functions; then the workers and the gateway."""
        write_private(self.folder.functions, settings.functions())
        apis = [one for one in topology.CONTAINERS if one.kind == "api"]
        workers = [one for one in topology.CONTAINERS if one.kind == "worker"]
        await self.supervisor.start(
            *(self.parts.container(api, settings) for api in apis), self.parts.lambda_host(settings)
        )
        await self.supervisor.start(
            *(self.parts.container(worker, settings) for worker in workers), self.parts.gateway(settings)
        )

    async def fill(self, settings: Settings) -> dict[str, Any]:
        """Seed the shop when it is empty: who can sign in."""
        if not self.folder.accounts.exists():
            seeded = await self.supervisor.run(self.parts.seed(settings, "--products", str(PRODUCTS), "--if-empty"))
            write_private(self.folder.accounts, {name: seeded[name] for name in ("admin", "operator", "customers")})
        accounts: dict[str, Any] = msgspec.json.decode(self.folder.accounts.read_bytes())
        return accounts

    async def until_warm(self, settings: Settings) -> None:
        """Wait until every service behind the gateway says that it is ready."""
        address = f"{settings.place.gateway_url}/health/ready"
        deadline = asyncio.get_running_loop().time() + WARM
        while not await answers(self.client, address, timeout=10):
            if asyncio.get_running_loop().time() > deadline:
                state = decoded(await ask(self.client, address))
                raise Refused(say(f"準備が整いません: {state}", f"the shop does not become ready: {state}"))
            await asyncio.sleep(0.1)

    async def describe(self, settings: Settings, accounts: dict[str, Any]) -> dict[str, Any]:
        """What others need to use this shop."""
        access, place = settings.access, settings.place
        environments = decoded(await ask(self.client, f"{url(place.lambda_host)}/environments")) or {}
        return {
            "gateway": place.gateway_url,
            "console": place.console_url,
            "otlp": place.otlp_url,
            "emulator": access.endpoint,
            "aws": {
                "endpoint": access.endpoint,
                "region": access.region,
                "accessKeyId": access.account,
                "secretAccessKey": access.secret,
            },
            "postgres": place.databases,
            **accounts,
            "pids": {"supervisor": os.getpid(), **self.supervisor.pids(), **environments},
        }

    async def renew(self, extent: Extent) -> dict[str, Any]:
        """Forget what is in the folder, and start and fill everything anew: as `start`."""
        if extent == "telemetry":
            return await self.renew_telemetry()
        self.supervisor.kill()  # what they hold is to be forgotten: nothing to save
        await self.supervisor.stop(STAGES)
        await asyncio.to_thread(forget, self.folder, extent)
        self.generation = new_id()
        return await self.start()

    async def renew_telemetry(self) -> dict[str, Any]:
        """Forget what the console keeps; the rest of the shop goes on."""
        assert self.settings is not None  # noqa: S101 - it has started
        await self.supervisor.end("console")
        await asyncio.to_thread(forget, self.folder, "telemetry")
        await self.supervisor.start(self.parts.console(self.settings.place, self.settings.access))
        return await self.describe(self.settings, await self.fill(self.settings))

    async def stop(self) -> None:
        """End everything in order; says so while the emulator saves."""
        saving = asyncio.get_running_loop().call_later(2, self.say_saving)
        await self.supervisor.stop(STAGES)
        saving.cancel()
        if self.forwarder is not None:
            await asyncio.to_thread(self.forwarder.stop)

    def say_saving(self) -> None:
        """A word for whoever waits."""
        if "emulator" in self.supervisor.pids():
            self.supervisor.screen.say(say("データを保存しています…", "saving the data..."))
