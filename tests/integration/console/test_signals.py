"""Observability points, objectives and alarms on what the console keeps: their truth is known by construction."""

import asyncio
import json
import time
from datetime import UTC, datetime

import pytest
from tests.support.account import Account
from tests.support.client import until
from tests.support.console import counter, request

from shop.console.cloud.alarms import Alarms, Topic
from shop.console.cloud.depths import request as depths
from shop.console.receiver.common import Limits
from shop.console.receiver.decoding import decode
from shop.console.store.store import Store
from shop.runtime.aws import Aws
from shop.runtime.queues import Queues
from shop.runtime.wire import Client

SECOND = 10**9
DAY = 86_400 * SECOND


def stages(now, started, confirmed, instance, temporality=1):
    points = [
        ({"shop.registration.stage": stage}, now - 3 * SECOND, now, number)
        for stage, number in (("started", started), ("confirmed", confirmed))
    ]
    metric = counter("shop.users.registrations", points, temporality=temporality)
    return request("metrics", "users", [metric], service__instance__id=instance)


def test_a_rate_is_exact_over_instances_repeats_and_windows(console):
    now = time.time_ns() - 5 * SECOND
    first = stages(now, 6, 5, "users-1")
    console.send("metrics", first)
    console.send("metrics", first)  # a sender that got no answer
    console.send("metrics", stages(now + SECOND, 4, 2, "users-2"))
    console.send("metrics", stages(now - 3600 * SECOND * 3, 50, 1, "users-1"))  # before the window

    def completion(**window):
        found = console.json("/api/signals/users.registration_completion", **window)
        return found["value"], found["numerator"], found["denominator"]

    until(lambda: completion() == (0.7, 7, 10))
    assert completion(to="2020-01-01T00:00:00Z") == (None, 0, 0)
    found = console.json("/api/signals/users.registration_completion")
    by_query = console.json("/api/v1/query", query=found["promql"])["data"]["result"]
    assert [each["value"][1] for each in by_query] == ["0.7"]
    assert {line["attributes"]["shop.registration.stage"]: line["value"] for line in found["series"]} == {
        "started": 10, "confirmed": 7,
    }  # fmt: skip


def test_the_query_of_a_point_looks_back_to_the_millisecond(console):
    now = time.time_ns() - 7200 * SECOND
    console.send("metrics", stages(now, 4, 3, "users-1"))
    console.send("metrics", stages(now - 6 * SECOND, 50, 1, "users-1"))
    end = now // 10**6 + 250

    def at(milliseconds):
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"

    def completion():
        return console.json("/api/signals/users.registration_completion", **{"from": at(end - 5900), "to": at(end)})

    until(lambda: completion()["value"] == 0.75)
    query = completion()["promql"]
    assert "[5900ms]" in query
    by_query = console.json("/api/v1/query", query=query, time=at(end))["data"]["result"]
    assert [each["value"][1] for each in by_query] == ["0.75"]


def test_the_course_of_a_point_adds_up_to_its_value(console):
    now = time.time_ns()
    ends = [now - minutes * 60 * SECOND for minutes in (50, 40, 20, 19, 3)]
    points = [({"shop.stock.status": "OUT_OF_STOCK"}, end - SECOND, end, 2) for end in ends]
    console.send("metrics", request("metrics", "inventory", [counter("shop.inventory.movements", points)]))

    def value():
        return console.json("/api/signals/inventory.updates")["value"]

    until(lambda: value() == 10)
    for steps in (1, 7, 60, 500):
        course = console.json("/api/signals/inventory.updates/history", steps=steps)["items"]
        assert sum(each["value"] for each in course) == 10
        assert steps - 1 <= len(course) <= steps + 1 or steps == 500
        assert [each["time"] for each in course] == sorted(each["time"] for each in course)
    assert console.get("/api/signals/inventory.nothing/history").code == "SIGNAL_NOT_FOUND"
    assert console.get("/api/signals/inventory.updates/history?steps=0").status == 422


def test_points_come_in_pages(console):
    whole = [each["id"] for each in console.json("/api/signals")["items"]]
    found: list[list[str]] = []
    token = None
    while token or not found:
        page = console.json("/api/signals", limit=7, **({"nextToken": token} if token else {}))
        found.append([each["id"] for each in page["items"]])
        token = page["nextToken"]
    assert found == [whole[:7], whole[7:14], whole[14:]]


def test_durations_have_quantiles_and_what_grows_is_told_by_its_growth(console):
    now = time.time_ns() - 5 * SECOND
    points = [
        {
            "startTimeUnixNano": str(now - 60 * SECOND), "timeUnixNano": str(now - index * SECOND),
            "count": str(count), "sum": float(count), "scale": 0, "zeroCount": "0", "min": 0.75, "max": 1.0,
            "positive": {"offset": -1, "bucketCounts": [str(count)]},
        }
        for index, count in ((0, 30), (1, 20), (2, 10))
    ]  # fmt: skip
    metric = {
        "name": "shop.orders.payment.duration",
        "unit": "s",
        "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": points},
    }
    console.send("metrics", request("metrics", "orders", [metric]))
    found = until(
        lambda: (each := console.json("/api/signals/orders.payment_time")) and each["stats"]["count"] == 30 and each
    )
    assert found["stats"]["sum"] == 30
    assert 0.75 <= found["value"] <= 1.0


