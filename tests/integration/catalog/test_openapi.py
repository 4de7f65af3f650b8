"""The service held to its own OpenAPI document: whatever is sent, no 5xx and no answer that is not documented."""

import os
import socket
import subprocess
import sys

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.client import until

from shop.catalog.routes import routes
from shop.local.ports import free_port
from shop.runtime.http.openapi import openapi

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(openapi([routes], "1"))


@pytest.fixture(scope="module")
def service(run, catalog):
    """The API under uvicorn, with something in it."""
    run(catalog.create(id="known"))
    port = free_port()
    environment = catalog.account.environment() | {"DATABASE_URL": catalog.dsn, "OTEL_SDK_DISABLED": "true"}
    command = [
        sys.executable, "-m", "uvicorn", "shop.catalog.app:api", "--factory", "--host", "127.0.0.1",
        "--port", str(port), "--http", "httptools", "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listens, seconds=60)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


@schema.parametrize()
@settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_documented(case, service, catalog):
    headers = {"Authorization": f"Bearer {catalog.admin}"}
    case.call_and_validate(base_url=service, headers=headers, checks=CHECKS)
