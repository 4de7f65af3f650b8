"""Label sets: sorted tuples of pairs, which hash, compare and sort as they are."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

__all__ = ["METADATA", "NAME", "Labels", "bare", "label_set", "restricted", "without"]

Labels: TypeAlias = tuple[tuple[str, str], ...]
NAME = "__name__"
# What a metric is rather than what it is about: whatever computes with it makes another thing of it, so these go.
METADATA = frozenset({NAME, "__type__", "__unit__", "__temporality__"})
DATAPOINT = "@datapoint."


def label_set(labels: Mapping[str, str] | Iterable[tuple[str, str]]) -> Labels:
    """Sorted; an empty value is the same as no label."""
    pairs = labels.items() if isinstance(labels, Mapping) else labels
    return tuple(sorted((name, value) for name, value in pairs if value != ""))


def without(labels: Labels, names: frozenset[str]) -> Labels:
    """All but these."""
    return tuple(pair for pair in labels if pair[0] not in names)


def restricted(labels: Labels, names: frozenset[str]) -> Labels:
    """These alone."""
    return tuple(pair for pair in labels if pair[0] in names)


def bare(name: str) -> str:
    """The one name of a label that has two: `@datapoint.x` is `x`, `@datapoint.@name` is the metric's name."""
    if not name.startswith(DATAPOINT):
        return name
    field = name.removeprefix(DATAPOINT)
    return {"@name": NAME, "@type": "__type__", "@unit": "__unit__", "@temporality": "__temporality__"}.get(
        field, field
    )
