"""Function calls: which function takes what, and those that look at labels, order or time."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from shop.console.promql.columns import Column, Result, Scalars, Vector, each_float, unique
from shop.console.promql.functions import DATES, HISTOGRAMS, MATHS, clamped, dated, of_histograms, rounded
from shop.console.promql.histogram import Histogram
from shop.console.promql.labels import METADATA, Labels, bare, label_set, without
from shop.console.promql.model import NS, ExecutionError, Notes, QueryError
from shop.console.promql.numbers import plain
from shop.console.promql.quantiles import Cumulative, classic_fraction, classic_quantile
from shop.console.promql.tree import Call, Expr, Range, Select, compile_regex

__all__ = ["Steps", "called", "labels_of_absence"]

Steps: TypeAlias = Sequence[int]
Compute: TypeAlias = Callable[[list[Any], Steps, Notes], Result]


def called(node: Call, args: list[Result], steps: Steps, notes: Notes) -> Result:
    """The result of a function other than those of ranges."""
    if node.name in MATHS:
        return each_float(args[0], MATHS[node.name])  # type: ignore[arg-type]
    if node.name in DATES:
        return dated(vector_or_now(args, steps), DATES[node.name])
    if node.name in FUNCTIONS:
        return FUNCTIONS[node.name](args, steps, notes)
    raise QueryError(f"the function {node.name} is not supported")


def vector_or_now(args: list[Result], steps: Steps) -> Vector:
    """The argument, or the time of the step."""
    return args[0] if args else [Column((), [at / NS for at in steps])]  # type: ignore[return-value]


def now(_args: list[Any], steps: Steps, _notes: Notes) -> Scalars:
    """The time of the step, in seconds since 1970."""
    return Scalars([at / NS for at in steps])


def as_vector(args: list[Any], _steps: Steps, _notes: Notes) -> Vector:
    """A number as a series without labels."""
    return [Column((), args[0].values)]


def as_scalar(args: list[Any], steps: Steps, _notes: Notes) -> Scalars:
    """The value of the only series, or NaN."""
    result = []
    for step in range(len(steps)):
        found = [c.cells[step] for c in args[0] if isinstance(c.cells[step], float)]
        result.append(found[0] if len(found) == 1 else math.nan)
    return Scalars(result)


def round_to(args: list[Any], steps: Steps, _notes: Notes) -> Vector:
    """To the nearest multiple, of one if not said."""
    to = args[1].values if len(args) > 1 else [1.0] * len(steps)
    return stepped(args[0], lambda value, step: rounded(value, to[step]))


def stepped(vector: Vector, compute: Callable[[float, int], float | None]) -> Vector:
    """Every float through a function that depends on the step."""
    return unique(
        Column(
            without(column.labels, METADATA),
            [compute(cell, step) if isinstance(cell, float) else None for step, cell in enumerate(column.cells)],
        )
        for column in vector
    )


def clamp(args: list[Any], _steps: Steps, _notes: Notes) -> Vector:
    """Between two bounds; nothing if they are the wrong way round."""
    lows, highs = args[1].values, args[2].values

    def compute(value: float, step: int) -> float | None:
        low, high = lows[step], highs[step]
        return None if high < low else clamped(value, low, high)

    return stepped(args[0], compute)


def clamp_min(args: list[Any], _steps: Steps, _notes: Notes) -> Vector:
    """Not below a bound."""
    return stepped(args[0], lambda value, step: clamped(value, args[1].values[step], math.inf))


def clamp_max(args: list[Any], _steps: Steps, _notes: Notes) -> Vector:
    """Not above a bound."""
    return stepped(args[0], lambda value, step: clamped(value, -math.inf, args[1].values[step]))


def label_replace(args: list[Any], _steps: Steps, _notes: Notes) -> Vector:
    """A label set from another's match; as it was where the pattern does not match."""
    vector, target, replacement, source, pattern = args
    target, source, regex = label_name(target), bare(source), compile_regex(pattern)

    def replaced(labels: Labels) -> Labels:
        match = regex.match(dict(labels).get(source, ""))
        return label_set({**dict(labels), target: expanded(replacement, match)}) if match else labels

    return unique(Column(replaced(column.labels), column.cells) for column in vector)


REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def expanded(template: str, match: Any) -> str:
    """$1, ${1}, $name and ${name} by what their group matched, or nothing; $$ is a dollar."""
    named = match.groupdict()

    def group(found: re.Match[str]) -> str:
        dollar, braced, plain = found.groups()
        name = braced or plain
        if dollar:
            return "$"
        if name.isdigit():
            return (match.group(int(name)) or "") if int(name) <= len(match.groups()) else ""
        return named.get(name) or ""

    return REFERENCE.sub(group, template)


def label_name(given: str) -> str:
    """A label that can be set."""
    if not given:
        raise ExecutionError(f'invalid destination label name in function: "{given}"')
    return bare(given)


def label_join(args: list[Any], _steps: Steps, _notes: Notes) -> Vector:
    """A label set to others' values, with a separator between them."""
    vector, target, separator, *sources = args
    target = label_name(target)

    def value(labels: dict[str, str]) -> str:
        return str(separator).join(labels.get(bare(source), "") for source in sources)

    return unique(
        Column(label_set({**dict(column.labels), target: value(dict(column.labels))}), column.cells)
        for column in vector
    )


