"""What a hop costs: the gateway's CPU per request, to a container and to a function, and a warm invocation.

`python tests/bench/bench_hops.py [--requests N]`; part of `make bench`.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.bench.machine import machine, report
from tests.support.client import Shop
from tests.support.up import shop_up

from shop.contracts.topology import Function
from shop.local.lambda_host.host import Host
from shop.local.lambda_host.server import serve
from shop.local.lambda_host.starting import Forking, Spawning
from shop.runtime.wire import Client

HANDLERS = "tests.integration.lambda_host.handlers"
ROUNDS = 5


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gateway_cpu(shop: Shop, path: str, requests: int) -> list[float]:
    """Milliseconds of the gateway's CPU per request, round by round."""
    pid, rounds = shop.info["pids"]["gateway"], []
    for _ in range(ROUNDS + 1):
        begun = cpu_seconds(pid)
        for _ in range(requests):
            answer = shop.call("GET", path)
            assert answer.status == 200, answer.body
        rounds.append((cpu_seconds(pid) - begun) * 1000 / requests)
    return rounds[1:]  # the first one warms up


async def warm_invocations(requests: int) -> list[float]:
    """Milliseconds from a client of the Invoke API to a function that does nothing and back, medians of the rounds."""
    path = os.pathsep.join(["src", "."])
    os.environ["PYTHONPATH"] = path  # the zygote imports the handler from there
    function = Function("echo", "things", f"{HANDLERS}.echo", timeout=timedelta(seconds=5))
    starter = Forking([HANDLERS]) if sys.platform == "linux" else Spawning()
    host = Host((function,), {"echo": {"PYTHONPATH": path}}, starter)
    await host.open()
    server = await serve(host.handle)
    url = f"http://127.0.0.1:{server.port}/2015-03-31/functions/echo/invocations"
    body = json.dumps({"a": "b" * 1000}).encode()
    medians = []
    async with Client() as client:
        for _ in range(ROUNDS + 1):
            taken = []
            for _ in range(requests):
                begun = time.perf_counter()
                answer = await client.request("POST", url, body=body, timeout=10)
                taken.append((time.perf_counter() - begun) * 1000)
                assert answer.status == 200, answer.body
            medians.append(statistics.median(taken))
    await host.close()
    server.close()
    return medians[1:]


def main() -> int:
    """Print the table; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=500, help="requests a round (default 500)")
    requests = parser.parse_args().requests
    print(machine())
    kept = []
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as folder:
        settings = ("--set", "RATE_LIMIT=100000", "--set", "RATE_BURST=100000")
        with shop_up(Path(folder) / "shop", *settings) as up:
            product = up.shop.call("GET", "/products?limit=1").json["items"][0]["id"]
            for name, path in (("container", f"/products/{product}"), ("function", f"/inventory/{product}")):
                figures = gateway_cpu(up.shop, path, requests)
                kept.append(report(f"gateway, CPU a request to a {name}", figures, "ms", 1.5))
    kept.append(report("warm invocation, p50", asyncio.run(warm_invocations(requests)), "ms", 1.5))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
