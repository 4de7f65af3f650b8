"""What is kept no longer: by age, and, oldest first, when the file holds more than it may."""

from typing import Final

from shop.console.store.database import Database

__all__ = ["trim"]

MINUTE: Final = 60 * 10**9
SHARE: Final = 0.2  # of the spans, points and lines that go at once when there are too many
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
)
OLDEST: Final = f"""
    select min(moment) from (
        select approx_quantile(start, {SHARE}) as moment from spans
        union all select approx_quantile(time, {SHARE}) from points
        union all select approx_quantile(time, {SHARE}) from logs)"""
FIRST: Final = """
    select min(moment) from (select min(start) as moment from spans union all select min(time) from points
        union all select min(time) from logs)"""
DEAD_SERIES: Final = "delete from series where id not in (select series from points)"


def trim(database: Database, oldest: int, disk_bytes: int) -> bool:
    """Delete what is older than `oldest`, then a share of the oldest while there is too much; whether anything was."""
    first = database.query(FIRST)[0][0]
    if first is None:
        return False
    trimmed = bool(first < oldest)
    if trimmed:
        forget(database, oldest)
    size, in_vain = database.size(), 0
    while size > disk_bytes and in_vain < IN_VAIN:
        moment = database.query(OLDEST)[0][0]
        if moment is None:
            break
        forget(database, int(moment) + 1)
        before, size = size, database.size()
        in_vain = in_vain + 1 if size >= before else 0
        trimmed = True
    return trimmed


def forget(database: Database, oldest: int) -> None:
    """Delete what is older, and give its room back."""
    with database.transaction() as tx:
        for sql in TOO_OLD:
            tx.execute(sql, (oldest,))
        tx.execute(DEAD_SERIES)
    database.checkpoint()
