"""HTTP in: products, their pictures and reviews, categories."""

from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request

from shop.catalog import listing, shelves, signals, store
from shop.catalog.listing import Filter, Sort
from shop.catalog.model import (
    Category,
    CategoryNode,
    CategoryNotFound,
    Draft,
    Entry,
    Image,
    ImageNotFound,
    Language,
    Product,
    ProductIdTaken,
    ProductNotFound,
    Review,
    SkuTaken,
    Status,
    category_tree,
)
from shop.catalog.store import Catalog
from shop.contracts.shapes import Shape, Text
from shop.kernel.clock import now
from shop.kernel.errors import PageTokenInvalid, ValidationFailed, VersionMismatch
from shop.kernel.ids import new_id
from shop.runtime.http import ADMIN, Answer, Body, Caller, Page, PageRequest, Routes, Version, check_version, etag
from shop.runtime.postgres import again_if_raced

__all__ = ["routes"]

routes = Routes("catalog")

STATUSES: tuple[Status, ...] = ("active", "draft", "archived")
FRESH = {"cache-control": "no-cache", "vary": "Accept-Language"}
FOREVER = {
    "cache-control": "public, max-age=31536000, immutable",
    # A picture may be an SVG: opened by itself, it must not run anything.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}
RESERVED = frozenset({"search"})  # a path of its own beside the products

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Description = Annotated[str, Meta(max_length=5_000)]
Sku = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^\S(.*\S)?$")]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._~-]*$")]
Label = Annotated[str, Meta(min_length=1, max_length=100)]
Value = Annotated[str, Meta(max_length=100)]
Price = Annotated[int, Meta(ge=1, le=99_999_999)]
PriceLimit = Annotated[int, Meta(ge=0)]


class Items(Shape):
    """All pictures of a product."""

    items: list[Image]


class Categories(Shape):
    """All categories, in the order of their tree."""

    items: list[Category]


class CategoryTree(Shape):
    """The root categories, each with those below it."""

    items: list[CategoryNode]


class MoneyBody(Body):
    """A price; the shop sells for yen."""

    amount: Price
    currency: Literal["JPY"]


class TextBody(Body):
    """Name and description in another language."""

    name: Name
    description: Description = ""


class ProductBody(Body):
    """A product as an admin writes it: the whole of it, what is left out returns to its default."""

    sku: Sku
    name: Name
    price: MoneyBody
    category_id: Label
    status: Status
    id: Id | None = None
    description: Description = ""
    attributes: Annotated[dict[Label, Value], Meta(max_length=50)] = msgspec.field(default_factory=dict)
    translations: dict[Literal["en"], TextBody] = msgspec.field(default_factory=dict)

    def draft(self) -> Draft:
        """The same, checked."""
        texts = self.translations.items()
        return Draft(
            sku=self.sku,
            name=self.name,
            description=self.description,
            price=self.price.amount,
            category_id=self.category_id,
            status=self.status,
            attributes=self.attributes,
            translations={language: Text(name=text.name, description=text.description) for language, text in texts},
        )


class NewProductBody(ProductBody):
    """A product to be made, with the stock it begins with."""

    initial_stock: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0


# ------------------------------------------------------------------------------------------------------------ products


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
    if category_id is None:
        return await product_page(catalog, wanted, ("/products",), page, language)
    shelf = await shelves.find_shelf(catalog.db, category_id)
    wanted = replace(wanted, categories=shelf.categories if shelf else [])
    answer = await product_page(catalog, wanted, ("/products", category_id), page, language)
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
    shelf = await shelves.find_shelf(catalog.db, category_id)
    if shelf is None:
        raise CategoryNotFound
    below = shelf.categories if recursive else [category_id]
    wanted = Filter(status_for(caller, status), sort, below, min_price, max_price)
    answer = await product_page(catalog, wanted, ("/categories", category_id, recursive), page, language)
    if page.next_token is None and is_view(request, caller):
        signals.category_viewed(shelf.root_label)
    return answer


async def product_page(
    catalog: Catalog, wanted: Filter, path: tuple[Any, ...], page: PageRequest, language: Language
) -> Answer[Page[Product]]:
    """A page of products: what their rows hold, one after the other."""
    scope = repr((*path, wanted.status, wanted.sort, wanted.min_price, wanted.max_price))
    after = catalog.pages.open(scope, page.next_token) if page.next_token is not None else None
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


def is_view(request: Request, caller: Caller) -> bool:
    """Whether a client looks, not another service, and at more than the headers."""
    return request.method == "GET" and not caller.is_service


@routes.get("/products/{productId}", raises=[ProductNotFound])
async def get_product(
    catalog: Catalog, caller: Caller, language: Language, request: Request, product_id: str
) -> Answer[Product]:
    """A product. Drafts and archived ones are there for admins only."""
    product = await store.find_product(catalog.db, product_id, language)
    if product is None or not may_see(caller, product.status):
        raise ProductNotFound
    if product.status == "active" and is_view(request, caller):
        signals.product_viewed(product_id, product.root_label)
    return Answer(product.json, headers=FRESH, etag=etag(product.version, language, product.json))


