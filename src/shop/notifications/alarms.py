"""Limits on system alerts: a storm of alarms must not become a storm of mails.

In ten minutes three mails per alarm, which may flap, and no more than twenty of all alarms together; what is over that
is counted.
"""

import hashlib
from datetime import timedelta

from shop.kernel.clock import now
from shop.notifications import signals
from shop.notifications.model import Notice
from shop.runtime.dynamo import ConditionFailed, Table

__all__ = ["may_ring"]

WINDOW = timedelta(minutes=10)
MOST_OF_ONE = 3
MOST = 20


async def may_ring(table: Table, notice: Notice) -> bool:
    """Whether this alarm is to be mailed. One that was allowed stays allowed when its message comes again."""
    window = int(now().timestamp() // WINDOW.total_seconds())
    own = f"LIMIT#{hashlib.sha256(notice.correlation_id.encode()).hexdigest()[:32]}#{window}"
    expires = int((now() + 2 * WINDOW).timestamp())
    try:
        await table.transact(
            table.update(
                own,
                "LIMIT",
                "SET expiresAt = :expires, causes = list_append(if_not_exists(causes, :none), :cause)",
                condition="attribute_not_exists(causes) OR (size(causes) < :most AND NOT contains(causes, :this))",
                values={
                    "expires": expires,
                    "none": [],
                    "cause": [notice.cause],
                    "this": notice.cause,
                    "most": MOST_OF_ONE,
                },
            ),
            table.update(
                f"LIMIT#ALL#{window}",
                "LIMIT",
                "SET expiresAt = :expires ADD mails :one",
                condition="attribute_not_exists(mails) OR mails < :most",
                values={"one": 1, "most": MOST, "expires": expires},
            ),
        )
    except ConditionFailed as full:
        rung = full.items.get(0)
        if rung is not None and notice.cause in rung["causes"]:
            return True
        signals.suppressed(notice.kind)
        return False
    return True
