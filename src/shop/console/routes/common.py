"""What the routes share: the console that they show, windows of time, lists, and blocking work off the event loop."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated, Any, Final, ParamSpec, TypeAlias, TypeVar

import duckdb
from msgspec import Meta

from shop.console.store.database import QueryTooLong
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, ValidationFailed
from shop.runtime.http import PageTokens, Routes

__all__ = ["Limit", "Moment", "iso", "milliseconds", "off_loop", "page", "paged", "routes", "span_of_time", "tokens"]

P = ParamSpec("P")
T = TypeVar("T")
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=1000)]
LAST: Final = 253_402_300_799 * 10**9  # ns: the end of the year 9999
HOUR: Final = 3600 * 10**9
READERS: Final = 3  # queries at once

routes = Routes("console")
tokens = PageTokens(str(time.time_ns()))  # good until the console starts again
readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` gives, on a thread that may wait. DependencyTimeout: a query takes too long."""
    try:
        return await asyncio.get_running_loop().run_in_executor(readers, lambda: work(*args, **kwargs))
    except duckdb.OutOfMemoryException as error:
        raise DependencyUnavailable("The query needs more memory than the console may take.") from error
    except QueryTooLong as error:
        raise DependencyTimeout("The query took too long: ask for a shorter time.") from error


def span_of_time(begin: datetime | None, end: datetime | None) -> tuple[int, int]:
    """From and to in ns; without them, the last hour. ValidationFailed when they are the wrong way round."""
    until = nanoseconds(end) if end else time.time_ns()
    since = nanoseconds(begin) if begin else until - HOUR
    if since > until:
        raise ValidationFailed(("from", "must not be after to"))
    return since, until


def nanoseconds(moment: datetime) -> int:
    """A time as ns since 1970, exactly."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds) * 1000


def iso(moment: int) -> str:
    """Ns since 1970 as RFC 3339, to the microsecond: spans are often shorter than a millisecond."""
    seconds, rest = divmod(min(max(moment, 0), LAST), 10**9)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest // 1000:06d}Z"


def milliseconds(duration: float) -> float:
    """Ns as ms."""
    return round(duration / 1e6, 6)


def page(items: list[Any], token: str | None = None) -> dict[str, Any]:
    """A list as every list is."""
    return {"items": items, "nextToken": token}


def paged(scope: str, items: list[Any], limit: int, next_token: str | None) -> dict[str, Any]:
    """A page of a list that is at hand whole. PageTokenInvalid: as PageTokens.open."""
    begin = int(tokens.open(scope, next_token)) if next_token else 0
    end = begin + limit
    return page(items[begin:end], tokens.seal(scope, end) if end < len(items) else None)
