"""The console: spans a second of its CPU, and how long its API takes with a million spans, and with ten.

    python tests/bench/bench_console.py [--spans 1000000] [--tenfold]

Rates are by CPU time of the console's process, which other work on the machine does not change; answers are by the
clock, so they want a quiet machine.
"""

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import duckdb
import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.machine import machine
from tests.support.client import until
from tests.support.console import ConsoleProcess, running

PER_POST = 512
SECOND = 10**9
HOUR = 3600 * SECOND
ROUNDS = 20
SERVICES = ("gateway", "catalog", "orders", "users", "inventory", "notifications")
random.seed(1)


def attribute(key: str, value: str) -> dict:
    return {"key": key, "value": {"stringValue": value}}


def span(trace: str, id_: str, parent: str, name: str, kind: int, start: int, ms: float, about: list[dict]) -> dict:
    return {
        "traceId": trace, "spanId": id_, "parentSpanId": parent, "name": name, "kind": kind, "flags": 257,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + int(ms * 1e6)), "attributes": about,
        "status": {"code": 2} if random.random() < 0.01 else {},
    }  # fmt: skip


def trace(start: int, number: int) -> list[list[dict]]:
    """A trace of ten spans in three services: what a page of the shop leaves behind."""
    id_ = os.urandom(16).hex()
    spans: list[list[dict]] = []
    parent = ""
    for depth in range(3):
        server, call = os.urandom(8).hex(), os.urandom(8).hex()
        path = f"/products/{number % 5000}"
        about = [
            attribute("http.request.method", "GET"), attribute("url.path", path), attribute("url.scheme", "http"),
            attribute("http.route", "/products/{productId}"), attribute("user_agent.original", "bench/1"),
            {"key": "http.response.status_code", "value": {"intValue": "200"}},
            attribute("session.id", f"session-{number % 1000}"), attribute("shop.product.id", f"p-{number % 5000}"),
        ]  # fmt: skip
        ms = random.expovariate(1 / 20) + 1
        one = [span(id_, server, parent, f"GET /products/{{productId}} {depth}", 2, start, ms, about)]
        query = [attribute("db.system.name", "postgresql"), attribute("db.query.text", "select * from products")]
        one += [span(id_, os.urandom(8).hex(), server, "SELECT products", 3, start, ms / 4, query) for _ in range(2)]
        if depth < 2:
            one.append(span(id_, call, server, "GET", 3, start, ms, [attribute("server.address", "catalog")]))
        spans.append(one)
        parent = call
    return spans


def bodies(count: int, begin: int, end: int):
    """Requests of `count` spans, spread over a time."""
    waiting: dict[str, list[dict]] = {name: [] for name in SERVICES}
    made, number = 0, 0
    while made < count:
        start = begin + (end - begin) * made // count
        chosen = random.sample(SERVICES, 3)
        for name, spans in zip(chosen, trace(start, number), strict=True):
            waiting[name] += spans
            made += len(spans)
            if len(waiting[name]) >= PER_POST:
                yield body(name, waiting[name])
                waiting[name] = []
        number += 1
    for name, spans in waiting.items():
        yield body(name, spans)


def body(service: str, spans: list[dict]) -> bytes:
    resource = {"attributes": [attribute("service.name", service), attribute("service.instance.id", f"{service}-1")]}
    scope = {"scope": {"name": "shop", "version": "1"}, "spans": spans}
    return msgspec.json.encode({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]})


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> dict[str, int]:
    """MB of a process: resident, and its fair share of what is shared."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines}
    return {name: found[name] for name in ("Rss", "Pss")}


def ingest(console: ConsoleProcess, count: int, begin: int, end: int) -> None:
    assert console.process is not None
    pid, sent = console.process.pid, 0
    before, clock = cpu(pid), time.monotonic()
    for each in bodies(count, begin, end):
        while (answer := console.post("traces", each)).status == 503:
            time.sleep(0.2)
        assert answer.status == 200, answer.body
        sent += len(each)
    until(lambda: not list((console.folder / "journal").iterdir()), seconds=120)
    used = cpu(pid) - before
    print(f"ingest     {count:,} spans, {sent / count:.0f} bytes each: {count / used:,.0f} spans per second of CPU "
          f"({used:.1f} s of CPU, {time.monotonic() - clock:.1f} s by the clock)")  # fmt: skip


def shown(console: ConsoleProcess, trace_id: str) -> bool:
    return console.get(f"/api/traces/{trace_id}").status == 200


def visible(console: ConsoleProcess) -> None:
    """From the moment that a span ends until the API shows it; a sender adds its own pause (EXPORT_EVERY, 1 s)."""
    taken = []
    for _ in range(ROUNDS):
        id_ = os.urandom(16).hex()
        began = time.perf_counter()
        console.post("traces", body("gateway", [span(id_, os.urandom(8).hex(), "", "GET /", 2, time.time_ns(), 1, [])]))
        until(partial(shown, console, id_), every=0.01)
        taken.append((time.perf_counter() - began) * 1000)
    print(f"visible    median {statistics.median(taken):.0f} ms, max {max(taken):.0f} ms after it was sent")


def timed(call: Callable[[], None]) -> tuple[float, float]:
    """Median and 95th percentile in ms."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), sorted(taken)[int(len(taken) * 0.95) - 1]


