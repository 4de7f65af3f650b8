"""DuckDB as the console uses it: one connection that writes, a cursor per thread that reads."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from shop.console.store.rows import Rows, table

__all__ = ["Database", "QueryTooLong"]

THREADS: Final = 2
PATIENCE: Final = 20.0  # seconds that a query may take
# A span or point that comes twice bears the same time, so only that part of the table is looked at.
REPEATED: Final = {
    "spans": """
        select b.trace_hi, b.trace_lo, b.span_id from arriving b join spans s using (trace_lo, span_id, trace_hi)
        where s.start between ? and ?""",
    "points": """
        select b.series, b.start, b.time from arriving b join points s using (series, time, start)
        where s.time between ? and ?""",
    "exemplars": """
        select b.series, b.time, b.span_id from arriving b join exemplars s using (series, time, span_id)
        where s.time between ? and ?""",
    "logs": "select b.uid from arriving b join logs s using (uid) where b.uid <> 0 and s.time between ? and ?",
}
KEYS: Final = {"spans": (2, 3, 4), "points": (0, 1, 2), "exemplars": (0, 1, 5), "logs": (2,)}  # places in a row
MOMENT: Final = {"spans": 0, "points": 2, "exemplars": 1, "logs": 0}


class QueryTooLong(Exception):
    """The query took longer than a query may."""


class Database:
    """The file, opened."""

    def __init__(self, path: Path, memory_mb: int) -> None:
        self.path = path
        self._connection = duckdb.connect(
            str(path),
            config={
                "memory_limit": f"{memory_mb}MB",
                "threads": str(THREADS),
                "temp_directory": f"{path}.tmp",
                "preserve_insertion_order": "false",
                "python_enable_replacements": "false",
                "autoload_known_extensions": "false",
                "autoinstall_known_extensions": "false",
            },
        )
        self._connection.execute((files("shop.console.store") / "schema.sql").read_text(encoding="utf-8"))
        self._connection.execute("set enable_external_access=false; set lock_configuration=true")
        self._local = threading.local()
        self._writing = threading.RLock()
        state = self._connection.execute("select journal, batch, rolled, pieced from state").fetchone()
        assert state is not None  # noqa: S101 - the schema puts it there
        self.journal, self.batch, self.rolled, self.pieced = state

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT, on any thread. Raises QueryTooLong."""
        cursor = self._cursor()
        timer = threading.Timer(PATIENCE, cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            return cursor.execute(sql, parameters).fetchall()
        except duckdb.InterruptException as error:
            raise QueryTooLong from error
        finally:
            timer.cancel()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._connection.cursor()
        return cursor

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The writing connection, all or nothing, for one thread at a time."""
        with self._writing:
            self._connection.begin()
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def write(self, rows: Rows, journal: int) -> None:
        """All rows of the journal's file of this number, those excepted that are there already."""
        with self.transaction() as tx:
            batch = self.batch + 1
            self._insert(tx, "spans", rows.spans, f"{batch}, *")
            self._insert(tx, "points", rows.points, f"*, {batch}")
            self._insert(tx, "exemplars", rows.exemplars)
            self._insert(tx, "logs", rows.logs, "nextval('log_ids'), *")
            self._note(tx, "resources", list(rows.resources.items()))
            self._note(tx, "series", list(rows.series.values()))
            tx.execute("update state set journal = ?, batch = ?", (journal, batch))
        self.batch, self.journal = batch, journal

    def _insert(
        self, tx: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[Any, ...]], columns: str = "*"
    ) -> None:
        if not rows:
            return
        rows = once(name, rows)
        moments = [row[MOMENT[name]] for row in rows]
        with arriving(tx, table(name, rows)):
            there = set(tx.execute(REPEATED[name], (min(moments), max(moments))).fetchall())
        if there:
            rows = [row for row in rows if key_of(name, row) not in there]
        if rows:
            with arriving(tx, table(name, rows)):
                tx.execute(f"insert into {name} select {columns} from arriving")

    def _note(self, tx: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            with arriving(tx, table(name, rows)):
                tx.execute(f"insert or ignore into {name} select * from arriving")

    def size(self) -> int:
        """Bytes in use on disk; blocks that are free for reuse do not count."""
        used, block, wal = self.query("select used_blocks, block_size, wal_size from pragma_database_size()")[0]
        return int(used) * int(block) + bytes_of(wal)

    def checkpoint(self) -> None:
        """Bring what was written into its place, and give the room of what was deleted back."""
        with self._writing:
            self._connection.execute("checkpoint")

    def close(self) -> None:
        """Write everything into the file itself and close it."""
        self._connection.close()


def key_of(name: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """What makes a row one."""
    return tuple(row[place] for place in KEYS[name])


def once(name: str, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Each row once; log records that have no id of their own are all different."""
    if name == "logs":
        return list({row[2] or ("", index): row for index, row in enumerate(rows)}.values())
    first, second, third = KEYS[name]
    return list({(row[first], row[second], row[third]): row for row in rows}.values())


@contextmanager
def arriving(tx: duckdb.DuckDBPyConnection, rows: pa.Table) -> Iterator[None]:
    """While the context lasts, `arriving` are these rows."""
    tx.register("arriving", rows)
    try:
        yield
    finally:
        tx.unregister("arriving")


UNITS: Final = {"bytes": 1, "byte": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "KB": 1000, "MB": 10**6, "GB": 10**9}


def bytes_of(text: str) -> int:
    """`1.5 MiB`, as DuckDB says it."""
    number, _, unit = text.partition(" ")
    return int(float(number) * UNITS[unit])