def test_a_point_that_there_is_not_is_404(console):
    answer = console.get("/api/signals/catalog.nothing")
    assert (answer.status, answer.code) == (404, "SIGNAL_NOT_FOUND")


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "telemetry.duckdb", memory_mb=128, retention_ns=30 * DAY, rows=10**7, disk_bytes=1 << 30)
    yield store
    store.close()


def kept(store, body):
    rows = decode("metrics", "json", body, Limits.now(30 * DAY)).rows
    store.write(rows, store.database.journal + 1)


def test_an_alarm_is_told_once_when_it_begins_and_once_when_it_ends(store, emulator: Account, monkeypatch):
    access = emulator.access
    for name, value in access.environment().items():
        monkeypatch.setenv(name, value)
    started = time.time_ns()

    async def changes(queues):
        return [json.loads(each.body) for each in await queues.receive("alerts-notifications", wait=1)]

    async def story():
        async with Aws() as aws, Client() as client:
            queues = Queues(aws, access.queue_url_prefix)
            topic = Topic(client, access.endpoint, access.account, access.region)
            alarms = Alarms(store, topic)
            kept(store, depths({"orders-events-dlq": {"visible": 0, "oldestAgeSeconds": None}}, started))
            await alarms.judge(started + SECOND)
            assert await changes(queues) == []
            kept(store, depths({"orders-events-dlq": {"visible": 2, "oldestAgeSeconds": 3.0}}, started + 10 * SECOND))
            for later in (11, 12):
                await alarms.judge(started + later * SECOND)
            await Alarms(store, topic).judge(started + 13 * SECOND)  # a console that starts anew knows what it has told
            (begun,) = await changes(queues)
            assert (begun["AlarmName"], begun["OldStateValue"], begun["NewStateValue"]) == (
                "queues.dead_letters", "OK", "ALARM",
            )  # fmt: skip
            assert "orders-events-dlq" in begun["NewStateReason"]
            assert begun["AlarmArn"].startswith("arn:aws:cloudwatch:")
            shown = {each["id"]: each for each in alarms.shown()}
            assert (shown["queues.dead_letters"]["state"], shown["queues.dead_letters"]["value"]) == ("ALARM", 2)
            kept(store, depths({"orders-events-dlq": {"visible": 0, "oldestAgeSeconds": None}}, started + 20 * SECOND))
            await alarms.judge(started + 21 * SECOND)
            (ended,) = await changes(queues)
            assert (ended["OldStateValue"], ended["NewStateValue"]) == ("ALARM", "OK")

    asyncio.run(story())


def test_an_objective_burns_its_budget(store):
    now = time.time_ns()

    def responses(index, number, error):
        point = {
            "attributes": [{"key": "error.type", "value": {"stringValue": "500"}}] if error else [],
            "startTimeUnixNano": str(now - 120 * SECOND), "timeUnixNano": str(now - 60 * SECOND + index),
            "count": str(number), "sum": 1.0, "scale": 0, "positive": {"offset": -5, "bucketCounts": [str(number)]},
        }  # fmt: skip
        metric = {
            "name": "http.server.request.duration",
            "unit": "s",
            "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [point]},
        }
        return json.dumps(request("metrics", "catalog", [metric])).encode()

    kept(store, responses(0, 90, error=False))
    kept(store, responses(1, 10, error=True))

    async def story():
        alarms = Alarms(store, None)
        await alarms.judge(now)
        return {each["id"]: each for each in alarms.shown()}

    shown = asyncio.run(story())
    available = shown["catalog.availability"]
    assert (available["state"], available["severity"]) == ("ALARM", "page")
    assert available["value"] == pytest.approx(0.9)
    assert available["budgetLeft"] < 0
    assert shown["orders.availability"]["state"] == "INSUFFICIENT_DATA"


def test_a_histogram_that_counts_too_much_is_refused_and_harms_nothing(console):
    now = time.time_ns() - SECOND
    times = {"startTimeUnixNano": str(now - SECOND), "timeUnixNano": str(now), "scale": 0}

    def sent(**point):
        metric = {
            "name": "shop.notifications.processing.duration",
            "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [{**times, "sum": 1.0, **point}]},
        }
        return console.send("metrics", request("metrics", "notifications", [metric])).json

    assert sent(count=str(2**64 - 1))["partialSuccess"]["rejectedDataPoints"] in (1, "1")
    many = {"offset": 0, "bucketCounts": [str(2**60)]}
    assert sent(count="1", positive=many)["partialSuccess"]["rejectedDataPoints"] in (1, "1")
    assert sent(count="1", positive={"offset": -(2**31), "bucketCounts": ["1"]}) == {}

    def count():
        return console.json("/api/signals/notifications.processing_time")["stats"]["count"]

    until(lambda: count() == 1)
