"""HTTP in: the pictures of a product."""

from shop.catalog import store
from shop.catalog.model import Image, ImageNotFound, ProductNotFound
from shop.catalog.parts import Catalog
from shop.catalog.routes.common import FRESH, Language, may_see
from shop.contracts.shapes import Shape
from shop.runtime.http import Answer, Caller, Routes

__all__ = ["routes"]

routes = Routes("catalog")

FOREVER = {
    "cache-control": "public, max-age=31536000, immutable",
    # A picture may be an SVG: opened by itself, it must not run anything.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}


class Items(Shape):
    """All pictures of a product."""

    items: list[Image]


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
