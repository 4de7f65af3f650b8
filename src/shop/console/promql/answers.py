"""Queries and their results, as Prometheus's HTTP API writes them."""

from typing import Any, NamedTuple

from shop.console.ports import Metrics
from shop.console.promql.columns import Column, Result, Scalars
from shop.console.promql.evaluation import Evaluation
from shop.console.promql.histogram import Histogram
from shop.console.promql.model import Notes, QueryError, Value
from shop.console.promql.numbers import written
from shop.console.promql.tree import Range, Subquery, parse

__all__ = ["MAX_POINTS", "Answer", "instant", "ranged"]

MAX_POINTS = 11_000  # of a series in a range query


class Answer(NamedTuple):
    """What goes into `data`, and what goes beside it."""

    type: str
    result: Any
    warnings: list[str]
    infos: list[str]


def instant(metrics: Metrics, query: str, at: int) -> Answer:
    """The query at one moment, in ns since 1970."""
    evaluation = Evaluation(metrics)
    tree = parse(query, at, at)
    if isinstance(tree, Range):
        return answer("matrix", points(evaluation, tree, at), evaluation.notes)
    if isinstance(tree, Subquery):
        return answer("matrix", points(evaluation, tree, at), evaluation.notes)
    result = evaluation.evaluate(tree, [at])
    if isinstance(result, str):
        return answer("string", [seconds(at), result], evaluation.notes)
    if isinstance(result, Scalars):
        return answer("scalar", [seconds(at), written(result.values[0])], evaluation.notes)
    found = [sample(column, at) for column in result if column.cells[0] is not None]
    return answer("vector", found, evaluation.notes)


def ranged(metrics: Metrics, query: str, start: int, end: int, step: int) -> Answer:
    """The query from `start` to `end`, every `step`; all in ns."""
    if step <= 0:
        raise QueryError('invalid parameter "step": zero or negative query resolution step widths are not accepted')
    if end < start:
        raise QueryError('invalid parameter "end": end timestamp must not be before start time')
    if (end - start) // step > MAX_POINTS:
        raise QueryError(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    evaluation = Evaluation(metrics)
    tree = parse(query, start, end)
    if isinstance(tree, Range | Subquery):
        raise QueryError('invalid expression type "range vector" for range query, must be Scalar or instant Vector')
    steps = range(start, end + 1, step)
    result = evaluation.evaluate(tree, steps)
    return answer("matrix", matrix(result, steps), evaluation.notes)


def answer(kind: str, result: Any, notes: Notes) -> Answer:
    """With the notes that were made on the way."""
    return Answer(kind, result, list(notes.warnings), list(notes.infos))


def seconds(at: int) -> float:
    """A time as the API writes it, to the millisecond."""
    value = at // 1_000_000 / 1000
    return int(value) if value.is_integer() else value


def sample(column: Column, at: int) -> dict[str, Any]:
    """A series with one value."""
    cell = column.cells[0]
    assert cell is not None  # noqa: S101 - the caller has looked
    return {"metric": dict(column.labels), **one(cell, at)}


def one(cell: Value, at: int) -> dict[str, Any]:
    """A value under the name of its kind."""
    if isinstance(cell, Histogram):
        return {"histogram": [seconds(at), histogram(cell)]}
    return {"value": [seconds(at), written(cell)]}


def matrix(result: Result, steps: range) -> list[dict[str, Any]]:
    """Series with all their values, ordered by their labels."""
    if isinstance(result, str):
        raise QueryError('invalid expression type "string" for range query, must be Scalar or instant Vector')
    columns = [Column((), result.values)] if isinstance(result, Scalars) else result
    ordered = sorted(columns, key=lambda column: column.labels)
    return [series(column, list(zip(steps, column.cells, strict=True))) for column in ordered]


def series(column: Column, pairs: list[tuple[int, Value | None]]) -> dict[str, Any]:
    """A series, its floats and its histograms apart."""
    result: dict[str, Any] = {"metric": dict(column.labels)}
    floats = [[seconds(at), written(cell)] for at, cell in pairs if isinstance(cell, float)]
    histograms = [[seconds(at), histogram(cell)] for at, cell in pairs if isinstance(cell, Histogram)]
    if floats:
        result["values"] = floats
    if histograms:
        result["histograms"] = histograms
    return result


def points(evaluation: Evaluation, node: Range | Subquery, at: int) -> list[dict[str, Any]]:
    """The points themselves of a range."""
    end = (at if node.at is None else node.at) - node.offset
    found = []
    for each in evaluation.points(node, [end]):
        pairs = [pair for pair in zip(each.times, each.values, strict=True) if end - node.length < pair[0] <= end]
        if pairs:
            found.append(series(Column(each.labels, []), list(pairs)))
    return sorted(found, key=lambda one: sorted(one["metric"].items()))


def histogram(given: Histogram) -> dict[str, Any]:
    """Buckets as [which bounds it holds, lower, upper, count]: 0 the upper, 1 the lower, 2 neither, 3 both."""
    buckets = [
        [holds(each.lower, each.upper, given), written(each.lower), written(each.upper), written(each.size)]
        for each in given.buckets()
    ]
    result: dict[str, Any] = {"count": written(given.count), "sum": written(given.sum)}
    return {**result, "buckets": buckets} if buckets else result


def holds(lower: float, upper: float, given: Histogram) -> int:
    """Which of its bounds a bucket holds."""
    if given.bounds is not None:
        return 0 if lower > float("-inf") else 3
    if lower <= 0 <= upper:
        return 3
    return 1 if upper < 0 else 0
