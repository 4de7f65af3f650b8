"""What an expression comes to: for every series a value, or none, at each step of the query."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shop.console.promql.histogram import Histogram
from shop.console.promql.labels import METADATA, Labels, without
from shop.console.promql.model import ExecutionError, Value

__all__ = ["Cells", "Column", "Result", "Scalars", "Vector", "each_float", "present", "unique"]

Cells: TypeAlias = Sequence[Value | None]


@dataclass(frozen=True, slots=True)
class Column:
    """A series with its value at each step."""

    labels: Labels
    cells: Cells


Vector: TypeAlias = list[Column]


@dataclass(frozen=True, slots=True)
class Scalars:
    """A number at each step."""

    values: Sequence[float]


Result: TypeAlias = Vector | Scalars | str


def present(columns: Iterable[Column]) -> Vector:
    """Those with a value anywhere."""
    return [column for column in columns if any(cell is not None for cell in column.cells)]


def unique(columns: Iterable[Column]) -> Vector:
    """Columns that have come to have the same labels as one; two values at one step are an error."""
    found: dict[Labels, Column] = {}
    for column in present(columns):
        other = found.get(column.labels)
        found[column.labels] = column if other is None else joined(other, column)
    return list(found.values())


def joined(a: Column, b: Column) -> Column:
    """Both as one."""
    if any(one is not None and other is not None for one, other in zip(a.cells, b.cells, strict=True)):
        raise ExecutionError("vector cannot contain metrics with the same labelset")
    return Column(a.labels, [one if one is not None else other for one, other in zip(a.cells, b.cells, strict=True)])


def each_float(vector: Vector, compute: Callable[[float], float | None]) -> Vector:
    """Every float through a function; histograms are left out, and the metric is one no longer."""
    return unique(
        Column(
            without(column.labels, METADATA),
            [None if cell is None or isinstance(cell, Histogram) else compute(cell) for cell in column.cells],
        )
        for column in vector
    )
