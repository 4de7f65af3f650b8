"""What search asks of an engine, whatever is behind it: an embedded index today, OpenSearch tomorrow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Protocol

import msgspec

from shop.catalog.search.tree import Tree

__all__ = ["PRICES", "Engine", "Found", "Hit", "IndexState", "Look", "Marker", "Position", "Question", "Sort"]

Sort = Literal["relevance", "newest", "priceAsc", "priceDesc", "rating"]
State = Literal["building", "ready", "rebuilding"]
STEPS = (0, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 30_000, 50_000, 100_000, 100_000_000)
PRICES = tuple(pairwise(STEPS))  # half-open, together all prices there are


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ends: what was asked for in the end (corrected, relaxed), and the last product's place in it."""

    text: str
    corrected: bool
    relaxed: bool
    key: float | int
    id: str
    rank: int = 0  # how many came before the next page, by relevance: a hint where to look
    view: int = 0  # the state of the index that this order is of, by relevance


@dataclass(frozen=True, slots=True)
class Question:
    """What to find. `categories`: those to take products from, None for all; `hidden`: products that are none."""

    text: str
    tree: Tree
    categories: Sequence[str] | None = None
    min_price: int | None = None
    max_price: int | None = None
    sort: Sort = "relevance"
    limit: int = 20
    after: Position | None = None
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """A product that was found, and how well it answers the question."""

    id: str
    score: float


class Marker(Protocol):
    """Knows which parts of a text the question was about."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """These parts, in order, apart from each other."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits with the counts of all of them. `corrected`: the question as it was probably meant."""

    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    categories: dict[str, int] = field(default_factory=dict)
    prices: list[tuple[int, int, int]] = field(default_factory=list)  # from, to, count
    corrected: str | None = None
    next: Position | None = None
    marker: Marker | None = None


@dataclass(frozen=True, slots=True)
class IndexState:
    """How the index is: `behind` is since when it lacks something (seconds), `progress` of a build 0..1."""

    documents: int
    behind: float
    state: State
    progress: float


class Look(Protocol):
    """An index at one moment: it does not change under a question."""

    @property
    def seen(self) -> str:
        """The snapshot of PostgreSQL whose changes it has. What was deleted later, the asker has to hide."""
        ...

    async def find(self, question: Question) -> Found:
        """The products, ranked, for any text."""
        ...


class Engine(Protocol):
    """Finds products."""

    name: str

    def look(self, after: Position | None = None) -> Look:
        """The index as it is now, or as it was when the page that ended there was answered, if that is kept."""
        ...

    def keep(self, look: Look, position: Position) -> None:
        """Somebody may ask for the page behind this position."""
        ...

    def state(self) -> IndexState:
        """How the index is."""
        ...

    async def rebuild(self) -> None:
        """Have the index built anew, in every process that has one. Searching goes on."""
        ...
