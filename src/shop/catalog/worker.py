"""Messages in: what inventory says of stock, and pictures that were uploaded. And what has to be tidied up."""

import asyncio
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from shop.catalog import images, store
from shop.catalog.develop import Crashed, Developed, Flawed, Outcome, develop
from shop.catalog.parts import Catalog
from shop.contracts.events import StockChanged
from shop.contracts.messages import Envelope
from shop.contracts.topology import QUEUES
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, Unprocessable
from shop.runtime import signals
from shop.runtime.aws import AwsError
from shop.runtime.consume import Consumer, Received
from shop.runtime.postgres import again_if_raced
from shop.runtime.stopping import pause
from shop.telemetry import Origin, names

__all__ = ["AT_ONCE", "LARGEST", "events", "tidy", "uploads"]

events = Consumer("catalog-events")
uploads = Consumer("catalog-images")

AT_ONCE = 2  # pictures: each may take a core, and some hundred MB
LARGEST = 10 * 1024 * 1024  # bytes of an upload
TIDY_EVERY = 1.0  # seconds
EXPIRE_EVERY = 60  # rounds of that
LAST_RECEIVE = next(queue.max_receives for queue in QUEUES if queue.name == "catalog-images")


@events.on(StockChanged)
async def on_stock_changed(catalog: Catalog, message: Envelope[StockChanged]) -> None:
    """Show what is available now. The stock's version makes this idempotent: an older or repeated word is nothing."""
    stock = message.data

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            await store.note_stock(tx, stock.product_id, stock.status, message.metadata.aggregate_version)

    await again_if_raced(write)


# --------------------------------------------------------------------------------------------------------------- images


class Named(msgspec.Struct, frozen=True):
    """A bucket in an event of S3."""

    name: str


class Object(msgspec.Struct, frozen=True):
    """An object in an event of S3; its key is written as in a form."""

    key: str


class Where(msgspec.Struct, frozen=True):
    """What an event of S3 is about."""

    bucket: Named
    object: Object


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """One event of S3."""

    event_name: str
    s3: Where


class Notification(msgspec.Struct, frozen=True):
    """A message of S3. Its test, which it sends when it is told where to, has no records."""

    records: list[Record] = msgspec.field(default_factory=list, name="Records")
    event: str | None = msgspec.field(default=None, name="Event")


def uploaded(catalog: Catalog, body: dict[str, Any]) -> list[str]:
    """The ids of the images that were uploaded. Raises Unprocessable."""
    try:
        message = msgspec.convert(body, Notification)
    except msgspec.ValidationError as error:
        raise Unprocessable(f"not a notification of S3: {error}") from error
    if not message.records and message.event != "s3:TestEvent":
        raise Unprocessable("a notification of S3 without records")
    return [image_in(catalog, record) for record in message.records]


def image_in(catalog: Catalog, record: Record) -> str:
    """The image that was uploaded. Raises Unprocessable."""
    key = unquote_plus(record.s3.object.key)
    if not record.event_name.startswith("ObjectCreated:") or record.s3.bucket.name != catalog.pictures.name:
        raise Unprocessable(f"{record.event_name} in {record.s3.bucket.name} is none of ours")
    image_id = key.removeprefix(images.UPLOADS)
    if not key.startswith(images.UPLOADS) or not image_id or "\0" in image_id:
        raise Unprocessable("the object is not an upload")
    return image_id


@uploads.on_origin
async def origin(catalog: Catalog, body: dict[str, Any]) -> Origin:
    """The trace of the request that allowed the upload, and its mark: the object carries them."""
    for image_id in uploaded(catalog, body):
        found = await catalog.pictures.head(images.upload_of(image_id))
        return Origin(found.metadata.get("traceparent"), found.metadata.get("synthetic")) if found else Origin()
    return Origin()


@uploads.on_json
async def on_uploaded(catalog: Catalog, body: dict[str, Any], message: Received) -> None:
    """Make the pictures of each upload, or say what is wrong with it."""
    for image_id in uploaded(catalog, body):
        await look_at(catalog, image_id, last=message.receives >= LAST_RECEIVE)


async def look_at(catalog: Catalog, image_id: str, *, last: bool) -> None:
    """Settle an image, unless it is; then its upload is no longer needed. Whatever fails here is done again."""
    known = await images.find_status(catalog.db, image_id)
    if known is not None and known[1] == "pending":
        found = await read(catalog, image_id)
        if found is None:
            return  # somebody else has looked at it: only then is it gone
        await settle(catalog, known[0], image_id, found, last=last)
    await catalog.pictures.delete(images.upload_of(image_id))


async def read(catalog: Catalog, image_id: str) -> bytes | Flawed | None:
    """An upload; None when there is none."""
    key = images.upload_of(image_id)
    described = await catalog.pictures.head(key)
    if described is None:
        return None
    if described.size > LARGEST:
        return Flawed("TOO_LARGE")
    stored = await catalog.pictures.get(key)
    return stored.body if stored else None


async def settle(catalog: Catalog, product_id: str, image_id: str, found: bytes | Flawed, *, last: bool) -> None:
    """Develop an upload, keep the pictures, and write it down."""
    outcome: Outcome = found if isinstance(found, Flawed) else await developed(found, last=last)
    folder = "" if isinstance(found, Flawed) else images.folder_of(image_id, found)
    if isinstance(outcome, Developed):
        for size in images.SIZES:
            await catalog.pictures.put(f"{folder}/{size}", getattr(outcome, size), outcome.content_type)

    async def write() -> None:
        async with catalog.db.transaction() as tx:
            await images.settle(tx, product_id, image_id, folder, outcome)

    await again_if_raced(write)


async def developed(file: bytes, *, last: bool) -> Outcome:
    """The pictures. A crash may be a shutdown, and is tried again; the last time it must be the file."""
    try:
        return await develop(file)
    except Crashed:
        if last:
            return Flawed("TOO_COMPLEX")
        raise


# ----------------------------------------------------------------------------------------------------------- tidying up


async def tidy(catalog: Catalog, stop: asyncio.Event) -> None:
    """Until `stop`: delete objects that nobody shows any more, and let what was never uploaded fail."""
    rounds = 0
    while not stop.is_set():
        try:
            if rounds % EXPIRE_EVERY == 0:
                await images.expire(catalog.db)
            while await remove_some(catalog):
                pass
        except (AwsError, DependencyUnavailable, DependencyTimeout) as error:
            signals.trouble(names.SWEEP_FAILED, error)
        rounds += 1
        await pause(stop, TIDY_EVERY)


async def remove_some(catalog: Catalog) -> int:
    """Delete the objects of some removals; how many these were."""
    async with catalog.db.transaction() as tx:
        places = await images.to_remove(tx)
        for place in places:
            for key in images.keys_of(place):
                await catalog.pictures.delete(key)
        if places:
            await images.removed(tx, places)
    return len(places)
