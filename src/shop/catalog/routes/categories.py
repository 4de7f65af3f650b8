"""HTTP in: the tree of categories."""

from shop.catalog import shelves, store
from shop.catalog.model import Category, CategoryNode, CategoryNotFound, category_tree
from shop.catalog.parts import Catalog
from shop.catalog.routes.common import FRESH, Language
from shop.contracts.shapes import Shape
from shop.runtime.http import Answer, Routes, etag

__all__ = ["routes"]

routes = Routes("catalog")


class Categories(Shape):
    """All categories, in the order of their tree."""

    items: list[Category]


class CategoryTree(Shape):
    """The root categories, each with those below it."""

    items: list[CategoryNode]


@routes.get("/categories")
async def list_categories(
    catalog: Catalog, *, language: Language, tree: bool = False
) -> Answer[Categories | CategoryTree]:
    """All categories in the order of their tree; with `tree=true` the roots, and each with its children."""
    found = await shelves.find_categories(catalog.db, language)
    shown = CategoryTree(items=category_tree(found)) if tree else Categories(items=found)
    return Answer(shown, headers=FRESH)


@routes.get("/categories/{categoryId}", raises=[CategoryNotFound])
async def get_category(catalog: Catalog, language: Language, category_id: str) -> Answer[Category]:
    """A category. Its count is of active products, those below it included."""
    category = await shelves.find_category(catalog.db, category_id, language)
    if category is None:
        raise CategoryNotFound
    body = store.encode(category)
    return Answer(body, headers=FRESH, etag=etag(category.version, language, body))
