"""What queries cost: `uv run python -m tests.bench.bench_queries [rows of logs]`.

PromQL: an hour of 200 series with a point a second, as a chart of 240 steps asks for them; CPU of this process,
without the store. Logs Insights: a million lines of the shop's shape in a DuckDB of two threads, wall clock.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence

import duckdb
from tests.bench.machine import machine, report

from shop.console.insights import ask
from shop.console.ports import Histogram, Sample, Series
from shop.console.promql import ranged

NS = 1_000_000_000
START = 1_795_860_000 * NS
HOUR = 3600 * NS
ROUNDS = 7
SERIES = 200
LINE = """{"timestamp":"2026-11-28T10:00:00.000Z","level":"INFO","event":"' || event || '","service":"orders",
"trace_id":"' || md5(i::varchar) || '","span_id":"00f067aa0ba902b7","http.request.method":"GET","http.route":"'
|| route || '","http.response.status_code":' || status || ',"duration_ms":' || (i % 997) / 10
|| ',"shop.order.id":"ord_' || i || '","session.id":"' || md5((i % 1000)::varchar) || '","url.path":"/orders/ord_'
|| i || '"}"""
TABLE = f"""create table lines as select {START} + i * {HOUR} // ? as time, '{LINE}' as message,
'/shop/local/orders' as log, '{LINE}' as fields, event, 'orders-1' as stream, {START} as ingested, i as id,
('0x' || right(md5(i::varchar), 16))::ubigint as trace, route, (i % 997) / 10 as duration
from (select i, ['request', 'shop.order.placed', 'shop.search'][1 + i % 3] as event, 200 + i % 5 * 100 as status,
      ['/orders', '/products', '/cart'][1 + i % 3] as route from range(?) as t(i))"""
INSIGHTS = {
    "the newest lines": "",
    "count by time": "stats count(*) by bin(5m)",
    "count by a field": "stats count(*) by event",
    "p95 by a field and time": "stats pct(duration_ms, 95) by http.route, bin(5m)",
    "filter by a field, count": 'filter event = "shop.order.placed" | stats count(*)',
    "lines of a trace": 'filter trace_id = "c4ca4238a0b923820dcc509a6f75849b"',
    "filter by text, newest": "fields @timestamp, @message | filter @message like /ord_55555/",
}
TOTAL = '"requests", __temporality__="cumulative"'
PROMQL = {
    "sum by of sum_over_time": 'sum by (kind) (sum_over_time({"requests", __temporality__="delta"}[5m]))',
    "sum of rate": 'sum(rate({"requests", __temporality__="cumulative"}[5m]))',
    "max_over_time": 'max_over_time({"stock"}[5m])',
    "ratio of two counters": f"sum(increase({{{TOTAL}, kind='0'}}[1m])) / sum(increase({{{TOTAL}}}[1m]))",
    "p95 of native histograms": 'histogram_quantile(0.95, sum by (kind) (sum_over_time({"duration"}[5m])))',
}


class Store:
    """Series in memory, so that the engine alone is measured."""

    def __init__(self) -> None:
        chance = random.Random(1)
        self.kept: dict[tuple[str, str], list[Series]] = {}
        for number in range(SERIES):
            self.add(number, "requests", "delta", [float(chance.randrange(9)) for _ in range(3600)])
            total = [float(second * (number + 1)) for second in range(3600)]
            self.add(number, "requests", "cumulative", total)
            self.add(number, "stock", "", [chance.random() for _ in range(3600)])
            if number % 4 == 0:
                self.add(number, "duration", "delta", [histogram(chance) for _ in range(3600)])

    def add(self, number: int, name: str, temporality: str, values: Sequence[float | Histogram]) -> None:
        labels = {"__name__": name, "kind": str(number % 10), "series": str(number), "__temporality__": temporality}
        samples = [Sample(START + at * NS - NS, START + at * NS, value) for at, value in enumerate(values)]
        self.kept.setdefault((name, temporality), []).append(Series(labels, samples))

    def sums(self, matchers, start, end, _cells):
        return self.select(matchers, start, end)

    def select(self, matchers, start, end):
        wanted = {matcher.name: matcher.value for matcher in matchers}
        return [
            series
            for (name, temporality), found in self.kept.items()
            if name == wanted["__name__"] and wanted.get("__temporality__", temporality) == temporality
            for series in found
            if wanted.get("kind", series.labels["kind"]) == series.labels["kind"]
        ]


def histogram(chance: random.Random) -> Histogram:
    """A second's requests."""
    counts = [chance.randrange(3) for _ in range(12)]
    return Histogram(count=sum(counts), total=chance.random(), scale=3, offset=-8, positive=counts)


class Lines:
    """The port of logs over a DuckDB of our own."""

    def __init__(self, rows: int) -> None:
        self.database = duckdb.connect(config={"threads": 2})
        self.database.execute(TABLE, [rows, rows])

    def run(self, sql, parameters=()):
        return self.database.execute(sql, list(parameters)).fetchall()


def measured(work: Callable[[], object], clock: Callable[[], float]) -> list[float]:
    """Milliseconds of each round, the first one aside."""
    times = []
    for _ in range(ROUNDS + 1):
        start = clock()
        work()
        times.append((clock() - start) * 1000)
    return times[1:]


def main(rows: int) -> int:
    """All of them; how many were over their limit."""
    print(machine())
    over = 0
    store = Store()
    for name, query in PROMQL.items():

        def chart(query: str = query) -> object:
            return ranged(store, query, START, START + HOUR, 15 * NS)  # type: ignore[arg-type]

        over += not report(f"PromQL: {name}", measured(chart, time.process_time), "ms", 2000, 300)
    lines = Lines(rows)
    for name, query in INSIGHTS.items():

        def search(query: str = query) -> object:
            return ask(lines, query, START, START + HOUR)

        over += not report(f"Insights, {rows:,} lines: {name}", measured(search, time.perf_counter), "ms", 1000, 300)
    return over


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
