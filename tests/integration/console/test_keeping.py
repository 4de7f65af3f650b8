"""What is kept: rollups that say what the spans say, and what goes when it is too old or too much."""

import os
import time

import msgspec
import pytest

from shop.console.figures import samples, spread
from shop.console.ports import Cells, Histogram
from shop.console.promql.answers import ranged
from shop.console.store import graph, traces
from shop.console.store.metrics import StoredMetrics
from shop.console.store.rows import Rows
from shop.console.store.store import Store
from shop.telemetry.spread import Spread

MINUTE = 60 * 10**9
DAY = 86_400 * 10**9


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "telemetry.duckdb", memory_mb=128, retention_ns=30 * DAY, rows=10**7, disk_bytes=1 << 30)
    yield store
    store.close()


def number() -> int:
    return int.from_bytes(os.urandom(8)) or 1


def calls(start: int, step: int, count: int, text: str = "{}") -> list[tuple]:
    """So many calls of `a` to `b`: a client span and the server span that answers, every one a row."""
    rows: list[tuple] = []
    for index in range(count):
        at, high, low, call, answer = start + index * step, number(), number(), number(), number()
        took = (index % 100 + 1) * 10**6
        rest = (1, "{}", text, None, None)
        rows.append((at, took, high, low, call, 0, "a", "call", 3, 0, None, "maybe", "b", *rest))
        status = 2 if index % 10 == 0 else 0
        rows.append((at, took, high, low, answer, call, "b", "GET /", 2, status, None, None, None, *rest))
    return rows


def written(store, rows):
    store.write(Rows(spans=rows), store.database.journal + 1)


