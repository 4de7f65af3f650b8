"""The console: spans a second of its CPU, and how long its API and its pages take with a million spans, and with ten.

    python tests/bench/bench_console.py [--spans 1000000] [--tenfold]

A million spans are an hour of a busy shop, with its points and log lines; ten million are ten such hours. Rates are by
CPU time of the console's process, which other work on the machine does not change; answers are by the clock, so they
want a quiet machine (its load is in the output). What is over its limit makes the exit code 1.
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
from itertools import product
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
LIMITS = {1_000_000: 300, 10_000_000: 1000}  # ms of p95, by spans
NEEDLE = "0199c0de-0000-7000-8000-00000000beef"  # the id of one order, long ago
SERVICES = ("gateway", "catalog", "orders", "users", "inventory", "notifications")
LINE = (
    '{{"timestamp":"{at}","level":"INFO","event":"shop.request","service":"{service}","trace_id":"{trace}",'
    '"span_id":"{span}","http.request.method":"GET","http.route":"/products/{{productId}}","url.path":"{path}",'
    '"http.response.status_code":200,"duration_ms":{ms:.2f},"session.id":"session-{number}"}}'
)
ROUTES = [f"/route/{number}" for number in range(8)]
# A point of each a second: metric, service, attribute with its values. Durations are histograms.
DURATIONS = [
    *(("http.server.request.duration", service, "http.route", ROUTES) for service in SERVICES),
    ("shop.orders.stage.duration", "orders", "shop.order.stage", ["outbox", "reserve", "payment", "confirm"]),
    ("shop.orders.payment.duration", "orders", "shop.outcome", ["success", "failure"]),
    ("shop.events.delay", "orders", "shop.event.type", ["StockReserved", "StockCommitted", "StockRejected"]),
    ("shop.notifications.processing.duration", "notifications", "shop.notification.type", ["ORDER_CONFIRMATION"]),
]
COUNTERS = [
    ("shop.orders.transitions", "orders", "shop.order.status", ["PLACED", "STOCK_RESERVED", "CONFIRMED"]),
    ("shop.catalog.product.views", "catalog", "shop.category.root", [f"root-{number}" for number in range(12)]),
    ("shop.users.logins", "users", "shop.outcome", ["success", "failure"]),
    ("shop.inventory.checks", "inventory", "shop.stock.status", ["IN_STOCK", "LOW_STOCK", "OUT_OF_STOCK"]),
]
random.seed(1)


def attribute(key: str, value: str) -> dict:
    return {"key": key, "value": {"stringValue": value}}


def span(trace: str, id_: str, parent: str, name: str, kind: int, start: int, ms: float, about: list[dict]) -> dict:
    return {
        "traceId": trace, "spanId": id_, "parentSpanId": parent, "name": name, "kind": kind, "flags": 257,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + int(ms * 1e6)), "attributes": about,
        "status": {"code": 2} if random.random() < 0.01 else {},
    }  # fmt: skip


def trace(start: int, number: int) -> list[tuple[list[dict], dict]]:
    """A trace of ten spans in three services, what a page of the shop leaves behind: spans and a log line of each."""
    id_ = os.urandom(16).hex()
    parts: list[tuple[list[dict], dict]] = []
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
        if number == 1:
            about.append(attribute("shop.order.id", NEEDLE))
        ms = random.expovariate(1 / 20) + 1
        spans = [span(id_, server, parent, f"GET /products/{{productId}} {depth}", 2, start, ms, about)]
        query = [attribute("db.system.name", "postgresql"), attribute("db.query.text", "select * from products")]
        spans += [span(id_, os.urandom(8).hex(), server, "SELECT products", 3, start, ms / 4, query) for _ in range(2)]
        if depth < 2:
            spans.append(span(id_, call, server, "GET", 3, start, ms, [attribute("server.address", "catalog")]))
        text = LINE.format(
            at=iso(start), service=SERVICES[depth], trace=id_, span=server, path=path, ms=ms, number=number % 1000
        )
        line = {"timeUnixNano": str(start), "traceId": id_, "spanId": server, "body": {"stringValue": text}}
        parts.append((spans, line))
        parent = call
    return parts


def bodies(count: int, begin: int, end: int):
    """Requests of `count` spans, spread over a time, and of the log lines that belong to them."""
    waiting: dict[str, list[dict]] = {name: [] for name in SERVICES}
    lines: dict[str, list[dict]] = {name: [] for name in SERVICES}
    made, number = 0, 0
    while made < count:
        start = begin + (end - begin) * made // count
        chosen = random.sample(SERVICES, 3)
        for name, (spans, line) in zip(chosen, trace(start, number), strict=True):
            waiting[name] += spans
            lines[name].append(line)
            made += len(spans)
            if len(waiting[name]) >= PER_POST:
                yield "traces", body(name, waiting[name]), len(waiting[name])
                yield "logs", body(name, lines[name], "logs"), 0
                waiting[name], lines[name] = [], []
        number += 1
    for name, left in waiting.items():
        yield "traces", body(name, left), len(left)
        yield "logs", body(name, lines[name], "logs"), 0


def points(begin: int, end: int):
    """Requests of a point a second of every series."""
    for at in range(begin, end, SECOND):
        times = {"startTimeUnixNano": str(at - SECOND), "timeUnixNano": str(at)}
        for service in SERVICES:
            metrics = [
                {"name": name, "unit": "s", "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [
                    times | spread() | {"attributes": [attribute(key, value)]} for value in values]}}
                for name, owner, key, values in DURATIONS if owner == service
            ] + [
                {"name": name, "unit": "{thing}", "sum": {"aggregationTemporality": 1, "isMonotonic": True,
                 "dataPoints": [times | {"asInt": "3", "attributes": [attribute(key, value)]} for value in values]}}
                for name, owner, key, values in COUNTERS if owner == service
            ]  # fmt: skip
            yield body(service, metrics, "metrics")


def spread() -> dict:
    """Some durations around 10 ms."""
    counts = [random.randrange(3) for _ in range(8)]
    number = sum(counts)
    return {
        "count": str(number), "sum": number * 0.01, "min": 0.004, "max": 0.03, "scale": 2, "zeroCount": "0",
        "positive": {"offset": -32, "bucketCounts": [str(each) for each in counts]},
    }  # fmt: skip


SHAPES = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
}


def body(service: str, items: list[dict], signal_: str = "traces") -> bytes:
    outer, middle, inner = SHAPES[signal_]
    resource = {"attributes": [attribute("service.name", service), attribute("service.instance.id", f"{service}-1")]}
    scope = {"scope": {"name": "shop", "version": "1"}, inner: items}
    return msgspec.json.encode({outer: [{"resource": resource, middle: [scope]}]})


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> dict[str, int]:
    """MB of a process: resident, and its fair share of what is shared."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines}
    return {name: found[name] for name in ("Rss", "Pss")}


