"""`shop up`: starts a shop, tells its user where it is, and stays until it is told to end."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from shop.local.control import listening
from shop.local.environment import Packages
from shop.local.errors import Refused
from shop.local.folder import Folder, Hold, write_private
from shop.local.language import say
from shop.local.lines import Screen
from shop.local.ports import free_port, is_free
from shop.local.process import StartFailed
from shop.local.reset import Extent
from shop.local.shop import Options, Shop
from shop.local.summary import summary
from shop.local.supervisor import Supervisor
from shop.local.tunables import chosen

__all__ = ["up"]

REFUSED: Final = 2  # the exit code of what its user can mend
WITH_PARENT = "SHOP_ENDS_WITH_PARENT"  # set by the Makefile: `make up` that is killed must leave nothing behind


def up(
    data: Path,
    ports: dict[str, int],
    assignments: list[str],
    *,
    as_json: bool,
    traffic: bool,
    packages: Callable[[], Packages] | None = None,
) -> int:
    """Run a shop until it is told to end; the exit code. Refused when it cannot start.

    `ports` are those of `--port`, `--console-port` and `--otlp-port`; 0 is any that is free. With `traffic`, some
    simulated customers come and go. With `packages`, functions run from what that makes once the folder is ours.
    """
    tunables = chosen(assignments)
    ports = {option: port or free_port() for option, port in ports.items()}
    options = Options(data, ports["--port"], ports["--console-port"], ports["--otlp-port"], tunables, traffic)
    screen = Screen(sys.stderr if as_json else sys.stdout)
    folder = Folder(data, frozenset(ports.values()))
    held = folder.hold(screen.say)
    try:
        for option, port in ports.items():
            if not is_free(port):
                raise Refused(
                    say(
                        f"ポート {port} は使用中です。{option} で別のポートを選べます",
                        f"port {port} is taken: choose another with {option}",
                    )
                )
        options = replace(options, packages=packages() if packages else None)
        return asyncio.run(Command(options, folder, screen, held, as_json=as_json).run())
    finally:
        folder.running.unlink(missing_ok=True)
        screen.close()
        held.release()


class Command:
    """The life of `shop up`."""

    def __init__(self, options: Options, folder: Folder, screen: Screen, held: Hold, *, as_json: bool) -> None:
        self.screen, self.as_json, self.folder = screen, as_json, folder
        self.supervisor = Supervisor(screen, held.inherited)
        self.shop = Shop(options, folder, self.supervisor)
        self.told = asyncio.Event()  # to end
        self.signals = 0

    async def run(self) -> int:
        """Start, stay, end; the exit code."""
        with self.supervisor.watching(), self.hearing():
            try:
                return await self.live()
            finally:
                await self.shop.stop()
                await self.shop.client.aclose()

    async def live(self) -> int:
        """From the start until there is a reason to end."""
        started = await self.unless_told(self.shop.start())
        if started is None:
            return 0
        async with listening(self.obey) as address:
            self.tell(started, address)
            return await self.stay()

    async def stay(self) -> int:
        """Until a signal comes, or a process is lost for good."""
        lost = self.supervisor.lost
        assert lost is not None  # noqa: S101 - set while it is watching
        await self.first(lost)
        if lost.done():
            lost.result()
        return 0

    async def unless_told(self, starting: Any) -> dict[str, Any] | None:
        """The outcome of a start, or None when a signal comes first. What keeps a start from its end is Refused."""
        start = asyncio.ensure_future(starting)
        await self.first(start)
        if not start.done():
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            return None
        try:
            outcome: dict[str, Any] = start.result()
        except StartFailed as failure:
            if failure.code == REFUSED:
                raise Refused(failure.process.last_words) from failure
            raise
        return outcome

    async def first(self, other: asyncio.Future[Any]) -> None:
        """Until `other` is done, or a signal comes."""
        told = asyncio.ensure_future(self.told.wait())
        waited: list[asyncio.Future[Any]] = [told, other]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()

    def tell(self, started: dict[str, Any], address: dict[str, Any]) -> None:
        """Say where everything is: to whoever looks, and to the other commands."""
        seeding = self.shop.settings.seed() if self.shop.settings else {}
        write_private(self.folder.running, {"control": address, "shop": started, "seeding": seeding})
        if self.as_json:
            sys.stdout.write(json.dumps(started, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            self.screen.say(summary(started, self.folder.path))

    async def obey(self, order: dict[str, Any]) -> None:
        """An order of another command."""
        extent: Extent = order["extent"]
        self.screen.say(say("リセットしています…", "beginning anew..."))
        try:
            started = await self.unless_told(self.shop.renew(extent))
        except (Refused, StartFailed) as failure:
            if self.supervisor.lost and not self.supervisor.lost.done():
                self.supervisor.lost.set_exception(failure)  # half a shop is none: it ends
            raise Refused(str(failure)) from failure
        if started is None:
            raise Refused(say("終了の途中です", "the shop is ending"))
        known = json.loads(self.folder.running.read_text())
        seeding = self.shop.settings.seed() if self.shop.settings else {}
        write_private(self.folder.running, {**known, "shop": started, "seeding": seeding})
        self.screen.say(say("リセットしました", "the shop is as new"))

    @contextlib.contextmanager
    def hearing(self) -> Iterator[None]:
        """While the context lasts, signals end the shop; and so does the death of `make`, where it is our parent."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.end)
        parent = os.getppid() if os.environ.get(WITH_PARENT) else None
        watching = asyncio.create_task(self.watch(parent)) if parent else None
        try:
            yield
        finally:
            if watching:
                watching.cancel()

    async def watch(self, parent: int) -> None:
        """End when the parent is another one: ours has died."""
        while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells of it, on macOS
            await asyncio.sleep(1)
        self.told.set()

    def end(self) -> None:
        """The first signal ends everything in order; the second by force, but lets the data be saved; the third all."""
        self.signals += 1
        self.told.set()
        if self.signals == 1:
            self.screen.say(say("終了しています…", "ending..."))
        elif self.signals == 2:
            self.supervisor.kill(name for name in self.supervisor.processes if name not in ("emulator", "postgres"))
        else:
            self.screen.say(say("保存を打ち切ります", "not waiting for the data"))
            self.supervisor.kill()
