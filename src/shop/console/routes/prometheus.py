"""The HTTP API of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/), with its own envelope."""

import time
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from starlette.requests import Request

from shop import __version__
from shop.console import promql
from shop.console.console import Console
from shop.console.ports import Matcher
from shop.console.promql import QueryError
from shop.console.promql.tree import Select, parse
from shop.console.routes.common import off_loop, routes
from shop.kernel.config import duration
from shop.kernel.errors import DependencyTimeout
from shop.runtime.http import Answer

__all__ = ["BadData"]

Form = dict[str, str]
KINDS: Final = {"updowncounter": "gauge"}  # Prometheus knows no sum that falls
LOOK_BACK: Final = 3600 * 10**9  # ns: what of series and labels is told without a start


class BadData(Exception):
    """A parameter that is none, as Prometheus says it."""


def envelope(data: Any, warnings: list[str] | None = None, infos: list[str] | None = None) -> dict[str, Any]:
    """A good answer."""
    more = {"warnings": warnings, "infos": infos}
    return {"status": "success", "data": data, **{name: notes for name, notes in more.items() if notes}}


async def answered(work: Callable[[], Any]) -> Any:
    """What `work` gives, off the event loop, or the error as Prometheus says it."""
    try:
        return await off_loop(work)
    except QueryError as error:
        return problem(400 if error.kind == "bad_data" else 422, error.kind, str(error), position=error.position)
    except (BadData, ValueError) as error:
        return problem(400, "bad_data", str(error))
    except DependencyTimeout as error:
        return problem(503, "timeout", error.detail)


def problem(status: int, kind: str, text: str, **more: Any) -> Answer[Any]:
    """An error as Prometheus says it."""
    about = {name: value for name, value in more.items() if value is not None}
    return Answer({"status": "error", "errorType": kind, "error": text, **about}, status)


def moment(form: Form, name: str, default: int | None = None) -> int:
    """A time in ns: seconds since 1970 or RFC 3339. BadData."""
    text = form.get(name, "")
    if not text:
        if default is None:
            raise BadData(f'invalid parameter "{name}": cannot parse "" to a valid timestamp')
        return default
    try:
        return round(float(text) * 1000) * 10**6
    except (ValueError, OverflowError):
        pass
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000) * 10**6
    except ValueError:
        raise BadData(f'invalid parameter "{name}": cannot parse "{text}" to a valid timestamp') from None


def step_of(form: Form) -> int:
    """The step in ns: seconds, or a duration such as 15s. BadData."""
    text = form.get("step", "")
    try:
        return round(float(text) * 1e9)
    except (ValueError, OverflowError):
        pass
    try:
        return round(duration(text).total_seconds() * 1e9)
    except ValueError:
        raise BadData(f'invalid parameter "step": cannot parse "{text}" to a valid duration') from None


def query_of(form: Form) -> str:
    """The query. BadData without one."""
    if not form.get("query"):
        raise BadData('invalid parameter "query": unknown position: no expression found in input')
    return form["query"]


@routes.get("/api/v1/query")
async def query(console: Console, form: Form) -> Any:
    """A query at one moment."""
    return await answered(partial(instant, console, form))


@routes.post("/api/v1/query", status=200)
async def query_by_form(console: Console, form: Form) -> Any:
    """A query at one moment."""
    return await answered(partial(instant, console, form))


def instant(console: Console, form: Form) -> Any:
    """A query at one moment."""
    at = moment(form, "time", time.time_ns())
    found = promql.instant(console.store.metrics, query_of(form), at)
    return envelope({"resultType": found.type, "result": found.result}, found.warnings, found.infos)


@routes.get("/api/v1/query_range")
async def query_range(console: Console, form: Form) -> Any:
    """A query at every step of a window."""
    return await answered(partial(ranged, console, form))


@routes.post("/api/v1/query_range", status=200)
async def query_range_by_form(console: Console, form: Form) -> Any:
    """A query at every step of a window."""
    return await answered(partial(ranged, console, form))


def ranged(console: Console, form: Form) -> Any:
    """A query at every step of a window."""
    start, end, step = moment(form, "start"), moment(form, "end"), step_of(form)
    found = promql.ranged(console.store.metrics, query_of(form), start, end, step)
    return envelope({"resultType": found.type, "result": found.result}, found.warnings, found.infos)


def matched(console: Console, request: Request, form: Form) -> list[dict[str, str]]:
    """The labels of the series that match any of `match[]`, and have a sample in the window."""
    end = moment(form, "end", time.time_ns())
    start = moment(form, "start", end - LOOK_BACK)
    given = request.query_params.getlist("match[]") or [form[name] for name in ("match[]",) if name in form]
    found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for each in given or [""]:
        for labels in console.store.metrics.series(selector(each), start, end):
            found[tuple(sorted(labels.items()))] = dict(labels)
    return [found[key] for key in sorted(found)]


def selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of one selector; "" matches every series. BadData when it is more than that."""
    if not text:
        return ()
    tree = parse(text, 0, 0)
    if not isinstance(tree, Select):
        raise BadData(f'invalid parameter "match[]": {text} is no selector')
    return tree.matchers


def selectors(node: Any) -> Iterator[tuple[Matcher, ...]]:
    """The matchers of every selector in a query."""
    if isinstance(node, Select):
        yield node.matchers
    elif isinstance(node, tuple):
        for each in node:
            yield from selectors(each)
    elif is_dataclass(node):
        for part in fields(node):
            yield from selectors(getattr(node, part.name))


@routes.get("/api/v1/series")
async def series(console: Console, request: Request, form: Form) -> Any:
    """The series that match."""
    return await answered(partial(all_series, console, request, form))


@routes.post("/api/v1/series", status=200)
async def series_by_form(console: Console, request: Request, form: Form) -> Any:
    """The series that match."""
    return await answered(partial(all_series, console, request, form))


def all_series(console: Console, request: Request, form: Form) -> Any:
    """The series that match; at least one selector is asked for."""
    if "match[]" not in form:
        raise BadData("no match[] parameter provided")
    return envelope(limited(matched(console, request, form), form))


def limited(found: list[Any], form: Form) -> list[Any]:
    """At most so many as `limit` says; 0 is all."""
    text = form.get("limit", "0")
    if not text.isdigit():
        raise BadData(f'invalid parameter "limit": "{text}" is no number')
    return found[: int(text)] if int(text) else found


@routes.get("/api/v1/labels")
async def labels(console: Console, request: Request, form: Form) -> Any:
    """The names of all labels."""
    return await answered(partial(label_names, console, request, form))


@routes.post("/api/v1/labels", status=200)
async def labels_by_form(console: Console, request: Request, form: Form) -> Any:
    """The names of all labels."""
    return await answered(partial(label_names, console, request, form))


def label_names(console: Console, request: Request, form: Form) -> Any:
    """The names of the labels of all series that match."""
    return envelope(limited(sorted({name for each in matched(console, request, form) for name in each}), form))


@routes.get("/api/v1/label/{name}/values")
async def label_values(console: Console, request: Request, form: Form, name: str) -> Any:
    """The values of a label."""
    return await answered(partial(values_of, console, request, form, unescaped(name)))


def values_of(console: Console, request: Request, form: Form, name: str) -> Any:
    """The values of a label in all series that match."""
    found = {each[name] for each in matched(console, request, form) if each.get(name)}
    return envelope(limited(sorted(found), form))


def unescaped(name: str) -> str:
    """A label's name as Prometheus escapes what is no old label name in a path: `U__shop_2e_order`."""
    if not name.startswith("U__"):
        return name
    parts = name.removeprefix("U__").split("_")
    text, index = parts[0], 1
    while index < len(parts):
        if parts[index] == "":  # a doubled underscore is one
            text += "_"
            index += 1
            text += parts[index] if index < len(parts) else ""
        else:
            try:
                text += chr(int(parts[index], 16))
            except (ValueError, OverflowError):
                return name
            index += 1
            text += parts[index] if index < len(parts) else ""
        index += 1
    return text


@routes.get("/api/v1/metadata")
async def metadata(console: Console, form: Form) -> Any:
    """Kind, unit and meaning of every metric."""
    return await answered(partial(all_metadata, console, form))


def all_metadata(console: Console, form: Form) -> Any:
    """By name."""
    found = limited(sorted(console.store.metrics.metadata(form.get("metric") or None)), form)
    return envelope(
        {
            each.name: [{"type": KINDS.get(each.kind, each.kind), "help": each.brief, "unit": each.unit}]
            for each in found
        }
    )


@routes.get("/api/v1/query_exemplars")
async def query_exemplars(console: Console, form: Form) -> Any:
    """The exemplars of the series in a query."""
    return await answered(partial(exemplars, console, form))


@routes.post("/api/v1/query_exemplars", status=200)
async def query_exemplars_by_form(console: Console, form: Form) -> Any:
    """The exemplars of the series in a query."""
    return await answered(partial(exemplars, console, form))


def exemplars(console: Console, form: Form) -> Any:
    """The exemplars of the series in a query, by series."""
    end = moment(form, "end", time.time_ns())
    start = moment(form, "start", end - LOOK_BACK)
    found: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]] = {}
    for matchers in selectors(parse(query_of(form), start, end)):
        for each in console.store.metrics.exemplars(matchers, start, end):
            told = {"labels": {"trace_id": each.trace_id, "span_id": each.span_id}}
            about = {**told, "value": repr(each.value), "timestamp": each.time / 1e9}
            found.setdefault(tuple(sorted(each.labels.items())), []).append(about)
    return envelope([{"seriesLabels": dict(key), "exemplars": some} for key, some in sorted(found.items())])


@routes.get("/api/v1/status/buildinfo")
async def build_info(console: Console) -> Any:  # noqa: ARG001 - a route's first parameter
    """What Grafana asks to learn what it can ask."""
    about = {
        "version": "3.5.0",
        "revision": __version__,
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }
    return envelope({**about, "application": "mieruka-shop-console"})
