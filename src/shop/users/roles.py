"""Who may what: groups of the user pool. Changes wait for each other, so that the last admin cannot leave by a race."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from shop.contracts.topology import GROUPS
from shop.kernel.clock import now, stamp
from shop.kernel.errors import DependencyUnavailable
from shop.kernel.ids import new_id
from shop.runtime.dynamo import ConditionFailed, Table
from shop.users import store
from shop.users.model import Group, LastAdmin, groups_of
from shop.users.parts import Users
from shop.users.profiles import find_profile

__all__ = ["change", "find"]

LOCK = ("LOCK#roles", "LOCK")
LEASE = timedelta(seconds=30)  # longer than any change takes; after that a dead holder blocks nobody
ATTEMPTS = 100  # some five seconds


async def find(users: Users, user_id: str) -> list[str]:
    """The groups of a user, in the order of their power. Raises UserNotFound."""
    await find_profile(users, user_id)
    there = await users.pool.groups(user_id)
    return [group for group in GROUPS if group in there]


async def change(users: Users, user_id: str, wanted: Iterable[Group]) -> list[str]:
    """Let the user be in these groups, and in `customer`. Raises UserNotFound, LastAdmin."""
    goal = groups_of(wanted)
    await find_profile(users, user_id)
    async with lock(users.table):
        there = await users.pool.groups(user_id)
        if "admin" in there - goal and not await another_admin(users, user_id):
            raise LastAdmin
        for group in goal - there:
            await users.pool.enter(user_id, group)
        for group in ("customer", "operator", "admin"):
            if group in there - goal:
                await users.pool.leave(user_id, group)
    return [group for group in GROUPS if group in goal]


async def another_admin(users: Users, user_id: str) -> bool:
    """Whether there is an admin besides this one who can sign in, too."""
    for other in await users.pool.members("admin") - {user_id}:
        account = await store.find_account(users.table, other)
        if account is not None and account.confirmed_at:
            return True
    return False


@asynccontextmanager
async def lock(table: Table) -> AsyncIterator[None]:
    """Held by one at a time."""
    holder = new_id()
    await take(table, holder)
    try:
        yield
    finally:
        with suppress(ConditionFailed):
            await table.write(table.delete(*LOCK, condition="holder = :me", values={"me": holder}))


async def take(table: Table, holder: str) -> None:
    """Wait for the lock. Raises DependencyUnavailable when that takes too long."""
    for _ in range(ATTEMPTS):
        pk, sk = LOCK
        item = {"pk": pk, "sk": sk, "holder": holder, "heldUntil": stamp(now() + LEASE)}
        try:
            await table.write(
                table.put(item, condition="attribute_not_exists(pk) OR heldUntil < :now", values={"now": stamp()})
            )
        except ConditionFailed:
            await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - jitter, no secret
        else:
            return
    raise DependencyUnavailable("Somebody else is changing roles.")
