"""The PromQL of objectives and alarms rings when these do, on our own engine."""

import random

import pytest
from tests.support.series import Kept

from shop.console.promql import instant
from shop.telemetry import names
from shop.telemetry.histogram import Histogram
from shop.telemetry.meter import catalogue
from shop.telemetry.queries import in_environment, queries
from shop.telemetry.samples import Sample, Selector
from shop.telemetry.slos import Alarm, Latest, Objective, Within, evaluate, slos
from shop.telemetry.spread import Spread

MINUTE = 60 * 10**9
NOW = 100_000 * MINUTE
OBJECTIVES = {each.id: each for each in slos().objectives}
ALARMS = {each.id: each for each in slos().alarms}
JUDGED = {each.id: each for each in slos().judged}
QUEUES = [each for each in ALARMS.values() if isinstance(each.figure, Latest)]
AGES = (1, 4, 7, 29, 40, 61, 100, 200, 350, 500, 1000, 3000, 4200)  # minutes: in some of the windows, not in others


def rings(what, samples, environment="taro", of="taro"):
    """Which of its severities have an answer."""
    metrics = Kept(samples, of)
    asked = {severity: in_environment(query, environment) for severity, query in queries(what).items()}
    return {severity for severity, query in asked.items() if instant(metrics, query, NOW).result}


def expected(what, samples):
    """What the evaluator says."""
    state = evaluate(what, samples, NOW)
    if isinstance(what, Alarm):
        return {state.severity} - {None}
    return {pair.severity for pair in state.burning if pair.firing}


def spread(values):
    histogram = Histogram()
    for each in values:
        histogram.add(each)
    buckets = {histogram.low + at: n for at, n in enumerate(histogram.counts())}
    return Spread(histogram.count, histogram.total, 0, histogram.scale, buckets, min(values), max(values))


def some(selector: Selector, count: int, ago: int, chance: random.Random) -> Sample:
    """So many events of a selector, so many minutes ago."""
    where = {name: chance.choice(values) for name, values in selector.where.items()}
    attributes = {name: value for name, value in where.items() if value}
    end = NOW - ago * MINUTE
    metric = catalogue()[selector.metric]
    value = spread([0.01] * count) if metric.kind == "histogram" else float(count)
    service = selector.service or metric.services[0]
    return Sample(selector.metric, service, "a", attributes, end - MINUTE, end, value)


def bad(what: Objective, count: int, ago: int, chance: random.Random) -> Sample:
    """So many bad events, from another process."""
    made = some(what.all, count, ago, chance)._replace(source="b")
    if isinstance(what.good, Within):
        return made._replace(value=spread([what.good.seconds * 4] * count))
    if made.metric == names.HTTP_SERVER_REQUEST_DURATION:
        return made._replace(attributes={"error.type": "500"})
    worse = {names.ORDER_STATUS: "CANCELLED", names.ORDER_FAILURE: "STUCK"}
    return made._replace(attributes=worse if made.metric == names.ORDERS_TRANSITIONS else {names.OUTCOME: "failure"})


def good(what: Objective, count: int, ago: int, chance: random.Random) -> Sample:
    return some(what.all if isinstance(what.good, Within) else what.good.of, count, ago, chance)


@pytest.mark.parametrize("what", OBJECTIVES.values(), ids=lambda each: each.id)
def test_an_objective_rings_when_its_burn_rates_say_so_and_only_then(what):
    chance = random.Random(what.id)
    seen: dict[str, set[bool]] = {"page": set(), "ticket": set()}
    for _ in range(40):
        share, given = chance.choice([0, 0.0005, 0.004, 0.02, 0.08, 0.3, 1]), []
        for ago in chance.sample(AGES, chance.randint(1, len(AGES))):
            size = chance.choice([3, 30, 3000])
            failed = round(size * share)
            given += [good(what, size - failed, ago, chance)] if size > failed else []
            given += [bad(what, failed, ago, chance)] if failed else []
        wanted = expected(what, given)
        assert rings(what, given) == wanted
        for severity, ways in seen.items():
            ways.add(severity in wanted)
    assert all(ways == {True, False} for ways in seen.values()), "the trial has seen both"


def test_nothing_good_at_all_rings():
    what = OBJECTIVES["notifications.mail_success"]
    assert rings(what, [bad(what, 50, 1, random.Random(1))]) == {"page", "ticket"}


@pytest.mark.parametrize("what", JUDGED.values(), ids=lambda each: each.id)
def test_where_nothing_happened_nothing_rings(what):
    assert rings(what, []) == set()


@pytest.mark.parametrize(("out", "well"), [(5, 16), (4, 16), (5, 5), (0, 100), (30, 0)])
def test_empty_shelves_ring_as_the_alarm_does(out, well):
    what = ALARMS["inventory.stock_out"]
    both = (("OUT_OF_STOCK", out), ("IN_STOCK", well))
    given = [
        Sample(names.INVENTORY_CHECKS, "inventory", "a", {names.STOCK_STATUS: status}, NOW - MINUTE, NOW, count)
        for status, count in both
        if count
    ]
    assert rings(what, given) == expected(what, given)


@pytest.mark.parametrize("what", QUEUES, ids=lambda each: each.id)
def test_a_queue_rings_with_its_name(what):
    def gauge(queue, value, ago=0):
        at = NOW - ago * MINUTE
        return Sample(what.figure.of.metric, "console", "a", {"QueueName": queue}, at, at, value)

    dead = [gauge("orders-events-dlq", 0), gauge("inventory-commands-dlq.fifo", 100), gauge("x-dlq", 100, ago=2)]
    given = [*dead, gauge("x-dlq", 0), gauge("orders-events", 100), gauge("users-events", 100, ago=6)]
    found = instant(Kept(given), queries(what)["page"], NOW).result
    assert {each["metric"]["QueueName"] for each in found} == set(evaluate(what, given, NOW).over)
    assert found


@pytest.mark.parametrize("what", OBJECTIVES.values(), ids=lambda each: each.id)
def test_another_deployment_in_the_account_rings_nothing_here(what):
    given = [bad(what, 50, 1, random.Random(1))]
    assert rings(what, given) == {"page", "ticket"}
    assert rings(what, given, of="hanako") == set()


@pytest.mark.parametrize("what", JUDGED.values(), ids=lambda each: each.id)
def test_a_query_is_short_enough_for_an_alarm_and_looks_no_further_than_a_week(what):
    for query in queries(what).values():
        assert len(in_environment(query, "taro-yamada1")) <= 10_000  # AlarmPromQLCriteria's limit
    if isinstance(what, Objective):
        assert {rate.long for rate in slos().burn_rates} <= {"1h", "6h", "1d", "3d"}  # "Max range per request: 7 days"
