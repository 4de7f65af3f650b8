"""The store: what is written goes through here, and so does what must be done now and then."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from shop.console.store import pieces, retention, rollups
from shop.console.store.database import Database
from shop.console.store.metrics import StoredMetrics
from shop.console.store.rows import Rows
from shop.console.store.series import Registry

__all__ = ["Store"]

ROLL_EVERY: Final = 10.0  # seconds
PIECE_EVERY: Final = 60.0
MANY: Final = 50_000  # points that do not wait for that
TRIM_EVERY: Final = 60.0
SETTLED: Final = 15.0  # seconds after which all spans of a call are there


class Store:
    """Everything that the console keeps. `write` and `tend` belong to one thread; the rest is for any."""

    def __init__(self, path: Path, *, memory_mb: int, retention_ns: int, rows: int, disk_bytes: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.database = Database(path, memory_mb)
        self.registry = Registry()
        self.metrics = StoredMetrics(self.database, self.registry)
        self.retention_ns, self.rows, self.disk_bytes = retention_ns, rows, disk_bytes
        resources = dict(self.database.query("select id, attributes from resources"))
        self.registry.add(self.database.query("select * from series"), resources)
        self._rolled_at = self._trimmed_at = time.monotonic()
        self._pieced_at = 0.0
        self._points = 0  # that are not yet in the minutes
        self._batches: list[tuple[float, int]] = []  # when each was written, until it is rolled up

    def learn(self, rows: Rows) -> None:
        """Know the series of these rows."""
        self.registry.add(rows.series.values(), rows.resources)

    def write(self, rows: Rows, journal: int) -> None:
        """Store these rows, which are the journal's up to the file of this number."""
        self.learn(rows)
        self.database.write(rows, journal)
        self._batches.append((time.monotonic(), self.database.batch))
        self._points += len(rows.points)

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """As `ports.Logs` says."""
        return self.database.query(sql, parameters)

    def tend(self) -> None:
        """Whatever is due: rollups, and what is kept no longer."""
        now = time.monotonic()
        if now - self._rolled_at > ROLL_EVERY:
            self._rolled_at = now
            self.roll(now - SETTLED)
        if now - self._pieced_at > PIECE_EVERY or self._points > MANY:
            self.piece()
        if now - self._trimmed_at > TRIM_EVERY:
            self._trimmed_at = now
            self.trim()

    def roll(self, before: float) -> None:
        """Put what was written before then (as time.monotonic) into the rollups."""
        settled = [batch for written, batch in self._batches if written <= before]
        if not self._batches and self.database.rolled < self.database.batch:
            settled = [self.database.batch]  # left by the process before
        if settled:
            rollups.roll(self.database, settled[-1])
            self._batches = [each for each in self._batches if each[1] > settled[-1]]

    def piece(self) -> None:
        """Put the histograms that came into their minutes."""
        self._pieced_at, self._points = time.monotonic(), 0
        pieces.roll(self.database)

    def trim(self) -> None:
        """Forget what is too old, and the oldest when there is too much."""
        oldest = time.time_ns() - self.retention_ns
        if retention.trim(self.database, oldest, self.rows, self.disk_bytes):
            self.registry.keep({id_ for (id_,) in self.database.query("select id from series")})

    def close(self) -> None:
        """Nothing is read or written any more."""
        self.database.close()
