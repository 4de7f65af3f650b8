"""Search: ranking on judged queries; at a million products the build of the index, memory, and time per search.

`python tests/bench/bench_search.py [--products N] [--searches N]`; part of `make bench`. The catalog runs as a process
of its own on a real PostgreSQL. Wall-clock figures mean something on a quiet machine only; CPU figures always do.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
import uvicorn
from tests.bench.machine import machine, report, summed_pss_mb
from tests.support.searching import judgements, load, ndcg
from tests.support.servers import Servers, ask

from shop.catalog import bulk
from shop.catalog.routes import routes
from shop.catalog.search.embedded import Embedded
from shop.catalog.search.page import Searchable, Shown
from shop.local.ports import free_port
from shop.local.seed.chosen import chosen
from shop.local.seed.fill import CATEGORIES
from shop.local.seed.many import generated
from shop.runtime.aws import AwsSettings
from shop.runtime.http import Caller, PageTokens, application
from shop.runtime.postgres import Database, migrate, migrated
from shop.runtime.s3 import Bucket

FLOOR = 0.85
CHUNK = 2_000
QUERIES = (
    "コーヒー", "こーひー", "珈琲 ミル", "フライパン", "ﾌﾗｲﾊﾟﾝ", "真鍮 ペン", "万年筆", "まんねんひつ", "青葉工房",
    "鍋", "本", "贈り物", "白", "キーボード", "軽くて丈夫", "北の灯 暁",
    "フライパソ", "ヘッドホソ", "急須", "深煎り",
    "mug", "coffee", "frying pan", "Aoba brass pen", "keybord", "fountain pen", "quiet keyboard", "notebook", "tent",
    "white mug",
)  # fmt: skip
MORE: tuple[dict[str, str], ...] = ({}, {}, {"sort": "priceAsc"}, {"categoryId": "kitchen"}, {"minPrice": "2000"})


class Anybody:
    """Takes any token for an admin's: the bench is about searching."""

    async def verify(self, token: str) -> Caller:
        return Caller(user_id="bench", groups=frozenset({"admin"}), token=token)


def serve(dsn: str, folder: str, port: int) -> None:
    """A catalog process, as `shop.catalog.app:api` is one."""
    db, aws = Database(dsn), AwsSettings(aws_region="ap-northeast-1", aws_endpoint_url="http://127.0.0.1:1")
    engine = Embedded(db, Path(folder))
    catalog = Searchable(db, Bucket("none", aws), PageTokens("bench"), engine, Shown())
    app = application(routes, catalog, tokens=Anybody(), lifespan=[migrated(db, "shop.catalog"), engine])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, http="httptools")


async def fill(dsn: str, products: int) -> None:
    """The seed's products, `products` of them generated; 0: the chosen 120 alone."""
    async with Database(dsn) as db:
        await migrate(db, "shop.catalog")
        async with db.transaction() as tx:
            await bulk.add_categories(tx, CATEGORIES)
    if not products:
        await load(dsn, [each.entry for each in chosen(1)])
    for start in range(0, products, CHUNK):
        numbers = range(start, min(start + CHUNK, products))
        await load(dsn, [each.entry for each in generated(1, numbers, 0)])


@dataclass
class Process:
    """The catalog process under test."""

    pid: int
    connection: http.client.HTTPConnection

    def get(self, path: str) -> Any:
        headers = {"Authorization": "Bearer x", "Connection": "keep-alive"}
        self.connection.request("GET", path, headers=headers)
        response = self.connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        return json.loads(body)

    def cpu(self) -> float:
        """Seconds of CPU used until now."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def until_built(self, documents: int) -> float:
        """Wait for the index; the most memory meanwhile, in MB."""
        peak = 0.0
        while True:
            try:
                state = self.get("/search-index")
                if state["state"] == "ready" and state["documents"] == documents:
                    return peak
            except ConnectionError:  # it does not listen yet
                self.connection.close()
            peak = max(peak, summed_pss_mb([self.pid]))
            time.sleep(0.2)


@contextlib.contextmanager
def catalog(dsn: str, folder: str) -> Iterator[Process]:
    """A catalog process on this database."""
    port = free_port()
    command = [sys.executable, __file__, "--serve", dsn, folder, str(port)]
    environment = os.environ | {"OTEL_SDK_DISABLED": "true"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield Process(process.pid, http.client.HTTPConnection("127.0.0.1", port, timeout=600))
    finally:
        process.terminate()
        process.wait(60)


async def database(server: str, name: str) -> str:
    """A new, empty database."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"create database {name}")
    await connection.close()
    return f"{server.rpartition('/')[0]}/{name}"


