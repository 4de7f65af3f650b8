"""The pages: each asks the API for what it shows."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from shop.console.pages.api import Api, Failed
from shop.console.pages.compare import compare
from shop.console.pages.first import Buyer, Refusal
from shop.console.pages.graph import draw
from shop.console.pages.timeline import at, waterfall
from shop.console.pages.view import ENVIRONMENT, View, render, rfc3339

__all__ = ["pages"]

HERE = Path(__file__).parent
Page = Callable[[Api, View], Awaitable[Response]]
NEWEST_LINES = "fields @timestamp, `service.name`, level, event, @message\n| sort @timestamp desc\n| limit 100"
SHOWN_ROWS = 500
COMPARED = 60  # traces
CHART_STEPS = 48


class Front:
    """Hands programs to the API and people to the pages."""

    def __init__(self, api: ASGIApp, shown: ASGIApp) -> None:
        self.api, self.shown = api, shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; the application's life is the API's."""
        to_api = scope["type"] != "http" or scope["path"].startswith(("/api/", "/health/"))
        await (self.api if to_api else self.shown)(scope, receive, send)


def pages(api_app: ASGIApp, buyer: Buyer | None) -> ASGIApp:
    """The API with the pages around it. `buyer` orders for the first step."""
    api = Api(api_app)

    def page(show: Page) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            view = View.of(request)
            try:
                return await show(api, view)
            except Failed as failed:
                return render(view, "problem.html", failed.status, page="", code=failed.status, words=failed.words)

        return answer

    async def order(request: Request) -> Response:
        return await place_order(View.of(request), buyer)

    async def redrive(request: Request) -> Response:
        moved = await api(f"/api/queues/{request.path_params['name']}/redrive", method="POST")
        return RedirectResponse(f"../../queues?moved={moved['moved']}", 303)

    shown: dict[str, Page] = {
        "/": first, "/overview": overview, "/traces": traces, "/traces/{id}": trace, "/traces-compare": traces_compare,
        "/metrics": metrics, "/logs": logs, "/logs-rows": logs_rows, "/points": points, "/points/{id}": point,
        "/alarms": alarms, "/bus": bus, "/queues": queues, "/queues/{name}": queue, "/mails": mails,
        "/mails/{id}": mail,
    }  # fmt: skip
    routes: list[BaseRoute] = [Route(path, page(show)) for path, show in shown.items()]
    routes.append(Route("/first/order", order, methods=["POST"]))
    routes.append(Route("/queues/{name}/redrive", redrive, methods=["POST"]))
    routes.append(Mount("/static", StaticFiles(directory=HERE / "static")))
    return Front(api_app, Starlette(routes=routes))


# ---------------------------------------------------------------------------------------------------------- first steps


async def first(_api: Api, view: View) -> Response:
    """Where a learner begins."""
    query = view.request.query_params
    return render(
        view, "first.html", page="", order=query.get("order"), trace=query.get("trace"), failed=query.get("failed"),
        curl=CURL,
    )  # fmt: skip


CURL = """\
S=http://127.0.0.1:8080; J='Content-Type: application/json'
curl -s $S/auth/login -H "$J" -d '{"email":"hanako@example.jp","password":"Mieruka-2026"}'    # userId, accessToken
curl -s $S/carts/$U/items -H "Authorization: Bearer $T" -H "$J" -d '{"productId":"...","quantity":1}'
curl -si $S/orders -H "Authorization: Bearer $T" -H "$J" -H "Idempotency-Key: $RANDOM" \\
  -d '{"addressId":"...","payment":{"method":"card","token":"tok_visa"}}'                     # x-trace-id"""


async def place_order(view: View, buyer: Buyer | None) -> Response:
    """Order, then show what came of it."""
    back = View(view.request, view.language, view.span, view.now)
    if buyer is None:
        return RedirectResponse("../?failed=no+shop", 303)
    try:
        order_id, trace_id = await buyer.order()
    except Refusal as refusal:
        return RedirectResponse(f"../{back.link('', failed=str(refusal)).removeprefix(back.root)}", 303)
    return RedirectResponse(f"../{back.link('', order=order_id, trace=trace_id).removeprefix(back.root)}", 303)


# ------------------------------------------------------------------------------------------------------------- overview


async def overview(api: Api, view: View) -> Response:
    """The map, and who is well."""
    now, before, processes = await asyncio.gather(
        api("/api/map", **view.window), api("/api/map", **view.before), api("/api/processes")
    )
    old = {node["service"]: node for node in before["nodes"]}
    table = [(node, old.get(node["service"])) for node in now["nodes"]]
    table.sort(key=lambda pair: -changed(*pair))
    return render(
        view, "overview.html", page="overview", map=now, drawing=draw(now["nodes"], now["edges"]), table=table,
        processes=items(processes), health=None, none_=None,
    )  # fmt: skip


