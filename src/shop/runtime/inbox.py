"""What was handled already: makes a consumer with PostgreSQL idempotent."""

from datetime import timedelta

from shop.runtime.postgres import Connection, Database

__all__ = ["admit", "trim"]

ADMIT = "insert into inbox (event_id) values ($1) on conflict do nothing returning true"
TRIM = "delete from inbox where admitted_at < now() - $1::interval"
KEPT = timedelta(days=30)  # as long as the archive, which can replay any event of that time


async def admit(tx: Connection, event_id: str) -> bool:
    """Whether this event is new here; it counts as handled once `tx` commits. A second one waits for it."""
    return bool(await tx.fetchval(ADMIT, event_id))


async def trim(db: Database, older_than: timedelta = KEPT) -> None:
    """Forget what cannot come again."""
    await db.execute(TRIM, older_than)
