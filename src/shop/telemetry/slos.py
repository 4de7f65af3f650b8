"""Objectives and alarms: from points of metrics to their state, without any I/O.

They stand in slos.yaml (`make generate` checks them and makes slos.json). An objective is judged by multi-window burn
rates: it alarms when its error budget is used up so many times too fast over a long window, and still is over a short
one, so that the alarm ends soon after the trouble. An alarm compares one figure with a limit.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from shop.kernel.config import duration
from shop.telemetry.points import Text
from shop.telemetry.samples import Sample, Selector, Window, grouped, pooled, selected, total
from shop.telemetry.spread import Spread

__all__ = ["Alarm", "BurnRate", "Burning", "Objective", "Slos", "State", "evaluate", "slos"]

Severity: TypeAlias = Literal["page", "ticket"]
Word: TypeAlias = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]  # as CloudWatch says it
PERIOD = "30d"  # over which an objective's budget lasts


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what stands in the file."""


class BurnRate(Given, frozen=True):
    """A pair of windows, and how many times faster than allowed the budget may be used up in both."""

    severity: Severity
    long: str
    short: str
    factor: float


class Share(Given, frozen=True, tag="share", tag_field="kind"):
    """Good are the events of a selector."""

    of: Selector

    def count(self, events: Sequence[Sample]) -> float:
        """How many of these events are good."""
        return total(each for each in events if self.of.matches(each))


class Within(Given, frozen=True, tag="within", tag_field="kind"):
    """Good are the values of a histogram that are at most so many seconds."""

    seconds: float

    def count(self, events: Sequence[Sample]) -> float:
        """How many of these events are good."""
        spread = pooled(events)
        return (spread.share_up_to(self.seconds) or 0.0) * spread.count


class Objective(Given, frozen=True):
    """Which share of all events has to be good."""

    id: str
    service: str
    title: Text
    target: float
    good: Share | Within
    all: Selector

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise ValueError(f"{self.id}: target must be between 0 and 1")

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it is judged by."""
        return frozenset({self.all.metric})

    def seen(self, samples: Iterable[Sample], at: int, window: str) -> "Seen":
        """What happened in the window that ends `at` a moment (ns since 1970)."""
        events = list(selected(samples, self.all, before(at, window)))
        return Seen(self.good.count(events), total(events))

    def burn(self, samples: Iterable[Sample], at: int, window: str) -> float | None:
        """How many times faster than allowed the budget was used up; None when nothing happened."""
        bad = self.seen(samples, at, window).bad_share
        return None if bad is None else bad / (1 - self.target)


class Seen(msgspec.Struct, frozen=True):
    """Events, and how many of them were good."""

    good: float
    all: float

    @property
    def bad_share(self) -> float | None:
        """0..1; None when there was nothing."""
        return (self.all - self.good) / self.all if self.all else None


class ShareOf(Given, frozen=True, tag="share", tag_field="kind"):
    """`part` / `whole`, once there are `minimum` of the whole."""

    part: Selector
    whole: Selector
    minimum: int = 1

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it is made from."""
        return frozenset({self.part.metric, self.whole.metric})

    def values(self, samples: Sequence[Sample], window: Window) -> dict[str, float]:
        """The figure, under no name; nothing when there were too few."""
        whole = total(selected(samples, self.whole, window))
        if whole < max(self.minimum, 1):
            return {}
        return {"": total(selected(samples, self.part, window)) / whole}


class Latest(Given, frozen=True, tag="latest", tag_field="kind"):
    """The latest value of a gauge for each value of the attribute `by`, if that has one of these endings."""

    of: Selector
    by: str
    ending: tuple[str, ...] = ("",)

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it is made from."""
        return frozenset({self.of.metric})

    def values(self, samples: Sequence[Sample], window: Window) -> dict[str, float]:
        """The figures by name."""
        found: dict[str, float] = {}
        for key, group in grouped(selected(samples, self.of, window), [self.by]).items():
            name = dict(key).get(self.by, "")
            last = max(group, key=lambda each: each.end).value
            if name.endswith(self.ending) and not isinstance(last, Spread):
                found[name] = last
        return found


class Alarm(Given, frozen=True):
    """A figure and its limit, over a window."""

    id: str
    service: str
    title: Text
    severity: Severity
    figure: ShareOf | Latest
    over: str
    above: float

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it is judged by."""
        return self.figure.metrics