def sent(console: ConsoleProcess, signal_: str, content: bytes) -> None:
    while (answer := console.post(signal_, content)).status == 503:
        time.sleep(0.2)
    assert answer.status == 200, answer.body


def settled(console: ConsoleProcess) -> None:
    """All that was sent is in the store."""
    until(lambda: not list((console.folder / "journal").iterdir()), seconds=120)


def ingest(console: ConsoleProcess, count: int, begin: int, end: int) -> None:
    """Spans alone for the rate, then log lines and points."""
    assert console.process is not None
    pid, size, lines = console.process.pid, 0, []
    before, clock = cpu(pid), time.monotonic()
    for signal_, each, spans in bodies(count, begin, end):
        if not spans:
            lines.append(each)
            continue
        sent(console, signal_, each)
        size += len(each)
    settled(console)
    used = cpu(pid) - before
    print(f"ingest     {count:,} spans, {size / count:.0f} bytes each: {count / used:,.0f} spans per second of CPU "
          f"({used:.1f} s of CPU, {time.monotonic() - clock:.1f} s by the clock)")  # fmt: skip
    for each in lines:
        sent(console, "logs", each)
    for each in points(begin, end):
        sent(console, "metrics", each)
    settled(console)


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


def answers(console: ConsoleProcess, spans: int, range_: str) -> int:
    """Every page over a time that holds all, and the API behind it; how many were over the limit."""
    assert console.process is not None
    pid, over = console.process.pid, 0
    limit = LIMITS.get(spans, 1000)
    print(f"-- {spans:,} spans, limit {limit} ms, load average {os.getloadavg()[0]:.1f}")
    for name, path in asked(console, range_).items():
        before = cpu(pid)
        median, slow = timed(partial(called, console, path))
        used = (cpu(pid) - before) / ROUNDS * 1000
        mark = "" if slow <= limit else "   OVER"
        over += slow > limit
        print(f"{name:<34} median {median:8.1f} ms   p95 {slow:8.1f} ms   CPU {used:8.1f} ms{mark}", flush=True)
    print(f"-- load average {os.getloadavg()[0]:.1f}, {memory(pid)} MB")
    return over


