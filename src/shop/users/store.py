"""The table of users: its keys, its items, and every access to it. docs/users-table.md shows the design."""

from datetime import timedelta
from typing import Any

import msgspec

from shop.contracts.messages import Envelope
from shop.kernel.clock import now, stamp
from shop.runtime.dynamo import Found, Item, Table, Write, outbox_item
from shop.users.model import CODE_TRIES, Account, Address, AddressBook, Code, EndReason, Profile, Purpose, Session
from shop.users.model import fingerprint as hashed

__all__ = [
    "OpenSession",
    "announce",
    "claim_email",
    "close_session",
    "complete_registration",
    "confirm_account",
    "due",
    "expire_registration",
    "find_account",
    "find_addresses",
    "find_session",
    "find_token",
    "find_user",
    "forget_code",
    "keep_code",
    "list_sessions",
    "release_email",
    "remove_registration",
    "renew_claim",
    "save_addresses",
    "save_profile",
    "sessions_of",
    "spend_try",
    "start_session",
    "touch_session",
]

NEW = "attribute_not_exists(pk)"
BY_GSI1 = ("gsi1", "gsi1pk", "gsi1sk")
CLAIM = timedelta(seconds=30)  # how long a registration may take before another one may take the address over
KEPT = timedelta(days=30)  # how long an ended session can be looked at


def epoch(later: timedelta) -> int:
    """A time from now, as DynamoDB's TTL wants it."""
    return int((now() + later).timestamp())


# ------------------------------------------------------------------------------------------------------ mail addresses


async def claim_email(table: Table, email: str, claim: str) -> None:
    """Take an address for a registration that begins. Raises ConditionFailed when somebody has it."""
    item = {"pk": f"EMAIL#{hashed(email)}", "sk": "EMAIL", "claim": claim, "claimedUntil": stamp(now() + CLAIM)}
    free = f"{NEW} OR (attribute_not_exists(userId) AND claimedUntil < :now)"
    await table.write(table.put(item, condition=free, values={"now": stamp()}))


async def renew_claim(table: Table, email: str, claim: str) -> None:
    """Go on holding an address. Raises ConditionFailed when another one has taken the claim over."""
    until = {"claim": claim, "until": stamp(now() + CLAIM)}
    condition, change = "claim = :claim", "SET claimedUntil = :until"
    await table.write(table.update(f"EMAIL#{hashed(email)}", "EMAIL", change, condition=condition, values=until))


async def release_email(table: Table, email: str, claim: str) -> None:
    """Give an address back whose registration came to nothing."""
    await table.write(
        table.delete(f"EMAIL#{hashed(email)}", "EMAIL", condition="claim = :claim", values={"claim": claim})
    )


async def find_user(table: Table, email: str) -> str | None:
    """The id of the user with this mail address."""
    item = await table.get(f"EMAIL#{hashed(email)}", "EMAIL")
    return item.get("userId") if item else None


# ------------------------------------------------------------------------------------------------------------ accounts


def account_item(account: Account) -> Item:
    """An account as an item."""
    fields = msgspec.to_builtins(account.profile)
    fields |= {"confirmedAt": account.confirmed_at, "registrationExpiredAt": account.expired_at}
    fields["synthetic"] = account.synthetic
    return {"pk": f"USER#{account.profile.id}", "sk": "ACCOUNT"} | {k: v for k, v in fields.items() if v is not None}


def account_of(item: Item) -> Account:
    """An item as an account."""
    return Account(
        profile=msgspec.convert(item, Profile),
        confirmed_at=item.get("confirmedAt"),
        expired_at=item.get("registrationExpiredAt"),
        synthetic=item.get("synthetic"),
    )


async def find_account(table: Table, user_id: str) -> Account | None:
    """The account of this id."""
    item = await table.get(f"USER#{user_id}", "ACCOUNT")
    return account_of(item) if item else None


async def complete_registration(
    table: Table, account: Account, email: str, claim: str, code: Code, code_ttl: timedelta, expires_after: timedelta
) -> None:
    """Make the account, with its code, and the date on which it counts as never completed."""
    user_id = account.profile.id
    await table.transact(
        table.put(
            {"pk": f"EMAIL#{hashed(email)}", "sk": "EMAIL", "userId": user_id},
            condition="claim = :claim",
            values={"claim": claim},
        ),
        table.put(account_item(account), condition=NEW),
        table.put(code_item(email, "CONFIRM", code, code_ttl)),
        table.put(due_item("registration", user_id, stamp(now() + expires_after), userId=user_id)),
    )


WAITS = "attribute_exists(pk) AND attribute_not_exists(confirmedAt) AND attribute_not_exists(registrationExpiredAt)"


