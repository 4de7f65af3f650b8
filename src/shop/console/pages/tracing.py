"""Pages of what happened: the map, traces, one trace."""

import asyncio
import math
import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from shop.console.pages.api import Api, Failed, items
from shop.console.pages.graph import draw
from shop.console.pages.timeline import at, waterfall
from shop.console.pages.view import View, render

__all__ = ["overview", "trace", "traces", "traces_compare"]

COMPARED = 100  # traces
WORD = re.compile(r'(?:"[^"]*"|[^\s"]|")+')
PIECE = re.compile(r'"([^"]*)"|([^"]+|")')


async def overview(api: Api, view: View) -> Response:
    """The map, and who is well."""
    now, before, processes, queues = await asyncio.gather(
        api("/api/map", **view.window), api("/api/map", **view.before), api("/api/processes"), queues_there(api)
    )
    with_queues = bool(view.request.query_params.get("queues"))
    old = {node["service"]: node for node in before["nodes"]}
    table = [(node, old.get(node["service"])) for node in now["nodes"]]
    table.sort(key=lambda pair: -changed(*pair))
    return render(
        view, "overview.html", page="overview", map=now, table=table, processes=items(processes), health=None,
        drawing=draw(now["nodes"], now["edges"], queues=with_queues), queues=queues, none_=None,
        with_queues=with_queues,
    )  # fmt: skip


async def queues_there(api: Api) -> list[Any]:
    """The queues, as far as they can be asked."""
    try:
        return items(await api("/api/queues"))
    except Failed:
        return []


def changed(node: Mapping[str, Any], old: Mapping[str, Any] | None) -> float:
    """How much a node has changed for the worse: errors weigh most, then time."""
    if old is None:
        return float(node["errors"])
    errors: float = node["errors"] / max(1, node["requests"]) - old["errors"] / max(1, old["requests"])
    return errors * 100 + math.log((node["p95Ms"] or 1) / (old["p95Ms"] or 1))


async def traces(api: Api, view: View) -> Response:
    """Search, scatter, list."""
    asked = view.asked("service", "operation", "minDurationMs", "status", "attr")
    found, failed, token = [], None, None
    services: list[str] = []
    try:
        answer = await find_traces(api, view, asked, 100)
        found, token = answer["items"], answer["nextToken"]
        services = sorted({name for each in found for name in each["services"]})
    except Failed as refused:
        failed = refused.words
    return render(
        view, "traces.html", page="traces", asked=asked, found=found, failed=failed, next=token, services=services,
        dots=scatter(found),
    )  # fmt: skip


async def find_traces(api: Api, view: View, asked: Mapping[str, str], limit: int) -> Any:
    """A page of traces as the form asks for."""
    query: dict[str, Any] = {**asked, "attr": words(asked["attr"]), "limit": limit, **view.window}
    return await api("/api/traces", **query, nextToken=view.request.query_params.get("nextToken"))


def words(text: str) -> list[str]:
    """Attributes as they are typed: apart by white space, a value that holds some in quotes."""
    return ["".join(quoted or plain for quoted, plain in PIECE.findall(word)) for word in WORD.findall(text)]


def scatter(found: list[Any]) -> list[dict[str, Any]]:
    """A dot per trace: across by its start, up by the logarithm of its duration."""
    if not found:
        return []
    begins = [at(each["startTime"]) for each in found]
    low, high = min(begins), max(begins)
    logs = [math.log10(max(each["durationMs"], 0.1)) for each in found]
    bottom, top = min(logs), max(logs)
    return [
        {
            "trace": each,
            "x": round(20 + 960 * (begin - low) / max(high - low, 1), 1),
            "y": round(165 - 150 * (log - bottom) / max(top - bottom, 0.001), 1),
        }
        for each, begin, log in zip(found, begins, logs, strict=True)
    ]


async def traces_compare(api: Api, view: View) -> Response:
    """A part of the page of traces: what the slow ones share."""
    asked = view.asked("service", "operation", "minDurationMs", "status", "attr")
    query: dict[str, Any] = {**asked, "attr": words(asked["attr"]), "limit": COMPARED, **view.window}
    return render(view, "_compare.html", **await api("/api/compare", **query))


async def trace(api: Api, view: View) -> Response:
    """The waterfall."""
    trace_id = view.request.path_params["id"]
    found = await api(f"/api/traces/{trace_id}")
    drawn = waterfall(found["spans"], [log_line(line) for line in found["logs"]])
    by_self = view.request.query_params.get("sort") == "self"
    rows = sorted(drawn.rows, key=lambda row: -row.span["selfMs"]) if by_self else drawn.rows
    query = f'fields @timestamp, `service.name`, event, @message\n| filter trace_id = "{trace_id}"\n| sort @timestamp'
    return render(
        view, "trace.html", page="traces", trace_id=trace_id, wf=drawn, rows=rows, sorted=by_self, log_query=query,
        first=drawn.rows[0].span if drawn.rows else {"service": "", "name": trace_id},
    )  # fmt: skip


def log_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A log line of a trace: its time, its span, its text."""
    return {"time": line["@timestamp"], "spanId": line["spanId"], "text": line["@message"]}
