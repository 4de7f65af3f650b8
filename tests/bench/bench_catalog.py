"""What reading the catalog costs: CPU per request of one uvicorn process on one core, with telemetry and without it.

`python tests/bench/bench_catalog.py [--products 1000000] [--requests N] [--rounds N]`; part of `make bench`. The load
comes from the other cores, over kept connections; PostgreSQL and the collector are there too. CPU is user and system
time of all threads of the process, of which the sending of telemetry is one.
"""

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
import uvloop
from tests.bench.bench_telemetry import collector
from tests.bench.machine import machine, report
from tests.support.servers import Servers, ask

from shop.catalog import bulk
from shop.local.ports import free_port
from shop.local.seed.fill import CATEGORIES
from shop.local.seed.many import generated
from shop.runtime.http import PageTokens
from shop.runtime.postgres import Database, migrate

CONNECTIONS = 8
FEW = 1_000
CHUNK = 5_000
PAGE, DETAIL, DEEP_PAGE = "page", "detail", "page 1,000"
API = ("shop.catalog.app:api", "--factory")
DEEP = "select newest, id from products where status = 'active' order by newest, id offset 19979 limit 1"
HEADERS = (
    "Host: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: application/json\r\n"
    "Accept-Language: ja,en;q=0.8\r\nAccept-Encoding: gzip\r\nX-Forwarded-For: 203.0.113.7\r\n"
)


# ------------------------------------------------------------------------------------------------------------ the shop


async def filled(server: str, products: int) -> str:
    """A database with so many products, as the seed writes them."""
    name = f"catalog_{products}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"create database {name}")
    await connection.close()
    dsn = f"{server.rpartition('/')[0]}/{name}"
    async with Database(dsn) as db:
        await migrate(db, "shop.catalog")
        async with db.transaction() as tx:
            await bulk.add_categories(tx, CATEGORIES)
        for first in range(0, products, CHUNK):
            numbers = range(first, min(first + CHUNK, products))
            entries = [each.entry for each in generated(1, numbers, 0)]
            async with db.transaction() as tx:
                await bulk.add_entries(tx, entries)
                await bulk.count_entries(tx, entries)
        async with db.connection() as lent:
            await lent.raw.execute("vacuum analyze", timeout=600)
    return dsn


@dataclass
class Service:
    """The API as a process."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Seconds of CPU, user and system, of all its threads (Linux)."""
        return time.clock_gettime((~self.pid << 3) | 2)  # CPUCLOCK_SCHED of another process

    def await_rest(self) -> None:
        """Until it does nothing by itself any more: a search index may have to be built."""
        while True:
            before = self.cpu()
            time.sleep(2)
            if self.cpu() - before < 0.1:
                return


@contextlib.contextmanager
def serving(dsn: str, core: int, *application: str, **environment: str) -> Iterator[Service]:
    """The API (or another application) under uvicorn as the shop runs it, on one core."""
    port = free_port()
    settings = {
        "DATABASE_URL": dsn, "IMAGES_BUCKET": "images", "PAGE_TOKEN_KEY": "bench", "TOKEN_ISSUER": "bench",
        "USER_POOL_CLIENT_ID": "bench", "JWKS_URL": "http://127.0.0.1:1/", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", **environment,
    }  # fmt: skip
    command = [
        "taskset", "-c", str(core), sys.executable, "-m", "uvicorn", *(application or API),
        "--host", "127.0.0.1", "--port", str(port), "--http", "httptools", "--ws", "none",
        "--no-proxy-headers", "--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "75",
    ]  # fmt: skip
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # as the supervisor does
    process = subprocess.Popen(command, env=os.environ | settings, stdout=reader.stdin)
    try:
        while not answers(port):
            time.sleep(0.1)
        service = Service(process.pid, port)
        service.await_rest()
        yield service
    finally:
        process.terminate()
        process.wait(30)
        assert reader.stdin is not None
        reader.stdin.close()
        reader.wait(30)


def answers(port: int) -> bool:
    """Whether it can be asked."""

    async def ask_once() -> bool:
        try:
            await load(port, ["/health/catalog/live"], 1, connections=1)
        except OSError:
            return False
        return True

    return asyncio.run(ask_once())


# ------------------------------------------------------------------------------------------------------------ the load


