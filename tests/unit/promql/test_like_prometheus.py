"""The engine's answers are Prometheus's: `prometheus.json` holds queries of our own with what Prometheus answers.

Recorded with the engine of Prometheus 3.16 by `record_test.go`. Left out is what Prometheus leaves open, or has by
accident: which of equals topk and limitk choose, dates of infinity, the median of several NaN.
"""

import json
import math
from pathlib import Path

import pytest
from tests.support.series import Loaded

from shop.console.promql import QueryError, instant, ranged

SUITES = json.loads(Path(__file__).with_name("prometheus.json").read_text())
MS = 1_000_000
# Prometheus guesses counters by their names, which OpenTelemetry's don't follow, and has no temporality to look at.
NOT_OURS = ("might not be a counter", "is not a gauge", "needed to be fixed for monotonicity", "were reconciled")


def ns(seconds):
    return round(seconds * 1000) * MS


def asked(metrics, query):
    if "step" in query:
        return ranged(metrics, query["query"], ns(query["start"]), ns(query.get("end", 0)), ns(query["step"]))
    return instant(metrics, query["query"], ns(query["start"]))


def difference(metrics, query):
    """What is different, or None."""
    try:
        answer = asked(metrics, query)
    except QueryError as error:
        return None if "error" in query else f"failed: {error.message}"
    if "error" in query:
        return f"answered, though Prometheus refuses: {query['error']}"
    ours, theirs = series_of(answer), [(each["labels"], points(each["points"])) for each in query.get("series", [])]
    if "step" in query or not query["query"].startswith("sort"):
        ours, theirs = sorted(ours, key=str_of_labels), sorted(theirs, key=str_of_labels)
    if answer.type != query["type"] or [labels for labels, _ in ours] != [labels for labels, _ in theirs]:
        return f"{answer.type} {ours} is not {query['type']} {theirs}"
    for (labels, mine), (_, wanted) in zip(ours, theirs, strict=True):
        if len(mine) != len(wanted) or not all(same(a, b) for a, b in zip(mine, wanted, strict=True)):
            return f"{labels}: {mine} is not {wanted}"
    return None


def str_of_labels(series):
    return json.dumps(series[0], sort_keys=True)


def points(recorded):
    return sorted(((point["t"], point["v"]) for point in recorded), key=lambda point: point[0])


def series_of(answer):
    if answer.type in ("scalar", "string"):
        return [({}, [tuple(answer.result)])]
    found = []
    for series in answer.result:
        values = [series[kind] for kind in ("value", "histogram") if kind in series]
        values += [point for kind in ("values", "histograms") for point in series.get(kind, [])]
        found.append((series["metric"], sorted(map(tuple, values), key=lambda point: point[0])))
    return found


def same(ours, theirs):
    return ours[0] == theirs[0] and same_value(ours[1], theirs[1])


def same_value(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        mine = [bound for bucket in a.get("buckets", []) for bound in bucket[1:]]
        wanted = [bound for bucket in b["buckets"] for bound in bucket]
        pairs = [(a["count"], b["count"]), (a["sum"], b["sum"]), *zip(mine, wanted, strict=False)]
        return len(mine) == len(wanted) and all(close(x, y) for x, y in pairs)
    return isinstance(a, str) and isinstance(b, str) and (a == b or close(a, b))


def close(a, b):
    x, y = float(a), float(b)
    return (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-12, abs_tol=1e-12)


def notes(messages):
    said = [message.partition(" (1:")[0].partition(" for metric name")[0] for message in messages or []]
    return {message for message in said if not any(part in message for part in NOT_OURS)}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite["name"])
def test_every_answer_is_that_of_prometheus(suite):
    metrics = Loaded("\n".join(suite["load"]))
    found = [(query["query"], query["start"], difference(metrics, query)) for query in suite["queries"]]
    assert [each for each in found if each[2]] == []


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite["name"])
def test_what_prometheus_remarks_is_remarked(suite):
    metrics = Loaded("\n".join(suite["load"]))
    different = []
    for query in suite["queries"]:
        if "error" not in query:
            answer = asked(metrics, query)
            ours, theirs = (
                notes(answer.warnings + answer.infos),
                notes(query.get("warnings", []) + query.get("infos", [])),
            )
            if ours != theirs:
                different.append((query["query"], ours, theirs))
    assert different == []
