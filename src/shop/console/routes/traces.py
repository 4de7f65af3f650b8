"""Traces and the map."""

import time
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta
from starlette.requests import Request

from shop.console.compare import Told, compare
from shop.console.console import Console
from shop.console.lesson import taken
from shop.console.routes.common import (
    Limit,
    Moment,
    iso,
    milliseconds,
    off_loop,
    page,
    routes,
    span_of_time,
    tokens,
)
from shop.console.store import graph, traces
from shop.console.store.database import Database
from shop.console.store.traces import Bookmark, Position, Search, Summary
from shop.console.waterfall import Timed, critical_path, self_times
from shop.kernel.errors import NotFound, ValidationFailed

__all__ = ["TraceNotFound", "trace"]

KINDS: Final = ("internal", "internal", "server", "client", "producer", "consumer")
STATUSES: Final = ("unset", "ok", "error")
LONGEST: Final = 2**62  # ns
Duration: TypeAlias = Annotated[float, Meta(ge=0)]  # ms
Status: TypeAlias = Literal["ok", "error", "unset"]


class TraceNotFound(NotFound):
    """No span of this trace is kept: it may not have arrived yet, or be older than what is kept."""

    code = "TRACE_NOT_FOUND"
    title = {"ja": "トレースが見つかりません", "en": "No such trace"}  # noqa: RUF012 - as Problem's


class SpanNotFound(NotFound):
    """The trace has no such span."""

    code = "SPAN_NOT_FOUND"
    title = {"ja": "スパンが見つかりません", "en": "No such span"}  # noqa: RUF012 - as Problem's


@routes.get("/api/traces")
async def list_traces(  # noqa: PLR0917 - a parameter per filter
    console: Console,
    request: Request,
    service: str | None = None,
    operation: str | None = None,
    min_duration_ms: Duration = 0,
    status: Status | None = None,
    from_: Moment | None = None,
    to: Moment | None = None,
    limit: Limit = 100,
    next_token: str | None = None,
) -> dict[str, Any]:
    """The traces that began in a window and have a span of this service, operation, status and attributes."""
    search = Search(
        *span_of_time(from_, to), service, operation, nanoseconds_of(min_duration_ms), status, attributes_in(request)
    )
    about = (service, operation, min_duration_ms, status, search.attributes, from_, to)
    scope = f"/api/traces {msgspec.json.encode(about).decode()}"
    after = bookmark(tokens.open(scope, next_token)) if next_token else None
    found, rest = await off_loop(traces.find, console.store.database, search, limit, after)
    return page([summary(each) for each in found], tokens.seal(scope, rest) if rest else None)


