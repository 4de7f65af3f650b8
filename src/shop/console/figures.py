"""The store's points as the evaluators of `shop.telemetry` read them."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from shop.console.ports import Cells, Histogram
from shop.console.store.pieces import merged
from shop.console.store.series import Entry
from shop.console.store.store import Store
from shop.telemetry.samples import Sample, deltas
from shop.telemetry.spread import Spread

__all__ = ["samples"]

COUNTED: Final = """
    select series, min(start), max(time), sum(value), {cell} as cell from points
    where time > ? and time <= ? and value is not null and series in (select unnest(?::ubigint[]))
    group by series, cell"""
LAST: Final = """
    select series, arg_max(start, time), max(time), arg_max(value, time), {cell} as cell from points
    where time > ? and time <= ? and value is not null and series in (select unnest(?::ubigint[]))
    group by series, cell"""
EACH: Final = """
    select series, start, time, value, histogram from points
    where (value is not null or histogram is not null) and time > ? and time <= ?
        and series in (select unnest(?::ubigint[])) order by time"""
histogram_in = msgspec.json.Decoder(Histogram).decode
SERVICE: Final = "@resource.service.name"
INSTANCE: Final = "@resource.service.instance.id"


def samples(store: Store, metrics: Iterable[str], since: int, until: int, cells: Cells | None = None) -> list[Sample]:
    """The points of these metrics that end in (since, until], as deltas: one per series and cell, of a gauge the last.

    Without cells all of the window is one.
    """
    entries = {entry.id: entry for name in sorted(metrics) for entry in store.registry.named(name)}
    by_way: dict[str, dict[int, Entry]] = {}
    for id_, entry in entries.items():
        by_way.setdefault(way_of(entry), {})[id_] = entry
    found = numbers(store, COUNTED, by_way.get("counter", {}), since, until, cells)
    found += numbers(store, LAST, by_way.get("gauge", {}), since, until, cells)
    found += histograms(store, by_way.get("histogram", {}), since, until, cells)
    found += each_of(store, by_way.get("updowncounter", {}), since, until)
    # What a cumulative series says in the window is the difference to what it said before.
    found += [point for point in deltas(each_of(store, by_way.get("cumulative", {}), 0, until)) if point.end > since]
    return found


def way_of(entry: Entry) -> str:
    """How the points of a series are taken together."""
    return "cumulative" if entry.temporality == "cumulative" else entry.kind


def numbers(
    store: Store, sql: str, entries: dict[int, Entry], since: int, until: int, cells: Cells | None
) -> list[Sample]:
    """What these series count, or are, per cell."""
    if not entries:
        return []
    cell = cells.of("time") if cells else "0"
    rows = store.database.query(sql.format(cell=cell), (since, until, list(entries)))
    return [sample(entries[id_], start, time, value) for id_, start, time, value, _ in rows]


def histograms(store: Store, entries: dict[int, Entry], since: int, until: int, cells: Cells | None) -> list[Sample]:
    """The values of these series, per cell."""
    found: dict[tuple[int, int], list[Sample]] = {}
    for row in merged(store.database, list(entries), since, until, cells):
        id_, cell, scale, start, time, n, total, zeros, least, greatest, places, counts, _ = row
        value = Spread(n, total, zeros, scale, dict(zip(places, counts, strict=True)), least, greatest)
        found.setdefault((id_, cell), []).append(sample(entries[id_], start, time, value))
    return [pooled(those) for those in found.values()]


def pooled(those: Sequence[Sample]) -> Sample:
    """One series in one cell, whichever scales its histograms had."""
    spreads = [each.value for each in those if isinstance(each.value, Spread)]
    start, end = min(each.start for each in those), max(each.end for each in those)
    return those[0]._replace(start=start, end=end, value=spreads[0] if len(spreads) == 1 else Spread.pooled(spreads))


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
