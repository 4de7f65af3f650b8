"""Limits on system alerts: a storm of alarms must not become a storm of mails.

One mail per alarm in ten minutes, and no more than twenty of all alarms together; what is over that is counted.
"""

import hashlib
from datetime import timedelta

from shop.kernel.clock import now, stamp
from shop.notifications import signals
from shop.notifications.model import Notice
from shop.runtime.dynamo import ConditionFailed, Table

__all__ = ["may_ring"]

PAUSE = timedelta(minutes=10)
MOST = 20


async def may_ring(table: Table, notice: Notice) -> bool:
    """Whether this alarm is to be mailed. One that was allowed stays allowed when its message comes again."""
    key = f"LIMIT#{hashlib.sha256(notice.correlation_id.encode()).hexdigest()[:32]}"
    before = await table.get(key, "LIMIT")
    if before is not None and before["cause"] == notice.cause:
        return True
    this_window = int(now().timestamp() // PAUSE.total_seconds())
    expires = {"expiresAt": int((now() + 2 * PAUSE).timestamp())}
    rung = {"pk": key, "sk": "LIMIT", "cause": notice.cause, "at": stamp()} | expires
    try:
        await table.transact(
            table.put(
                rung,
                condition="attribute_not_exists(pk) OR #at < :since",
                values={"since": stamp(now() - PAUSE)},
                names={"at": "at"},
            ),
            table.update(
                f"LIMIT#ALL#{this_window}",
                "LIMIT",
                "SET expiresAt = :expires ADD mails :one",
                condition="attribute_not_exists(mails) OR mails < :most",
                values={"one": 1, "most": MOST, "expires": expires["expiresAt"]},
            ),
        )
    except ConditionFailed:
        signals.suppressed(notice.kind)
        return False
    return True
