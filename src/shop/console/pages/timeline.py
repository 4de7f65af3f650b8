"""A trace as rows of a waterfall: each span below its parent, with its place in time and the log lines beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["Row", "Waterfall", "waterfall"]


@dataclass(frozen=True, slots=True)
class Row:
    """One span. Places and widths are shares of the whole trace, in percent."""

    span: Mapping[str, Any]
    depth: int
    left: float
    width: float
    logs: list[Mapping[str, Any]] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """All rows, and how long the whole took (ms)."""

    rows: list[Row]
    duration: float
    others: list[Mapping[str, Any]]  # log lines of no span that is shown


def at(text: str) -> float:
    """A time in ms."""
    return datetime.fromisoformat(text).timestamp() * 1000


def waterfall(spans: Sequence[Mapping[str, Any]], logs: Sequence[Mapping[str, Any]]) -> Waterfall:
    """Rows in the order in which a reader follows: a parent, then its children by their start."""
    if not spans:
        return Waterfall([], 0.0, list(logs))
    begins = {span["spanId"]: at(span["startTime"]) for span in spans}
    start = min(begins.values())
    end = max(begins[span["spanId"]] + span["durationMs"] for span in spans)
    whole = max(end - start, 0.001)
    children: dict[Any, list[Mapping[str, Any]]] = {}  # by the parent's id; under None the roots
    for span in sorted(spans, key=lambda each: begins[each["spanId"]]):
        parent = span["parentSpanId"]
        children.setdefault(parent if parent in begins else None, []).append(span)
    lines: dict[str, list[Mapping[str, Any]]] = {}
    for line in logs:
        lines.setdefault(line["spanId"] or "", []).append(line)
    rows: list[Row] = []
    placed: set[str] = set()
    roots = children.pop(None, [])
    for root in [
        *roots,
        *(span for under in children.values() for span in under),
    ]:  # whose parents go round in a circle
        for span, depth in below(root, children, placed):
            own = lines.pop(span["spanId"], [])
            ticks = [share(at(line["time"]) - start, whole) for line in own]
            left, width = share(begins[span["spanId"]] - start, whole), share(span["durationMs"], whole)
            rows.append(Row(span, depth, left, max(width, 0.15), own, ticks))
    return Waterfall(rows, whole, [line for rest in lines.values() for line in rest])


def below(
    root: Mapping[str, Any], children: Mapping[str, Sequence[Mapping[str, Any]]], placed: set[str]
) -> Iterator[tuple[Mapping[str, Any], int]]:
    """A span and all under it that are not placed yet, each with its depth."""
    stack = [(root, 0)]
    while stack:
        span, depth = stack.pop()
        if span["spanId"] not in placed:
            placed.add(span["spanId"])
            yield span, depth
            stack.extend((child, depth + 1) for child in reversed(children.get(span["spanId"], [])))


def share(part: float, whole: float) -> float:
    """In percent, within the whole."""
    return round(min(max(part / whole * 100, 0.0), 100.0), 3)