def called(console: ConsoleProcess, path: str) -> None:
    answer = console.get(path)
    assert answer.status == 200, answer.body


def answers(console: ConsoleProcess) -> None:
    assert console.process is not None
    pid = console.process.pid
    hour = f"from={quote(iso(time.time_ns() - 2 * HOUR))}"
    some = console.json("/api/traces", from_=iso(time.time_ns() - 2 * HOUR), limit=1)["items"][0]["traceId"]
    operation = quote("GET /products/{productId} 1")
    paths = {
        "latest traces": f"/api/traces?{hour}",
        "of a service and operation": f"/api/traces?{hour}&service=orders&operation={operation}",
        "with errors": f"/api/traces?{hour}&status=error&service=users",
        "by an attribute": f"/api/traces?{hour}&attr=session.id:session-7",
        "by one that nothing has": f"/api/traces?{hour}&attr=session.id:nobody",
        "slow ones": f"/api/traces?{hour}&minDurationMs=150",
        "slower than any": f"/api/traces?{hour}&minDurationMs=100000",
        "one trace": f"/api/traces/{some}",
        "map": f"/api/map?{hour}",
        "operations": f"/api/operations?{hour}",
        "observability points": f"/api/signals?{hour}",
        "labels": "/api/v1/labels",
    }
    for name, path in paths.items():
        before = cpu(pid)
        median, slow = timed(partial(called, console, path))
        used = (cpu(pid) - before) / ROUNDS * 1000
        print(f"{name:<28} median {median:8.1f} ms   p95 {slow:8.1f} ms   CPU {used:8.1f} ms")


def iso(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment / 1e9))


def tenfold(path: Path) -> None:
    """Nine copies of every span, with ids of their own, in the same hour; the rollups as if they had come."""
    with duckdb.connect(str(path), config={"memory_limit": "1GB"}) as connection:
        connection.execute("""
            insert into spans
            select batch, start + n * 1000, duration, xor(trace_hi, n::ubigint), xor(trace_lo, n::ubigint),
                xor(span_id, n::ubigint), case when parent_id = 0 then 0 else xor(parent_id, n::ubigint) end,
                service, name, kind, status, message, peer_kind, peer, resource, scope, attributes, events, links
            from spans, range(1, 10) copies(n)""")
        connection.execute("""
            insert into stretches
            select xor(trace_hi, n::ubigint), xor(trace_lo, n::ubigint), begun + n * 1000, ended + n * 1000
            from stretches, range(1, 10) copies(n)""")
        connection.execute("update red set n = n * 10")
        connection.execute("update edges set n = n * 10")
        connection.execute("checkpoint")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--tenfold", action="store_true")
    typed = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="bench-console-") as folder, running(Path(folder)) as console:
        assert console.process is not None
        time.sleep(2)
        print(f"at rest    {memory(console.process.pid)} MB")
        visible(console)
        now = time.time_ns()
        ingest(console, typed.spans, now - HOUR, now)
        time.sleep(30)  # until all of it is rolled up
        size = sum(file.stat().st_size for file in Path(folder).glob("*.duckdb*")) >> 20
        print(f"filled     {memory(console.process.pid)} MB, {size} MB on disk")
        answers(console)
        if typed.tenfold:
            console.end(signal.SIGTERM)
            tenfold(Path(folder) / "telemetry.duckdb")
            console.start()
            print("ten times as many")
            answers(console)


if __name__ == "__main__":
    main()
