"""`ports.Metrics` over the store."""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

import msgspec

from shop.console.ports import Cells, Exemplar, Histogram, Matchers, Metadata, Sample, Series, Sum
from shop.console.store.database import Database
from shop.console.store.pieces import merged
from shop.console.store.series import Entry, Registry

__all__ = ["StoredMetrics"]

SAMPLES = """
    select series, start, time, value, histogram from points
    where time > ? and time <= ? and series in (select unnest(?::ubigint[])) order by series, time, start"""
SUMS = """
    select series, min(start), max(time) as last, fsum(value), {cell} as cell from points
    where time > ? and time <= ? and value is not null and series in (select unnest(?::ubigint[]))
    group by series, cell order by last"""
ALIVE = "select distinct series from points where time > ? and time <= ? and series in (select unnest(?::ubigint[]))"
EXEMPLARS = """
    select series, time, value, trace_hi, trace_lo, span_id from exemplars
    where time >= ? and time <= ? and series in (select unnest(?::ubigint[])) order by time"""
histogram_in = msgspec.json.Decoder(Histogram).decode


class StoredMetrics:
    """Series from memory, samples from the database."""

    def __init__(self, database: Database, registry: Registry) -> None:
        self.database, self.registry = database, registry

    def select(self, matchers: Matchers, start: int, end: int) -> list[Series]:
        """As the port says."""
        entries = self._entries(matchers)
        return [Series(entries[id_].labels, found) for id_, found in self._samples(entries, start, end).items()]

    def _samples(self, ids: Iterable[int], start: int, end: int) -> dict[int, list[Sample]]:
        samples: dict[int, list[Sample]] = {}
        for series, begun, time, value, histogram in self.database.query(SAMPLES, (start, end, list(ids))):
            sample = Sample(begun, time, histogram_in(histogram) if histogram else value)
            samples.setdefault(series, []).append(sample)
        return samples

    def sums(self, matchers: Matchers, start: int, end: int, cells: Cells) -> list[Series]:
        """As the port says: numbers, and histograms of deltas that have no more than positive buckets and zeros."""
        entries = self._entries(matchers)
        found: dict[int, list[Sample]] = {}
        numbers = [id_ for id_, entry in entries.items() if entry.kind != "histogram"]
        for id_, begun, time, value, _ in self.database.query(
            SUMS.format(cell=cells.of("time")), (start, end, numbers)
        ):
            found.setdefault(id_, []).append(Sample(begun, time, value))
        whole = {id_ for id_, entry in entries.items() if entry.kind == "histogram" and entry.temporality != "delta"}
        merging = [id_ for id_, entry in entries.items() if entry.kind == "histogram" and id_ not in whole]
        for row in sorted(merged(self.database, merging, start, end, cells), key=itemgetter(4)):
            found.setdefault(row[0], []).append(Sample(row[3], row[4], sum_of(row)))
            whole |= {row[0]} if row[-1] else set()
        found |= self._samples(whole, start, end)
        return [Series(entries[id_].labels, samples) for id_, samples in found.items()]

    def series(self, matchers: Matchers, start: int, end: int) -> list[Mapping[str, str]]:
        """As the port says."""
        entries = self._entries(matchers)
        alive = self.database.query(ALIVE, (start, end, list(entries)))
        return [entries[id_].labels for (id_,) in alive]

    def exemplars(self, matchers: Matchers, start: int, end: int) -> list[Exemplar]:
        """As the port says."""
        entries = self._entries(matchers)
        return [
            Exemplar(entries[series].labels, time, value, f"{high:016x}{low:016x}", f"{span:016x}")
            for series, time, value, high, low, span in self.database.query(EXEMPLARS, (start, end, list(entries)))
        ]

    def metadata(self, name: str | None = None) -> list[Metadata]:
        """As the port says."""
        return self.registry.metadata(name)

    def _entries(self, matchers: Matchers) -> dict[int, Entry]:
        return {entry.id: entry for entry in self.registry.find(matchers)}


def sum_of(row: tuple[Any, ...]) -> Sum:
    """A row of `merged` as the port has sums."""
    _, _, scale, _, _, n, total, zeros, _, _, places, counts, _ = row
    return Sum(n, total, scale, zeros, dict(zip(places, counts, strict=True)))