def changed(node: Mapping[str, Any], old: Mapping[str, Any] | None) -> float:
    """How much a node has changed for the worse: errors weigh most, then time."""
    if old is None:
        return float(node["errors"])
    errors: float = node["errors"] / max(1, node["requests"]) - old["errors"] / max(1, old["requests"])
    return errors * 100 + math.log((node["p95Ms"] or 1) / (old["p95Ms"] or 1))


def items(answer: Any) -> list[Any]:
    """The items of a page of the API, or a plain list."""
    return list(answer["items"]) if isinstance(answer, dict) else list(answer)


# --------------------------------------------------------------------------------------------------------------- traces


async def traces(api: Api, view: View) -> Response:
    """Search, scatter, list."""
    asked = wanted(view, "service", "operation", "minDurationMs", "status", "attr")
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
    query: dict[str, Any] = {**asked, "attr": asked["attr"].split(), "limit": limit, **view.window}
    return await api("/api/traces", **query, nextToken=view.request.query_params.get("nextToken"))


def wanted(view: View, *names: str) -> dict[str, str]:
    """What a form was filled with."""
    return {name: view.request.query_params.get(name, "") for name in names}


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
    asked = wanted(view, "service", "operation", "minDurationMs", "status", "attr")
    found = (await find_traces(api, view, asked, COMPARED))["items"]
    whole = await asyncio.gather(*(api(f"/api/traces/{each['traceId']}") for each in found))
    compared = compare([(each["durationMs"], one["spans"]) for each, one in zip(found, whole, strict=True)])
    return render(
        view, "_compare.html", limit=compared.limit, slow=compared.slow, rest=compared.rest, shared=compared.shared
    )


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


# -------------------------------------------------------------------------------------------------------------- metrics


