"""What instrumentation costs a request with one query: switched off, ours, and OpenTelemetry's stock one.

CPU of the process that answers, in us per request, its sender included: `python -m tests.bench.bench_instrumentation`.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import Any

from tests.bench.bench_telemetry import collector
from tests.bench.machine import machine, report
from tests.support.servers import Servers, ask

ROUNDS, REQUESTS = 7, 1500
ANSWERING = "BENCH_DSN"  # the variable that makes a process one of those that are measured
MODES = {
    "off": {"OTEL_SDK_DISABLED": "true"},
    "slim": {"INSTRUMENTATION": "slim"},
    "stock": {"INSTRUMENTATION": "stock"},
}
SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/things/7",
    "raw_path": b"/things/7",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"shop.test"), (b"user-agent", b"bench")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
}


async def answering(dsn: str) -> list[float]:
    """CPU in us per request, once per round."""
    from shop import telemetry
    from shop.runtime.http import Routes
    from shop.runtime.http.app import application
    from shop.runtime.postgres import Database

    routes = Routes("catalog")

    @routes.get("/things/{thingId}")
    async def get_thing(db: Database, thing_id: str) -> dict[str, str]:
        """One query."""
        return {"id": str(await db.fetchval("select $1::text", thing_id))}

    telemetry.setup("catalog")
    figures = []
    async with Database(dsn) as db:
        app = application(routes, db)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            assert message.get("status", 200) == 200

        async def ask_often(times: int) -> None:
            for _ in range(times):
                await app(dict(SCOPE), receive, send)

        await ask_often(200)
        for _ in range(ROUNDS):
            began = time.process_time()
            await ask_often(REQUESTS)
            telemetry.flush(5)
            figures.append((time.process_time() - began) / REQUESTS * 1e6)
    telemetry.shutdown()
    return figures


def measured(mode: str, dsn: str, endpoint: str) -> list[float]:
    """The figures of one mode, in a process of its own whose lines somebody reads."""
    environment = os.environ | MODES[mode] | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, ANSWERING: dsn}
    command = [sys.executable, "-m", "tests.bench.bench_instrumentation"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    figures: list[float] = json.loads(done.stderr.strip().splitlines()[-1])
    return figures


def main() -> int:
    """Prints the table; 1 when ours costs more than it may."""
    print(machine())
    with Servers(), collector() as endpoint:
        dsn = ask("postgres")["dsn"]
        found = {mode: measured(mode, dsn, endpoint) for mode in MODES}
    base = sorted(found["off"])[ROUNDS // 2]
    added = {mode: [figure - base for figure in figures] for mode, figures in found.items()}
    report("a request with a query, telemetry off", found["off"], "us", 1e6)
    kept = report("... added by ours", added["slim"], "us", 90)
    report("... added by OpenTelemetry's stock one", added["stock"], "us", 1e6)
    return 0 if kept else 1


if __name__ == "__main__":
    if ANSWERING in os.environ:
        sys.stderr.write(json.dumps(asyncio.run(answering(os.environ[ANSWERING]))))
    else:
        sys.exit(main())
