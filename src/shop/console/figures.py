"""The store's points as the evaluators of `shop.telemetry` read them."""

from collections.abc import Iterable
from typing import Final

import msgspec

from shop.console.ports import Histogram
from shop.console.store.series import Entry
from shop.console.store.store import Store
from shop.telemetry.samples import Sample, deltas
from shop.telemetry.spread import Spread

__all__ = ["samples"]

NUMBERS: Final = """
    select series, min(start), max(time), sum(value) from points
    where time > ? and time <= ? and value is not null and series in (select unnest(?::ubigint[])) group by series"""
EACH: Final = """
    select series, start, time, value, histogram from points
    where time > ? and time <= ? and series in (select unnest(?::ubigint[])) order by time"""
histogram_in = msgspec.json.Decoder(Histogram).decode
SERVICE: Final = "@resource.service.name"
INSTANCE: Final = "@resource.service.instance.id"


def samples(store: Store, metrics: Iterable[str], since: int, until: int, *, each: bool = False) -> list[Sample]:
    """The points of these metrics that end in (since, until], as deltas; a counter summed up unless `each`."""
    entries = {entry.id: entry for name in sorted(metrics) for entry in store.registry.named(name)}
    growing = {id_: entry for id_, entry in entries.items() if entry.temporality == "cumulative"}
    summed = {} if each else entries
    counters = {id_: entry for id_, entry in summed.items() if entry.kind == "counter" and id_ not in growing}
    others = {id_: entry for id_, entry in entries.items() if id_ not in growing and id_ not in counters}
    found = [
        sample(counters[id_], start, time, value)
        for id_, start, time, value in store.database.query(NUMBERS, (since, until, list(counters)))
    ]
    found += each_of(store, others, since, until)
    # What a cumulative series says in the window is the difference to what it said before.
    found += [point for point in deltas(each_of(store, growing, 0, until)) if point.end > since]
    return found


def each_of(store: Store, entries: dict[int, Entry], since: int, until: int) -> list[Sample]:
    """Every point of these series."""
    if not entries:
        return []
    rows = store.database.query(EACH, (since, until, list(entries)))
    return [
        sample(entries[id_], start, time, value if histogram is None else spread(histogram_in(histogram)))
        for id_, start, time, value, histogram in rows
    ]


def sample(entry: Entry, start: int, end: int, value: float | Spread) -> Sample:
    """A point of a series."""
    resource = entry.resource
    return Sample(
        entry.name, resource.get(SERVICE, ""), resource.get(INSTANCE, ""), entry.attributes, start, end, value
    )


def spread(given: Histogram) -> Spread:
    """A histogram's values. Those of explicit buckets have no place but their bounds: only count and sum are told."""
    buckets = {} if given.bounds is not None else {given.offset + i: n for i, n in enumerate(given.positive) if n}
    return Spread(given.count, given.total, given.zero_count, given.scale, buckets, given.smallest, given.largest)