async def metrics(api: Api, view: View) -> Response:
    """PromQL, as a chart and as the value now."""
    names = (await api("/api/v1/label/__name__/values", start=view.window["from"], end=view.window["to"]))["data"]
    query = view.request.query_params.get("query", "").strip()
    if chosen := view.request.query_params.get("metric"):
        query = f'sum_over_time({{"{chosen}"}}[5m])' if not query or chosen not in query else query
    data: dict[str, Any] = {"times": [], "series": [], "label": query}
    instant: list[tuple[str, str]] = []
    hints: list[str] = []
    failed = None
    if query:
        try:
            step = max(1, view.seconds // 240)
            ranged, now = await asyncio.gather(
                api("/api/v1/query_range", query=query, start=view.window["from"], end=view.window["to"], step=step),
                api("/api/v1/query", query=query, time=view.window["to"]),
            )
            data = lines(ranged["data"], query)
            instant = values(now["data"])
            hints = list(dict.fromkeys([*now.get("warnings", []), *now.get("infos", [])]))
        except Failed as refused:
            failed = refused.words
    return render(
        view, "metrics.html", page="metrics", metrics=names, query=query, data=data, instant=instant, hints=hints,
        failed=failed,
    )  # fmt: skip


def named(labels: Mapping[str, str]) -> str:
    """A series by what tells it from others."""
    plain = [
        f"{key}={value}" for key, value in sorted(labels.items()) if not key.startswith(("__", "@instrumentation"))
    ]
    return f"{labels.get('__name__', '')} {' '.join(plain)}".strip() or "{}"


def lines(data: Mapping[str, Any], label: str) -> dict[str, Any]:
    """A range of values as a chart's lines."""
    found = [each for each in data["result"] if each.get("values")][:20]
    times = sorted({float(when) for each in found for when, _ in each["values"]})
    series = []
    for each in found:
        known = {float(when): finite(value) for when, value in each["values"]}
        series.append({"label": named(each["metric"]), "values": [known.get(when) for when in times]})
    return {"times": times, "series": series, "label": label}


def finite(text: str) -> float | None:
    """A value that can be drawn."""
    value = float(text)
    return value if math.isfinite(value) else None


def values(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An instant's result as a table."""
    if data["resultType"] in ("scalar", "string"):
        return [("", str(data["result"][1]))]
    found = []
    for each in data["result"][:200]:
        if "histogram" in each:
            spread = each["histogram"][1]
            found.append((named(each["metric"]), f"count {spread['count']}, sum {spread['sum']}"))
        elif "value" in each:
            found.append((named(each["metric"]), str(each["value"][1])))
    return found


# ----------------------------------------------------------------------------------------------------------------- logs


EXAMPLES = (
    ("新しい順に 100 行", "The newest 100 lines", NEWEST_LINES),
    (
        "サービスごとの失敗",
        "Failures by service",
        "filter level = 'ERROR'\n| stats count(*) as failures by `service.name`\n| sort failures desc",
    ),
    (
        "時間のかかるルート",
        "Slow routes",
        """filter event = 'shop.request'
| stats count(*) as requests, avg(duration_ms) as average, pct(duration_ms, 95) as p95 by `http.route`
| sort p95 desc""",
    ),
    (
        "よく検索される言葉",
        "What is searched for most",
        """filter event = 'shop.search'
| stats count(*) as searches by `shop.search.query`
| sort searches desc
| limit 20""",
    ),
)


async def logs(api: Api, view: View) -> Response:
    """Logs Insights."""
    examples = [(view.say(ja, en), query) for ja, en, query in EXAMPLES]
    given = await ask_logs(api, view)
    return render(
        view, "logs.html", page="logs", live=bool(view.request.query_params.get("live")), examples=examples, **given
    )


async def logs_rows(api: Api, view: View) -> Response:
    """A part of the page of logs: the rows, anew."""
    return render(view, "_rows.html", **await ask_logs(api, view))


async def ask_logs(api: Api, view: View) -> dict[str, Any]:
    """What a query over the logs gives, or why it gives nothing."""
    query = view.request.query_params.get("query", "").strip() or NEWEST_LINES
    given: dict[str, Any] = {"query": query, "failed": None, "result": None, "most": SHOWN_ROWS}
    try:
        given["result"] = await api("/api/logs", query=query, **view.window)
    except Failed as refused:
        given["failed"] = refused.words
    return given


# --------------------------------------------------------------------------------------------------------------- points


async def points(api: Api, view: View) -> Response:
    """All twenty."""
    groups: dict[str, list[Any]] = {}
    for each in items(await api("/api/signals", **view.window)):
        groups.setdefault(each["service"], []).append(each)
    return render(view, "points.html", page="points", groups=groups)


async def point(api: Api, view: View) -> Response:
    """One, with its course over the window."""
    where = f"/api/signals/{view.request.path_params['id']}"
    width = timedelta(seconds=view.seconds / CHART_STEPS)
    edges = [view.now - timedelta(seconds=view.seconds) + n * width for n in range(CHART_STEPS + 1)]
    whole, *parts = await asyncio.gather(
        api(where, **view.window),
        *(api(where, **{"from": rfc3339(a), "to": rfc3339(b)}) for a, b in pairwise(edges)),
    )
    data = {
        "times": [edge.timestamp() for edge in edges[1:]],
        "series": [{"label": whole["title"][view.language], "values": [each["value"] for each in parts]}],
        "label": whole["title"][view.language],
    }
    return render(view, "point.html", page="points", point={"why": None, **whole}, data=data)


# --------------------------------------------------------------------------------------------------- alarms and queues


async def alarms(api: Api, view: View) -> Response:
    """Objectives and their state."""
    found, failed = [], None
    try:
        found = items(await api("/api/alarms"))
    except Failed as refused:
        failed = refused.words
    return render(view, "alarms.html", page="alarms", alarms=found, failed=failed)


async def bus(api: Api, view: View) -> Response:
    """What passed the bus."""
    asked = wanted(view, "type", "correlationId")
    token = view.request.query_params.get("nextToken")
    answer = await api("/api/bus/events", **asked, **view.window, nextToken=token)
    return render(view, "bus.html", page="bus", asked=asked, found=answer["items"], next=answer["nextToken"])


async def queues(api: Api, view: View) -> Response:
    """Every queue, and how long it is."""
    moved = view.request.query_params.get("moved", "")
    return render(
        view, "queues.html", page="queues", queues=items(await api("/api/queues")), failed=None, none_=None,
        moved=int(moved) if moved.isdigit() else None,
    )  # fmt: skip


async def queue(api: Api, view: View) -> Response:
    """One queue with its dead letters."""
    name = view.request.path_params["name"]
    found = next((each for each in items(await api("/api/queues")) if each["name"] == name), None)
    if found is None:
        raise Failed(404, {"detail": name})
    token = view.request.query_params.get("nextToken")
    letters = await api(f"/api/queues/{name}/dead-letters", nextToken=token)
    return render(view, "queue.html", page="queues", queue=found, letters=letters["items"], next=letters["nextToken"])


# ---------------------------------------------------------------------------------------------------------------- mails


async def mails(api: Api, view: View) -> Response:
    """The mailbox."""
    asked = wanted(view, "to", "type")
    answer = await api("/api/mails", **asked, nextToken=view.request.query_params.get("nextToken"))
    return render(view, "mails.html", page="mails", asked=asked, found=answer["items"], next=answer["nextToken"])


async def mail(api: Api, view: View) -> Response:
    """One mail as its reader sees it; nothing in it is loaded or run."""
    return render(view, "mail.html", page="mails", mail=await api(f"/api/mails/{view.request.path_params['id']}"))


# -------------------------------------------------------------------------------------------------------------- filters


def pretty(value: Any) -> str:
    """JSON with its lines broken; what is no JSON as it is."""
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return json.dumps(parsed, ensure_ascii=False, indent=2)


def trace_of(message: str) -> str | None:
    """The trace that a log line names."""
    if not message.startswith("{"):
        return None
    try:
        found = json.loads(message).get("trace_id")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


ENVIRONMENT.filters |= {"pretty": pretty, "trace_of": trace_of}
