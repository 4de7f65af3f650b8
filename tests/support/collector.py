"""A real OpenTelemetry Collector, where there is one: named by OTELCOL, or built by scripts/otelcol."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.client import until

__all__ = ["BINARY", "MISSING", "Collector", "running_collector"]

BUILT = Path(__file__).parents[2] / ".otelcol" / "otelcol"
BINARY = os.environ.get("OTELCOL") or (str(BUILT) if BUILT.exists() else None)
MISSING = "no OpenTelemetry Collector: build one by `make otelcol` (needs Go), or name one in OTELCOL"
TROUBLE = ("warn", "error", "dpanic", "panic", "fatal")


class Collector:
    """A running one. What it is sent at `endpoint` goes on to another receiver."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log
        self.endpoint = f"http://127.0.0.1:{port}"

    @property
    def listening(self) -> bool:
        """Whether it takes anything."""
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """The lines of its log that are warnings or worse."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["level"] in TROUBLE]


@contextmanager
def running_collector(folder: Path, onward: str) -> Iterator[Collector]:
    """A collector that sends to `onward` what it takes; its debug exporter counts it in the log as well."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    pipeline = {
        "receivers": ["otlp"],
        "processors": ["memory_limiter", "batch"],
        "exporters": ["otlp_http", "debug"],
    }
    config = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_mib": 512},
            "batch": {"timeout": "100ms"},
        },
        "exporters": {"otlp_http": {"endpoint": onward, "encoding": "proto"}, "debug": {"verbosity": "basic"}},
        "service": {
            "telemetry": {"logs": {"encoding": "json"}, "metrics": {"level": "none"}},
            "pipelines": dict.fromkeys(("traces", "metrics", "logs"), pipeline),
        },
    }
    (folder / "collector.json").write_text(json.dumps(config))  # JSON is YAML
    collector = Collector(port, folder / "collector.log")
    with collector.log.open("wb") as log:
        asked = [str(BINARY), "--config", str(folder / "collector.json")]
        process = subprocess.Popen(asked, stdout=log, stderr=log)
        try:
            until(lambda: collector.listening or process.poll() is not None, seconds=60)
            assert process.poll() is None, collector.log.read_text()
            yield collector
        finally:
            process.terminate()
            process.wait(60)
