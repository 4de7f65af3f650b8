"""Functions of a range: what the points of one series in (start, end] say together. None is no answer."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shop.console.promql.histogram import Histogram, scaled
from shop.console.promql.model import NS, Notes, Value, name_of
from shop.console.promql.numbers import plain
from shop.console.promql.quantiles import quantile
from shop.console.promql.rates import changed, delta, idelta, increase, irate, rate, resets
from shop.console.promql.running import summed
from shop.console.promql.windows import Window, total

__all__ = ["RANGE_FUNCTIONS", "RangeFunction"]


@dataclass(frozen=True, slots=True)
class RangeFunction:
    """How it is computed, which of its arguments is the range, and whether its answer is the metric still."""

    compute: Callable[..., Value | None]  # (window, notes, *other arguments at the step)
    range_at: int = 0
    keeps_name: bool = False


def floats(window: Window, notes: Notes) -> list[float]:
    """The values of a function that knows floats only; histograms are left out."""
    found = window.floats
    if found and not window.floats_only and len(found) < len(window):
        notes.inform(
            "ignored histograms in a range containing both floats and histograms for metric name "
            f'"{name_of(window.series.labels)}"'
        )
    return found


def of_floats(compute: Callable[[list[float]], float]) -> Callable[[Window, Notes], float | None]:
    """A function of the floats in a range, if there are any."""

    def over_time(window: Window, notes: Notes) -> float | None:
        found = floats(window, notes)
        return compute(found) if found else None

    return over_time


def mixed(window: Window, notes: Notes) -> bool:
    """Floats and histograms, which have no sum."""
    if window.floats_only or window.histograms_only or not window.floats or not window.histograms:
        return False
    notes.mixed(window.series.labels)
    return True


def sum_over_time(window: Window, notes: Notes) -> Value | None:
    """The sum; of delta counters exactly what was counted in (start, end]."""
    if window.floats_only:
        return total(window.values)  # type: ignore[arg-type]
    if mixed(window, notes):
        return None
    return summed(window, notes) if window.histograms else total(window.floats)


def avg_over_time(window: Window, notes: Notes) -> Value | None:
    """The mean."""
    if window.floats_only:
        return mean(window.floats)
    whole = sum_over_time(window, notes)
    if isinstance(whole, Histogram):
        return scaled(whole, lambda count: count / len(window))
    return mean(window.floats) if whole is not None else None


def mean(values: Sequence[float]) -> float:
    """Without the overflow that the sum of very large values has."""
    try:
        return math.fsum(values) / len(values)
    except (OverflowError, ValueError):
        return sum(value / len(values) for value in values)


def smallest(values: list[float]) -> float:
    """NaN only of nothing else."""
    return min(values if comparable(values) else [value for value in values if not math.isnan(value)], default=math.nan)


def largest(values: list[float]) -> float:
    """NaN only of nothing else."""
    return max(values if comparable(values) else [value for value in values if not math.isnan(value)], default=math.nan)


def comparable(values: list[float]) -> bool:
    """Surely without NaN: a sum shows it, much faster than a look at each."""
    return not math.isnan(sum(values))


def variance(values: Sequence[float]) -> float:
    """Of all of them, not of a sample."""
    middle = mean(values)
    return total([(value - middle) ** 2 for value in values]) / len(values)


def deviation(values: list[float]) -> float:
    """The median of the distances from the median."""
    middle = quantile(0.5, values)
    return quantile(0.5, [abs(value - middle) for value in values])


def quantile_over_time(window: Window, notes: Notes, q: float) -> float | None:
    """Of the values in the range."""
    found = floats(window, notes)
    if math.isnan(q) or not 0 <= q <= 1:
        notes.warn(f"quantile value should be between 0 and 1, got {plain(q)}")
    return quantile(q, found) if found else None


def extreme_time(better: Callable[[float, float], bool]) -> Callable[[Window, Notes], float | None]:
    """When the last of the extreme values was seen."""

    def over_time(window: Window, notes: Notes) -> float | None:
        if not floats(window, notes):
            return None
        best, when = math.nan, 0
        for time, value in zip(window.times, window.values, strict=True):
            if not isinstance(value, Histogram) and (better(value, best) or math.isnan(best)):
                best, when = value, time
        return when / NS

    return over_time


def deriv(window: Window, notes: Notes) -> float | None:
    """The slope per second of a straight line through the points."""
    found = floats(window, notes)
    return regression(window, window.times[0])[0] if len(found) > 1 else None


def predict_linear(window: Window, notes: Notes, seconds: float) -> float | None:
    """Where that line is so many seconds from now."""
    if len(floats(window, notes)) < 2:
        return None
    slope, intercept = regression(window, window.now)
    return slope * seconds + intercept


def regression(window: Window, zero: int) -> tuple[float, float]:
    """Slope and intercept by least squares, with time counted from `zero`."""
    pairs = zip(window.times, window.values, strict=True)
    points = [((time - zero) / NS, value) for time, value in pairs if not isinstance(value, Histogram)]
    first = points[0][1]
    if all(value == first for _, value in points):
        return (math.nan, math.nan) if math.isinf(first) else (0.0, first)
    count = len(points)
    x, y = total([at for at, _ in points]), total([value for _, value in points])
    xy, xx = total([at * value for at, value in points]), total([at * at for at, _ in points])
    spread = xx - x * x / count
    slope = (xy - x * y / count) / spread if spread else math.nan
    return slope, y / count - slope * x / count


def smoothed(window: Window, notes: Notes, smoothing: float, trend: float) -> float | None:
    """Double exponential smoothing: what is new weighs by `smoothing`, its direction by `trend`."""
    found = floats(window, notes)
    if len(found) < 2:
        return None
    before, level, slope = 0.0, found[0], found[1] - found[0]
    for index, value in enumerate(found[1:], 1):
        slope = slope if index == 1 else trend * (level - before) + (1 - trend) * slope
        before, level = level, smoothing * value + (1 - smoothing) * (level + slope)
    return level


def last_time(window: Window, _notes: Notes) -> float:
    """When the last point was."""
    return window.times[-1] / NS


def first_time(window: Window, _notes: Notes) -> float:
    """When the first point was."""
    return window.times[0] / NS


RANGE_FUNCTIONS: dict[str, RangeFunction] = {
    "rate": RangeFunction(rate),
    "increase": RangeFunction(increase),
    "irate": RangeFunction(irate),
    "delta": RangeFunction(delta),
    "idelta": RangeFunction(idelta),
    "changes": RangeFunction(changed),
    "resets": RangeFunction(resets),
    "deriv": RangeFunction(deriv),
    "predict_linear": RangeFunction(predict_linear),
    "double_exponential_smoothing": RangeFunction(smoothed),
    "sum_over_time": RangeFunction(sum_over_time),
    "avg_over_time": RangeFunction(avg_over_time),
    "min_over_time": RangeFunction(of_floats(smallest)),
    "max_over_time": RangeFunction(of_floats(largest)),
    "stddev_over_time": RangeFunction(of_floats(lambda values: math.sqrt(variance(values)))),
    "stdvar_over_time": RangeFunction(of_floats(variance)),
    "mad_over_time": RangeFunction(of_floats(deviation)),
    "quantile_over_time": RangeFunction(quantile_over_time, range_at=1),
    "count_over_time": RangeFunction(lambda window, _: float(len(window))),
    "present_over_time": RangeFunction(lambda _window, _: 1.0),
    "last_over_time": RangeFunction(lambda window, _: window.values[-1], keeps_name=True),
    "first_over_time": RangeFunction(lambda window, _: window.values[0], keeps_name=True),
    "ts_of_last_over_time": RangeFunction(last_time),
    "ts_of_first_over_time": RangeFunction(first_time),
    "ts_of_max_over_time": RangeFunction(extreme_time(lambda value, best: value >= best)),
    "ts_of_min_over_time": RangeFunction(extreme_time(lambda value, best: value <= best)),
}
