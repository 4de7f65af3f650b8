"""What is kept no longer: by age, and, oldest first, when there are more rows or bytes than there may be."""

from typing import Final

from shop.console.store.database import Database

__all__ = ["trim"]

MINUTE: Final = 60 * 10**9
SHARE: Final = 0.2  # of the spans, points and lines that go at once when there are too many
SPARE: Final = 0.05  # of the rows that there may be: room, so that not every minute has to delete some
IN_VAIN: Final = 3  # rounds: room comes back in blocks of 120,000 rows, and where there are only few, not each time
TOO_OLD: Final = (
    "delete from spans where start < $1",
    "delete from points where time < $1",
    "delete from exemplars where time < $1",
    "delete from logs where time < $1",
    "delete from events where time < $1",
    "delete from mails where sent < $1",
    "delete from red where minute < $1 // 60000000000",
    "delete from stretches where begun < $1",
    "delete from edges where minute < $1 // 60000000000",
    "delete from minutes where minute < $1 // 60000000000",
)
MOMENTS: Final = """
    select start as moment from spans union all select time from points union all select time from logs"""
OLDEST: Final = f"select approx_quantile(moment, {{share}}) from ({MOMENTS})"
COUNT: Final = f"select count(*) from ({MOMENTS})"
FIRST: Final = f"select min(moment) from ({MOMENTS})"
DEAD_SERIES: Final = "delete from series where id not in (select series from points)"


def trim(database: Database, oldest: int, most_rows: int, disk_bytes: int) -> bool:
    """Delete what is older than `oldest`, then the oldest while there is too much; whether anything was."""
    first = database.query(FIRST)[0][0]
    if first is None:
        return False
    trimmed = bool(first < oldest)
    if trimmed:
        forget(database, oldest)
    trimmed |= trim_rows(database, most_rows)
    return trim_bytes(database, disk_bytes) or trimmed


def trim_rows(database: Database, most: int) -> bool:
    """The oldest spans, points and lines go until there are fewer than `most` by a SPARE part."""
    trimmed = False
    while (count := database.query(COUNT)[0][0]) > most:
        forget_share(database, 1 - most * (1 - SPARE) / count)
        trimmed = True
    return trimmed


def trim_bytes(database: Database, most: int) -> bool:
    """A SHARE of the oldest goes, and another, until they take no more than `most` bytes."""
    size, in_vain, trimmed = database.size(), 0, False
    while size > most and in_vain < IN_VAIN and database.query(COUNT)[0][0]:
        forget_share(database, SHARE)
        before, size = size, database.size()
        in_vain = in_vain + 1 if size >= before else 0
        trimmed = True
    return trimmed


def forget_share(database: Database, share: float) -> None:
    """Delete this share of all rows, the oldest."""
    forget(database, int(database.query(OLDEST.format(share=share))[0][0]) + 1)


def forget(database: Database, oldest: int) -> None:
    """Delete what is older, and give its room back."""
    with database.transaction() as tx:
        for sql in TOO_OLD:
            tx.execute(sql, (oldest,))
        tx.execute(DEAD_SERIES)
    database.checkpoint()
