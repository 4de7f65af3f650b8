"""One search: the engine ranks, PostgreSQL answers, and what is gone is in neither."""

from dataclasses import dataclass, replace

from shop.catalog.model import Language
from shop.catalog.parts import Catalog
from shop.catalog.search import changes
from shop.catalog.search.port import Engine, Found, Look, Question
from shop.catalog.search.tree import NO_TREE, Tree

__all__ = ["Searchable", "Shown", "answer"]

TRIES = 5  # answers begun again because a product went while they were made


@dataclass(slots=True)
class Shown:
    """The categories as they were last read."""

    tree: Tree = NO_TREE


@dataclass(frozen=True, slots=True)
class Searchable(Catalog):
    """The catalog with an engine that searches it."""

    engine: Engine
    shown: Shown


async def answer(
    catalog: Searchable, question: Question, category_id: str | None, language: Language
) -> tuple[Found, dict[str, bytes]]:
    """What was found, and the products of the page.

    Those that are gone are hidden from the engine, so that total, facets and page agree; should one go meanwhile, the
    answer is made again.
    """
    look = catalog.engine.look(question.after)
    unseen = await changes.find_unseen(catalog.db, look.seen)
    tree = await tree_of(catalog, unseen.categories)
    inside = None if category_id is None else tree.below.get(category_id, [])
    question = replace(question, tree=tree, categories=inside, hidden=frozenset(unseen.hidden))
    for _ in range(TRIES):
        found, products = await attempt(catalog, look, question, language)
        gone = [hit.id for hit in found.hits if hit.id not in products]
        if not gone:
            break
        question = replace(question, hidden=question.hidden.union(gone))
    if found.next:
        catalog.engine.keep(look, found.next)
    return found, products


async def attempt(
    catalog: Searchable, look: Look, question: Question, language: Language
) -> tuple[Found, dict[str, bytes]]:
    """What the engine finds, and what PostgreSQL has of it."""
    found = await look.find(question)
    if not found.hits:
        return found, {}
    return found, await changes.find_active(catalog.db, [hit.id for hit in found.hits], language)


async def tree_of(catalog: Searchable, mark: str) -> Tree:
    """The categories in this state of theirs."""
    if catalog.shown.tree.mark != mark:
        catalog.shown.tree = await changes.find_tree(catalog.db, mark)
    return catalog.shown.tree
