"""The shop as a whole: time to the first order on a clean clone, memory at rest, order to mail.

`python tests/bench/bench_shop.py [--runs N] [--orders N]`; part of `make bench`.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.machine import machine, report, summed_pss_mb
from tests.support.client import Person, Shop, until

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def clean_clone() -> Iterator[Path]:
    """A clone of what is committed, in a folder that is empty otherwise, as a new user has it."""
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as folder:
        clone = Path(folder) / "shop"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        yield clone


def warm_cache() -> str:
    """The package cache that this checkout was installed from."""
    known = os.environ.get("UV_CACHE_DIR")
    places = [known] if known else [str(Path.home() / ".cache/uv"), str(ROOT / ".uv/cache")]
    return next(place for place in places if Path(place).is_dir())


@contextlib.contextmanager
def make_up(clone: Path) -> Iterator[tuple[Shop, float, subprocess.Popen[bytes]]]:
    """`make up` in this clone, and when it was started."""
    home = clone.parent / "home"
    home.mkdir(exist_ok=True)
    ports = f"--port {free_port()} --console-port {free_port()} --otlp-port {free_port()}"
    environ = os.environ | {"HOME": str(home), "UV_CACHE_DIR": warm_cache()}
    begun = time.monotonic()
    process = subprocess.Popen(
        ["make", "-s", "up", f"ARGS=--json --no-traffic {ports}"],
        cwd=clone,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=(clone.parent / "up.log").open("wb"),
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"make up failed:\n{(clone.parent / 'up.log').read_text()[-3000:]}")
        yield Shop(json.loads(line)), begun, process
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)


def buyer(shop: Shop) -> tuple[Person, str]:
    """A seeded customer, and a product of which there is plenty."""
    customer = shop.login(**shop.info["customers"][0])
    operator = shop.login(**shop.info["operator"])
    product = shop.call("GET", "/products?limit=1").json["items"][0]["id"]
    answer = operator.call("PUT", f"/inventory/{product}", {"onHand": 1_000_000})
    assert answer.status == 200, answer.body
    return customer, product


def order_once(customer: Person, product: str) -> dict[str, Any]:
    customer.fill((product, 1))
    answer = customer.order()
    assert answer.status == 201, answer.body
    return dict(answer.json)


def first_order(clone: Path) -> float:
    """Seconds from `make up` on a clean clone to the first accepted order."""
    with make_up(clone) as (shop, begun, _):
        customer = shop.login(**shop.info["customers"][0])
        for product in shop.call("GET", "/products?limit=100").json["items"]:
            if product["stockStatus"] == "IN_STOCK":
                break
        order_once(customer, product["id"])
        return time.monotonic() - begun


def order_to_mail(shop: Shop, orders: int) -> list[float]:
    """Milliseconds from sending `POST /orders` to the mail in SES's mailbox, one order at a time."""
    customer, product = buyer(shop)
    taken = []
    for _ in range(orders):
        customer.fill((product, 1))
        customer.address()
        begun = time.monotonic()
        order = customer.order()
        assert order.status == 201, order.body
        until(lambda: order.json["id"] in json.dumps(shop.mails(customer.email)), every=0.005)  # noqa: B023 - used up here
        taken.append((time.monotonic() - begun) * 1000)
    return taken


def main() -> int:
    """Print the table; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="clean clones (default 3)")
    parser.add_argument("--orders", type=int, default=30, help="orders for the latency (default 30)")
    arguments = parser.parse_args()
    print(machine())
    starts, kept = [], []
    for _ in range(arguments.runs):
        with clean_clone() as clone:
            starts.append(first_order(clone))
    kept.append(report("make up, clean clone, to the first order", starts, "s", 15, 8))
    with clean_clone() as clone, make_up(clone) as (shop, _, process):
        time.sleep(20)
        pids = [*shop.info["pids"].values(), process.pid]
        kept.append(report("summed PSS, everything idle", [summed_pss_mb(sorted(set(pids)))], "MB", 900, 700))
        latencies = order_to_mail(shop, arguments.orders)
        kept.append(report("order to mail, one at a time", latencies, "ms", 400, 150))
        shop.close()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    if shutil.which("git") is None or shutil.which("make") is None:
        sys.exit("git and make are needed")
    sys.exit(main())
