"""OpenTelemetry's stock instrumentation in place of ours, by a setting, for comparison."""

import os
import subprocess
import sys

import pytest
from tests.support.otlp import Receiver

from shop.telemetry import names

ANSWERS = """
import asyncio, os
from tests.support.asgi import InProcess
from shop import telemetry
from shop.runtime.http import Routes
from shop.runtime.http.app import application
from shop.runtime.postgres import Database

routes = Routes("catalog")

@routes.get("/things/{thingId}")
async def get_thing(db: Database, thing_id: str) -> dict[str, str]:
    return {"id": str(await db.fetchval("select $1::text", thing_id))}

async def main():
    async with Database(os.environ["DSN"]) as db:
        answer = await InProcess(application(routes, db)).call("GET", "/things/7")
        assert answer.json == {"id": "7"}, answer

telemetry.setup("catalog")
asyncio.run(main())
telemetry.shutdown()
"""


def told(database, instrumentation):
    """What a process tells of one request with a query."""
    with Receiver() as collector:
        own = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "DSN": database, "INSTRUMENTATION": instrumentation}
        command = [sys.executable, "-c", ANSWERS]
        done = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return collector


@pytest.mark.parametrize(
    ("instrumentation", "scopes"),
    [
        ("slim", {"shop"}),
        ("stock", {"opentelemetry.instrumentation.asgi", "opentelemetry.instrumentation.asyncpg"}),
    ],
)
def test_either_tells_of_the_request_and_its_query_and_the_other_is_silent(database, instrumentation, scopes):
    collector = told(database, instrumentation)
    assert {span.scope for span in collector.spans} == scopes
    assert {span.service for span in collector.spans} == {"catalog"}
    (server,) = [span for span in collector.spans if span.kind == "server"]
    assert "client" in {span.kind for span in collector.trace(server.trace_id)}
    assert collector.total(names.HTTP_SERVER_REQUEST_DURATION) == 1  # the shop's metrics go on


def test_any_other_is_refused_with_a_word(database):
    done = subprocess.run([sys.executable, "-c", ANSWERS], env={**os.environ, "INSTRUMENTATION": "more"},
                          capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert "INSTRUMENTATION=more is neither slim nor stock" in done.stderr
