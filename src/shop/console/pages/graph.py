"""The service map as a drawing: calls go from left to right, each service has its stores beside it, events go right.

Queues are left out unless they are asked for: what goes through one is an arrow from who sends to who receives.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

__all__ = ["Arrow", "Box", "Drawing", "draw"]

Node: TypeAlias = Mapping[str, Any]
Edge: TypeAlias = dict[str, Any]
WIDE, HIGH, ACROSS, DOWN, EDGE = 150, 52, 92, 20, 12  # pixels
SMALL_WIDE, SMALL_HIGH, SMALL_DOWN, LANE, BAR = 218, 24, 6, 18, 34
CALLERS: Final = frozenset({"gateway", "service"})
BUSES: Final = frozenset({"bus", "topic"})


@dataclass(frozen=True, slots=True)
class Box:
    """A node at its place. `shape`: a service, a small box beside it, or the bar of a bus."""

    x: int
    y: int
    wide: int
    high: int
    shape: str
    node: Node


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge as the path of an SVG."""

    path: str
    edge: Edge
    wide: float
    message: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it, with its size."""

    width: int
    height: int
    boxes: list[Box]
    arrows: list[Arrow]


def draw(nodes: Sequence[Node], edges: Sequence[Edge], *, queues: bool = False) -> Drawing:
    """Place the nodes by who calls whom, the busiest on top."""
    kinds = {node["service"]: node["kind"] for node in nodes}
    shown = [dict(edge) for edge in edges if edge["from"] in kinds and edge["to"] in kinds]
    if not queues:
        nodes, shown = without_queues(nodes, shown, kinds)
    boxes = placed(nodes, shown)
    most = max((edge["requests"] for edge in shown), default=1) or 1
    arrows = [
        Arrow(curve(boxes[edge["from"]], boxes[edge["to"]]), edge, 1 + 3 * (edge["requests"] / most) ** 0.5, message)
        for edge in shown
        if edge["from"] != edge["to"]
        for message in [bool({kinds[edge["from"]], kinds[edge["to"]]} & (BUSES | {"queue"})) or "via" in edge]
    ]
    width = max((box.x + box.wide for box in boxes.values()), default=0) + EDGE
    height = max((box.y + box.high for box in boxes.values()), default=0) + EDGE
    return Drawing(width, height, list(boxes.values()), arrows)


def without_queues(
    nodes: Sequence[Node], edges: Sequence[Edge], kinds: Mapping[str, str]
) -> tuple[list[Node], list[Edge]]:
    """What is sent to a queue goes straight to its consumers."""
    consumers: dict[str, list[Edge]] = {}
    for edge in edges:
        if kinds[edge["from"]] == "queue" != kinds[edge["to"]]:
            consumers.setdefault(edge["from"], []).append(edge)
    ours = [edge for edge in edges if kinds[edge["from"]] != "queue"]
    straight = {(edge["from"], edge["to"]): edge for edge in ours if kinds[edge["to"]] != "queue"}
    for edge in ours:
        for onward in consumers.get(edge["to"], ()):
            merge(straight, edge, onward)
    return [node for node in nodes if node["kind"] != "queue"], list(straight.values())


def merge(into: dict[tuple[str, str], Edge], edge: Edge, onward: Edge) -> None:
    """An edge through a queue beside those that connect the same two already."""
    there = into.setdefault(
        (edge["from"], onward["to"]),
        {"from": edge["from"], "to": onward["to"], "requests": 0, "errors": 0, "p95Ms": 0.0, "via": []},
    )
    there["requests"] += edge["requests"]
    there["errors"] += onward["errors"]
    there["p95Ms"] = max(there["p95Ms"], onward["p95Ms"])
    there.setdefault("via", []).append(onward["from"])


def placed(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, Box]:
    """Every node at its place, by name."""
    busiest = sorted(nodes, key=lambda each: (-each["requests"], each["service"]))
    services = [node for node in busiest if node["kind"] in CALLERS]
    levels = levels_of([node["service"] for node in services], edges)
    beside = owned([node for node in busiest if node["kind"] not in CALLERS | BUSES], levels, edges)
    columns: dict[int, list[Node]] = {}
    for node in services:
        columns.setdefault(levels[node["service"]], []).append(node)
    boxes: dict[str, Box] = {}
    for level, column in sorted(columns.items()):
        y = EDGE
        for node in column:
            high = max(HIGH, len(beside.get(node["service"], ())) * (SMALL_HIGH + SMALL_DOWN) + LANE)
            boxes[node["service"]] = Box(EDGE + level * (WIDE + ACROSS), y, WIDE, high, "service", node)
            y += high + DOWN
    centred(boxes, columns)
    place_small(boxes, beside, EDGE + len(columns) * (WIDE + ACROSS))
    place_buses(boxes, [node for node in busiest if node["kind"] in BUSES])
    return boxes


def levels_of(services: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """How many calls each service is away from where requests come in. Busier ones stand first."""
    calls = [
        (edge["from"], edge["to"]) for edge in edges if "via" not in edge and {edge["from"], edge["to"]} <= {*services}
    ]
    called = {to for _, to in calls}
    entries = [each for each in services if each == "gateway"] or [each for each in services if each not in called]
    levels = dict.fromkeys(entries or services[:1], 0)
    waiting = list(levels)
    while waiting:
        here = waiting.pop(0)
        for to in [to for start, to in calls if start == here and to not in levels]:
            levels[to] = levels[here] + 1
            waiting.append(to)
    last = max(levels.values(), default=0) or 1
    return levels | {each: last for each in services if each not in levels}


def owned(nodes: Iterable[Node], levels: Mapping[str, int], edges: Sequence[Edge]) -> dict[str, list[Node]]:
    """The small nodes by the service beside which they stand: a queue's consumer, of others who asks it most."""
    beside: dict[str, list[Node]] = {}
    for node in nodes:
        name = node["service"]
        ends = [(edge["requests"], edge["to"]) for edge in edges if edge["from"] == name and edge["to"] in levels]
        ends = ends or [
            (edge["requests"], edge["from"]) for edge in edges if edge["to"] == name and edge["from"] in levels
        ]
        beside.setdefault(max(ends)[1] if ends else "", []).append(node)
    return beside


