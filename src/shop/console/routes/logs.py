"""Log lines, asked for in the language of CloudWatch Logs Insights."""

from typing import Any, ClassVar

from shop.console.console import Console
from shop.console.insights import InsightsError, ask
from shop.console.routes.common import Moment, off_loop, routes, span_of_time
from shop.kernel.errors import MalformedRequest

__all__ = ["QueryInvalid"]


class QueryInvalid(MalformedRequest):
    """The query cannot be read; `position` says where, in characters from 0."""

    code = "QUERY_INVALID"
    title: ClassVar[dict[str, str]] = {"ja": "クエリを解釈できません", "en": "The query cannot be read"}


@routes.get("/api/logs", raises=[QueryInvalid])
async def query_logs(
    console: Console, query: str = "", from_: Moment | None = None, to: Moment | None = None
) -> dict[str, Any]:
    """A query of CloudWatch Logs Insights over the lines of a window; without one, the newest."""
    since, until = span_of_time(from_, to)
    try:
        found = await off_loop(ask, console.store, query, since, until)
    except InsightsError as error:
        raise QueryInvalid(error.message, position=error.position) from error
    if found.matched:
        console.asked.log_queries.append(query)
    statistics = {"scanned": found.scanned, "matched": found.matched}
    return {"fields": found.fields, "rows": found.rows, "statistics": statistics}