async def confirm_account(table: Table, user_id: str, email: str, at: str, code: Code, fact: Envelope[Any]) -> None:
    """Confirm, once, by this very code, and announce it. Raises ConditionFailed; its `item` is the account, if that is
    why.
    """
    await table.transact(
        table.update(f"USER#{user_id}", "ACCOUNT", "SET confirmedAt = :at", condition=WAITS, values={"at": at}),
        table.delete(f"EMAIL#{hashed(email)}", "CODE#CONFIRM", condition="salt = :salt", values={"salt": code.salt}),
        table.delete(f"DUE#registration#{user_id}", "DUE"),
        announce(table, fact),
    )


async def expire_registration(table: Table, user_id: str, at: str) -> None:
    """Note, once, that a registration was not completed in time. Raises ConditionFailed; its `item` is the account."""
    change = "SET registrationExpiredAt = :at"
    await table.write(table.update(f"USER#{user_id}", "ACCOUNT", change, condition=WAITS, values={"at": at}))


async def remove_registration(table: Table, user_id: str, email: str) -> None:
    """Forget an account that was never confirmed; its mail address is free again. Raises ConditionFailed."""
    await table.transact(
        table.delete(f"USER#{user_id}", "ACCOUNT", condition="attribute_not_exists(confirmedAt)"),
        table.delete(f"EMAIL#{hashed(email)}", "EMAIL", condition=f"{NEW} OR userId = :id", values={"id": user_id}),
        table.delete(f"EMAIL#{hashed(email)}", "CODE#CONFIRM"),
        table.delete(f"DUE#registration#{user_id}", "DUE"),
    )


async def save_profile(table: Table, profile: Profile, fact: Envelope[Any]) -> None:
    """Replace the profile of the version before this one, and announce it. Raises ConditionFailed."""
    values: Item = {"name": profile.name, "phone": profile.phone, "locale": profile.locale}
    values |= {"optIn": profile.marketing_opt_in, "version": profile.version, "at": profile.updated_at}
    await table.transact(
        table.update(
            f"USER#{profile.id}",
            "ACCOUNT",
            "SET #name = :name, phone = :phone, locale = :locale, marketingOptIn = :optIn, version = :version,"
            " updatedAt = :at",
            condition="version = :before",
            values=values | {"before": profile.version - 1},
            names={"name": "name"},
        ),
        announce(table, fact),
    )


def announce(table: Table, fact: Envelope[Any]) -> Write:
    """What others are to hear, as part of the transaction of what happened."""
    return table.put(outbox_item(fact))


# --------------------------------------------------------------------------------------------------------------- codes


def code_item(email: str, purpose: Purpose, code: Code, ttl: timedelta) -> Item:
    """A code as an item; it replaces the one before."""
    return {
        "pk": f"EMAIL#{hashed(email)}",
        "sk": f"CODE#{purpose}",
        "salt": code.salt,
        "digest": code.digest,
        "tries": 0,
        "dueAt": stamp(now() + ttl),
        "expiresAt": epoch(ttl),
    }


async def keep_code(table: Table, email: str, purpose: Purpose, code: Code, ttl: timedelta) -> None:
    """From now on this code is good, and the one before is not."""
    await table.write(table.put(code_item(email, purpose, code, ttl)))


async def spend_try(table: Table, email: str, purpose: Purpose) -> Code:
    """The code, once the try is counted: who tries a hundred at once gets five. Raises ConditionFailed: none left."""
    item = await table.write(
        table.update(
            f"EMAIL#{hashed(email)}",
            f"CODE#{purpose}",
            "SET tries = tries + :one",
            condition="attribute_exists(pk) AND tries < :limit AND dueAt > :now",
            values={"one": 1, "limit": CODE_TRIES, "now": stamp()},
        )
    )
    return msgspec.convert(item, Code)


async def forget_code(table: Table, email: str, purpose: Purpose, code: Code) -> None:
    """This code has been used. Raises ConditionFailed when it is gone, or another one has replaced it."""
    salt = {"salt": code.salt}
    await table.write(table.delete(f"EMAIL#{hashed(email)}", f"CODE#{purpose}", condition="salt = :salt", values=salt))


# ----------------------------------------------------------------------------------------------------------- addresses


async def find_addresses(table: Table, user_id: str) -> AddressBook:
    """The address book of a user; an empty one when there is none."""
    item = await table.get(f"USER#{user_id}", "ADDRESSES")
    return msgspec.convert(item, AddressBook) if item else AddressBook()


async def save_addresses(table: Table, user_id: str, book: AddressBook) -> None:
    """Replace the book of the version before this one. Raises ConditionFailed."""
    item = {"pk": f"USER#{user_id}", "sk": "ADDRESSES", "version": book.version}
    item["addresses"] = [stored(address) for address in book.addresses]
    before = {"before": book.version - 1}
    await table.write(table.put(item, condition=f"{NEW} OR version = :before", values=before))


