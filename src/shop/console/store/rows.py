"""The rows of the store's tables, as the receiver makes them and the writer takes them."""

from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

__all__ = ["COLUMNS", "Rows"]

U64, I64, TEXT, U8 = pa.uint64(), pa.int64(), pa.string(), pa.uint8()

# fmt: off
COLUMNS: Final[dict[str, pa.Schema]] = {
    "spans": pa.schema([
        ("start", I64), ("duration", I64), ("trace_hi", U64), ("trace_lo", U64), ("span_id", U64), ("parent_id", U64),
        ("service", TEXT), ("name", TEXT), ("kind", U8), ("status", U8), ("message", TEXT), ("peer_kind", TEXT),
        ("peer", TEXT), ("resource", U64), ("scope", TEXT), ("attributes", TEXT), ("events", TEXT), ("links", TEXT),
    ]),
    "points": pa.schema([
        ("series", U64), ("start", I64), ("time", I64), ("value", pa.float64()), ("histogram", TEXT),
    ]),
    "exemplars": pa.schema([
        ("series", U64), ("time", I64), ("value", pa.float64()), ("trace_hi", U64), ("trace_lo", U64), ("span_id", U64),
    ]),
    "logs": pa.schema([
        ("time", I64), ("ingested", I64), ("uid", U64), ("message", TEXT), ("log", TEXT), ("fields", TEXT),
        ("stream", TEXT), ("event", TEXT), ("trace_hi", U64), ("trace_lo", U64), ("span_id", U64),
        ("route", TEXT), ("duration", pa.float64()),
    ]),
    "resources": pa.schema([("id", U64), ("attributes", TEXT)]),
    "series": pa.schema([
        ("id", U64), ("name", TEXT), ("kind", TEXT), ("temporality", TEXT), ("unit", TEXT), ("brief", TEXT),
        ("resource", U64), ("scope", TEXT), ("attributes", TEXT),
    ]),
}
# fmt: on


@dataclass(slots=True)
class Rows:
    """Rows by table, each a tuple in the order of its columns."""

    spans: list[tuple[Any, ...]] = field(default_factory=list)
    points: list[tuple[Any, ...]] = field(default_factory=list)
    exemplars: list[tuple[Any, ...]] = field(default_factory=list)
    logs: list[tuple[Any, ...]] = field(default_factory=list)
    resources: dict[int, str] = field(default_factory=dict)
    series: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.spans) + len(self.points) + len(self.exemplars) + len(self.logs)

    def add(self, other: "Rows") -> None:
        """These too."""
        self.spans += other.spans
        self.points += other.points
        self.exemplars += other.exemplars
        self.logs += other.logs
        self.resources |= other.resources
        self.series |= other.series


def table(name: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    """The rows of one table as Arrow has them."""
    schema = COLUMNS[name]
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)
