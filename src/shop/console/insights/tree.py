"""A query as data: commands in their order, each with its expressions."""

from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "Binary", "Call", "Command", "Dedup", "Display", "Expr", "Field", "Fields", "Filter", "In", "Item", "Like", "Limit",
    "Literal", "Negation", "Not", "Parse", "Period", "Sort", "Stats",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, a number, true or false."""

    value: str | float | bool
    at: int


@dataclass(frozen=True, slots=True)
class Period:
    """A number of units of time, such as 5 m; months are `mo`."""

    count: int
    unit: str
    at: int


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `a.b`, with `a.`b.c`` a name that has a dot of its own, and `a[0]` an element."""

    parts: tuple[str, ...]
    text: str
    at: int

    @property
    def name(self) -> str:
        """The name without backticks."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function; `text` is how it is written. `count(*)` has no arguments."""

    name: str
    args: tuple["Expr", ...]
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two."""

    op: str
    left: "Expr"
    right: "Expr"
    at: int


@dataclass(frozen=True, slots=True)
class Negation:
    """Unary minus."""

    expr: "Expr"
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    """Boolean not."""

    expr: "Expr"
    at: int


@dataclass(frozen=True, slots=True)
class Like:
    """Contains a string, or matches a regular expression somewhere."""

    expr: "Expr"
    pattern: str
    regex: bool
    at: int


@dataclass(frozen=True, slots=True)
class In:
    """Equals one of a list."""

    expr: "Expr"
    items: tuple["Expr", ...]
    at: int


Expr: TypeAlias = Literal | Period | Field | Call | Binary | Negation | Not | Like | In


@dataclass(frozen=True, slots=True)
class Item:
    """An expression and the name that its values have."""

    expr: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields to show, and new ones."""

    items: tuple[Item, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Display:
    """The only fields to show."""

    items: tuple[Item, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps the rows for which the expression holds."""

    expr: Expr
    at: int


@dataclass(frozen=True, slots=True)
class Parse:
    """Makes fields of the groups of a regular expression, by their number and name."""

    source: Expr
    pattern: str
    groups: tuple[tuple[int, str], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Stats:
    """One row for each combination of `by`."""

    items: tuple[Item, ...]
    by: tuple[Item, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Sort:
    """The order; True is descending."""

    keys: tuple[tuple[Expr, bool], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many rows."""

    count: int
    at: int


@dataclass(frozen=True, slots=True)
class Dedup:
    """The first row of each combination."""

    keys: tuple[Expr, ...]
    at: int


Command: TypeAlias = Fields | Display | Filter | Parse | Stats | Sort | Limit | Dedup
