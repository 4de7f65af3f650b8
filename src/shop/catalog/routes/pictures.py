"""HTTP in: the pictures of a product."""

from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta

from shop import telemetry
from shop.catalog import images, signals, store
from shop.catalog.model import Entry, Image, ImageLimit, ImageNotFound, ProductNotFound
from shop.catalog.parts import Catalog
from shop.catalog.routes.common import FRESH, Language, may_see
from shop.contracts.shapes import Shape
from shop.kernel.clock import now, stamp
from shop.kernel.errors import DependencyUnavailable, PayloadTooLarge, UnsupportedMediaType
from shop.kernel.ids import new_id
from shop.runtime.aws import AwsError
from shop.runtime.http import ADMIN, Answer, Body, Caller, Routes
from shop.runtime.postgres import Connection, again_if_raced

__all__ = ["routes"]

routes = Routes("catalog")

TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
LARGEST = 10 * 1024 * 1024  # bytes
UPLOAD_WITHIN = timedelta(minutes=15)
FOREVER = {
    "cache-control": "public, max-age=31536000, immutable",
    # A picture may be an SVG: opened by itself, it must not run anything.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}


class Items(Shape):
    """All pictures of a product."""

    items: list[Image]


class ImageBody(Body):
    """A picture that is to be uploaded: JPEG, PNG or WebP, `size` in bytes, at most 10 MB."""

    file_name: Annotated[str, Meta(min_length=1, max_length=100)]
    content_type: Annotated[str, Meta(min_length=1, max_length=100)]
    size: Annotated[int, Meta(ge=1)]


class Upload(Shape):
    """How to upload it: send the file with this method to this URL, with these headers."""

    url: str
    method: Literal["PUT"]
    headers: dict[str, str]


class ImageRequested(Shape):
    """A picture that is expected until `expiresAt`."""

    image_id: str
    upload: Upload
    expires_at: str


@routes.get("/products/{productId}/images", raises=[ProductNotFound])
async def list_images(catalog: Catalog, caller: Caller, language: Language, product_id: str) -> Answer[Items]:
    """A product's pictures, those that are not finished among them."""
    entry = await store.find_entry(catalog.db, product_id)
    if entry is None or not may_see(caller, entry.draft.status):
        raise ProductNotFound
    alt = entry.text(language).name
    return Answer(Items(items=[picture.shown(entry.id, alt, language) for picture in entry.pictures]), headers=FRESH)


@routes.post(
    "/products/{productId}/images",
    who=ADMIN,
    raises=[PayloadTooLarge, UnsupportedMediaType, ProductNotFound, ImageLimit],
)
async def request_image(catalog: Catalog, product_id: str, body: ImageBody) -> ImageRequested:
    """Ask for a picture to be uploaded. S3 takes exactly what was announced; what the file really is, is seen then."""
    if body.size > LARGEST:
        raise PayloadTooLarge("The picture is larger than 10 MB.")
    content_type = body.content_type.lower()
    if content_type not in TYPES:
        raise UnsupportedMediaType("A picture is image/jpeg, image/png or image/webp.")
    image_id = new_id()

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            await images.add(tx, await locked(tx, product_id), image_id, content_type)

    await again_if_raced(write)
    signals.product_changed(product_id)
    return requested(catalog, image_id, content_type, body.size)


def requested(catalog: Catalog, image_id: str, content_type: str, size: int) -> ImageRequested:
    """Where and how to upload an image. The trace goes along as the object's metadata, and the mark of its traffic."""
    began = telemetry.origin()
    told = {"x-amz-meta-traceparent": began.traceparent, "x-amz-meta-synthetic": began.synthetic}
    headers = {"content-type": content_type} | {name: value for name, value in told.items() if value}
    url = catalog.pictures.presigned_put(images.upload_of(image_id), headers, size, UPLOAD_WITHIN)
    return ImageRequested(
        image_id=image_id,
        upload=Upload(url=url, method="PUT", headers=headers),
        expires_at=stamp(now() + UPLOAD_WITHIN),
    )


@routes.delete("/products/{productId}/images/{imageId}", who=ADMIN, raises=[ProductNotFound, ImageNotFound])
async def delete_image(catalog: Catalog, product_id: str, image_id: str) -> None:
    """Delete a picture, whatever its state; an upload that still comes is thrown away."""

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            await images.remove(tx, await locked(tx, product_id), image_id)

    await again_if_raced(write)
    signals.product_changed(product_id)


async def locked(tx: Connection, product_id: str) -> Entry:
    """The product, which nobody else changes until this transaction ends. Raises ProductNotFound."""
    entry = await store.find_entry(tx, product_id, lock=True)
    if entry is None:
        raise ProductNotFound
    return entry


@routes.get("/products/{productId}/images/{imageId}/{size}", raises=[ImageNotFound])
async def get_image(catalog: Catalog, caller: Caller, product_id: str, image_id: str, size: str) -> Answer[bytes]:
    """A picture as `original`, `medium` or `small`. It never changes: a new picture has a new id."""
    if size not in images.SIZES:
        raise ImageNotFound
    found = await images.find_ready(catalog.db, product_id, image_id)
    if found is None or not may_see(caller, found[1]):
        raise ImageNotFound
    try:
        picture = await catalog.pictures.get(f"{found[0]}/{size}")
    except AwsError as error:  # S3 refuses us: no fault of the client's
        raise DependencyUnavailable("The picture cannot be read now.") from error
    if picture is None:
        raise ImageNotFound
    return Answer(picture.body, headers=FOREVER, etag=f'"{image_id}-{size}"', media_type=picture.content_type)
