"""Prometheus's HTTP API without the HTTP: a call's parameters in, a status and the envelope out.

Routes hand over query string and form alike, every parameter as the list of its values.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

from shop.console import ports
from shop.console.promql.answers import Answer, instant, ranged, seconds
from shop.console.promql.labels import bare
from shop.console.promql.locate import line_and_column
from shop.console.promql.model import NS, QueryError
from shop.console.promql.numbers import written
from shop.console.promql.tree import Select, parse, selectors, within_reach

__all__ = ["CALLS", "Parameters", "Response", "label_values", "respond", "unescaped"]

Parameters: TypeAlias = Mapping[str, Sequence[str]]
Matchers: TypeAlias = tuple[ports.Matcher, ...]
# Grafana looks at the version to know what it may call.
BUILD = {"version": "3.5.0", "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": ""}
DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
KINDS = {"updowncounter": "gauge"}  # Prometheus knows no sum that falls
UNITS = (365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000, 1)  # ms
ESCAPED = re.compile(r"(?:[^_]|__|_[0-9a-fA-F]{1,6}_)*")
PIECE = re.compile(r"__|_([0-9a-fA-F]{1,6})_")
HOUR = 3600 * NS
FURTHEST = 253_402_300_800 * NS  # the year 10000


class Response(NamedTuple):
    """What goes out as JSON."""

    status: int
    body: dict[str, Any]


class BadParameter(QueryError):
    """A parameter that is missing or wrong."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f'invalid parameter "{name}": {message}')


def respond(metrics: ports.Metrics, call: str, given: Parameters, now: int) -> Response:
    """The answer to a call, such as `query_range`, at `now` in ns; an error in its envelope."""
    return enveloped(lambda: CALLS[call](metrics, given, now), given)


def label_values(metrics: ports.Metrics, name: str, given: Parameters, now: int) -> Response:
    """The answer to `label/{name}/values`."""
    return enveloped(lambda: values_of(metrics, name, given, now), given)


def enveloped(compute: Callable[[], Any], given: Parameters) -> Response:
    """What was computed, or what went wrong."""
    try:
        result = compute()
    except QueryError as error:
        return Response(400 if error.kind == "bad_data" else 422, failure(error, given))
    body: dict[str, Any] = {"status": "success"}
    if not isinstance(result, Answer):
        return Response(200, {**body, "data": result})
    body["data"] = {"resultType": result.type, "result": result.result}
    if result.warnings:
        body["warnings"] = result.warnings
    if result.infos:
        body["infos"] = result.infos
    return Response(200, body)


def failure(error: QueryError, given: Parameters) -> dict[str, Any]:
    """The envelope of an error; a query's has its place as line:column."""
    message = error.message
    if error.position is not None:
        line, column = line_and_column(one(given, "query") or "", error.position)
        message = f'invalid parameter "query": {line}:{column}: parse error: {message}'
    body = {"status": "error", "errorType": error.kind, "error": message}
    return body if error.position is None else {**body, "position": error.position}


def one(given: Parameters, name: str) -> str | None:
    """The first value of a parameter."""
    values = given.get(name)
    return values[0] if values else None


def needed(given: Parameters, name: str) -> str:
    """A parameter that must be there."""
    value = one(given, name)
    if value is None or value == "":
        raise BadParameter(name, "it is missing")
    return value


def time_of(given: Parameters, name: str, otherwise: int | None = None) -> int:
    """A time: seconds since 1970, or RFC 3339; in ns."""
    text = one(given, name)
    if text is None or text == "":
        if otherwise is None:
            raise BadParameter(name, "it is missing")
        return otherwise
    try:
        moment = number_of_ns(text)
        if moment is None:
            parsed = datetime.fromisoformat(text)
            moment = round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1_000_000) * 1000
    except (ValueError, OverflowError) as error:
        raise BadParameter(name, f"cannot parse {text!r} to a valid timestamp") from error
    if abs(moment) > FURTHEST:
        raise BadParameter(name, f"the timestamp {text!r} is out of bounds")
    return within_reach(moment)


def number_of_ns(text: str) -> int | None:
    """Seconds, with a fraction down to the millisecond, in ns; None if it is no number."""
    try:
        return round(float(text) * 1000) * 1_000_000
    except ValueError:
        return None


def step_of(given: Parameters) -> int:
    """A duration: seconds, or such as 1m30s; in ns."""
    text = needed(given, "step")
    try:
        found = number_of_ns(text)
    except OverflowError as error:
        raise BadParameter("step", f"cannot parse {text!r} to a valid duration") from error
    parts = DURATION.fullmatch(text)
    if found is None and parts:
        found = (
            sum(int(number) * unit for number, unit in zip(parts.groups(), UNITS, strict=True) if number) * 1_000_000
        )
    if found is None or found <= 0:
        raise BadParameter("step", f"cannot parse {text!r} to a positive duration")
    return found


