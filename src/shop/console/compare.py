"""What slow traces share: attributes that they have more often than the others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import msgspec

__all__ = ["Comparison", "Shared", "Told", "compare"]

SLOW = 0.1  # share of the traces that counts as slow
DIFFERENCE = 0.2  # by which the shares must differ to be worth a line
LINES = 25


class Told(NamedTuple):
    """A span by what can be compared; attributes as JSON."""

    service: str
    name: str
    attributes: str


Pair: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shared:
    """An attribute's value, and which share of each side has it."""

    key: str
    value: str
    slow: float
    rest: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`limit`: the duration in ms from which a trace counts as slow."""

    limit: float
    slow: int
    rest: int
    shared: list[Shared]


def compare(traces: Sequence[tuple[float, Sequence[Told]]]) -> Comparison:
    """Traces as (duration in ms, spans). The slowest tenth, at least one, is held against the others."""
    ordered = sorted(traces, key=lambda each: each[0])
    count = max(1, round(len(ordered) * SLOW))
    rest, slow = ordered[:-count], ordered[-count:]
    in_slow, in_rest = having(slow), having(rest)
    found = [
        Shared(key, value, n / len(slow), in_rest[key, value] / max(1, len(rest)))
        for (key, value), n in in_slow.items()
    ]
    telling = [each for each in found if each.slow - each.rest >= DIFFERENCE]
    telling.sort(key=lambda each: (each.rest - each.slow, each.key))
    return Comparison(slow[0][0] if slow else 0.0, len(slow), len(rest), telling[:LINES])


def having(traces: Sequence[tuple[float, Sequence[Told]]]) -> Counter[Pair]:
    """In how many traces some span has each attribute, its name and its service among them."""
    counts: Counter[Pair] = Counter()
    for _, spans in traces:
        counts.update({pair for span in spans for pair in attributes(span)})
    return counts


def attributes(span: Told) -> list[Pair]:
    """What can be compared: no ids, which every trace has for itself."""
    given = msgspec.json.decode(span.attributes)
    own = [("span", f"{span.service} {span.name}")]
    return own + [(key, str(value)) for key, value in given.items() if not key.endswith((".id", "_id"))]