def may_see(caller: Caller, status: str) -> bool:
    """Whether a product with this status exists for the caller."""
    return status == "active" or caller.is_admin


@routes.post("/products", who=ADMIN, raises=[SkuTaken, ProductIdTaken])
async def create_product(catalog: Catalog, language: Language, body: NewProductBody) -> Answer[Product]:
    """Make a product; inventory opens its stock with `initialStock`."""
    if body.id in RESERVED:
        raise ValidationFailed(("id", "is reserved"))
    entry = Entry.new(body.id or new_id(), body.draft(), now())

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            await store.create(tx, entry, body.initial_stock)

    await again_if_raced(write)
    signals.product_changed(entry.id)
    return shown(entry, language, status=201, location=f"/products/{entry.id}")


@routes.put("/products/{productId}", who=ADMIN, raises=[ProductNotFound, SkuTaken, VersionMismatch])
async def replace_product(
    catalog: Catalog, language: Language, product_id: str, body: ProductBody, if_match: Version | None = None
) -> Answer[Product]:
    """Replace all that an admin says of a product."""
    if body.id is not None and body.id != product_id:
        raise ValidationFailed(("id", "is not the one in the path, and a product keeps its id"))
    draft = body.draft()

    async def write() -> Entry:
        async with catalog.db.transaction() as tx:
            await store.require_category(tx, draft.category_id)
            before = await store.find_entry(tx, product_id, lock=True)
            if before is None:
                raise ProductNotFound
            check_version(if_match, before.version)
            after = before.revised(draft, now())
            await store.change(tx, before, after)
            return after

    entry = await again_if_raced(write)
    signals.product_changed(entry.id)
    return shown(entry, language)


@routes.delete("/products/{productId}", who=ADMIN, raises=[ProductNotFound, VersionMismatch])
async def delete_product(catalog: Catalog, product_id: str, if_match: Version | None = None) -> None:
    """Delete a product. Orders keep their own copy of its name and price."""

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            before = await store.find_entry(tx, product_id, lock=True)
            if before is None:
                raise ProductNotFound
            check_version(if_match, before.version)
            await store.delete(tx, before)

    await again_if_raced(write)
    signals.product_changed(product_id)


def shown(entry: Entry, language: Language, *, status: int = 200, location: str | None = None) -> Answer[Product]:
    """What was just written, as a GET would show it."""
    body = store.encode(entry.shown(language))
    headers = FRESH if location is None else {**FRESH, "location": location}
    return Answer(body, status=status, headers=headers, etag=etag(entry.version, language, body))


# ---------------------------------------------------------------------------------------------------- pictures, reviews


@routes.get("/products/{productId}/images", raises=[ProductNotFound])
async def list_images(catalog: Catalog, caller: Caller, language: Language, product_id: str) -> Answer[Items]:
    """A product's pictures, those that are not finished among them."""
    entry = await store.find_entry(catalog.db, product_id)
    if entry is None or not may_see(caller, entry.draft.status):
        raise ProductNotFound
    alt = entry.text(language).name
    return Answer(Items(items=[picture.shown(entry.id, alt) for picture in entry.pictures]), headers=FRESH)


@routes.get("/products/{productId}/images/{imageId}/{size}", raises=[ImageNotFound])
async def get_image(catalog: Catalog, caller: Caller, product_id: str, image_id: str, size: str) -> Answer[bytes]:
    """A picture as `original`, `medium` or `small`. It never changes: a new picture has a new id."""
    if size not in ("original", "medium", "small"):
        raise ImageNotFound
    found = await store.find_ready_picture(catalog.db, product_id, image_id)
    if found is None or not may_see(caller, found[1]):
        raise ImageNotFound
    picture = await catalog.pictures.get(f"{found[0]}/{size}")
    if picture is None:
        raise ImageNotFound
    return Answer(picture.body, headers=FOREVER, etag=f'"{image_id}-{size}"', media_type=picture.content_type)


@routes.get("/products/{productId}/reviews", raises=[ProductNotFound, PageTokenInvalid])
async def list_reviews(catalog: Catalog, caller: Caller, page: PageRequest, product_id: str) -> Page[Review]:
    """What customers think of a product, newest first."""
    entry = await store.find_entry(catalog.db, product_id)
    if entry is None or not may_see(caller, entry.draft.status):
        raise ProductNotFound
    scope = f"/products/{product_id}/reviews"
    after = catalog.pages.open(scope, page.next_token) if page.next_token is not None else store.BEFORE_ALL_REVIEWS
    found = await store.find_reviews(catalog.db, product_id, after, page.limit + 1)
    token = catalog.pages.seal(scope, found[page.limit - 1][0]) if len(found) > page.limit else None
    return Page(items=[review for _, review in found[: page.limit]], next_token=token)


# ---------------------------------------------------------------------------------------------------------- categories


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
