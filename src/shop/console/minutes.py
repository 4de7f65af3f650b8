"""Points of metrics per minute, and per hour where they are old: what objectives look at, over as long as 30 days."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from shop.console.figures import samples
from shop.console.ports import Cells
from shop.console.store.store import Store
from shop.telemetry.samples import Sample
from shop.telemetry.spread import Spread

__all__ = ["Minutes"]

MINUTE: Final = 60 * 10**9
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
AGAIN: Final = 3 * MINUTE  # what came late within so long is still seen
FINE: Final = 7 * HOUR  # until a minute becomes part of an hour
LONGEST: Final = 30 * 24 * HOUR


class Key(NamedTuple):
    """A series, whichever process it comes from, and a piece of time by its end."""

    metric: str
    service: str
    attributes: frozenset[tuple[str, str | int | float | bool]]
    end: int


class Minutes:
    """Reads the points of `metrics` from `since` on once, and then only the new ones.

    Series that differ in none of the attributes `by` are one: few are left to look through.
    """

    def __init__(self, store: Store, metrics: Iterable[str], by: Iterable[str], since: int = 0) -> None:
        self._store, self._metrics, self._by, self._since = store, frozenset(metrics), frozenset(by), since
        self._pieces: dict[Key, Sample] = {}
        self._read = 0  # up to when

    def at(self, now: int) -> list[Sample]:
        """What there is up to now. Blocking."""
        since = max((self._read - AGAIN) // MINUTE * MINUTE, now - LONGEST, self._since)
        self._pieces = {key: piece for key, piece in self._pieces.items() if now - LONGEST < key.end <= since}
        low = since
        fine = (now - FINE) // HOUR * HOUR
        while low < now:  # a day at a time: the points themselves need not fit into memory
            size, end = (HOUR, fine) if low < fine else (MINUTE, now)
            high = min(low + DAY, end)
            self._add(samples(self._store, self._metrics, low, high, Cells(0, size)), now)
            low = high
        self._read = now
        self._coarsen(now)
        return list(self._pieces.values())

    def _add(self, points: Iterable[Sample], now: int) -> None:
        for point in points:
            size = MINUTE if now - point.end < FINE else HOUR
            self._put(point, -(-point.end // size) * size)

    def _coarsen(self, now: int) -> None:
        """Minutes that are old become hours."""
        old = [key for key in self._pieces if now - key.end >= FINE and key.end % HOUR]
        for key in old:
            self._put(self._pieces.pop(key), -(-key.end // HOUR) * HOUR)

    def _put(self, point: Sample, end: int) -> None:
        attributes = {name: value for name, value in point.attributes.items() if name in self._by}
        key = Key(point.metric, point.service, frozenset(attributes.items()), end)
        before = self._pieces.get(key)
        value = point.value if before is None else merged(point.metric, before, point)
        last = point.end if before is None else max(before.end, point.end)
        self._pieces[key] = point._replace(source="", attributes=attributes, end=last, value=value)


def merged(metric: str, before: Sample, point: Sample) -> float | Spread:
    """Two points of one series as one: of a gauge the later."""
    if isinstance(before.value, Spread) and isinstance(point.value, Spread):
        return Spread.pooled((before.value, point.value))
    if isinstance(before.value, Spread) or isinstance(point.value, Spread):
        return point.value
    if metric.startswith("AWS/"):  # gauges; ours are judged by none
        return point.value if point.end >= before.end else before.value
    return before.value + point.value
