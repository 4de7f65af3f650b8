"""The story once more, to a console: it gets the very bytes that the story's receiver got, and is asked over HTTP."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests.support.client import until
from tests.support.console import ConsoleProcess, running
from tests.support.otlp import Receiver
from tests.support.story.telling import Retold

from shop.telemetry.points import Answer
from shop.telemetry.samples import Window

__all__ = ["retell"]

LONG = 120.0  # seconds


def retell(collector: Receiver, window: Window, folder: Path) -> Retold:
    """What a console says of the story's window: of every point its value, and what its queries give."""
    folder.mkdir()
    with running(folder) as console:
        for (path, _), headers, body in zip(collector.requests, collector.headers, collector.bodies, strict=True):
            replay(console, path.rpartition("/")[2], headers.get("Content-Type", ""), body)
        until(lambda: not list((folder / "journal").iterdir()), seconds=LONG)
        asked = {"from": moment(window.start), "to": moment(window.end)}
        signals = console.get("/api/signals", asked).json["items"]
        return Retold(
            {each["id"]: msgspec.convert(each, Answer) for each in signals},
            {each["id"]: by_promql(console, each["promql"], asked["to"]) for each in signals},
            {each["id"]: by_logs(console, each["insights"], asked) for each in signals if each["insights"]},
        )


def replay(console: ConsoleProcess, signal: str, media: str, body: bytes) -> None:
    """One request, as often as the console asks for."""
    while (answer := console.post(signal, body, media)).status == 503:
        time.sleep(0.1)
    assert answer.status == 200, answer.body


def by_promql(console: ConsoleProcess, query: str, at: str) -> list[float]:
    """The values of a query at the window's end."""
    data = console.get("/api/v1/query", {"query": query, "time": at}).json["data"]
    return [float(each["value"][1]) for each in data["result"]]


def by_logs(console: ConsoleProcess, query: str, asked: dict[str, str]) -> list[list[Any]]:
    """The rows of a query over the window's lines."""
    rows: list[list[Any]] = console.get("/api/logs", {"query": query, **asked}).json["rows"]
    return rows


def moment(at: int) -> str:
    """Ns since 1970, whole microseconds, as RFC 3339."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at // 1000)).isoformat()
