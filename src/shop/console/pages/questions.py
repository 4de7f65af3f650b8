"""Pages of what can be asked: PromQL, Logs Insights, the observability points."""

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response

from shop.console.pages.api import Api, Failed, items
from shop.console.pages.view import View, render
from shop.telemetry.examples import EXAMPLES, NEWEST_LINES

__all__ = ["logs", "logs_rows", "metrics", "point", "points"]

SHOWN_ROWS = 500
CHART_STEPS = 60
MINUTE = 60  # seconds
EXEMPLARS = 12


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
    exemplars: list[Any] = []
    if query:
        try:
            ranged, now = await asyncio.gather(
                api("/api/v1/query_range", query=query, **steps(view)),
                api("/api/v1/query", query=query, time=view.window["to"]),
            )
            data = lines(ranged["data"], query)
            instant = values(now["data"])
            exemplars = await exemplars_of(api, view, query)
            hints = list(dict.fromkeys([*now.get("warnings", []), *now.get("infos", [])]))
        except Failed as refused:
            failed = refused.words
    return render(
        view, "metrics.html", page="metrics", metrics=names, query=query, data=data, instant=instant, hints=hints,
        failed=failed, exemplars=exemplars,
    )  # fmt: skip


async def exemplars_of(api: Api, view: View, query: str) -> list[Any]:
    """Some values behind the histograms of a query, the newest first, each with its trace."""
    given = await api("/api/v1/query_exemplars", query=query, start=view.window["from"], end=view.window["to"])
    found = [each for series in given["data"] for each in series["exemplars"] if each["labels"].get("trace_id")]
    return sorted(found, key=lambda each: -each["timestamp"])[:EXEMPLARS]


def steps(view: View) -> dict[str, Any]:
    """What a chart asks for: some 240 steps; those of long ranges are whole minutes, which the store has added up."""
    step, end = max(1, view.seconds // 240), view.now.timestamp()
    if step >= MINUTE:
        step, end = -(-step // MINUTE) * MINUTE, -(-end // MINUTE) * MINUTE
    return {"start": end - view.seconds, "end": end, "step": step}


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


async def logs(api: Api, view: View) -> Response:
    """Logs Insights."""
    examples = [(view.say(each.title.ja, each.title.en), each.insights) for each in EXAMPLES]
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


async def points(api: Api, view: View) -> Response:
    """All twenty."""
    groups: dict[str, list[Any]] = {}
    for each in items(await api("/api/signals", **view.window)):
        groups.setdefault(each["service"], []).append(each)
    return render(view, "points.html", page="points", groups=groups)


async def point(api: Api, view: View) -> Response:
    """One, with its course over the window."""
    where = f"/api/signals/{view.request.path_params['id']}"
    whole, course = await asyncio.gather(
        api(where, **view.window), api(f"{where}/history", **view.window, steps=CHART_STEPS)
    )
    title = whole["title"][view.language]
    data = {
        "times": [datetime.fromisoformat(each["time"]).timestamp() for each in course["items"]],
        "series": [{"label": title, "values": [each["value"] for each in course["items"]]}],
        "label": title,
    }
    return render(view, "point.html", page="points", point={"why": None, **whole}, data=data)
