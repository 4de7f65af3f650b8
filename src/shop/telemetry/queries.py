"""Objectives and alarms as PromQL: what CloudWatch judges them by, what the console shows and a test runs.

A query has an answer, of one series where it can, while its alarm is to ring, and none else. It is made of what
CloudWatch's documentation names: points of a delta added up over time, the count of a histogram, its quantiles. That
so many of the values are above a limit is the same as a quantile above it.
"""

import re

from shop.telemetry.meter import catalogue
from shop.telemetry.samples import Selector
from shop.telemetry.slos import Alarm, BurnRate, Latest, Objective, Severity, ShareOf, Slos, Within, slos

__all__ = ["ENVIRONMENT", "in_environment", "queries"]

ENVIRONMENT = "@resource.deployment.environment.name"


def queries(what: Objective | Alarm, rules: Slos | None = None) -> dict[Severity, str]:
    """The query of each severity in which it rings."""
    if isinstance(what, Alarm):
        return {what.severity: of_alarm(what)}
    given = rules or slos()
    pairs: dict[Severity, list[str]] = {}
    for rate in given.burn_rates:
        pairs.setdefault(rate.severity, []).append(burning(what, rate, given.minimum_events))
    return {severity: "\nor\n".join(some) for severity, some in pairs.items()}


def in_environment(query: str, environment: str) -> str:
    """The same query, of one deployment alone: every selector that begins with a metric's name asks for it."""
    return re.sub(r'\{("[^"]+")', rf'{{\1, "{ENVIRONMENT}"="{environment}"', query)


def burning(objective: Objective, rate: BurnRate, minimum: int) -> str:
    """The budget is used up too fast over both windows, and enough has happened to say so."""
    fast = (too_fast(objective, window, rate.factor) for window in (rate.long, rate.short))
    enough = f"{events(objective.all, rate.long)} >= {minimum}"
    return f"({' and '.join([*fast, enough])})"


def too_fast(objective: Objective, window: str, factor: float) -> str:
    """The budget is used up at least `factor` times faster than allowed."""
    allowed = 1 - objective.target
    if isinstance(objective.good, Within):
        over = f"sum(sum_over_time({objective.all.promql}[{window}]))"
        return f"histogram_quantile({plain(1 - factor * allowed)}, {over}) > {plain(objective.good.seconds)}"
    good = f"({events(objective.good.of, window)} or vector(0))"  # none of them good: there is no such series
    return f"(1 - {good} / {events(objective.all, window)}) / {plain(allowed)} >= {plain(factor)}"


def of_alarm(alarm: Alarm) -> str:
    """The figure is above its limit."""
    figure = alarm.figure
    if isinstance(figure, Latest):
        return latest(figure, alarm.over, alarm.above)
    return share(figure, alarm.over, alarm.above)


def share(figure: ShareOf, window: str, above: float) -> str:
    """A part of enough events."""
    part, whole = (events(each, window) for each in (figure.part, figure.whole))
    return f"({part} or vector(0)) / {whole} > {plain(above)} and {whole} >= {max(figure.minimum, 1)}"


def latest(figure: Latest, window: str, above: float) -> str:
    """One series for each value of the attribute that is above."""
    endings = "|".join(each.replace(".", "[.]") for each in figure.ending)
    among = f', "{figure.by}"=~".*({endings})"' if any(figure.ending) else ""
    selector = f"{figure.of.promql.removesuffix('}')}{among}}}"
    return f'max by ("{figure.by}") (last_over_time({selector}[{window}])) > {plain(above)}'


def events(selector: Selector, window: str) -> str:
    """How many there were; no answer where there are no such series."""
    over = f"sum_over_time({selector.promql}[{window}])"
    metric = catalogue().get(selector.metric)
    return f"sum(histogram_count({over}))" if metric and metric.kind == "histogram" else f"sum({over})"


def plain(number: float) -> str:
    """A number without what binary arithmetic adds to it."""
    return f"{number:.9g}"