class Slos(Given, frozen=True):
    """All there is in slos.yaml. A pair of windows judges nothing before `minimum_events` are in the long one."""

    burn_rates: list[BurnRate]
    objectives: list[Objective]
    alarms: list[Alarm]
    minimum_events: int = 10

    @property
    def judged(self) -> "tuple[Objective | Alarm, ...]":
        """All of them, objectives first."""
        return (*self.objectives, *self.alarms)


class Burning(msgspec.Struct, frozen=True):
    """What a pair of windows says. Burn rates are None when nothing happened."""

    severity: Severity
    long: str
    short: str
    factor: float
    long_burn: float | None
    short_burn: float | None
    firing: bool


class State(msgspec.Struct, frozen=True):
    """How an objective or alarm stands.

    `value` is the share of good events over 30 days, or an alarm's greatest figure; `limit` the target, or what the
    figure may be; `budget_left` (1 to less than 0) what is left of an objective's errors; `over` names what is above.
    """

    id: str
    state: Word
    severity: Severity | None = None
    value: float | None = None
    limit: float | None = None
    budget_left: float | None = None
    burning: tuple[Burning, ...] = ()
    over: tuple[str, ...] = ()


def before(at: int, window: str) -> Window:
    """The window that ends at a moment (ns since 1970)."""
    return Window(at - round(duration(window).total_seconds() * 1e9), at)


def evaluate(what: Objective | Alarm, samples: Iterable[Sample], at: int, rules: Slos | None = None) -> State:
    """The state at a moment (ns since 1970), from delta points and gauges of `what.metrics` up to then."""
    given = [each for each in samples if each.metric in what.metrics]
    if isinstance(what, Alarm):
        return of_alarm(what, given, at)
    return of_objective(what, given, at, rules or slos())


def of_objective(objective: Objective, samples: Sequence[Sample], at: int, rules: Slos) -> State:
    """The state of an objective."""
    seen = objective.seen(samples, at, PERIOD)
    if seen.bad_share is None:
        return State(objective.id, "INSUFFICIENT_DATA", limit=objective.target)
    burning = tuple(burns(objective, rate, samples, at, rules.minimum_events) for rate in rules.burn_rates)
    firing = [each.severity for each in burning if each.firing]
    return State(
        id=objective.id,
        state="ALARM" if firing else "OK",
        severity=min(firing, default=None),  # a page comes before a ticket, in the alphabet too
        value=1 - seen.bad_share,
        limit=objective.target,
        budget_left=1 - seen.bad_share / (1 - objective.target),
        burning=burning,
    )


def burns(objective: Objective, rate: BurnRate, samples: Sequence[Sample], at: int, minimum: int) -> Burning:
    """What one pair of windows says."""
    enough = objective.seen(samples, at, rate.long).all >= minimum
    long, short = (objective.burn(samples, at, window) for window in (rate.long, rate.short))
    firing = enough and long is not None and short is not None and min(long, short) >= rate.factor
    return Burning(rate.severity, rate.long, rate.short, rate.factor, long, short, firing)


def of_alarm(alarm: Alarm, samples: Sequence[Sample], at: int) -> State:
    """The state of an alarm."""
    figures = alarm.figure.values(samples, before(at, alarm.over))
    if not figures:
        return State(alarm.id, "INSUFFICIENT_DATA", limit=alarm.above)
    over = tuple(sorted(name for name, figure in figures.items() if figure > alarm.above))
    return State(
        id=alarm.id,
        state="ALARM" if over else "OK",
        severity=alarm.severity if over else None,
        value=max(figures.values()),
        limit=alarm.above,
        over=tuple(name for name in over if name),
    )


@cache
def slos() -> Slos:
    """All objectives and alarms."""
    return msgspec.json.decode(Path(__file__).with_name("slos.json").read_bytes(), type=Slos)


def convert(data: Any) -> Slos:
    """Objectives and alarms from what YAML gave. Raises msgspec.ValidationError."""
    return msgspec.convert(data, Slos)
