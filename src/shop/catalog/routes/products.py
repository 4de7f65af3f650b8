"""HTTP in: one product, read and written."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request

from shop.catalog import images, signals, store
from shop.catalog.model import Draft, Entry, Product, ProductIdTaken, ProductNotFound, SkuTaken, Status
from shop.catalog.parts import Catalog
from shop.catalog.routes.common import FRESH, Label, Language, Name, is_view, may_see
from shop.contracts.shapes import Text
from shop.kernel.clock import now
from shop.kernel.errors import ValidationFailed, VersionMismatch
from shop.kernel.ids import new_id
from shop.runtime.http import ADMIN, Answer, Body, Caller, Routes, Version, check_version, etag
from shop.runtime.postgres import again_if_raced

__all__ = ["routes"]

routes = Routes("catalog")

RESERVED = frozenset({"search"})  # a path of its own beside the products

Description = Annotated[str, Meta(max_length=5_000)]
# A `$` alone would take a line break after it; `\Z`, which does not, is unknown to JSON Schema's patterns.
Sku = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^\S(.*\S)?(?!\n)$")]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._~-]*(?!\n)$")]
Value = Annotated[str, Meta(max_length=100)]
Price = Annotated[int, Meta(ge=1, le=99_999_999)]


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
            await images.remove_all(tx, product_id)
            await store.delete(tx, before)

    await again_if_raced(write)
    signals.product_changed(product_id)


def shown(entry: Entry, language: Language, *, status: int = 200, location: str | None = None) -> Answer[Product]:
    """What was just written, as a GET would show it."""
    body = store.encode(entry.shown(language))
    headers = FRESH if location is None else {**FRESH, "location": location}
    return Answer(body, status=status, headers=headers, etag=etag(entry.version, language, body))