def centred(boxes: dict[str, Box], columns: Mapping[int, Sequence[Node]]) -> None:
    """Shorter columns stand in the middle."""
    bottoms = {level: max(bottom(boxes[node["service"]]) for node in column) for level, column in columns.items()}
    for level, column in columns.items():
        lower = (max(bottoms.values()) - bottoms[level]) // 2
        for node in column:
            box = boxes[node["service"]]
            boxes[node["service"]] = Box(box.x, box.y + lower, box.wide, box.high, box.shape, node)


def bottom(box: Box) -> int:
    """Where a box ends."""
    return box.y + box.high


def place_small(boxes: dict[str, Box], beside: Mapping[str, Sequence[Node]], x: int) -> None:
    """Each beside its service, one below the other; no two on one place."""
    y = 0
    for owner in sorted(beside, key=lambda name: boxes[name].y if name in boxes else 1 << 30):
        y = max(y, boxes[owner].y if owner in boxes else y)
        for node in beside[owner]:
            boxes[node["service"]] = Box(x, y, SMALL_WIDE, SMALL_HIGH, "small", node)
            y += SMALL_HIGH + SMALL_DOWN


def place_buses(boxes: dict[str, Box], buses: Sequence[Node]) -> None:
    """Bars on the right, as high as all that stands to the left."""
    right = max((box.x + box.wide for box in boxes.values()), default=EDGE - ACROSS)
    high = max((bottom(box) for box in boxes.values()), default=HIGH + EDGE) - EDGE
    for number, node in enumerate(buses):
        boxes[node["service"]] = Box(right + ACROSS // 2 + number * (BAR + ACROSS // 2), EDGE, BAR, high, "bar", node)


def curve(a: Box, b: Box) -> str:
    """From a side of one box to the side of another that faces it; what goes back a little lower than what came."""
    if "bar" in (a.shape, b.shape):
        return along_lane(a, b)
    ay, by = middle(a, b), middle(b, a)
    if a.x == b.x:
        x, out = a.x + a.wide, a.x + a.wide + ACROSS // 2
        return f"M{x} {ay} C{out} {ay} {out} {by} {x} {by}"
    ax, bx = (a.x + a.wide, b.x) if a.x < b.x else (a.x, b.x + b.wide)
    half = (ax + bx) // 2
    return f"M{ax} {ay} C{half} {ay} {half} {by} {bx} {by}"


def middle(box: Box, other: Box) -> int:
    """Where an arrow touches a box: services have room below for what goes to the bus, and for what comes back."""
    height = box.y + min(box.high, HIGH) // 2
    if box.shape != "service":
        return box.y + box.high // 2
    return min(max(height, other.y + other.high // 2), bottom(box) - LANE) if other.shape == "small" else height


def along_lane(a: Box, b: Box) -> str:
    """Straight, below what stands beside a service: to the bus higher, from it lower."""
    box = b if a.shape == "bar" else a
    y = bottom(box) - (4 if a.shape == "bar" else 11) if box.shape == "service" else box.y + box.high // 2
    ax, bx = (a.x + a.wide, b.x) if a.x < b.x else (a.x, b.x + b.wide)
    return f"M{ax} {y} L{bx} {y}"
