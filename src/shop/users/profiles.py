"""What a user says about himself: profile and address book. Concurrent changes lose nothing."""

import asyncio
import random
from collections.abc import Callable

from shop.contracts.events import ProfileChanged
from shop.contracts.messages import envelope
from shop.kernel.clock import stamp
from shop.kernel.errors import DependencyUnavailable, VersionMismatch
from shop.runtime.dynamo import ConditionFailed
from shop.runtime.http import Version, check_version
from shop.users import signals, store
from shop.users.model import AddressBook, Locale, Profile, UserNotFound
from shop.users.parts import Users

__all__ = ["change_addresses", "change_profile", "find_addresses", "find_profile"]

ATTEMPTS = 40


async def find_profile(users: Users, user_id: str) -> Profile:
    """The profile of a user. Raises UserNotFound."""
    account = await store.find_account(users.table, user_id)
    if account is None:
        raise UserNotFound
    return account.profile


async def change_profile(
    users: Users,
    user_id: str,
    if_match: Version | None,
    *,
    name: str,
    phone: str | None,
    locale: Locale,
    marketing_opt_in: bool,
) -> Profile:
    """Replace the profile, announce it. Raises UserNotFound, VersionMismatch (`if_match` is not the current one)."""
    for attempt in range(ATTEMPTS):
        before = await find_profile(users, user_id)
        check_version(if_match, before.version)
        after = Profile(
            id=before.id,
            email=before.email,
            name=name,
            phone=phone,
            locale=locale,
            marketing_opt_in=marketing_opt_in,
            version=before.version + 1,
            created_at=before.created_at,
            updated_at=stamp(),
        )
        fact = ProfileChanged(user_id=after.id, email=after.email, name=after.name, locale=after.locale)
        said = envelope(fact, aggregate_id=after.id, aggregate_version=after.version)
        try:
            await store.save_profile(users.table, after, said)
        except ConditionFailed as failure:
            if if_match is not None:
                raise VersionMismatch from failure
            await pause(attempt)
        else:
            signals.profile_updated()
            return after
    raise DependencyUnavailable("This profile is being changed by too many at once.")


async def find_addresses(users: Users, user_id: str) -> AddressBook:
    """The address book of a user. Raises UserNotFound."""
    book = await store.find_addresses(users.table, user_id)
    if not book.version:
        await find_profile(users, user_id)  # an admin may ask for one who does not exist
    return book


async def change_addresses(users: Users, user_id: str, change: Callable[[AddressBook], AddressBook]) -> AddressBook:
    """Apply `change` to the address book, again from its reading on when another change came between.

    Raises UserNotFound, and what `change` raises.
    """
    for attempt in range(ATTEMPTS):
        after = change(await find_addresses(users, user_id))
        try:
            await store.save_addresses(users.table, user_id, after)
        except ConditionFailed:
            await pause(attempt)
        else:
            return after
    raise DependencyUnavailable("This address book is being changed by too many at once.")


async def pause(attempt: int) -> None:
    """A moment that grows, so that those who race come apart."""
    await asyncio.sleep(random.uniform(0, min(0.2, 0.005 * 2**attempt)))  # noqa: S311 - jitter, no secret
