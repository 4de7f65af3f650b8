"""The observability points, objectives and alarms, evaluated on what the console keeps."""

from datetime import timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from shop.console.console import Console
from shop.console.figures import samples
from shop.console.ports import Cells
from shop.console.routes.common import Limit, Moment, iso, off_loop, page, paged, routes, span_of_time
from shop.console.store.store import Store
from shop.kernel.errors import NotFound
from shop.telemetry.points import Point, points
from shop.telemetry.samples import Sample, Window

__all__ = ["SignalNotFound", "evaluated"]

MINUTE: Final = 60 * 10**9


class SignalNotFound(NotFound):
    """There is no observability point of this id."""

    code = "SIGNAL_NOT_FOUND"
    title = {"ja": "観測ポイントが見つかりません", "en": "No such observability point"}  # noqa: RUF012 - as Problem's


@routes.get("/api/signals")
async def list_signals(
    console: Console,
    from_: Moment | None = None,
    to: Moment | None = None,
    limit: Limit = 100,
    next_token: str | None = None,
) -> dict[str, Any]:
    """Every observability point with its value over a window."""
    since, until = span_of_time(from_, to)
    return paged("/api/signals", await off_loop(evaluated, console.store, points(), since, until), limit, next_token)


@routes.get("/api/signals/{id}", raises=[SignalNotFound])
async def get_signal(
    console: Console,
    id: str,  # noqa: A002 - as it stands in the path
    from_: Moment | None = None,
    to: Moment | None = None,
) -> dict[str, Any]:
    """One observability point with its value over a window."""
    since, until = span_of_time(from_, to)
    console.asked.point(id)
    return (await off_loop(evaluated, console.store, (point(id),), since, until))[0]


@routes.get("/api/signals/{id}/history", raises=[SignalNotFound])
async def get_signal_history(
    console: Console,
    id: str,  # noqa: A002 - as it stands in the path
    from_: Moment | None = None,
    to: Moment | None = None,
    steps: Annotated[int, Meta(ge=1, le=500)] = 48,
) -> dict[str, Any]:
    """The value of a point in each of about so many parts of a window, oldest first; long ones are whole minutes."""
    since, until = span_of_time(from_, to)
    return page(await off_loop(course, console.store, point(id), since, until, steps))


def point(id_: str) -> Point:
    """The point of an id. SignalNotFound."""
    found = next((each for each in points() if each.id == id_), None)
    if found is None:
        raise SignalNotFound
    return found


def course(store: Store, which: Point, since: int, until: int, steps: int) -> list[dict[str, Any]]:
    """Part after part: its end, and the value in it."""
    size = max(-(-(until - since) // steps), 1)
    cells = Cells(since, size) if size < MINUTE else Cells(since // MINUTE * MINUTE, -(-size // MINUTE) * MINUTE)
    parts: dict[int, list[Sample]] = {}
    for each in samples(store, which.metrics, since, until, cells):
        parts.setdefault((each.end - 1 - cells.origin) // cells.size, []).append(each)
    ends = range(cells.origin + cells.size, until + cells.size, cells.size)
    return [
        {"time": iso(min(end, until)), "value": which.evaluate(parts.get(n, []), Window(since, until)).value}
        for n, end in enumerate(ends)
    ]


@routes.get("/api/alarms")
async def list_alarms(console: Console, limit: Limit = 100, next_token: str | None = None) -> dict[str, Any]:
    """Every objective and alarm with its state and, of objectives, what is left of the error budget."""
    return paged("/api/alarms", console.alarms.shown(), limit, next_token)


def evaluated(store: Store, which: tuple[Point, ...], since: int, until: int) -> list[dict[str, Any]]:
    """These points over (since, until]."""
    metrics = {metric for each in which for metric in each.metrics}
    given = samples(store, metrics, since, until)
    return [told(each, given, since, until) for each in which]


def told(point: Point, given: list[Sample], since: int, until: int) -> dict[str, Any]:
    """A point as the API shows it."""
    answer = msgspec.to_builtins(point.evaluate(given, Window(since, until)))
    about = {name: msgspec.to_builtins(getattr(point, name)) for name in TOLD}
    return {**about, **answer, "promql": point.promql(timedelta(microseconds=(until - since) // 1000))}


TOLD = ("id", "service", "title", "question", "definition", "why", "unit", "insights", "queries")