def test_rollups_say_what_the_spans_say(store, monkeypatch):
    start = time.time_ns() // MINUTE * MINUTE - 10 * MINUTE
    rows = calls(start + 10**9, MINUTE // 100, 500)
    written(store, rows[::2])  # all callers first, then all that were called
    written(store, rows[1::2])
    now = time.time_ns() + 10**10
    window = (start + 30 * 10**9, start + 4 * MINUTE + 30 * 10**9)

    def shown():
        edges, _ = graph.edges(store.database, *window, now)
        return edges, graph.services(store.database, *window)

    exact = shown()
    assert [(each.from_name, each.to_name) for each in exact[0]] == [("a", "b")]
    store.roll(time.monotonic())
    monkeypatch.setattr(graph, "FEW", 0)
    rolled = shown()
    more = calls(start + MINUTE, 10**6, 7)
    written(store, more)
    with_fresh = shown()
    for before, after in zip((*exact[0], *exact[1]), (*rolled[0], *rolled[1]), strict=True):
        assert after.load[:2] == before.load[:2]
        assert after.load[2:] == pytest.approx(before.load[2:], rel=0.03)
    assert with_fresh[0][0].load.requests == exact[0][0].load.requests + 7
    assert with_fresh[1][0].load.requests == exact[1][0].load.requests + 7


def test_rollups_go_on_where_a_process_ended(tmp_path):
    start = time.time_ns() - 5 * MINUTE
    path = tmp_path / "t.duckdb"
    for _ in range(2):
        store = Store(path, memory_mb=128, retention_ns=30 * DAY, rows=10**7, disk_bytes=1 << 30)
        store.roll(time.monotonic())  # what the one before left
        written(store, calls(start, 10**6, 50))
        store.close()
    store = Store(path, memory_mb=128, retention_ns=30 * DAY, rows=10**7, disk_bytes=1 << 30)
    store.roll(time.monotonic())
    assert store.database.query("select sum(n) from red")[0][0] == 200
    assert store.database.query("select sum(n) from edges")[0][0] == 100
    store.close()


def test_a_trace_that_goes_on_for_hours_is_one(store):
    """An order that waits: once its parts are rolled up, they are found together however far apart they began."""
    now = time.time_ns()
    high, low = number(), number()
    rest = (0, "orders", "step", 2, 0, None, None, None, 1, "{}", "{}", None, None)
    for hours in (3, 0):
        written(store, [(now - hours * 60 * MINUTE, 10**6, high, low, number(), *rest)])
    store.roll(time.monotonic())
    found, _ = traces.find(store.database, traces.Search(now - 240 * MINUTE, now), 10, None)
    assert [(each.start, each.spans) for each in found] == [(now - 180 * MINUTE, 2)]
    assert traces.find(store.database, traces.Search(now - 60 * MINUTE, now), 10, None)[0] == []  # it began before


def test_what_is_too_old_goes(store):
    now = time.time_ns()
    written(store, [*calls(now - 40 * DAY, 1, 10), *calls(now - MINUTE, 1, 10)])
    store.trim()
    assert store.database.query("select count(*) from spans")[0][0] == 20


def test_of_too_many_rows_the_oldest_go(store):
    """Spans, points and lines count together, and the oldest of all go, in whichever order they came."""
    now = time.time_ns()
    written(store, calls(now - MINUTE, 1000, 500))
    written(store, calls(now - 3 * MINUTE, 1000, 500))
    points = [(1, now - 2 * MINUTE + i, now - 2 * MINUTE + i, 1.0, None) for i in range(1000)]
    lines = [(now - i, now, 0, "{}", "/shop/local/a", "{}", "", None, 0, 0, 0, None, None) for i in range(1000)]
    series = (1, "n", "counter", "delta", "", "", 1, "{}", "{}")
    store.write(Rows(points=points, logs=lines, series={1: series}), store.database.journal + 1)

    def left():
        return [store.database.query(f"select count(*) from {name}")[0][0] for name in ("spans", "points", "logs")]

    store.rows = 4000
    store.trim()
    assert left() == [2000, 1000, 1000]
    store.rows = 3200
    store.trim()
    spans, points_left, lines_left = left()
    assert (points_left, lines_left) == (1000, 1000)
    assert 3200 * 0.93 < spans + 2000 <= 3200
    store.rows = 1100
    store.trim()
    assert store.database.query("select min(start) from spans")[0][0] >= now - MINUTE
    assert (left()[1], sum(left())) == (0, pytest.approx(1045, abs=50))
    assert store.database.query("select count(*) from series")[0][0] == 0
    assert sum(left()) <= 1100


def test_the_oldest_go_when_there_is_too_much(store):
    now = time.time_ns()
    for batch in range(6):
        written(store, calls(now - (6 - batch) * MINUTE, 10**6, 25_000))
    store.database.checkpoint()
    full = store.database.size()
    store.disk_bytes = full * 3 // 4
    store.trim()
    assert store.database.size() <= store.disk_bytes
    left, first = store.database.query("select count(*), min(start) from spans")[0]
    assert 100_000 < left < 260_000
    assert first > now - 6 * MINUTE


def histograms(series: int, start: int, step: int, count: int) -> list[tuple]:
    """So many points, each ending a step after the other, of changing scales; some hold nothing."""
    rows = []
    for index in range(count):
        there = index % 7 != 0
        counts = [index % 3, index % 5, 2] if there else []
        value = Histogram(
            count=sum(counts) + (index % 2 if there else 0), total=index * 0.25 if there else 0.0, scale=index % 2 + 2,
            zero_count=index % 2 if there else 0, offset=-(index % 4), positive=counts,
            smallest=0.5 + index % 9 if there else None, largest=20.0 + index % 11 if there else None,
        )  # fmt: skip
        end = start + (index + 1) * step
        rows.append((series, end - step, end, None, msgspec.json.encode(value).decode()))
    return rows


def test_merged_minutes_say_what_the_points_say(store):
    """Over windows of any edges, in cells of minutes or not, before and after the roll, and with late points."""
    start = time.time_ns() // MINUTE * MINUTE - 20 * MINUTE
    metric = "http.server.request.duration"
    series = {1: (1, metric, "histogram", "delta", "s", "", 7, "{}", '{"http.route":"/a"}')}
    points = histograms(1, start, 700 * 10**6, 1500)
    store.write(Rows(points=points[::2], series=series, resources={7: "{}"}), store.database.journal + 1)

    def shown():
        windows = [(start, start + 18 * MINUTE), (start + 90 * 10**9 + 1, start + 7 * MINUTE + 1), (start, start + 5)]
        cells = [None, Cells(0, 2 * MINUTE), Cells(start + 3, 75 * 10**9)]
        return [
            sorted(samples(store, [metric], *window, cell), key=lambda each: each.end)
            for window in windows
            for cell in cells
        ]

    def close(found, expected):
        for one, other in zip(found, expected, strict=True):
            for a, b in zip(one, other, strict=True):
                assert (a.start, a.end) == (b.start, b.end)
                assert msgspec.structs.replace(a.value, sum=0.0) == msgspec.structs.replace(b.value, sum=0.0)
                assert a.value.sum == pytest.approx(b.value.sum, rel=1e-12)

    raw = shown()
    each = [msgspec.json.decode(row[4], type=Histogram) for row in points[::2]]
    assert raw[0][0].value == Spread.pooled(spread(one) for one in each if one.count)
    store.piece()
    assert store.database.query("select count(*) from minutes")[0][0] > 0
    close(shown(), raw)
    store.write(Rows(points=points[1::2]), store.database.journal + 1)  # late
    whole = shown()
    assert whole[0][0].value.count == sum(msgspec.json.decode(row[4])["count"] for row in points)
    store.piece()
    close(shown(), whole)
    store.trim()
    close(shown(), whole)


class Whole(StoredMetrics):
    """The same store, of which a sum over time reads every point."""

    def sums(self, matchers, start, end, cells):
        del cells
        return self.select(matchers, start, end)


QUERIES = (
    'sum_over_time({"took"}[5m])', 'sum_over_time({"took"}[1m])', 'sum_over_time({"counted"}[7m])',
    'histogram_quantile(0.95, sum(sum_over_time({"took"}[3m])))', 'sum_over_time({"took"}[5m] offset 90s)',
    'sum_over_time({"took"}[10m] @ end())', 'sum(sum_over_time({"counted"}[1m])) / 2',
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(("step", "shift"), [(60, 0), (45, 0), (60, 7), (200, 13), (1, 3599)])
def test_sums_over_time_are_the_same_however_they_are_added_up(store, query, step, shift):
    """Minutes merged before, points of the last moments, odd histograms: all as if every point had been read."""
    start = time.time_ns() // MINUTE * MINUTE - 30 * MINUTE
    about = ("histogram", "delta", "s", "", 7, "{}")
    series = {
        1: (1, "took", *about, '{"a":"1"}'), 2: (2, "took", *about, '{"a":"2"}'),
        3: (3, "counted", "counter", *about[1:], "{}"),
    }  # fmt: skip
    plain, odd = histograms(1, start, 7 * 10**9, 200), histograms(2, start, 11 * 10**9, 100)
    odd[40] = (*odd[40][:4], msgspec.json.encode(Histogram(3, 2.0, 1, 0, 0.0, 0, (1,), 0, (2,))).decode())
    counts = [(3, row[1], row[2], float(index % 5), None) for index, row in enumerate(plain)]
    store.write(Rows(points=[*plain[:150], *odd, *counts], series=series, resources={7: "{}"}), 1)
    store.piece()
    store.write(Rows(points=plain[150:]), 2)
    begin = start + shift * 10**9
    end = begin if shift == 3599 else begin + 25 * MINUTE
    given = (query, begin, end, step * 10**9)
    merged = ranged(store.metrics, *given)
    assert merged == ranged(Whole(store.database, store.registry), *given)
    assert merged.result or shift == 3599
