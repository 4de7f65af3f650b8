"""The one place where trouble can be let in: a hook that does nothing until chaos takes it.

It sits inside the tracing at HTTP in and out, AWS call, query and consume, so that an injected fault looks like the
real thing: nothing announces it.
"""

from typing import Literal

__all__ = ["Place", "point"]

Place = Literal["http.in", "http.out", "aws", "postgres", "consume"]


async def point(place: Place, name: str) -> None:
    """Called just before the real work `name` (a route, an operation, a query, a message type) at `place`."""
