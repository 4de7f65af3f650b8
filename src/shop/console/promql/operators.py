"""Binary operators: of numbers, of series and a number, and of series that belong together."""

from collections.abc import Callable
from typing import TypeAlias

from shop.console.promql.columns import Column, Result, Scalars, Vector, present, unique
from shop.console.promql.histogram import Histogram, Incompatible, added, quotient, scaled
from shop.console.promql.labels import METADATA, Labels, label_set, restricted, without
from shop.console.promql.model import ExecutionError, Notes, QueryError, Value
from shop.console.promql.numbers import ARITHMETIC, COMPARISONS
from shop.console.promql.tree import Binary, Matching

__all__ = ["combined"]

SETS = ("and", "or", "unless")
Operate: TypeAlias = Callable[[Value, Value], Value | None]


def combined(node: Binary, left: Result, right: Result, notes: Notes) -> Result:
    """The result of a binary operator."""
    if isinstance(left, str) or isinstance(right, str):
        raise QueryError("binary expression must contain only scalar and instant vector types")
    if node.op in SETS:
        return set_operation(node, vector_of(left), vector_of(right))
    if isinstance(left, Scalars) and isinstance(right, Scalars):
        return of_scalars(node, left, right)
    operate = operation(node, notes)
    if isinstance(right, Scalars):
        return with_scalar(node, vector_of(left), right, operate)
    if isinstance(left, Scalars):
        return with_scalar(node, right, left, turned(node, operate))
    return of_vectors(node, left, right, operate)


def vector_of(given: Vector | Scalars) -> Vector:
    """The side of an operator that must be a vector."""
    if isinstance(given, Scalars):
        raise QueryError("set operator not allowed in binary scalar expression")
    return given


def of_scalars(node: Binary, left: Scalars, right: Scalars) -> Scalars:
    """Number by number."""
    compute = ARITHMETIC.get(node.op) or COMPARISONS[node.op]
    return Scalars([float(compute(a, b)) for a, b in zip(left.values, right.values, strict=True)])


def operation(node: Binary, notes: Notes) -> Operate:
    """What the operator makes of two values; None if it leaves them out. A comparison that holds is its left side."""

    def operate(a: Value, b: Value) -> Value | None:
        if isinstance(a, Histogram) or isinstance(b, Histogram):
            return of_histograms(node, a, b, notes)
        if node.op in ARITHMETIC:
            return ARITHMETIC[node.op](a, b)
        holds = COMPARISONS[node.op](a, b)
        return float(holds) if node.bool_ else (a if holds else None)

    return operate


def turned(node: Binary, operate: Operate) -> Operate:
    """The operator with a number on its left: a comparison that holds is the series, which is on its right."""

    def turned_round(a: Value, b: Value) -> Value | None:
        result = operate(b, a)
        return a if result is not None and node.op in COMPARISONS and not node.bool_ else result

    return turned_round


def of_histograms(node: Binary, a: Value, b: Value, notes: Notes) -> Value | None:
    """Sums and differences of two, multiples of one; two can be equal."""
    try:
        match node.op, a, b:
            case "+", Histogram(), Histogram():
                return added(a, b)
            case "-", Histogram(), Histogram():
                return added(a, b, -1.0)
            case "*", Histogram(), float():
                return scaled(a, lambda count: count * b)
            case "*", float(), Histogram():
                return scaled(b, lambda count: a * count)
            case "/", Histogram(), float():
                return quotient(a, b)
            case (("==" | "!="), Histogram(), Histogram()):
                holds = (a == b) == (node.op == "==")
                return float(holds) if node.bool_ else (a if holds else None)
    except Incompatible:
        notes.warn(f"incompatible bucket layout encountered for binary operator {node.op}")
        return None
    kinds = [type(each).__name__.lower() for each in (a, b)]
    notes.inform(
        f'incompatible sample types encountered for binary operator "{node.op}": {kinds[0]} {node.op} {kinds[1]}'
    )
    return None


def drops_name(node: Binary) -> bool:
    """What was computed is another metric; what was only filtered is not."""
    return node.op in ARITHMETIC or node.bool_


def with_scalar(node: Binary, vector: Vector, scalars: Scalars, operate: Operate) -> Vector:
    """Every series with the number of the same step."""
    return unique(
        Column(
            without(column.labels, METADATA) if drops_name(node) else column.labels,
            [None if a is None else operate(a, b) for a, b in zip(column.cells, scalars.values, strict=True)],
        )
        for column in vector
    )


def signature(labels: Labels, matching: Matching) -> Labels:
    """What two series must have in common to belong together."""
    return restricted(labels, matching.labels) if matching.on else without(labels, matching.labels | METADATA)


def by_signature(vector: Vector, matching: Matching) -> dict[Labels, Vector]:
    """The columns by what they must have in common with those of the other side."""
    groups: dict[Labels, Vector] = {}
    for column in vector:
        groups.setdefault(signature(column.labels, matching), []).append(column)
    return groups