class Caller(asyncio.Protocol):
    """One kept connection: the next request when the last one is answered."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self.requests, self.done = requests, done
        self.received, self.missing = b"", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.next()

    def next(self) -> None:
        request = next(self.requests, None)
        if request is not None:
            self.transport.write(request)  # type: ignore[attr-defined]
        elif not self.done.done():
            self.done.set_result(None)
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        else:
            self.received += data
            head, end, body = self.received.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 200"):
                self.done.set_exception(RuntimeError(head.decode()))
                return
            self.missing = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) - len(body)
            self.received = b""
        if self.missing == 0:
            self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed"))


async def load(port: int, paths: Sequence[str], requests: int, connections: int = CONNECTIONS) -> None:
    """So many GETs of these paths, one after the other on each connection."""
    loop = asyncio.get_running_loop()
    wire = [f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode() for path in paths]
    waiting = iter([wire[number % len(wire)] for number in range(requests)])
    callers = []
    for _ in range(connections):
        done = loop.create_future()
        callers.append(done)
        await loop.create_connection(partial(Caller, waiting, done), "127.0.0.1", port)
    await asyncio.gather(*callers)


# ---------------------------------------------------------------------------------------------------------- the figures


def measured(services: Sequence[Service], paths: Sequence[str], requests: int, rounds: int) -> list[list[float]]:
    """CPU in us per request of each service, once per round, after one that does not count; in turn, so that all have
    the same neighbours on a machine that is not quiet.
    """
    figures: list[list[float]] = [[] for _ in services]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for number in range(rounds + 1):
            for service, own in zip(services, figures, strict=True):
                before = service.cpu()
                runner.run(load(service.port, paths, requests))
                time.sleep(1.2)  # what is still to be sent is part of it
                if number:
                    own.append((service.cpu() - before) / requests * 1e6)
    return figures


async def paths_of(dsn: str, token_key: str = "bench") -> dict[str, list[str]]:
    """What is asked for: the first page of the newest, products everywhere, and page 1,000."""
    async with Database(dsn) as db:
        rows = await db.fetch("select id from products tablesample bernoulli (10) limit 4000")
        ids = [row["id"] for row in rows]
        random.Random(7).shuffle(ids)
        deep = await db.fetchrow(
            "select newest, id from products where status = 'active' order by newest, id offset 19999 limit 1"
        )
    found = {PAGE: ["/products?limit=20"], DETAIL: [f"/products/{product}" for product in ids]}
    if deep is not None:
        scope = repr(("/products", "active", "newest", None, None))
        found[DEEP_PAGE] = [f"/products?limit=20&nextToken={PageTokens(token_key).seal(scope, tuple(deep))}"]
    return found


async def prepared(scope: Any, receive: Any, send: Any) -> None:
    """An application whose answer is ready: what uvicorn alone costs."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"6000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x" * 6000})


def shown(name: str, values: Sequence[float]) -> float:
    """A figure that nothing was promised of; its median."""
    median = statistics.median(values)
    print(f"{name:<52} {median:>9.4g} us   (min {min(values):.4g} max {max(values):.4g}, n={len(values)})")
    return median


def compared(dsn: str, arguments: argparse.Namespace, on: dict[str, str]) -> list[bool]:
    """With telemetry and without it; whether the promises are kept."""
    kept, paths = [], asyncio.run(paths_of(dsn))
    with (
        serving(dsn, arguments.core, **on) as told,
        serving(dsn, arguments.core, OTEL_SDK_DISABLED="true") as silent,
        serving(dsn, arguments.core, "tests.bench.bench_catalog:prepared") as ready,
    ):
        for name, limit, goal in ((PAGE, 400, 280), (DETAIL, 240, 170)):
            services = (told, silent, ready)
            with_it, without, alone = measured(services, paths[name], arguments.requests, arguments.rounds)
            kept.append(report(f"CPU of a {name}, telemetry on", with_it, "us", limit, goal))
            shown(f"CPU of a {name}, telemetry off", without)
            added = [100 * (one / other - 1) for one, other in zip(with_it, without, strict=True)]
            kept.append(report("  telemetry adds", added, "%", 30, 15))
            shown("  uvicorn with a prepared answer, at that time", alone)
    return kept


def grown(few: str, many: str, arguments: argparse.Namespace, on: dict[str, str]) -> list[bool]:
    """A large catalog beside a small one; whether the promise is kept."""
    kept, small, large = [], asyncio.run(paths_of(few)), asyncio.run(paths_of(many))
    with serving(few, arguments.core, **on) as little, serving(many, arguments.core, **on) as much:
        for name, like in ((PAGE, PAGE), (DEEP_PAGE, PAGE), (DETAIL, DETAIL)):
            [before] = measured([little], small[like], arguments.requests, arguments.rounds)
            [after] = measured([much], large[name], arguments.requests, arguments.rounds)
            shown(f"CPU of a {name}, {arguments.products} products", after)
            factors = [value / statistics.median(before) for value in after]
            kept.append(report(f"  times that of a {like} with {FEW}", factors, "", 1.5))
    return kept


def main() -> int:
    """Print the table; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000, help="of the large catalog; 0: none")
    parser.add_argument("--requests", type=int, default=4_000, help="of one round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--core", type=int, default=0, help="of the service; load comes from the others")
    arguments = parser.parse_args()
    others = os.sched_getaffinity(0) - {arguments.core}
    print(machine())
    print(f"load average {os.getloadavg()[0]:.1f}")
    kept: list[bool] = []
    with Servers():
        server = ask("postgres")["dsn"]
        if others:
            os.sched_setaffinity(0, others)
        few = asyncio.run(filled(server, FEW))
        with collector() as endpoint:
            on = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "always_on"}
            kept += compared(few, arguments, on)
            if arguments.products:
                began = time.monotonic()
                many = asyncio.run(filled(server, arguments.products))
                print(f"{arguments.products} products written in {time.monotonic() - began:.0f} s")
                kept += grown(few, many, arguments, on)
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
