"""Functions of values: each answers for one step, from what its arguments are at that step."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shop.console.promql.columns import Column, Vector, each_float, unique
from shop.console.promql.histogram import Histogram
from shop.console.promql.labels import METADATA, without
from shop.console.promql.model import Value
from shop.console.promql.numbers import divide, lenient
from shop.console.promql.quantiles import fraction, histogram_quantile

__all__ = ["DATES", "HISTOGRAMS", "MATHS", "clamped", "of_histograms", "rounded"]


def sign(value: float) -> float:
    """-1, 0 or 1; NaN stays."""
    return value if value == 0 or math.isnan(value) else math.copysign(1.0, value)


def whole(compute: Callable[[float], int]) -> Callable[[float], float]:
    """Floor and ceil of what has neither stays as it is, and zero keeps its sign."""
    return lambda value: value if math.isnan(value) or math.isinf(value) else math.copysign(compute(value), value)


MATHS: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": whole(math.ceil),
    "floor": whole(math.floor),
    "exp": lenient(math.exp),
    "ln": lenient(math.log, -math.inf),
    "log2": lenient(math.log2, -math.inf),
    "log10": lenient(math.log10, -math.inf),
    "sqrt": lenient(math.sqrt),
    "sgn": sign,
    "sin": lenient(math.sin),
    "cos": lenient(math.cos),
    "tan": lenient(math.tan),
    "asin": lenient(math.asin),
    "acos": lenient(math.acos),
    "atan": math.atan,
    "sinh": lenient(math.sinh),
    "cosh": lambda value: lenient(math.cosh)(abs(value)),
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": lenient(math.acosh),
    "atanh": lambda value: math.copysign(math.inf, value) if abs(value) == 1 else lenient(math.atanh)(value),
    "deg": math.degrees,
    "rad": math.radians,
}

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def days_in_month(at: datetime) -> int:
    """28 to 31."""
    return ((at.replace(day=1) + timedelta(days=32)).replace(day=1) - at.replace(day=1)).days


DATES: dict[str, Callable[[datetime], int]] = {
    "minute": lambda at: at.minute,
    "hour": lambda at: at.hour,
    "day_of_week": lambda at: at.isoweekday() % 7,
    "day_of_month": lambda at: at.day,
    "day_of_year": lambda at: at.timetuple().tm_yday,
    "days_in_month": days_in_month,
    "month": lambda at: at.month,
    "year": lambda at: at.year,
}


def dated(vector: Vector, part: Callable[[datetime], int]) -> Vector:
    """A part of the time that each value is, in seconds since 1970, UTC."""

    def compute(value: float) -> float:
        try:
            return float(part(EPOCH + timedelta(seconds=int(value))))
        except (OverflowError, ValueError):
            return math.nan

    return each_float(vector, compute)


def rounded(value: float, nearest: float) -> float:
    """To the nearest multiple; halves go up."""
    inverse = divide(1.0, nearest)
    scaled = value * inverse + 0.5
    return divide(scaled if math.isnan(scaled) or math.isinf(scaled) else math.floor(scaled), inverse)


def clamped(value: float, low: float, high: float) -> float:
    """Not less, not more; NaN stays."""
    if math.isnan(low) or math.isnan(high):
        return math.nan
    return max(low, min(high, value)) if not math.isnan(value) else value


HISTOGRAMS: dict[str, Callable[..., float]] = {
    "histogram_count": lambda given: given.count,
    "histogram_sum": lambda given: given.sum,
    "histogram_avg": lambda given: divide(given.sum, given.count),
    "histogram_stdvar": lambda given: given.variance(),
    "histogram_stddev": lambda given: math.sqrt(given.variance()),
    "histogram_quantile": lambda given, q: histogram_quantile(q, given),
    "histogram_fraction": lambda given, lower, upper: fraction(lower, upper, given),
}


def of_histograms(vector: Vector, compute: Callable[[Histogram, int], float]) -> Vector:
    """A number of every histogram, given the step; floats are left out, the metric is one no longer."""

    def answers(column: Column) -> list[Value | None]:
        return [compute(cell, i) if isinstance(cell, Histogram) else None for i, cell in enumerate(column.cells)]

    return unique(Column(without(column.labels, METADATA), answers(column)) for column in vector)
