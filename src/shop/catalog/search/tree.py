"""The tree of categories as search needs it: what is below one, and what each is called."""

from collections.abc import Mapping
from dataclasses import dataclass

from shop.catalog.model import Language

__all__ = ["NO_TREE", "Tree"]


@dataclass(frozen=True, eq=False)
class Tree:
    """All categories at one moment; `mark` tells this state of them from any other."""

    mark: str
    names: Mapping[str, Mapping[Language, str]]  # of each category, in every language
    below: Mapping[str, list[str]]  # of each category, itself among them


NO_TREE = Tree("", {}, {})
