"""What is kept: rollups that say what the spans say, and what goes when it is too old or too much."""

import os
import time

import pytest

from shop.console.store import graph
from shop.console.store.rows import Rows
from shop.console.store.store import Store

MINUTE = 60 * 10**9
DAY = 86_400 * 10**9


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "telemetry.duckdb", memory_mb=128, retention_ns=30 * DAY, disk_bytes=1 << 30)
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
        store = Store(path, memory_mb=128, retention_ns=30 * DAY, disk_bytes=1 << 30)
        store.roll(time.monotonic())  # what the one before left
        written(store, calls(start, 10**6, 50))
        store.close()
    store = Store(path, memory_mb=128, retention_ns=30 * DAY, disk_bytes=1 << 30)
    store.roll(time.monotonic())
    assert store.database.query("select sum(n) from red")[0][0] == 200
    assert store.database.query("select sum(n) from edges")[0][0] == 100
    store.close()


def test_what_is_too_old_goes(store):
    now = time.time_ns()
    written(store, [*calls(now - 40 * DAY, 1, 10), *calls(now - MINUTE, 1, 10)])
    store.trim()
    assert store.database.query("select count(*) from spans")[0][0] == 20


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
