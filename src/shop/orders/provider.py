"""The payment provider: simulated, but with the manners of a real one. It is slow, it fails, and it keeps books.

It takes money once per idempotency key, whoever asks how often. What a test card does is told by its token (api.md).
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from shop.kernel.ids import new_id
from shop.runtime.postgres import Connection, Database

__all__ = ["Charge", "Provider", "ProviderFailed"]

SLOW = 3.0  # seconds
NEVER = 3600.0
FLAKY_FAILURES = 2
VOIDED = "The charge was voided."
REFUSALS = {"tok_declined": "The card was declined.", "tok_insufficient_funds": "The card has insufficient funds."}

OPEN = """
    insert into provider_charges (key, token, amount, attempts, state, reference) values ($1, $2, $3, 1, 'OPEN', $4)
    on conflict (key) do update set attempts = provider_charges.attempts + 1
    returning attempts, state, reference, reason
"""
LOCK = "select state, reference, reason, amount from provider_charges where key = $1 for update"
OPEN_VOIDED = """
    insert into provider_charges (key, token, amount, state, reference, reason) values ($1, '', 0, 'VOIDED', $2, $3)
    on conflict (key) do nothing
"""
SETTLE = "update provider_charges set state = $2, reason = $3 where key = $1"
BALANCE = """
    select sum(case kind when 'CAPTURE' then amount when 'REFUND' then -amount else 0 end) from provider_ledger
    where key = $1
"""
ENTER = "insert into provider_ledger (key, kind, amount) values ($1, $2, $3)"


class ProviderFailed(Exception):
    """The provider had an error of its own; whether the money was taken only asking again can tell."""


@dataclass(frozen=True, slots=True)
class Charge:
    """The provider's answer: a reference when it has the money, else why not."""

    reference: str | None = None
    refusal: str | None = None


async def spend(seconds: float) -> None:
    """Sleep so long, and not a moment less: a loop's timers count from when its round began, in whole milliseconds."""
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0:  # noqa: ASYNC110 - it is time that is waited for
        await asyncio.sleep(left)


class Provider:
    """The provider, as a client library would offer it."""

    def __init__(self, db: Database, latency: timedelta) -> None:
        self._db, self._latency = db, latency.total_seconds()

    async def charge(self, key: str, token: str, amount: int) -> Charge:
        """Take `amount` yen, once per `key`. It may take long, or for ever: the caller sets the limit.

        Raises ProviderFailed.
        """
        attempt = await self._db.fetchrow(OPEN, key, token, amount, f"ch_{new_id()}")
        if attempt is None:
            raise ProviderFailed("the books are closed")
        if attempt["state"] == "OPEN":
            await self._work(token, attempt["attempts"])
        async with self._db.transaction() as tx:
            row = await tx.fetchrow(LOCK, key)
            if row is None:
                raise ProviderFailed("the charge is gone")
            if row["state"] != "OPEN":
                return (
                    Charge(row["reference"])
                    if row["state"] in ("CAPTURED", "REFUNDED")
                    else Charge(None, row["reason"])
                )
            if token in REFUSALS:
                await self._enter(tx, key, "DECLINED", REFUSALS[token], ("DECLINE", amount))
                return Charge(None, REFUSALS[token])
            await self._enter(tx, key, "CAPTURED", None, ("AUTHORISATION", amount), ("CAPTURE", amount))
            return Charge(row["reference"])

    async def _work(self, token: str, attempt: int) -> None:
        """What a provider does meanwhile."""
        await spend(self._latency)
        if token == "tok_slow":  # noqa: S105 - the name of a test card
            await spend(SLOW)
        elif token == "tok_timeout":  # noqa: S105 - the name of a test card
            await asyncio.sleep(NEVER)
        elif token == "tok_flaky" and attempt <= FLAKY_FAILURES:  # noqa: S105 - the name of a test card
            raise ProviderFailed("internal error of the provider")

    async def refund(self, key: str) -> None:
        """Give back what was taken, once."""
        async with self._db.transaction() as tx:
            row = await tx.fetchrow(LOCK, key)
            if row is not None and row["state"] == "CAPTURED":
                await self._enter(tx, key, "REFUNDED", None, ("REFUND", row["amount"]))

    async def void(self, key: str) -> Charge:
        """Take nothing for this key any more, not even when it is first heard of later.

        The answer has a reference when the money was taken already.
        """
        async with self._db.transaction() as tx:
            await tx.execute(OPEN_VOIDED, key, f"ch_{new_id()}", VOIDED)
            row = await tx.fetchrow(LOCK, key)
            if row is None or row["state"] not in ("OPEN", "CAPTURED"):
                return Charge(None, row["reason"] if row else None)
            if row["state"] == "CAPTURED":
                return Charge(row["reference"])
            await self._enter(tx, key, "VOIDED", VOIDED, ("VOID", row["amount"]))
            return Charge(None, VOIDED)

    async def _enter(self, tx: Connection, key: str, state: str, reason: str | None, *entries: tuple[str, int]) -> None:
        """One settlement, with what it is in the books."""
        await tx.execute(SETTLE, key, state, reason)
        for kind, amount in entries:
            await tx.execute(ENTER, key, kind, amount)

    async def balance(self, key: str) -> int:
        """What the provider holds for a key, in yen: captures less refunds."""
        return int(await self._db.fetchval(BALANCE, key) or 0)