FILTERS = {
    "": "",
    " of a service and operation": "&service=orders&operation=GET%20/products/%7BproductId%7D%201",
    " with errors": "&status=error&service=users",
    " by an attribute": "&attr=session.id:session-7",
    " by one order's id": f"&attr=shop.order.id:{NEEDLE}",
    " by what nothing has": "&attr=session.id:nobody",
    " of two attributes, errors": "&attr=session.id:session-7&attr=shop.product.id:p-7&status=error",
    " slower than 150 ms": "&minDurationMs=150",
    " slower than any": "&minDurationMs=100000",
}
PROMQL = {
    "a counter": 'sum by ("shop.order.status") (sum_over_time({"shop.orders.transitions"}[5m]))',
    "p95 of 48 histograms": 'histogram_quantile(0.95, sum(sum_over_time({"http.server.request.duration"}[5m])))',
}
INSIGHTS = {
    "newest": "",
    "stats by event": "stats count(*) by event",
    "p95 by route and time": "filter event = 'shop.request' | stats pct(duration_ms, 95) by `http.route`, bin(5m)",
}


def asked(console: ConsoleProcess, range_: str) -> dict[str, str]:
    """What is measured, by name."""
    since = iso(time.time_ns() - {"6h": 6, "24h": 24}[range_] * HOUR)
    window = f"from={quote(since)}"
    one = console.json("/api/traces", from_=since, limit=1)["items"][0]["traceId"]
    lines = INSIGHTS | {"of one trace": f'fields @message | filter trace_id = "{one}"'}
    found = {}
    for (kind, base), (name, filters) in product(
        (("API  ", f"/api/traces?{window}"), ("page ", f"/traces?range={range_}")), FILTERS.items()
    ):
        found[f"{kind}traces{name}"] = base + filters
    found |= {f"API  {path}": f"/api/{path}?{window}" for path in (f"traces/{one}", "map", "operations", "signals")}
    found |= {f"API  logs {name}": f"/api/logs?{window}&query={quote(query)}" for name, query in lines.items()}
    found |= {f"page logs {name}": f"/logs?range={range_}&query={quote(query)}" for name, query in lines.items()}
    found |= {f"page metrics {name}": f"/metrics?range={range_}&query={quote(query)}" for name, query in PROMQL.items()}
    pages = (
        "", "overview", "traces-compare", f"traces/{one}", "metrics", "points", "points/orders.bottleneck",
        "points/catalog.response_time", "points/orders.completion", "alarms", "bus", "mails",
    )  # fmt: skip
    found |= {f"page /{path}": f"/{path}?range={range_}" for path in pages}
    return found | {"API  labels": "/api/v1/labels"}


def iso(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment / 1e9))


def tenfold(path: Path) -> None:
    """The same hour nine times before it, all with ids of their own; the rollups as if all had come."""
    with duckdb.connect(str(path), config={"memory_limit": "1GB", "preserve_insertion_order": "false"}) as connection:
        columns = {
            name: [row[0] for row in connection.execute(f"describe {name}").fetchall()]
            for name in ("spans", "stretches", "logs", "points", "minutes", "red", "edges")
        }
        for name, those in columns.items():
            connection.execute(f"create temp table hour as from {name}")
            connection.execute(f"delete from {name}")
            for earlier in range(9, -1, -1):
                changed = ", ".join(f"{shifted(each, earlier)} as {each}" for each in those)
                connection.execute(f"insert into {name} select {changed} from hour")
            connection.execute("drop table hour")
        connection.execute("checkpoint")


MOMENTS = ("start", "begun", "ended", "time", "ingested")


def shifted(column: str, hours: int) -> str:
    """A column of the same thing so many hours earlier."""
    match column:
        case "minute":
            return f"minute - {60 * hours}"
        case "trace_lo" | "span_id":
            return f"xor({column}, {hours}::ubigint)"
        case "parent_id":
            return f"case when parent_id = 0 then 0 else xor(parent_id, {hours}::ubigint) end"
        case "id":
            return "nextval('log_ids')"
    return f"{column} - {hours * HOUR}" if column in MOMENTS else column


def main() -> int:
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
        over = answers(console, typed.spans, "6h")
        if typed.tenfold:
            console.end(signal.SIGTERM)
            tenfold(Path(folder) / "telemetry.duckdb")
            console.start()
            over += answers(console, 10 * typed.spans, "24h")
    return min(over, 1)


if __name__ == "__main__":
    sys.exit(main())
