"""`ports.Metrics` over the store."""

from collections.abc import Mapping

import msgspec

from shop.console.ports import Exemplar, Histogram, Matchers, Metadata, Sample, Series
from shop.console.store.database import Database
from shop.console.store.series import Entry, Registry

__all__ = ["StoredMetrics"]

SAMPLES = """
    select series, start, time, value, histogram from points
    where time > ? and time <= ? and series in (select unnest(?::ubigint[])) order by series, time, start"""
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
        samples: dict[int, list[Sample]] = {}
        for series, begun, time, value, histogram in self.database.query(SAMPLES, (start, end, list(entries))):
            sample = Sample(begun, time, value if histogram is None else histogram_in(histogram))
            samples.setdefault(series, []).append(sample)
        return [Series(entries[id_].labels, found) for id_, found in samples.items()]

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