def filled(server: str, name: str, products: int) -> str:
    """A database with products in it, written by a process of its own."""
    dsn = asyncio.run(database(server, name))
    subprocess.run([sys.executable, __file__, "--fill", dsn, str(products)], check=True)
    return dsn


def ranking(server: str, folder: str) -> bool:
    """NDCG@10 over the judged queries, on the shop's first 120 products."""
    dsn = filled(server, "chosen", 0)
    with catalog(dsn, folder) as process:
        process.until_built(120)
        found = {}
        for query, grades in judgements().items():
            page = process.get(f"/products/search?{urlencode({'q': query, 'limit': 10})}")
            found[query] = ndcg(grades, [item["sku"] for item in page["items"]])
    mean = statistics.mean(found.values())
    least = sorted(found.items(), key=lambda each: each[1])[:5]
    worst = ", ".join(f"{query} {value:.2f}" for query, value in least)
    verdict = "ok" if mean >= FLOOR else "UNDER"
    print(f"NDCG@10, {len(found)} judged queries {mean:>23.3f} (least {FLOOR}) {verdict}; worst: {worst}")
    return mean >= FLOOR


def at_size(server: str, folder: str, products: int, searches: int) -> list[bool]:
    """Build, memory and searches over so many products."""
    dsn = filled(server, "many", products)
    with catalog(dsn, folder) as process:
        begun = time.monotonic()
        peak = process.until_built(products)
        built, used = time.monotonic() - begun, process.cpu()
        size = f"{products:,} products"
        kept = [report(f"index build, {size}", [built], "s", 240), report("the same, CPU", [used], "s", 240)]
        kept.append(report("process while it builds, PSS", [peak], "MB", 1500))
        taken, cpu = measured(process, searches)
        taken.sort()
        kept.append(report(f"search, p99, {size}", [taken[int(len(taken) * 0.99)]], "ms", 50))
        kept.append(report(f"search, CPU on average, {size}", [cpu], "ms", 50))
        kept.append(report("search, median", taken, "ms", 50))
        kept.append(report("process after it, PSS", [summed_pss_mb([process.pid])], "MB", 1500))
    return kept


def measured(process: Process, searches: int) -> tuple[list[float], float]:
    """Milliseconds of each search, and of CPU on average."""
    paths = [f"/products/search?{urlencode({'q': query, **more})}" for query in QUERIES for more in MORE]
    for path in paths[:: len(MORE)]:
        process.get(path)
    taken, before = [], process.cpu()
    for number in range(searches):
        begun = time.perf_counter()
        process.get(paths[number % len(paths)])
        taken.append((time.perf_counter() - begun) * 1000)
    return taken, (process.cpu() - before) / searches * 1000


def main() -> int:
    """Print the table; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--searches", type=int, default=900)
    arguments = parser.parse_args()
    print(machine())
    with Servers(), tempfile.TemporaryDirectory(prefix="shop-bench-") as folder:
        server = ask("postgres")["dsn"]
        kept = [ranking(server, f"{folder}/chosen")]
        kept += at_size(server, f"{folder}/many", arguments.products, arguments.searches)
    return 0 if all(kept) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    elif sys.argv[1:2] == ["--fill"]:
        asyncio.run(fill(sys.argv[2], int(sys.argv[3])))
    else:
        sys.exit(main())
