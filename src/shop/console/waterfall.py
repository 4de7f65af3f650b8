"""What a trace shows beyond its spans: the time that each spends itself, and the path that decided how long it took."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Timed", "critical_path", "self_times"]


class Timed(NamedTuple):
    """A span as a stretch of time, in ns."""

    id: int
    parent: int
    start: int
    end: int


def children_of(spans: Sequence[Timed]) -> dict[int, list[Timed]]:
    """The spans by their parent's id; those whose parent is not there are roots, under 0."""
    known = {span.id for span in spans}
    children: dict[int, list[Timed]] = {}
    for span in spans:
        parent = span.parent if span.parent in known and span.parent != span.id else 0
        children.setdefault(parent, []).append(span)
    return children


def self_times(spans: Sequence[Timed]) -> dict[int, int]:
    """By span id: how long it ran while none of its children did."""
    children = children_of(spans)
    return {span.id: span.end - span.start - covered(span, children.get(span.id, ())) for span in spans}


def covered(span: Timed, children: Sequence[Timed]) -> int:
    """How much of a span's time its children cover, those that overlap counted once."""
    total, reached = 0, span.start
    for child in sorted(children, key=lambda each: each.start):
        begin, end = max(child.start, reached), min(child.end, span.end)
        if end > begin:
            total += end - begin
            reached = end
    return total


def critical_path(spans: Sequence[Timed]) -> set[int]:
    """The ids of the spans without which the trace would have ended sooner.

    From the last end backwards: at each moment, of the children that had ended by then, the one that ended last; what
    it started counts for it, also after its own end (a message that is handled later).
    """
    children = children_of(spans)
    ends = last_ends(children)
    roots = children.get(0, [])
    if not roots:
        return set()
    root = max(roots, key=lambda each: (ends[each.id], -each.start))
    critical: set[int] = set()
    waiting = [root]
    while waiting:
        span = waiting.pop()
        critical.add(span.id)
        moment = ends[span.id]
        for child in sorted(children.get(span.id, ()), key=lambda each: ends[each.id], reverse=True):
            if ends[child.id] <= moment and child.id not in critical and ends[child.id] > child.start - 1:
                waiting.append(child)
                moment = child.start
    return critical


def last_ends(children: Mapping[int, Sequence[Timed]]) -> dict[int, int]:
    """By span id: when the last of it and all that it started had ended."""
    ends: dict[int, int] = {}
    order: list[Timed] = []
    waiting = list(children.get(0, ()))
    while waiting:
        span = waiting.pop()
        order.append(span)
        waiting.extend(children.get(span.id, ()))
    for span in reversed(order):
        ends[span.id] = max([span.end, *(ends[child.id] for child in children.get(span.id, ()))])
    return ends
