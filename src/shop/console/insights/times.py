"""Periods of time: bin, datefloor, dateceil. Weeks begin on Monday; all is UTC."""

from shop.console.insights.sql import Sql
from shop.console.insights.tree import Period

__all__ = ["ceiled", "floored"]

NS = 1_000_000_000
FIXED = {"ms": NS // 1000, "s": NS, "m": 60 * NS, "h": 3600 * NS, "d": 86_400 * NS, "w": 7 * 86_400 * NS}
MONTHS = {"mo": 1, "q": 3, "y": 12}
FIRST_MONDAY = 4 * 86_400 * NS  # 1970-01-05


def floored(time: str, period: Period) -> Sql:
    """The beginning of the period that a time is in."""
    if period.unit in MONTHS:
        return Sql(month_start(months(time), period, 0), "time")
    size = FIXED[period.unit] * period.count
    zero = FIRST_MONDAY if period.unit == "w" else 0
    return Sql(f"(({time}) - ({time} - {zero}) % {size})", "time")


def ceiled(time: str, period: Period) -> Sql:
    """The end of the period that a time is in; the time itself if it is the beginning of one."""
    start = floored(time, period).code
    if period.unit in MONTHS:
        after = month_start(months(time), period, 1)
    else:
        after = f"({start} + {FIXED[period.unit] * period.count})"
    return Sql(f"CASE WHEN {time} = {start} THEN {time} ELSE {after} END", "time")


def months(time: str) -> str:
    """Which month since year 0."""
    at = f"make_timestamp_ns({time})"
    return f"(year({at}) * 12 + month({at}) - 1)"


def month_start(month: str, period: Period, later: int) -> str:
    """The beginning of the period of months, or of one later."""
    size = MONTHS[period.unit] * period.count
    first = f"({month} - {month} % {size} + {later * size})"
    return f"epoch_ns(make_timestamp({first} // 12, {first} % 12 + 1, 1, 0, 0, 0.0))"
