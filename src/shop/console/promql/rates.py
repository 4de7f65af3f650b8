"""How counters and gauges move over a range: rate, increase, delta, and their likes of the last two points."""

import math
from collections.abc import Callable
from itertools import pairwise

from shop.console.promql.histogram import Histogram, Incompatible, added, scaled, went_back
from shop.console.promql.model import NS, Notes, Value, name_of
from shop.console.promql.windows import Window, fell

__all__ = ["changed", "delta", "idelta", "increase", "irate", "rate", "resets"]


def rate(window: Window, notes: Notes) -> Value | None:
    """Per second, of a counter."""
    warn_of_delta("rate", window, notes)
    return extrapolated(window, notes, counter=True, per_second=True)


def increase(window: Window, notes: Notes) -> Value | None:
    """In the whole range, of a counter."""
    warn_of_delta("increase", window, notes)
    return extrapolated(window, notes, counter=True, per_second=False)


def delta(window: Window, notes: Notes) -> Value | None:
    """In the whole range, of a gauge."""
    return extrapolated(window, notes, counter=False, per_second=False)


def irate(window: Window, notes: Notes) -> Value | None:
    """Per second, between the last two points of a counter."""
    warn_of_delta("irate", window, notes)
    return of_last_two(window, notes, counter=True)


def idelta(window: Window, notes: Notes) -> Value | None:
    """Between the last two points of a gauge."""
    return of_last_two(window, notes, counter=False)


def warn_of_delta(function: str, window: Window, notes: Notes) -> None:
    """A delta point is what came since the one before: its growth means nothing."""
    if window.series.delta:
        seconds = window.length // NS
        instead = "sum_over_time(x[range])" if function == "increase" else f"sum_over_time(x[range]) / {seconds}"
        notes.warn(
            f'{function}() assumes a cumulative counter, but "{name_of(window.series.labels)}" has delta temporality: '
            f"use {instead}"
        )


def extrapolated(window: Window, notes: Notes, *, counter: bool, per_second: bool) -> Value | None:
    """What changed between the first and the last point, extended to the edges of the range if they are near."""
    if len(window) < 2:
        return None
    change = growth(window, notes, counter=counter)
    if change is None:
        return None
    times = window.series.times
    first, last = times[window.first], times[window.last - 1]
    sampled = (last - first) / NS
    if not sampled:
        return None
    average = sampled / (len(window) - 1)
    to_start, to_end = (first - window.start) / NS, (window.end - last) / NS
    if to_start >= average * 1.1:
        to_start = average / 2
    if counter:
        to_start = min(to_start, since_zero(window.series.values[window.first], change, sampled, to_start))
    if to_end >= average * 1.1:
        to_end = average / 2
    factor = (sampled + to_start + to_end) / sampled
    if per_second:
        factor /= window.seconds()
    return times_factor(change, factor)


def since_zero(first: Value, change: Value, sampled: float, otherwise: float) -> float:
    """How long ago a counter with this slope was zero: it was never less."""
    if isinstance(first, Histogram) and isinstance(change, Histogram):
        return sampled * (first.count / change.count) if change.count > 0 and first.count >= 0 else otherwise
    if isinstance(first, float) and isinstance(change, float) and change > 0 and first >= 0:
        return sampled * (first / change)
    return otherwise


def times_factor(value: Value, factor: float) -> Value:
    """A float or a histogram, that many times."""
    return scaled(value, lambda count: count * factor) if isinstance(value, Histogram) else value * factor


def growth(window: Window, notes: Notes, *, counter: bool) -> Value | None:
    """The last value less the first, and what a counter had reached whenever it began anew."""
    if window.floats_only:
        values = window.series.values
        change = values[window.last - 1] - values[window.first]  # type: ignore[operator]
        return change + window.fallen() if counter else change
    found = window.histograms
    if not found:
        plain = window.floats
        falls = sum(a for a, b in pairwise(plain) if b < a) if counter else 0.0
        return plain[-1] - plain[0] + falls
    if len(found) < len(window):
        notes.mixed(window.series.labels)
        return None
    return histogram_growth(found, window, notes, counter=counter)


def histogram_growth(found: list[Histogram], window: Window, notes: Notes, *, counter: bool) -> Histogram | None:
    """As of floats, bucket by bucket."""
    try:
        # Whatever the first one was, if the counter began anew after it.
        result = found[-1] if counter and went_back(found[1], found[0]) else added(found[-1], found[0], -1.0)
        if counter:
            for before, now in pairwise(found[1:]):
                if went_back(now, before):
                    result = added(result, before)
    except Incompatible:
        notes.warn(
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
            f'"{name_of(window.series.labels)}"'
        )
        return None
    return result


def of_last_two(window: Window, notes: Notes, *, counter: bool) -> Value | None:
    """The change between the last two points; of a counter per second."""
    if len(window) < 2:
        return None
    before, now = window.values[-2:]
    seconds = (window.times[-1] - window.times[-2]) / NS
    if isinstance(before, Histogram) != isinstance(now, Histogram):
        notes.mixed(window.series.labels)
        return None
    if not seconds:
        return None
    change = now if counter and fell(now, before) else difference(now, before, window, notes)
    return times_factor(change, 1 / seconds) if counter and change is not None else change


def difference(now: Value, before: Value, window: Window, notes: Notes) -> Value | None:
    """One less the other."""
    if not isinstance(now, Histogram) or not isinstance(before, Histogram):
        return now - before  # type: ignore[operator]
    try:
        return added(now, before, -1.0)
    except Incompatible:
        notes.warn(
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
            f'"{name_of(window.series.labels)}"'
        )
        return None


def counted(test: Callable[[Value, Value], bool], window: Window) -> float:
    """How many neighbours are so."""
    values = window.values
    return float(sum(test(now, before) for before, now in pairwise(values)))


def changed(window: Window, _notes: Notes) -> float:
    """How often the value became another."""
    return counted(lambda now, before: now != before and not (is_nan(now) and is_nan(before)), window)


def is_nan(value: Value) -> bool:
    """No number."""
    return isinstance(value, float) and math.isnan(value)


def resets(window: Window, notes: Notes) -> float:
    """How often the counter began anew."""
    warn_of_delta("resets", window, notes)
    return counted(fell, window)
