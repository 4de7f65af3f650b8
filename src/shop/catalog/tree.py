"""The tree of categories, changed. One writer at a time: two moves at once could make a cycle that neither sees."""

from collections.abc import Mapping

import msgspec

from shop.catalog.model import (
    OTHER_ROOT,
    ROOTS_SHOWN,
    CategoryCycle,
    CategoryNotEmpty,
    CategoryNotFound,
    CategoryText,
)
from shop.kernel.errors import ValidationFailed
from shop.runtime.http import Version, check_version
from shop.runtime.postgres import Connection

__all__ = ["Place", "add", "change", "remove"]

ONE_WRITER = "select pg_advisory_xact_lock(7236013)"
PATH = "select path from categories where id = $1"
LOCK = "select path, version from categories where id = $1 for update"
INSERT = """
    insert into categories (id, name, translations, parent_id, path, root_label)
    values ($1, $2, $3, $4::text, $5::text[] || $1::text, '')
"""
UPDATE = "update categories set name = $2, translations = $3, parent_id = $4, version = version + 1 where id = $1"
MOVE = """
    update categories set path = $2::text[] || path[$3::integer:]
    where path @> array[$1::text] and path is distinct from $2::text[] || path[$3::integer:]
"""
LABEL_ROOTS = """
    update categories category set root_label = root.label
    from (
        select id, case when row_number() over (order by position) <= $1 then id else $2 end as label
        from categories where parent_id is null
    ) root
    where category.path[1] = root.id and category.root_label <> root.label
"""
IN_USE = """
    select exists (select from categories where parent_id = $1) or exists (select from products where category_id = $1)
"""
DELETE = "delete from categories where id = $1"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin says of a category: its names, and what it lies in (None: it is a root)."""

    name: str
    parent_id: str | None
    translations: Mapping[str, CategoryText]

    @property
    def encoded(self) -> str:
        """The translations as they are kept."""
        return msgspec.json.encode(self.translations).decode()


async def add(tx: Connection, category_id: str, place: Place) -> None:
    """Write a new category. ValidationFailed: there is no such parent."""
    await tx.execute(ONE_WRITER)
    above = await path_of_parent(tx, place.parent_id)
    await tx.execute(INSERT, category_id, place.name, place.encoded, place.parent_id, above)
    await label_roots(tx)


async def change(tx: Connection, category_id: str, place: Place, if_match: Version | None) -> None:
    """Rename a category, and move it with all that is below. ValidationFailed: there is no such parent;
    CategoryNotFound, VersionMismatch, CategoryCycle.
    """
    await tx.execute(ONE_WRITER)
    above = await path_of_parent(tx, place.parent_id)
    path = await locked_path(tx, category_id, if_match)
    if category_id in above:
        raise CategoryCycle
    await tx.execute(UPDATE, category_id, place.name, place.encoded, place.parent_id)
    if above != path[:-1]:
        await tx.execute(MOVE, category_id, above, len(path))
        await label_roots(tx)


async def remove(tx: Connection, category_id: str, if_match: Version | None) -> None:
    """Delete an empty category. CategoryNotFound, VersionMismatch, CategoryNotEmpty."""
    await tx.execute(ONE_WRITER)
    path = await locked_path(tx, category_id, if_match)
    if await tx.fetchval(IN_USE, category_id):
        raise CategoryNotEmpty
    await tx.execute(DELETE, category_id)
    if len(path) == 1:
        await label_roots(tx)


async def path_of_parent(tx: Connection, parent_id: str | None) -> list[str]:
    """Where a parent is; nowhere without one."""
    if parent_id is None:
        return []
    path: list[str] | None = await tx.fetchval(PATH, parent_id)
    if path is None:
        raise ValidationFailed(("parentId", "There is no such category."))
    return path


async def locked_path(tx: Connection, category_id: str, if_match: Version | None) -> list[str]:
    """Where a category is, which no product enters until this transaction ends."""
    row = await tx.fetchrow(LOCK, category_id)
    if row is None:
        raise CategoryNotFound
    check_version(if_match, row["version"])
    path: list[str] = row["path"]
    return path


async def label_roots(tx: Connection) -> None:
    """Metrics tell the first roots apart; what was moved, made or deleted may change which these are."""
    await tx.execute(LABEL_ROOTS, ROOTS_SHOWN, OTHER_ROOT)
