"""HTTP in: the tree of categories."""

from typing import Literal

import msgspec

from shop.catalog import shelves, signals, store, tree
from shop.catalog.model import (
    Category,
    CategoryCycle,
    CategoryNode,
    CategoryNotEmpty,
    CategoryNotFound,
    CategoryText,
)
from shop.catalog.parts import Catalog
from shop.catalog.routes.common import FRESH, Label, Language, Name
from shop.catalog.tree import Place
from shop.contracts.shapes import Shape
from shop.kernel.errors import VersionMismatch
from shop.kernel.ids import new_id
from shop.runtime.http import ADMIN, Answer, Body, Routes, Version, etag
from shop.runtime.postgres import Connection, again_if_raced

__all__ = ["routes"]

routes = Routes("catalog")


class Categories(Shape):
    """All categories, in the order of their tree."""

    items: list[Category]


class CategoryTree(Shape):
    """The root categories, each with those below it."""

    items: list[CategoryNode]


class NameBody(Body):
    """A name in another language."""

    name: Name


class CategoryBody(Body):
    """A category as an admin writes it; without `parentId` it is a root."""

    name: Name
    parent_id: Label | None = None
    translations: dict[Literal["en"], NameBody] = msgspec.field(default_factory=dict)

    def place(self) -> Place:
        """The same, checked."""
        translations: dict[str, CategoryText] = {
            language: CategoryText(name=text.name) for language, text in self.translations.items()
        }
        return Place(name=self.name, parent_id=self.parent_id, translations=translations)


@routes.get("/categories")
async def list_categories(
    catalog: Catalog, *, language: Language, tree: bool = False
) -> Answer[Categories | CategoryTree]:
    """All categories in the order of their tree; with `tree=true` the roots, and each with its children."""
    found = await shelves.find_categories(catalog.db, language)
    return Answer(shelves.tree_json(found) if tree else Categories(items=found), headers=FRESH)


@routes.get("/categories/{categoryId}", raises=[CategoryNotFound])
async def get_category(catalog: Catalog, language: Language, category_id: str) -> Answer[Category]:
    """A category. Its count is of active products, those below it included."""
    category = await shelves.find_category(catalog.db, category_id, language)
    if category is None:
        raise CategoryNotFound
    return shown(category, language)


@routes.post("/categories", who=ADMIN)
async def create_category(catalog: Catalog, language: Language, body: CategoryBody) -> Answer[Category]:
    """Make a category, in another one or as a root."""
    category_id, place = new_id(), body.place()

    async def write() -> Category:
        async with catalog.db.transaction() as tx:
            await tree.add(tx, category_id, place)
            return await written(tx, category_id, language)

    category = await again_if_raced(write)
    signals.category_changed(category_id)
    return shown(category, language, status=201, location=f"/categories/{category_id}")


@routes.put("/categories/{categoryId}", who=ADMIN, raises=[CategoryNotFound, VersionMismatch, CategoryCycle])
async def replace_category(
    catalog: Catalog, language: Language, category_id: str, body: CategoryBody, if_match: Version | None = None
) -> Answer[Category]:
    """Rename a category, or move it: all that is below goes with it."""
    place = body.place()

    async def write() -> Category:
        async with catalog.db.transaction() as tx:
            await tree.change(tx, category_id, place, if_match)
            return await written(tx, category_id, language)

    category = await again_if_raced(write)
    signals.category_changed(category_id)
    return shown(category, language)


@routes.delete("/categories/{categoryId}", who=ADMIN, raises=[CategoryNotFound, VersionMismatch, CategoryNotEmpty])
async def delete_category(catalog: Catalog, category_id: str, if_match: Version | None = None) -> None:
    """Delete a category with nothing in it: no category, no product, whatever its status."""

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            await tree.remove(tx, category_id, if_match)

    await again_if_raced(write)
    signals.category_changed(category_id)


async def written(tx: Connection, category_id: str, language: Language) -> Category:
    """What this transaction has just made of a category."""
    category = await shelves.find_category(tx, category_id, language)
    assert category is not None  # noqa: S101 - it is locked
    return category


def shown(
    category: Category, language: Language, *, status: int = 200, location: str | None = None
) -> Answer[Category]:
    """A category as a GET shows it."""
    body = store.encode(category)
    headers = FRESH if location is None else {**FRESH, "location": location}
    return Answer(body, status=status, headers=headers, etag=etag(category.version, language, body))