def stored(address: Address) -> Item:
    """An address inside the book."""
    return {name: value for name, value in msgspec.to_builtins(address).items() if value is not None}


# ------------------------------------------------------------------------------------------------------------ sessions


class OpenSession(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session as it is kept. It ends by itself at `due_at`. `synthetic`: the kind of traffic that began it."""

    session_id: str
    user_id: str
    started_at: str
    last_used_at: str
    due_at: str
    ended_at: str | None = None
    end_reason: EndReason | None = None
    synthetic: str | None = None

    @property
    def shown(self) -> Session:
        """As its owner sees it. It is over once its time has come, though no sweep may have noted that yet."""
        over = not self.ended_at and self.due_at <= stamp()
        return Session(
            session_id=self.session_id,
            started_at=self.started_at,
            last_used_at=self.last_used_at,
            ended_at=self.due_at if over else self.ended_at,
            end_reason="expired" if over else self.end_reason,
        )


async def start_session(table: Table, session: OpenSession, refresh_token: str, ttl: timedelta) -> None:
    """Keep a session that begins, the way from its refresh token to it, and the date of its end."""
    fields = {name: value for name, value in msgspec.to_builtins(session).items() if value is not None}
    pk, sk = session_key(session.user_id, session.session_id)
    ids = {"userId": session.user_id, "sessionId": session.session_id}
    index = {"gsi1pk": f"SESSIONS#{session.user_id}", "gsi1sk": session.started_at}
    kept = {"expiresAt": epoch(ttl + KEPT)}
    await table.transact(
        table.put({"pk": pk, "sk": sk} | fields | index | kept),
        table.put({"pk": f"TOKEN#{hashed(refresh_token)}", "sk": "TOKEN"} | ids | kept),
        table.put(due_item("session", session.session_id, session.due_at, **ids, **kept)),
    )


async def find_token(table: Table, refresh_token: str) -> OpenSession | None:
    """The session of a refresh token that we gave out, ended or not."""
    item = await table.get(f"TOKEN#{hashed(refresh_token)}", "TOKEN")
    return await find_session(table, item["userId"], item["sessionId"]) if item else None


def session_key(user_id: str, session_id: str) -> tuple[str, str]:
    """Where a session stands."""
    return f"USER#{user_id}", f"SESSION#{session_id}"


async def find_session(table: Table, user_id: str, session_id: str) -> OpenSession | None:
    """A user's session of this id, ended or not."""
    item = await table.get(*session_key(user_id, session_id))
    return msgspec.convert(item, OpenSession) if item else None


async def sessions_of(
    table: Table, user_id: str, limit: int, start: Item | None
) -> tuple[list[OpenSession], Item | None]:
    """A page of a user's sessions, in no order, but with the one that has begun just now; and where the next begins."""
    found = await table.query(f"USER#{user_id}", prefix="SESSION#", limit=limit, start=start, consistent=True)
    return [msgspec.convert(item, OpenSession) for item in found.items], found.start


async def list_sessions(
    table: Table, user_id: str, limit: int, start: Item | None
) -> tuple[list[OpenSession], Item | None]:
    """A page of a user's sessions, newest first, and where the next one begins."""
    found = await table.query(f"SESSIONS#{user_id}", index=BY_GSI1, limit=limit, forward=False, start=start)
    return [msgspec.convert(item, OpenSession) for item in found.items], found.start


LIVES = "attribute_exists(pk) AND attribute_not_exists(endedAt)"


async def touch_session(table: Table, session: OpenSession) -> None:
    """It was used just now. Raises ConditionFailed when it has ended."""
    key = session_key(session.user_id, session.session_id)
    await table.write(table.update(*key, "SET lastUsedAt = :now", condition=LIVES, values={"now": stamp()}))


async def close_session(table: Table, session: OpenSession, at: str, reason: EndReason) -> None:
    """End it, once. Raises ConditionFailed when it has ended."""
    key, values = session_key(session.user_id, session.session_id), {"at": at, "reason": reason}
    await table.transact(
        table.update(*key, "SET endedAt = :at, endReason = :reason", condition=LIVES, values=values),
        table.delete(f"DUE#session#{session.session_id}", "DUE"),
    )


# --------------------------------------------------------------------------------------------------- what time brings


def due_item(kind: str, subject: str, at: str, **more: Any) -> Item:
    """Something that is to be looked at after a certain time."""
    return {"pk": f"DUE#{kind}#{subject}", "sk": "DUE", "gsi1pk": "DUE", "gsi1sk": at, "kind": kind, **more}


async def due(table: Table, limit: int, start: Item | None = None) -> Found:
    """A page of what is due by now, the longest waiting first."""
    return await table.query("DUE", index=BY_GSI1, below=stamp(), limit=limit, start=start)
