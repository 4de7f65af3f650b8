"""Aggregations: groups of series made one each, or, for topk and its like, chosen from."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from shop.console.promql.columns import Column, Scalars, Vector, present
from shop.console.promql.histogram import Histogram, Incompatible, added, scaled
from shop.console.promql.labels import METADATA, Labels, label_set, restricted, without
from shop.console.promql.model import ExecutionError, Notes, QueryError, Value
from shop.console.promql.numbers import plain
from shop.console.promql.quantiles import quantile
from shop.console.promql.ranges import largest, mean, smallest, variance
from shop.console.promql.tree import Aggregate
from shop.console.promql.windows import total

__all__ = ["aggregated"]

Groups: TypeAlias = dict[Labels, Vector]
Reduce: TypeAlias = Callable[[list[Value], Notes], Value | None]


def aggregated(node: Aggregate, vector: Vector, param: Scalars | str | None, steps: int, notes: Notes) -> Vector:
    """The result of an aggregation over `steps` steps."""
    groups = grouped(node, vector)
    if node.op in CHOICES:
        return chosen(node.op, groups, numbers(param), steps, notes)
    if node.op == "count_values":
        return value_counts(groups, label_name(param), steps)
    if node.op == "quantile":
        return quantiles(groups, numbers(param), notes)
    if node.op not in REDUCTIONS:
        raise QueryError(f"the aggregation {node.op} is not supported")
    reduce = REDUCTIONS[node.op]
    return present(
        Column(labels, [reduce(values, notes) if values else None for values in by_step(members)])
        for labels, members in groups.items()
    )


def grouped(node: Aggregate, vector: Vector) -> Groups:
    """The columns by the labels that their group will have."""
    groups: Groups = {}
    left_out = node.labels | METADATA
    for column in vector:
        labels = restricted(column.labels, node.labels) if node.by else without(column.labels, left_out)
        groups.setdefault(labels, []).append(column)
    return groups


def by_step(members: Vector) -> Iterator[list[Value]]:
    """What there is at each step."""
    for cells in zip(*(column.cells for column in members), strict=True):
        yield [cell for cell in cells if cell is not None]


def floats(values: list[Value], op: str, notes: Notes) -> list[float]:
    """Without the histograms, which this aggregation does not know."""
    found = [value for value in values if not isinstance(value, Histogram)]
    if len(found) < len(values):
        notes.inform(f"ignored histogram in {op} aggregation")
    return found


def of_floats(op: str, compute: Callable[[list[float]], float]) -> Reduce:
    """An aggregation of floats, if there are any."""

    def reduce(values: list[Value], notes: Notes) -> float | None:
        found = floats(values, op, notes)
        return compute(found) if found else None

    return reduce


def add_up(values: list[Value], notes: Notes) -> Value | None:
    """The sum of floats, or of histograms."""
    histograms = [value for value in values if isinstance(value, Histogram)]
    if not histograms:
        return total(values)  # type: ignore[arg-type]
    if len(histograms) < len(values):
        notes.mixed()
        return None
    result = histograms[0]
    try:
        for each in histograms[1:]:
            result = added(result, each)
    except Incompatible:
        notes.warn("vector contains a mix of histograms with exponential and custom buckets schemas")
        return None
    return result


def average(values: list[Value], notes: Notes) -> Value | None:
    """The mean of floats, or of histograms."""
    if not any(isinstance(value, Histogram) for value in values):
        return mean(values)  # type: ignore[arg-type]
    whole = add_up(values, notes)
    return scaled(whole, lambda count: count / len(values)) if isinstance(whole, Histogram) else whole


REDUCTIONS: dict[str, Reduce] = {
    "sum": add_up,
    "avg": average,
    "min": of_floats("min", smallest),
    "max": of_floats("max", largest),
    "count": lambda values, _: float(len(values)),
    "group": lambda _values, _notes: 1.0,
    "stddev": of_floats("stddev", lambda values: math.sqrt(variance(values))),
    "stdvar": of_floats("stdvar", variance),
}


def numbers(param: Scalars | str | None) -> Sequence[float]:
    """A parameter that is a number at each step."""
    if not isinstance(param, Scalars):
        raise QueryError("expected a scalar as the parameter of the aggregation")
    return param.values


def label_name(param: Scalars | str | None) -> str:
    """A parameter that names a label."""
    if not isinstance(param, str) or not param:
        raise QueryError(f"invalid label name {param!r}")
    return param


def quantiles(groups: Groups, qs: Sequence[float], notes: Notes) -> Vector:
    """The quantile of each group."""
    for q in qs:
        if math.isnan(q) or not 0 <= q <= 1:
            notes.warn(f"quantile value should be between 0 and 1, got {plain(q)}")
    columns = []
    for labels, members in groups.items():
        found = [floats(values, "quantile", notes) for values in by_step(members)]
        columns.append(Column(labels, [quantile(q, each) if each else None for q, each in zip(qs, found, strict=True)]))
    return present(columns)


def value_counts(groups: Groups, name: str, steps: int) -> Vector:
    """How many series have each value, which becomes a label."""
    counts: dict[Labels, list[Value | None]] = {}
    for labels, members in groups.items():
        for step, values in enumerate(by_step(members)):
            for value in values:
                cells = counts.setdefault(label_set({**dict(labels), name: written(value)}), [None] * steps)
                before = cells[step]
                cells[step] = 1.0 + (before if isinstance(before, float) else 0.0)
    return [Column(labels, cells) for labels, cells in counts.items()]


def written(value: Value) -> str:
    """A value as a label has it."""
    return str(value) if isinstance(value, Histogram) else plain(value)


# The choice: the order of a value among its group, the least first; NaN comes last in both.
CHOICES: dict[str, Callable[[float], tuple[bool, float]]] = {
    "topk": lambda value: (math.isnan(value), -value),
    "bottomk": lambda value: (math.isnan(value), value),
    "limitk": lambda _value: (False, 0.0),
}


def chosen(op: str, groups: Groups, counts: Sequence[float], steps: int, notes: Notes) -> Vector:
    """Of each group, at each step, as many series as asked for, with all their labels; the best first."""
    best: dict[int, tuple[Column, list[Value | None]]] = {}
    for members in groups.values():
        for step in range(steps):
            for column in ranking(op, members, step, notes)[: how_many(counts[step])]:
                cells = best.setdefault(id(column), (column, [None] * steps))[1]
                cells[step] = column.cells[step]
    return [Column(column.labels, cells) for column, cells in best.values()]


def ranking(op: str, members: Vector, step: int, notes: Notes) -> Vector:
    """The members with a value at a step, the best first."""
    there = [column for column in members if column.cells[step] is not None]
    if op == "limitk":
        return there
    plain_ones = [column for column in there if not isinstance(column.cells[step], Histogram)]
    if len(plain_ones) < len(there):
        notes.inform(f"ignored histogram in {op} aggregation")
    order = CHOICES[op]
    return sorted(plain_ones, key=lambda column: order(column.cells[step]))  # type: ignore[arg-type]


def how_many(given: float) -> int:
    """A count, given as a float."""
    if math.isnan(given):
        raise ExecutionError("Parameter value is NaN")
    if abs(given) >= 2**63:
        raise ExecutionError(f"Scalar value {given:g} overflows int64")
    return max(0, int(given))
