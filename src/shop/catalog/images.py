"""Pictures of products: asked for, uploaded to S3, developed by the worker, removed.

An upload lies at `uploads/<id>` until the worker has looked at it; what is shown lies in a folder of its own, named for
its content. An image that is settled (ready, failed, gone) is never touched again: S3's event may come twice, late, or
after a kill, and a client may upload twice.
"""

import hashlib
from datetime import timedelta

from shop.catalog import store
from shop.catalog.develop import Developed, Outcome
from shop.catalog.model import IMAGES_MAX, Entry, ImageLimit, ImageNotFound
from shop.runtime.postgres import Connection, Database

__all__ = [
    "EXPIRED",
    "FORGOTTEN",
    "SIZES",
    "UPLOADS",
    "add",
    "expire",
    "find_ready",
    "find_status",
    "folder_of",
    "keys_of",
    "remove",
    "remove_all",
    "removed",
    "settle",
    "to_remove",
    "upload_of",
]

SIZES = ("original", "medium", "small")
UPLOADS, PICTURES = "uploads/", "pictures/"  # `seed/` has pictures that many products share: these stay
EXPIRED = timedelta(hours=1)  # nobody uploads after that: the URL holds for a quarter of it
FORGOTTEN = timedelta(days=1)  # what failed is told for so long
BATCH = 20

INSERT = """
    insert into images (id, product_id, status, folder, content_type, created_at)
    values ($1, $2, 'pending', '', $3, now())
"""
READY = """
    select i.folder, p.status from images i join products p on p.id = i.product_id
    where i.id = $1 and i.product_id = $2 and i.status = 'ready'
"""
STATUS = "select product_id, status from images where id = $1"
FOLDER = "select folder from images where id = $1"
IS_READY = """
    update images set status = 'ready', folder = $2, content_type = $3, width = $4, height = $5
    where id = $1 and status = 'pending' returning true
"""
HAS_FAILED = "update images set status = 'failed', error = $2 where id = $1 and status = 'pending'"
DELETE = "delete from images where id = $1 and product_id = $2 returning status, folder"
DELETE_ALL = "delete from images where product_id = $1 returning id, folder"
REMOVE = "insert into image_removals (place) select unnest($1::text[]) on conflict do nothing"
TO_REMOVE = "select place from image_removals limit $1 for update skip locked"
REMOVED = "delete from image_removals where place = any($1)"
EXPIRE = """
    update images set status = 'failed', error = 'NEVER_UPLOADED'
    where status = 'pending' and created_at < now() - $1::interval
"""
FORGET = "delete from images where status = 'failed' and created_at < now() - $1::interval"


def upload_of(image_id: str) -> str:
    """Where a client puts an image."""
    return UPLOADS + image_id


def folder_of(image_id: str, file: bytes) -> str:
    """Where S3 has what was made of this file: the same again for the same file, and for another one elsewhere."""
    return f"{PICTURES}{image_id}-{hashlib.blake2s(file, digest_size=8).hexdigest()}"


def keys_of(place: str) -> list[str]:
    """The objects of an upload or folder."""
    return [place] if place.startswith(UPLOADS) else [f"{place}/{size}" for size in SIZES]


# ------------------------------------------------------------------------------------------------ asked for, looked for


async def add(tx: Connection, entry: Entry, image_id: str, content_type: str) -> None:
    """Make room for an image of a locked product. Raises ImageLimit."""
    if sum(picture.status != "failed" for picture in entry.pictures) >= IMAGES_MAX:
        raise ImageLimit
    await tx.execute(INSERT, image_id, entry.id, content_type)


async def find_ready(db: Database, product_id: str, image_id: str) -> tuple[str, str] | None:
    """Where S3 has a finished picture, and its product's status."""
    row = await db.fetchrow(READY, image_id, product_id)
    return None if row is None else (row["folder"], row["status"])


async def find_status(db: Database, image_id: str) -> tuple[str, str] | None:
    """An image's product, and its own status."""
    row = await db.fetchrow(STATUS, image_id)
    return None if row is None else (row["product_id"], row["status"])


# --------------------------------------------------------------------------------------------------- developed, removed


async def settle(tx: Connection, product_id: str, image_id: str, folder: str, outcome: Outcome) -> None:
    """Write what became of an upload, unless that is known. What nobody will show goes from S3."""
    entry = await store.find_entry(tx, product_id, lock=True)
    if not isinstance(outcome, Developed):
        await tx.execute(HAS_FAILED, image_id, outcome.flaw)
        return
    if not await tx.fetchval(IS_READY, image_id, folder, outcome.content_type, outcome.width, outcome.height):
        if await tx.fetchval(FOLDER, image_id) != folder:  # deleted meanwhile, too late, or another upload was first
            await tx.execute(REMOVE, [folder])
    elif entry is not None:
        await store.reshow(tx, entry.pictured(*await store.find_pictures(tx, product_id)))


async def remove(tx: Connection, entry: Entry, image_id: str) -> None:
    """Delete an image of a locked product, and its objects once `tx` is committed. Raises ImageNotFound."""
    row = await tx.fetchrow(DELETE, image_id, entry.id)
    if row is None:
        raise ImageNotFound
    await tx.execute(REMOVE, places_of(image_id, row["folder"]))
    if row["status"] == "ready":
        await store.reshow(tx, entry.pictured(*(picture for picture in entry.pictures if picture.id != image_id)))


async def remove_all(tx: Connection, product_id: str) -> None:
    """Delete all images of a product, as `remove` does."""
    rows = await tx.fetch(DELETE_ALL, product_id)
    await tx.execute(REMOVE, [place for row in rows for place in places_of(row["id"], row["folder"])])


def places_of(image_id: str, folder: str) -> list[str]:
    """Where an image has objects of its own, or may have."""
    return [upload_of(image_id), folder] if folder.startswith(PICTURES) else [upload_of(image_id)]


async def to_remove(tx: Connection) -> list[str]:
    """Some uploads and folders that are to go; nobody else gets them until this transaction ends."""
    return [row["place"] for row in await tx.fetch(TO_REMOVE, BATCH)]


async def removed(tx: Connection, places: list[str]) -> None:
    """These are gone."""
    await tx.execute(REMOVED, places)


async def expire(db: Database) -> None:
    """Images that were never uploaded have failed, and those that failed long ago are forgotten."""
    await db.execute(EXPIRE, EXPIRED)
    await db.execute(FORGET, FORGOTTEN)