def limited(given: Parameters, found: list[Any]) -> list[Any]:
    """At most `limit` of them; 0 is no limit."""
    text = one(given, "limit") or "0"
    if not text.isdecimal():
        raise BadParameter("limit", "it must be a whole number")
    return found[: int(text)] if int(text) else found


def query(metrics: ports.Metrics, given: Parameters, now: int) -> Answer:
    """An instant query."""
    return instant(metrics, needed(given, "query"), time_of(given, "time", now))


def query_range(metrics: ports.Metrics, given: Parameters, _now: int) -> Answer:
    """A range query."""
    return ranged(metrics, needed(given, "query"), time_of(given, "start"), time_of(given, "end"), step_of(given))


def span(given: Parameters, now: int) -> tuple[int, int]:
    """The time that lists of series are about: the hour before its end, if it is not said."""
    end = time_of(given, "end", now)
    return time_of(given, "start", end - HOUR) - 1, end


def chosen(metrics: ports.Metrics, given: Parameters, now: int) -> list[Mapping[str, str]]:
    """The labels of the series that any of `match[]` selects, of all if there is none."""
    start, end = span(given, now)
    asked: list[Matchers] = [matchers_of(text) for text in given.get("match[]", ())] or [()]
    found = {tuple(sorted(labels.items())) for each in asked for labels in metrics.series(each, start, end)}
    return [dict(labels) for labels in sorted(found)]


def matchers_of(text: str) -> Matchers:
    """The matchers of a selector."""
    tree = parse(text, 0, 0)
    if not isinstance(tree, Select):
        raise BadParameter("match[]", f"{text!r} is no series selector")
    return tree.matchers


def series(metrics: ports.Metrics, given: Parameters, now: int) -> list[Any]:
    """The series that match."""
    if not given.get("match[]"):
        raise BadParameter("match[]", "it is missing: a selector is needed")
    return limited(given, chosen(metrics, given, now))


def labels(metrics: ports.Metrics, given: Parameters, now: int) -> list[Any]:
    """The names of labels."""
    return limited(given, sorted({name for found in chosen(metrics, given, now) for name in found}))


def values_of(metrics: ports.Metrics, name: str, given: Parameters, now: int) -> list[Any]:
    """The values that a label has."""
    wanted = bare(unescaped(name))
    found: Iterable[str] = {each[wanted] for each in chosen(metrics, given, now) if wanted in each}
    return limited(given, sorted(found))


def unescaped(name: str) -> str:
    """A name as it is: with U__ before it, as a path has it, _2e_ is a dot and __ is _."""
    escaped = name.removeprefix("U__")
    return name if escaped == name or not ESCAPED.fullmatch(escaped) else PIECE.sub(escaped_character, escaped)


def escaped_character(found: re.Match[str]) -> str:
    """The character that a piece of an escaped name stands for."""
    if found.group(1) is None:
        return "_"
    code = int(found.group(1), 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def metadata(metrics: ports.Metrics, given: Parameters, _now: int) -> dict[str, Any]:
    """Kind, meaning and unit of each metric."""
    found = metrics.metadata(one(given, "metric") or None)
    return {
        each.name: [{"type": KINDS.get(each.kind, each.kind), "help": each.brief, "unit": each.unit}]
        for each in limited(given, list(found))
    }


def query_exemplars(metrics: ports.Metrics, given: Parameters, now: int) -> list[Any]:
    """The exemplars of all series that stand in a query."""
    start, end = span(given, now)
    found: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]] = {}
    for matchers in dict.fromkeys(selectors(parse(needed(given, "query"), start, end))):
        for each in metrics.exemplars(matchers, start, end):
            of_series = found.setdefault(tuple(sorted(each.labels.items())), [])
            one_of_them = {
                "labels": {"trace_id": each.trace_id, "span_id": each.span_id},
                "value": written(each.value),
                "timestamp": seconds(each.time),
            }
            if one_of_them not in of_series:
                of_series.append(one_of_them)
    return [{"seriesLabels": dict(key), "exemplars": exemplars} for key, exemplars in sorted(found.items())]


def buildinfo(_metrics: ports.Metrics, _given: Parameters, _now: int) -> dict[str, str]:
    """Whose API this is."""
    return BUILD


CALLS: dict[str, Callable[[ports.Metrics, Parameters, int], Any]] = {
    "query": query,
    "query_range": query_range,
    "query_exemplars": query_exemplars,
    "series": series,
    "labels": labels,
    "metadata": metadata,
    "status/buildinfo": buildinfo,
}
