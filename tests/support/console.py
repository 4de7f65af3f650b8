"""A console as a process of its own, without AWS: what tests send to it by OTLP, and ask it over HTTP."""

import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.support.client import Answer, Shop, until

from shop.local.ports import free_port

__all__ = ["ConsoleProcess", "counter", "hex_id", "log_record", "request", "span"]

SECOND = 10**9


class ConsoleProcess:
    """`python -m shop.console` on a folder. It can be killed and started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.ports = {"CONSOLE_PORT": str(free_port()), "OTLP_PORT": str(free_port())}
        self.settings = settings
        self.http = Shop({})
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['CONSOLE_PORT']}"

    @property
    def otlp(self) -> str:
        return f"http://127.0.0.1:{self.ports['OTLP_PORT']}"

    def start(self) -> None:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "CONSOLE_FOLDER": str(self.folder),
            **self.ports,
            **self.settings,
        }
        with (self.folder / "console.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shop.console"], env=environment, stdout=log, stderr=log, process_group=0
            )
        until(self.ready, seconds=60)

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "console.log").read_text()
        try:
            return self.get("/health/ready").status == 200
        except OSError:
            self.http = Shop({})  # the connection of one that was refused cannot be used again
            return False

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        self.http.close()
        self.http = Shop({})

    def get(self, path: str, parameters: Any = (), **headers: str) -> Answer:
        query = urlencode(parameters, doseq=True)
        return self.http.call("GET", f"{path}?{query}" if query else path, base=self.url, headers=headers)

    def json(self, path: str, **parameters: Any) -> Any:
        answer = self.get(path, {name.rstrip("_"): value for name, value in parameters.items()})
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, signal_: str, body: bytes, media: str = "application/json", **headers: str) -> Answer:
        sent = {"Content-Type": media} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.call("POST", f"/v1/{signal_}", body, base=self.otlp, headers=sent)

    def send(self, signal_: str, body: Any, *, zipped: bool = False) -> Answer:
        content = json.dumps(body).encode()
        headers = {"Content_Encoding": "gzip"} if zipped else {}
        answer = self.post(signal_, gzip.compress(content) if zipped else content, **headers)
        assert answer.status == 200, answer.body
        return answer


@contextlib.contextmanager
def running(folder: Path, **settings: str) -> Iterator[ConsoleProcess]:
    """A console while the block lasts."""
    console = ConsoleProcess(folder, **settings)
    console.start()
    try:
        yield console
    finally:
        console.end(signal.SIGKILL)


def hex_id(size: int = 8) -> str:
    """A span id; with 16 bytes a trace id."""
    return os.urandom(size).hex()


def value(given: Any) -> dict[str, Any]:
    match given:
        case bool():
            return {"boolValue": given}
        case int():
            return {"intValue": str(given)}
        case float():
            return {"doubleValue": given}
        case list():
            return {"arrayValue": {"values": [value(each) for each in given]}}
        case dict():
            return {"kvlistValue": {"values": attributes(given)}}
    return {"stringValue": given}


def attributes(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(each)} for key, each in given.items()]


KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}


def span(
    trace: str,
    name: str,
    *,
    id_: str | None = None,
    parent: str = "",
    kind: str = "server",
    start: int | None = None,
    ms: float = 5,
    error: bool = False,
    links: list[tuple[str, str]] | None = None,
    **about: Any,
) -> dict[str, Any]:
    """A span that began `start` (ns since 1970) and took so long; `db__system` in `about` is `db.system`."""
    begun = time.time_ns() - SECOND if start is None else start
    return {
        "traceId": trace,
        "spanId": id_ or hex_id(),
        "parentSpanId": parent,
        "name": name,
        "kind": KINDS[kind],
        "startTimeUnixNano": str(begun),
        "endTimeUnixNano": str(begun + round(ms * 1e6)),
        "attributes": attributes({key.replace("__", "."): each for key, each in about.items()}),
        "links": [{"traceId": one, "spanId": other} for one, other in links or []],
        "status": {"code": 2, "message": "broken"} if error else {},
    }


def counter(name: str, points: list[tuple[dict[str, Any], int, int, int]], *, temporality: int = 1) -> dict[str, Any]:
    """A monotonic sum; a point is (attributes, start, time, value)."""
    return {
        "name": name,
        "unit": "{thing}",
        "description": "Things.",
        "sum": {
            "aggregationTemporality": temporality,
            "isMonotonic": True,
            "dataPoints": [
                {
                    "attributes": attributes(about),
                    "startTimeUnixNano": str(start),
                    "timeUnixNano": str(end),
                    "asInt": str(number),
                }
                for about, start, end, number in points
            ],
        },
    }


def log_record(body: Any, **about: Any) -> dict[str, Any]:
    """A log record of now."""
    now = str(time.time_ns())
    return {"timeUnixNano": now, "body": value(body), "severityNumber": 9, "severityText": "INFO", **about}


SHAPES = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
}


def request(signal_: str, service: str, items: list[dict[str, Any]], **resource: Any) -> dict[str, Any]:
    """A request of one service."""
    outer, middle, inner = SHAPES[signal_]
    who = attributes({"service.name": service, **{key.replace("__", "."): each for key, each in resource.items()}})
    return {outer: [{"resource": {"attributes": who}, middle: [{"scope": {"name": "test"}, inner: items}]}]}
