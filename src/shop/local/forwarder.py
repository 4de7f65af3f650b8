"""Lines of the shop's own processes, sent on as log records by OTLP: what CloudWatch's agents do on AWS.

A thread of its own sends; whoever hands a line over never waits. While nobody listens, the newest lines are kept.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from shop.telemetry import names
from shop.telemetry.masking import masked
from shop.telemetry.post import Collector

__all__ = ["Forwarder"]

WAITING: Final = 20_000  # lines
LINES_PER_POST: Final = 1000
TIMEOUT: Final = 5.0  # seconds
PAUSE: Final = 1.0  # after a failure
FOREIGN: Final = frozenset({"emulator", "postgres", "provision", "seed"})  # not our lines: they may quote anybody
SEVERITIES: Final = {"DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17}
encode = msgspec.json.Encoder().encode


class Forwarder:
    """Takes lines, and sends them every so many seconds."""

    def __init__(self, endpoint: str, environment: str, every: float) -> None:
        self.collector = Collector(endpoint)
        self.environment = environment
        self.every = every
        self.lines: deque[tuple[int, str, str]] = deque(maxlen=WAITING)  # when (ns), process, line
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="forwarder", daemon=True)

    def start(self) -> None:
        """From now on, it sends."""
        self.thread.start()

    def take(self, process: str, line: str) -> None:
        """A line of a process."""
        if process not in FOREIGN and line.strip():
            self.lines.append((time.time_ns(), process, line))

    def run(self) -> None:
        """What the thread does."""
        while not self.stopping.wait(self.every):
            if not self.send(TIMEOUT):
                self.stopping.wait(PAUSE)
        self.send(1.0)
        self.collector.close()

    def stop(self) -> None:
        """Send what there is and end, soon."""
        if self.thread.is_alive():
            self.stopping.set()
            self.thread.join(1.5)

    def send(self, timeout: float) -> bool:
        """Send all lines; False when they were not taken, and wait."""
        deadline = time.monotonic() + timeout
        while self.lines:
            batch = [self.lines.popleft() for _ in range(min(len(self.lines), LINES_PER_POST))]
            try:
                status = self.collector.post("/v1/logs", masked(encode(request(batch, self.environment))), deadline)
            except OSError:
                status = 503
            if status in (429, 502, 503, 504):
                room = WAITING - len(self.lines)
                self.lines.extendleft(reversed(batch[-room:] if room else ()))
                return False
        return True


def request(lines: Iterable[tuple[int, str, str]], environment: str) -> dict[str, Any]:
    """The body of a POST to /v1/logs: a resource per service."""
    records: dict[str, list[dict[str, Any]]] = {}
    for seen, process, line in lines:
        fields = fields_of(line)
        records.setdefault(str(fields.get(names.SERVICE_NAME) or process), []).append(record(seen, line, fields))
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": attributes(service, environment)},
                "scopeLogs": [{"scope": {"name": names.STDOUT}, "logRecords": some}],
            }
            for service, some in records.items()
        ]
    }


def attributes(service: str, environment: str) -> list[dict[str, Any]]:
    """Who said it: log group `/shop/<env>/<service>`, as on AWS."""
    told = {
        names.SERVICE_NAME: service,
        names.SERVICE_NAMESPACE: "shop",
        names.DEPLOYMENT_ENVIRONMENT_NAME: environment,
        names.AWS_LOG_GROUP_NAMES: f"/shop/{environment}/{service}",
    }
    return [{"key": key, "value": {"stringValue": value}} for key, value in told.items()]


def fields_of(line: str) -> dict[str, Any]:
    """The fields of a JSON line; none of any other."""
    if not line.startswith("{"):
        return {}
    try:
        fields = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def record(seen: int, line: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A line as a log record: its body is the line as it was written, which leads to its trace."""
    level = str(fields.get("level", "INFO"))
    told: dict[str, Any] = {
        "timeUnixNano": str(moment(fields.get("timestamp")) or seen),
        "observedTimeUnixNano": str(seen),
        "severityText": level,
        "severityNumber": SEVERITIES.get(level, 9),
        "body": {"stringValue": line},
    }
    for name, key, length in (("traceId", "trace_id", 32), ("spanId", "span_id", 16)):
        found = fields.get(key)
        if isinstance(found, str) and len(found) == length:
            told[name] = found
    if isinstance(event := fields.get("event"), str):
        told["eventName"] = event
    return told


def moment(stamp: Any) -> int | None:
    """RFC 3339 as ns since 1970."""
    try:
        return round(datetime.fromisoformat(stamp).timestamp() * 1000) * 1_000_000
    except (TypeError, ValueError):
        return None