def set_operation(node: Binary, left: Vector, right: Vector) -> Vector:
    """and, or, unless: which series of one side have a counterpart on the other at that step."""
    rights = covered(right, node.matching)
    if node.op != "or":
        wanted = node.op == "and"
        return present(filtered(column, rights, node.matching, wanted=wanted) for column in left)
    lefts = covered(left, node.matching)
    added_ones = present(filtered(column, lefts, node.matching, wanted=False) for column in right)
    return unique([*left, *added_ones])


def covered(vector: Vector, matching: Matching) -> dict[Labels, list[bool]]:
    """At which steps there is a series of each signature."""
    return {key: steps_with_values(members) for key, members in by_signature(vector, matching).items()}


def filtered(column: Column, others: dict[Labels, list[bool]], matching: Matching, *, wanted: bool) -> Column:
    """The column at those steps where it has, or has not, a counterpart."""
    there = others.get(signature(column.labels, matching))
    if there is None:
        return Column(column.labels, [None] * len(column.cells)) if wanted else column
    return Column(column.labels, [cell if at is wanted else None for cell, at in zip(column.cells, there, strict=True)])


def of_vectors(node: Binary, left: Vector, right: Vector, operate: Operate) -> Vector:
    """Each series with its counterpart; the side that is `one` has a single series of each signature at a step."""
    matching = node.matching
    many_left = matching.card != "one-to-many"
    many, one = (left, right) if many_left else (right, left)
    ones = by_signature(one, matching)
    there = steps_with_values(many)
    for key, members in ones.items():
        refuse_duplicates(key, members, there, "right" if many_left else "left")
    results: dict[object, Pairing] = {}
    for column in many:
        key = signature(column.labels, matching)
        for other in ones.get(key, ()):
            labels = result_labels(node, column.labels, other.labels)
            slot = results.setdefault(key if matching.card == "one-to-one" else (key, labels), Pairing(matching))
            pairs = list(zip(column.cells, other.cells, strict=True))
            sides = pairs if many_left else [(y, x) for x, y in pairs]
            cells = [None if x is None or y is None else operate(x, y) for x, y in sides]
            slot.take([met(node, x, y, cell) for (x, y), cell in zip(pairs, cells, strict=True)])
            slot.columns.append(Column(labels, cells))
    return unique(column for slot in results.values() for column in slot.columns)


def met(node: Binary, x: Value | None, y: Value | None, result: Value | None) -> bool:
    """Whether two cells are a pair: what a comparison filtered out is one, kinds that have no operator are none."""
    if x is None or y is None:
        return False
    histograms = isinstance(x, Histogram) + isinstance(y, Histogram)
    return result is not None or not histograms or (histograms == 2 and node.op in ("==", "!="))


class Pairing:
    """Results that must not meet at a step: of one signature, or of the same labels; those filtered out count, too."""

    def __init__(self, matching: Matching) -> None:
        self.columns: Vector = []
        self.taken: list[bool] = []
        self.matching = matching

    def take(self, steps: list[bool]) -> None:
        """One more pair of series, which meet at these steps."""
        if any(before and now for before, now in zip(self.taken, steps, strict=False)):
            raise ExecutionError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                if self.matching.card == "one-to-one"
                else "multiple matches for labels: grouping labels must ensure unique matches"
            )
        self.taken = [a or b for a, b in zip(self.taken, steps, strict=True)] if self.taken else steps


def steps_with_values(vector: Vector) -> list[bool]:
    """At which steps there is anything."""
    return [any(cell is not None for cell in cells) for cells in zip(*(each.cells for each in vector), strict=True)]


def refuse_duplicates(key: Labels, members: Vector, there: list[bool], side: str) -> None:
    """Two series with the same signature at a step where there is one to match: which one would it be?"""
    if len(members) < 2:
        return
    for needed, *cells in zip(there, *(column.cells for column in members), strict=bool(there)):
        if needed and sum(cell is not None for cell in cells) > 1:
            group = ", ".join(f'{name}="{value}"' for name, value in key)
            raise ExecutionError(
                f"found duplicate series for the match group {{{group}}} on the {side} hand-side of the operation: "
                "many-to-many matching not allowed: matching labels must be unique on one side"
            )


def result_labels(node: Binary, many: Labels, one: Labels) -> Labels:
    """The labels of a pair: those that both have in common, or those of the many with what is brought along."""
    matching = node.matching
    labels = without(many, METADATA) if drops_name(node) else many
    if matching.card == "one-to-one":
        return restricted(labels, matching.labels) if matching.on else without(labels, matching.labels)
    if not matching.include:
        return labels
    brought = dict(one)
    return label_set({**dict(labels), **{name: brought.get(name, "") for name in matching.include}})