@routes.get("/api/compare")
async def compare_traces(  # noqa: PLR0917 - a parameter per filter
    console: Console,
    request: Request,
    service: str | None = None,
    operation: str | None = None,
    min_duration_ms: Duration = 0,
    status: Status | None = None,
    from_: Moment | None = None,
    to: Moment | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """What the slowest tenth of the newest traces that fit shares, and the others have less often."""
    search = Search(
        *span_of_time(from_, to), service, operation, nanoseconds_of(min_duration_ms), status, attributes_in(request)
    )
    return await off_loop(compared, console.store.database, search, limit)


def compared(database: Database, search: Search, limit: int) -> dict[str, Any]:
    """Slow traces held against the others, as the API shows it."""
    found, _ = traces.find(database, search, limit, None)
    told = traces.told_of(database, found)
    result = compare(
        [
            (
                milliseconds(each.end - each.start),
                [Told(*span) for span in told.get((each.trace_hi, each.trace_lo), ())],
            )
            for each in found
        ]
    )
    attributes = [{"key": one.key, "value": one.value, "slow": one.slow, "rest": one.rest} for one in result.shared]
    return {"limitMs": result.limit, "slow": result.slow, "rest": result.rest, "attributes": attributes}


def nanoseconds_of(duration: float) -> int:
    """Ms as ns, none longer than a time can be."""
    return min(round(duration * 1e6), LONGEST)


def attributes_in(request: Request) -> tuple[tuple[str, str], ...]:
    """Every `attr` of a request. ValidationFailed."""
    return tuple(attribute(each) for each in request.query_params.getlist("attr"))


def bookmark(content: Any) -> Bookmark:
    """What a token holds."""
    position, high = content
    return Bookmark(Position(*position), high)


def attribute(text: str) -> tuple[str, str]:
    """`key:value`. ValidationFailed."""
    key, colon, value = text.partition(":")
    if not colon or not key:
        raise ValidationFailed(("attr", "must be key:value"))
    return key, value


def summary(given: Summary) -> dict[str, Any]:
    """A trace in a list."""
    return {
        "traceId": f"{given.trace_hi:016x}{given.trace_lo:016x}",
        "root": {"service": given.root_service, "name": given.root_name},
        "startTime": iso(given.start),
        "durationMs": milliseconds(given.end - given.start),
        "spanCount": given.spans,
        "services": given.services,
        "errors": given.errors,
    }


@routes.get("/api/traces/{traceId}", raises=[TraceNotFound])
async def get_trace(console: Console, trace_id: str) -> dict[str, Any]:
    """A trace: its spans by their start, and the log lines that belong to it."""
    found = await known(console, trace_id)
    console.asked.traces.append(found["traceId"])
    return found


@routes.get("/api/traces/{traceId}/spans/{spanId}", raises=[TraceNotFound, SpanNotFound])
async def get_span(console: Console, trace_id: str, span_id: str) -> dict[str, Any]:
    """One span of a trace."""
    found = await known(console, trace_id)
    span = next((each for each in found["spans"] if each["spanId"] == span_id.lower()), None)
    if span is None:
        raise SpanNotFound
    console.asked.span(found, span["spanId"])
    return dict(span)


@routes.get("/api/first/{traceId}", raises=[TraceNotFound])
async def get_first_steps(console: Console, trace_id: str) -> dict[str, Any]:
    """Which steps of the first 15 minutes were taken with the order of this trace."""
    found = await known(console, trace_id)
    return {"traceId": found["traceId"], "taken": taken(found, console.asked)}


async def known(console: Console, trace_id: str) -> dict[str, Any]:
    """A trace as the API shows it. TraceNotFound."""
    found = await off_loop(trace, console, trace_id)
    if found is None:
        raise TraceNotFound
    return found


def trace(console: Console, trace_id: str) -> dict[str, Any] | None:
    """A trace as the API shows it, or None."""
    try:
        content = bytes.fromhex(trace_id)
    except ValueError:
        return None
    if len(content) != 16 or len(trace_id) != 32 or not any(content):  # zeros: what belongs to no trace
        return None
    high, low = int.from_bytes(content[:8]), int.from_bytes(content[8:])
    rows = traces.spans_of(console.store.database, high, low)
    lines = traces.lines_of(console.store.database, high, low)
    if not rows and not lines:
        return None
    timed = [Timed(row[0], row[1], row[7], row[7] + row[8]) for row in rows]
    own, critical = self_times(timed), critical_path(timed)
    spans = [span(row, own[row[0]], critical=row[0] in critical) for row in rows]
    return {"traceId": trace_id.lower(), "spans": spans, "logs": [line(row) for row in lines]}


def span(row: tuple[Any, ...], own: int, *, critical: bool) -> dict[str, Any]:
    """A span as the API shows it."""
    id_, parent, service, name, kind, status, message, start, duration, attributes, events, links, scope, resource = row
    return {
        "spanId": f"{id_:016x}",
        "parentSpanId": f"{parent:016x}" if parent else None,
        "links": msgspec.json.decode(links) if links else [],
        "service": service,
        "name": name,
        "kind": KINDS[kind],
        "startTime": iso(start),
        "durationMs": milliseconds(duration),
        "selfMs": milliseconds(own),
        "critical": critical,
        "status": STATUSES[status],
        "statusMessage": message,
        "attributes": msgspec.json.decode(attributes),
        "events": [event(each) for each in msgspec.json.decode(events)] if events else [],
        "scope": msgspec.json.decode(scope),
        "resource": msgspec.json.decode(resource),
    }


def event(given: dict[str, Any]) -> dict[str, Any]:
    """Something that happened within a span."""
    return {**given, "time": iso(given["time"])}


def line(row: tuple[Any, ...]) -> dict[str, Any]:
    """A log line beside the spans: as a query shows it, and its fields."""
    time_, message, log, fields, span_id = row
    return {
        "@timestamp": iso(time_),
        "@message": message,
        "@log": log,
        "spanId": f"{span_id:016x}" if span_id else None,
        "fields": fields_in(fields),
    }


def fields_in(text: str) -> dict[str, Any]:
    """The fields of a line; of plain text none."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


@routes.get("/api/map")
async def get_map(console: Console, from_: Moment | None = None, to: Moment | None = None) -> dict[str, Any]:
    """Who calls whom, how often, how long it takes and how often it fails."""
    since, until = span_of_time(from_, to)
    return await off_loop(whole_map, console, since, until)


def whole_map(console: Console, since: int, until: int) -> dict[str, Any]:
    """Nodes and edges of a window."""
    database = console.store.database
    edges, into = graph.edges(database, since, until, time.time_ns())
    nodes = {(kind_of(each.name), each.name): each.load for each in graph.services(database, since, until)}
    silent = {(each.from_kind, each.from_name): graph.Load(0, 0, 0.0, 0.0, 0.0) for each in edges}
    nodes = silent | into | nodes  # what a service says of itself counts more than what others say of it
    return {
        "nodes": [{"service": name, "kind": kind, **loaded(load)} for (kind, name), load in sorted(nodes.items())],
        "edges": [
            {
                "from": each.from_name,
                "to": each.to_name,
                "requests": each.load.requests,
                "errors": each.load.errors,
                "p95Ms": milliseconds(each.load.p95),
            }
            for each in edges
        ],
    }


def kind_of(service: str) -> str:
    """A service's kind of node."""
    return "gateway" if service == "gateway" else "service"


def loaded(load: graph.Load) -> dict[str, Any]:
    """A load as the API shows it."""
    return {
        "requests": load.requests,
        "errors": load.errors,
        "p50Ms": milliseconds(load.p50),
        "p95Ms": milliseconds(load.p95),
        "p99Ms": milliseconds(load.p99),
    }


@routes.get("/api/operations")
async def list_operations(console: Console, from_: Moment | None = None, to: Moment | None = None) -> dict[str, Any]:
    """Rate, errors and duration of every operation of every service."""
    since, until = span_of_time(from_, to)
    found = await off_loop(graph.operations, console.store.database, since, until)
    return page(
        [{"service": each.service, "name": each.name, "kind": KINDS[each.kind], **loaded(each.load)} for each in found]
    )
