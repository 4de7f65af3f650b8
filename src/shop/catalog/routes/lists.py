"""HTTP in: lists of products."""

from dataclasses import replace
from typing import Annotated, Any

from msgspec import Meta
from starlette.requests import Request

from shop.catalog import listing, shelves, signals
from shop.catalog.listing import Filter, Sort
from shop.catalog.model import CategoryNotFound, Product, Status
from shop.catalog.parts import Catalog
from shop.catalog.routes.common import FRESH, Language, is_view
from shop.kernel.errors import PageTokenInvalid, ValidationFailed
from shop.runtime.http import Answer, Caller, Page, PageRequest, Routes

__all__ = ["routes"]

routes = Routes("catalog")

STATUSES: tuple[Status, ...] = ("active", "draft", "archived")
PriceLimit = Annotated[int, Meta(ge=0)]


@routes.get("/products", raises=[PageTokenInvalid])
async def list_products(
    catalog: Catalog,
    *,
    caller: Caller,
    language: Language,
    request: Request,
    page: PageRequest,
    category_id: str | None = None,
    min_price: PriceLimit | None = None,
    max_price: PriceLimit | None = None,
    sort: Sort = "newest",
    status: str | None = None,
) -> Answer[Page[Product]]:
    """Products, newest first or in another order.

    `categoryId` includes the categories below it; `status` is heard from admins only.
    """
    wanted = Filter(status_for(caller, status), sort, None, min_price, max_price)
    start = begin(catalog, wanted, ("/products",) if category_id is None else ("/products", category_id), page)
    if category_id is None:
        return await product_page(catalog, wanted, start, page, language)
    shelf = await shelves.find_shelf(catalog.db, category_id)
    wanted = replace(wanted, categories=shelf.categories if shelf else [])
    answer = await product_page(catalog, wanted, start, page, language)
    if shelf and page.next_token is None and is_view(request, caller):
        signals.category_viewed(shelf.root_label)
    return answer


@routes.get("/categories/{categoryId}/products", raises=[CategoryNotFound, PageTokenInvalid])
async def list_products_of_category(
    catalog: Catalog,
    *,
    caller: Caller,
    language: Language,
    request: Request,
    page: PageRequest,
    category_id: str,
    recursive: bool = True,
    min_price: PriceLimit | None = None,
    max_price: PriceLimit | None = None,
    sort: Sort = "newest",
    status: str | None = None,
) -> Answer[Page[Product]]:
    """The products of a category; those of the categories below it too, unless `recursive=false`."""
    wanted = Filter(status_for(caller, status), sort, None, min_price, max_price)
    start = begin(catalog, wanted, ("/categories", category_id, recursive), page)
    shelf = await shelves.find_shelf(catalog.db, category_id)
    if shelf is None:
        raise CategoryNotFound
    wanted = replace(wanted, categories=shelf.categories if recursive else [category_id])
    answer = await product_page(catalog, wanted, start, page, language)
    if page.next_token is None and is_view(request, caller):
        signals.category_viewed(shelf.root_label)
    return answer


def begin(catalog: Catalog, wanted: Filter, path: tuple[Any, ...], page: PageRequest) -> tuple[str, Any]:
    """What the tokens of a list are good for, and where its page begins. Raises PageTokenInvalid."""
    scope = repr((*path, wanted.status, wanted.sort, wanted.min_price, wanted.max_price))
    return scope, None if page.next_token is None else catalog.pages.open(scope, page.next_token)


async def product_page(
    catalog: Catalog, wanted: Filter, start: tuple[str, Any], page: PageRequest, language: Language
) -> Answer[Page[Product]]:
    """A page of products: what their rows hold, one after the other."""
    scope, after = start
    found = await listing.find_page(catalog.db, wanted, after, page.limit, language)
    token = f'"{catalog.pages.seal(scope, found.next)}"'.encode() if found.next else b"null"
    body = b"".join((b'{"items":[', b",".join(found.products), b'],"nextToken":', token, b"}"))
    return Answer(body, headers=FRESH)


def status_for(caller: Caller, status: str | None) -> Status:
    """Which products this caller lists. Only an admin chooses; everybody else sees the active ones."""
    if status is None or not caller.is_admin:
        return "active"
    for known in STATUSES:
        if status == known:
            return known
    raise ValidationFailed(("status", f"must be one of {', '.join(STATUSES)}"))
