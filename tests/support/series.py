"""Metrics as a test writes them down, in Prometheus's notation: `load 30s`, then a series and its values per line."""

import math
import re
from typing import Any

import promql_parser
import re2

from shop.console.ports import Exemplar, Histogram, Matcher, Metadata, Sample, Series
from shop.telemetry.spread import Spread

NS = 1_000_000_000
ITEM = re.compile(r"\{\{.*?\}\}[+-]\{\{.*?\}\}x\d+|\{\{.*?\}\}(?:x\d+)?|\S+")
FIELD = re.compile(r"(\w+):(\[[^\]]*\]|\S+)")


def parse(text) -> Any:
    return promql_parser.parse(text)


def seconds(text):
    return parse(text).val


class Loaded:
    """The port of metrics over series that a test has written down."""

    def __init__(self, text):
        self.kept = []
        step = 0.0
        for line in filter(None, map(str.strip, text.splitlines())):
            if line.startswith("load "):
                step = seconds(line.removeprefix("load "))
            else:
                self.kept.append(series(line, step))

    def sums(self, matchers, start, end, _cells):
        return self.select(matchers, start, end)

    def select(self, matchers, start, end):
        found = []
        for each in self.kept:
            samples = [sample for sample in each.samples if start < sample.time <= end]
            if samples and all(fits(matcher, each.labels) for matcher in matchers):
                found.append(Series(each.labels, samples))
        return found

    def series(self, matchers, start, end):
        return [each.labels for each in self.select(matchers, start, end)]

    def exemplars(self, matchers, start, end):
        """One for each series and point: a span whose ids tell which."""
        return [
            Exemplar(each.labels, sample.time, 0.5, f"{sample.time // NS:032x}", "00f067aa0ba902b7")
            for each in self.select(matchers, start, end)
            for sample in each.samples
        ]

    def metadata(self, name=None):
        names = dict.fromkeys(each.labels["__name__"] for each in self.kept)
        return [Metadata(each, "counter", "{order}", "Orders") for each in names if name in (None, each)]


class Kept(Loaded):
    """The same over what the evaluators read: points of metrics, each once, as CloudWatch names their labels."""

    def __init__(self, samples, environment="dev"):
        found: dict[Any, dict[tuple[int, int], Any]] = {}
        for each in samples:
            resource = {"service.name": each.service, "deployment.environment.name": environment}
            resource["service.instance.id"] = each.source
            labels = {f"@resource.{name}": value for name, value in resource.items()}
            labels |= {name: str(value) for name, value in each.attributes.items()} | {"__name__": each.metric}
            found.setdefault(frozenset(labels.items()), {}).setdefault((each.end, each.start), each.value)
        self.kept = [
            Series(dict(labels), [Sample(start, end, value_of(value)) for (end, start), value in sorted(each.items())])
            for labels, each in found.items()
        ]


def value_of(value):
    """A number as it is, the values of a histogram's point as the store has them."""
    if not isinstance(value, Spread):
        return float(value)
    first, last = min(value.buckets, default=0), max(value.buckets, default=-1)
    counts = [value.buckets.get(index, 0) for index in range(first, last + 1)]
    return Histogram(value.count, value.sum, value.scale, value.zeros, 0.0, first, counts)


def fits(matcher: Matcher, labels):
    value = labels.get(matcher.name, "")
    if matcher.op in ("=", "!="):
        return (value == matcher.value) is (matcher.op == "=")
    return bool(re2.fullmatch(f"(?s:{matcher.value})", value)) is (matcher.op == "=~")


def series(line, step):
    selector, values = split(line)
    tree = parse(selector)
    labels = {matcher.name: matcher.value for matcher in tree.matchers.matchers}
    if tree.name:
        labels["__name__"] = tree.name
    samples, before = [], 0
    for index, value in enumerate(values):
        at = round(index * step * 1000) * 1_000_000
        if value is not None:
            samples.append(Sample(before, at, value))
            before = at
    return Series(labels, samples)


def split(line):
    end = line.index("}") + 1 if "{" in line.split()[0] else len(line.split()[0])
    return line[:end], [value for item in ITEM.findall(line[end:]) for value in expanded(item)]


def expanded(item):
    if item.startswith("{{"):
        return histograms(item)
    found = re.fullmatch(
        r"(_|[+-]?(?:Inf|NaN|[\d.]+(?:e[+-]?\d+)?))(?:([+-](?:Inf|[\d.]+(?:e[+-]?\d+)?))?x(\d+))?", item
    )
    assert found, item
    first, step, times = found.groups()
    if first == "_":
        return [None] * int(times or 1)
    count = int(times) + 1 if times else 1
    return [float(first) + index * float(step or 0) if index else float(first) for index in range(count)]


def histograms(item):
    found = re.fullmatch(r"(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d+))?", item)
    assert found, item
    first, sign, step, times = found.groups()
    count = int(times) + 1 if times else 1
    return [histogram(first, step, (index if sign != "-" else -index) if step else 0) for index in range(count)]


def histogram(text, step=None, times=0):
    """Its own numbers, and `times` those of `step`. Prometheus counts buckets from one more than OpenTelemetry."""
    given: dict[str, Any] = fields(text)
    more: dict[str, Any] = fields(step) if step else {}
    custom = given.get("schema") == -53
    own = buckets(given, "buckets", "offset"), buckets(given, "n_buckets", "n_offset")
    other = buckets(more, "buckets", "offset"), buckets(more, "n_buckets", "n_offset")
    positive, negative = (combined(a, b, times) for a, b in zip(own, other, strict=True))
    shift = 0 if custom else -1
    first, last = min(positive, default=0), max(positive, default=-1)
    n_first, n_last = min(negative, default=0), max(negative, default=-1)
    bounds = given["custom_values"] if custom else None
    if custom:
        first, last = 0, len(given["custom_values"])
    return Histogram(
        count=given.get("count", 0) + times * more.get("count", 0),
        total=given.get("sum", 0.0) + times * more.get("sum", 0.0),
        scale=0 if custom else int(given.get("schema", 0)),
        zero_count=given.get("z_bucket", 0) + times * more.get("z_bucket", 0),
        zero_threshold=given.get("z_bucket_w", 0.0),
        offset=first + shift,
        positive=[positive.get(index, 0) for index in range(first, last + 1)],
        negative_offset=n_first + shift,
        negative=[negative.get(index, 0) for index in range(n_first, n_last + 1)],
        bounds=bounds,
    )


def fields(text):
    found: dict[str, Any] = {}
    for name, value in FIELD.findall(text.strip("{}")):
        if value.startswith("["):
            found[name] = [float(each) for each in value.strip("[]").split()]
        elif name != "counter_reset_hint":
            found[name] = float(value)
    return found


def buckets(given, name, offset):
    start = int(given.get(offset, 0))
    return {start + index: count for index, count in enumerate(given.get(name, [])) if not math.isnan(count)}


def combined(own, other, times):
    return {index: own.get(index, 0) + times * other.get(index, 0) for index in sorted(own.keys() | other.keys())}
