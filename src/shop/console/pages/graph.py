"""The service map as a drawing: who calls whom, from left to right, in as many columns as the longest way has steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Arrow", "Box", "Drawing", "draw"]

WIDE, HIGH, ACROSS, DOWN, EDGE = 168, 54, 92, 22, 14  # pixels
COLUMN = {
    "gateway": 0,
    "service": 1,
    "bus": 2,
    "queue": 2,
    "topic": 2,
    "database": 3,
    "storage": 3,
    "mail": 3,
    "external": 3,
}


@dataclass(frozen=True, slots=True)
class Box:
    """A node at its place."""

    x: int
    y: int
    node: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge as the path of an SVG."""

    path: str
    edge: Mapping[str, Any]
    wide: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it, with its size."""

    width: int
    height: int
    boxes: list[Box]
    arrows: list[Arrow]


def draw(nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]) -> Drawing:
    """Place the nodes by what they are; the busiest stand on top."""
    columns: dict[int, list[Mapping[str, Any]]] = {}
    for node in sorted(nodes, key=lambda each: (-each["requests"], each["service"])):
        columns.setdefault(COLUMN.get(node["kind"], 1), []).append(node)
    tallest = max((len(column) for column in columns.values()), default=0)
    boxes: dict[str, Box] = {}
    for place, column in enumerate(columns[each] for each in sorted(columns)):
        above = (tallest - len(column)) * (HIGH + DOWN) // 2
        for row, node in enumerate(column):
            boxes[node["service"]] = Box(EDGE + place * (WIDE + ACROSS), EDGE + above + row * (HIGH + DOWN), node)
    most = max((edge["requests"] for edge in edges), default=1) or 1
    arrows = [
        Arrow(curve(boxes[edge["from"]], boxes[edge["to"]]), edge, 1 + 4 * (edge["requests"] / most) ** 0.5)
        for edge in edges
        if edge["from"] in boxes and edge["to"] in boxes
    ]
    width = 2 * EDGE + len(columns) * (WIDE + ACROSS) - ACROSS if columns else 0
    return Drawing(width, 2 * EDGE + tallest * (HIGH + DOWN) - DOWN, list(boxes.values()), arrows)


def curve(a: Box, b: Box) -> str:
    """From the side of one box to the side of another that faces it; within a column around the right side."""
    ay, by = a.y + HIGH // 2, b.y + HIGH // 2
    if a.x == b.x:
        x, out = a.x + WIDE, a.x + WIDE + ACROSS // 2
        return f"M{x} {ay - 6} C{out} {ay} {out} {by} {x} {by + 6}"
    ax, bx = (a.x + WIDE, b.x) if a.x < b.x else (a.x, b.x + WIDE)
    middle = (ax + bx) // 2
    return f"M{ax} {ay} C{middle} {ay} {middle} {by} {bx} {by}"
