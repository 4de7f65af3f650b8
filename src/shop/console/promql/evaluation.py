"""The evaluation of a query's tree over its steps."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shop.console import ports
from shop.console.ports import Metrics
from shop.console.promql.aggregations import aggregated
from shop.console.promql.calls import Steps, called, labels_of_absence
from shop.console.promql.columns import Cells, Column, Result, Scalars, Vector, present, unique
from shop.console.promql.histogram import Histogram, scaled
from shop.console.promql.labels import METADATA, without
from shop.console.promql.model import NS, Notes, QueryError, QueryTooLarge, Series, Value, loaded
from shop.console.promql.operators import combined
from shop.console.promql.ranges import RANGE_FUNCTIONS, RangeFunction
from shop.console.promql.tree import Aggregate, Binary, Call, Expr, Negation, Number, Range, Select, Subquery, Text
from shop.console.promql.windows import Window

__all__ = ["LOOKBACK", "Evaluation"]

LOOKBACK = 300 * NS
DEFAULT_STEP = 60 * NS  # of subqueries: Prometheus's default evaluation interval
LAST = 1 << 63
MAX_CELLS = 20_000_000  # values that a query may hold


@dataclass(slots=True)
class Evaluation:
    """One query's: where it reads, what it has noted, and what it has left of its memory."""

    metrics: Metrics
    notes: Notes = field(default_factory=Notes)
    budget: int = MAX_CELLS

    def evaluate(self, node: Expr, steps: Steps) -> Result:
        """What the node comes to at each step."""
        match node:
            case Number(value):
                return Scalars([value] * len(steps))
            case Text(value):
                return value
            case Select():
                return self.latest(node, steps, lambda _time, value: value)
            case Call():
                return self.call(node, steps)
            case Aggregate(param=param):
                vector = self.vector(node.expr, steps)
                given = None if param is None else self.scalar_or_text(param, steps)
                return aggregated(node, vector, given, len(steps), self.notes)
            case Binary():
                return combined(node, self.evaluate(node.left, steps), self.evaluate(node.right, steps), self.notes)
            case Negation(expr):
                return negative(self.evaluate(expr, steps))
            case Range() | Subquery():
                raise QueryError("a range vector must be given to a function, such as sum_over_time")

    def vector(self, node: Expr, steps: Steps) -> Vector:
        """The node's result, which must be a vector."""
        result = self.evaluate(node, steps)
        if not isinstance(result, list):
            raise QueryError("expected an instant vector")
        return result

    def scalar_or_text(self, node: Expr, steps: Steps) -> Scalars | str:
        """The node's result, which must not be a vector."""
        result = self.evaluate(node, steps)
        if isinstance(result, list):
            raise QueryError("expected a scalar or a string, got an instant vector")
        return result

    def load(self, node: Select, start: int, end: int) -> list[Series]:
        """The series of a selector with their points in (start, end]."""
        found = [loaded(each) for each in self.metrics.select(node.matchers, start, end)]
        self.spend(sum(len(each.times) for each in found))
        return sorted(found, key=lambda each: each.labels)

    def spend(self, cells: int) -> None:
        """Refuses what would not fit into memory."""
        self.budget -= cells
        if self.budget < 0:
            raise QueryTooLarge("query processing would load too many samples into memory in query execution")

    def latest(self, node: Select, steps: Steps, pick: Callable[[int, Value], Value]) -> Vector:
        """What is picked of each series' latest point, no older than the lookback, at each step."""
        moments = [(at if node.at is None else node.at) - node.offset for at in steps]
        series = self.load(node, moments[0] - LOOKBACK, moments[-1])
        self.spend(len(series) * len(steps))
        return present(Column(each.labels, latest_of(each, moments, pick)) for each in series)

    def call(self, node: Call, steps: Steps) -> Result:
        """A function's result."""
        if node.name in RANGE_FUNCTIONS:
            return self.over_range(node, RANGE_FUNCTIONS[node.name], steps)
        match node:
            case Call("absent_over_time", (ranged,)):
                counts = self.over_range(
                    Call("present_over_time", (ranged,)), RANGE_FUNCTIONS["present_over_time"], steps
                )
                return self.absence(ranged, counts, steps)
            case Call("absent", (expr,)):
                return self.absence(expr, self.vector(expr, steps), steps)
            case Call("timestamp", (Select() as select,)):
                found = self.latest(select, steps, lambda time, _value: time / NS)
                return unique(Column(without(column.labels, METADATA), column.cells) for column in found)
            case Call("timestamp", (expr,)):
                return times_of(self.vector(expr, steps), steps)
        return called(node, [self.evaluate(each, steps) for each in node.args], steps, self.notes)

    def absence(self, expr: Expr, found: Vector, steps: Steps) -> Vector:
        """1 at each step where nothing was found, with the labels that it would have had."""
        result = called(Call("absent", ()), [found], steps, self.notes)
        labels = labels_of_absence(expr)
        return present(Column(labels, column.cells) for column in result)  # type: ignore[union-attr]

    def over_range(self, node: Call, function: RangeFunction, steps: Steps) -> Vector:
        """A function of each series' points in the range that ends at each step."""
        given = list(node.args)
        ranged = given.pop(function.range_at)
        if not isinstance(ranged, Range | Subquery):
            raise QueryError(f"expected a range vector in call to function {node.name}")
        params = [self.numbers(each, steps) for each in given]
        ends = [(at if ranged.at is None else ranged.at) - ranged.offset for at in steps]
        summing = node.name == "sum_over_time" and isinstance(ranged, Range)
        series = self.sums(ranged, ends) if summing else self.points(ranged, ends)  # type: ignore[arg-type]
        self.spend(len(series) * len(steps))
        columns = []
        for each in series:
            labels = each.labels if function.keeps_name else without(each.labels, METADATA)
            columns.append(Column(labels, self.slide(each, ranged, ends, steps, function, params)))
        return unique(columns)

    def numbers(self, node: Expr, steps: Steps) -> Sequence[float]:
        """A parameter, at each step."""
        result = self.evaluate(node, steps)
        if not isinstance(result, Scalars):
            raise QueryError("expected a scalar")
        return result.values

    def points(self, node: Range | Subquery, ends: Steps) -> list[Series]:
        """The series with all points that any of the ranges holds."""
        if isinstance(node, Range):
            return self.load(node.select, ends[0] - node.length, ends[-1])
        step = node.step or DEFAULT_STEP
        first = (ends[0] - node.length) // step * step + step
        moments = range(first, ends[-1] + 1, step)
        if not moments:
            return []
        self.spend(len(moments))
        result = self.evaluate(node.expr, moments)
        return as_series([Column((), result.values)] if isinstance(result, Scalars) else result, moments)  # type: ignore[arg-type]

    def sums(self, node: Range, ends: Steps) -> list[Series]:
        """The series with points that the store may have added up: no range begins or ends within such a sum."""
        step = ends[1] - ends[0] if len(ends) > 1 and ends[1] > ends[0] else node.length
        start = ends[0] - node.length
        cells = ports.Cells(ends[0] - -(-node.length // step) * step, step, -node.length % step)
        found = [loaded(each) for each in self.metrics.sums(node.select.matchers, start, ends[-1], cells)]
        self.spend(sum(len(each.times) for each in found))
        return sorted(found, key=lambda each: each.labels)

    def slide(
        self,
        series: Series,
        node: Range | Subquery,
        ends: Steps,
        steps: Steps,
        function: RangeFunction,
        params: Sequence[Sequence[float]],
    ) -> Cells:
        """The function of one series at each step."""
        window = Window(series, node.length)
        fixed = node.at is not None and not params
        cells: list[Value | None] = []
        for index, (end, now) in enumerate(zip(ends, steps, strict=True)):
            if fixed and cells and function.compute.__name__ != "predict_linear":
                cells.append(cells[0])
            elif window.move(end, now):
                cells.append(function.compute(window, self.notes, *(values[index] for values in params)))
            else:
                cells.append(None)
        return cells


def latest_of(series: Series, moments: Steps, pick: Callable[[int, Value], Value]) -> Cells:
    """The latest point at each moment."""
    cells: list[Value | None] = []
    place = 0
    for moment in moments:
        place = bisect_right(series.times, moment, lo=place)
        time = series.times[place - 1] if place else 0
        there = place and time > max(moment - LOOKBACK, last_before(series.ended, moment))
        cells.append(pick(time, series.values[place - 1]) if there else None)
    return cells


def last_before(times: Sequence[int], moment: int) -> int:
    """The last of these times up to a moment; long ago where there is none."""
    place = bisect_right(times, moment) if times else 0
    return times[place - 1] if place else -LAST


def negative(given: Result) -> Result:
    """Unary minus."""
    if isinstance(given, Scalars):
        return Scalars([-value for value in given.values])
    if isinstance(given, str):
        raise QueryError("unary expression only allowed on expressions of type scalar or instant vector")
    return unique(Column(without(each.labels, METADATA), [minus(cell) for cell in each.cells]) for each in given)


def minus(cell: Value | None) -> Value | None:
    """The opposite."""
    return scaled(cell, lambda count: -count) if isinstance(cell, Histogram) else None if cell is None else -cell


def times_of(vector: Vector, steps: Steps) -> Vector:
    """The time of the step, wherever there is a value."""
    return unique(
        Column(
            without(column.labels, METADATA),
            [None if cell is None else at / NS for cell, at in zip(column.cells, steps, strict=True)],
        )
        for column in vector
    )


def as_series(vector: Vector, moments: Steps) -> list[Series]:
    """The values of a subquery as points."""
    result = []
    for column in vector:
        pairs = [(at, cell) for at, cell in zip(moments, column.cells, strict=True) if cell is not None]
        result.append(Series(column.labels, [at for at, _ in pairs], [cell for _, cell in pairs]))
    return result