def sort_order(value: object, *, descending: bool) -> tuple[bool, float]:
    """By value; NaN last."""
    number = value if isinstance(value, float) else math.nan
    return math.isnan(number), 0.0 if math.isnan(number) else -number if descending else number


def sort_by_value(descending: bool) -> Compute:
    """Only an instant query has an order."""

    def compute(args: list[Any], steps: Steps, notes: Notes) -> Vector:
        if len(steps) > 1:
            notes.warn("sort is ineffective for range queries since results are always ordered by labels")
            return list(args[0])
        floats = [column for column in args[0] if isinstance(column.cells[0], float)]
        return sorted(floats, key=lambda column: sort_order(column.cells[0], descending=descending))

    return compute


def natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """An order in which 10 comes after 9."""
    return tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", text) if part
    )


def sort_by_label(descending: bool) -> Compute:
    """By the values of labels, numbers in them by their size; then by all labels."""

    def compute(args: list[Any], _steps: Steps, _notes: Notes) -> Vector:
        vector, *names = args

        def key(column: Column) -> tuple[object, ...]:
            labels = dict(column.labels)
            return (*(natural(labels.get(bare(name), "")) for name in names), column.labels)

        return sorted(vector, key=key, reverse=descending)

    return compute


def histogram_function(name: str) -> Compute:
    """A function of native histograms whose other arguments are numbers; of which classic ones know two."""
    compute = HISTOGRAMS[name]

    def answer(args: list[Any], _steps: Steps, notes: Notes) -> Vector:
        vector = args[-1]
        params = [each.values for each in args[:-1]]
        if name == "histogram_quantile":
            warn_of_quantile(params[0], notes)
        natives = of_histograms(vector, lambda given, step: compute(given, *(values[step] for values in params)))
        classic = CLASSIC.get(name)
        return unique([*natives, *classic_ones(vector, params, classic, notes)]) if classic else natives

    return answer


def warn_of_quantile(qs: Sequence[float], notes: Notes) -> None:
    """It is a share, not a percentage."""
    for q in qs:
        if math.isnan(q) or not 0 <= q <= 1:
            notes.warn(f"quantile value should be between 0 and 1, got {plain(q)}")


CLASSIC: dict[str, Callable[..., float]] = {
    "histogram_quantile": lambda buckets, q: classic_quantile(q, buckets),
    "histogram_fraction": lambda buckets, lower, upper: classic_fraction(lower, upper, buckets),
}


def classic_ones(vector: Vector, params: list[Sequence[float]], compute: Callable[..., float], notes: Notes) -> Vector:
    """The answer for every set of series that differ only in `le`."""
    groups: dict[Labels, list[tuple[float, Column]]] = {}
    for column in vector:
        if not any(isinstance(cell, float) for cell in column.cells):
            continue
        le = dict(column.labels).get("le", "")
        bound = upper_bound(le)
        if bound is None:
            notes.warn(f'bucket label "le" is missing or has a malformed value of "{le}"')
        else:
            groups.setdefault(without(column.labels, METADATA | {"le"}), []).append((bound, column))
    columns = []
    for labels, members in groups.items():
        cells: list[float | Histogram | None] = []
        for step in range(len(params[0])):
            found = [(bound, column.cells[step]) for bound, column in members]
            buckets = [Cumulative(bound, cell) for bound, cell in found if isinstance(cell, float)]
            cells.append(compute(buckets, *(values[step] for values in params)) if buckets else None)
        columns.append(Column(labels, cells))
    return columns


def upper_bound(text: str) -> float | None:
    """The bound that `le` names."""
    try:
        return float(text)
    except ValueError:
        return None


def absent(args: list[Any], steps: Steps, _notes: Notes) -> Vector:
    """1 at each step where there is no series; its labels are given by the caller."""
    cells = [None if any(c.cells[step] is not None for c in args[0]) else 1.0 for step in range(len(steps))]
    return [Column((), cells)]


def labels_of_absence(expr: Expr) -> Labels:
    """The labels that a series would surely have, if there were one."""
    select = expr.select if isinstance(expr, Range) else expr
    if not isinstance(select, Select):
        return ()
    names = [each.name for each in select.matchers]
    sure = [each for each in select.matchers if each.op == "=" and names.count(each.name) == 1]
    return without(label_set({each.name: each.value for each in sure}), METADATA)


FUNCTIONS: dict[str, Compute] = {
    "time": now,
    "pi": lambda _args, steps, _notes: Scalars([math.pi] * len(steps)),
    "vector": as_vector,
    "scalar": as_scalar,
    "round": round_to,
    "clamp": clamp,
    "clamp_min": clamp_min,
    "clamp_max": clamp_max,
    "label_replace": label_replace,
    "label_join": label_join,
    "sort": sort_by_value(descending=False),
    "sort_desc": sort_by_value(descending=True),
    "sort_by_label": sort_by_label(descending=False),
    "sort_by_label_desc": sort_by_label(descending=True),
    "absent": absent,
    **{name: histogram_function(name) for name in HISTOGRAMS},
}
