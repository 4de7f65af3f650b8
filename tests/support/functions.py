"""Functions called as Lambda calls them: in an environment of their own, with AWS's own events."""

import json
import os
import subprocess
import sys
from typing import Any

from shop.contracts.messages import Envelope, encode

__all__ = ["call", "from_gateway", "from_queue"]

ENVIRONMENT = """
import json, sys
from types import SimpleNamespace
from importlib import import_module
app = import_module(sys.argv[1])
for line in sys.stdin:
    name, event = json.loads(line)
    answer = getattr(app, name)(event, SimpleNamespace(aws_request_id="r"))
    print("ANSWER" + json.dumps(answer), flush=True)
unwanted = [name for name in ("boto3", "asyncpg", "uvicorn") if name in sys.modules]
print("ANSWER" + json.dumps(unwanted), flush=True)
"""


def call(module: str, *invocations: tuple[str, dict[str, Any]], **environment: str) -> tuple[list[Any], str]:
    """The answers of one environment of `shop.<service>.app` to (handler, event) pairs, and all that it printed.

    The last answer names what it has imported without need.
    """
    done = subprocess.run(
        [sys.executable, "-c", ENVIRONMENT, module],
        input="\n".join(json.dumps(one) for one in invocations),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    lines = done.stdout.splitlines()
    answers = [json.loads(line.removeprefix("ANSWER")) for line in lines if line.startswith("ANSWER")]
    return answers, done.stdout + done.stderr


def from_queue(*messages: Envelope[Any]) -> dict[str, Any]:
    """A batch of SQS; the message ids are m0, m1, ..."""
    bodies = [encode(message).decode() for message in messages]
    return {"Records": [{"messageId": f"m{n}", "receiptHandle": "r", "body": body} for n, body in enumerate(bodies)]}


def from_gateway(path: str, method: str = "GET", body: Any = None, *, token: str | None = None) -> dict[str, Any]:
    """A request by API Gateway's HTTP API, payload 2.0."""
    context = {"http": {"method": method, "path": path, "sourceIp": "203.0.113.7"}}
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "x"},
        "requestContext": context,
    }
    if token:
        event["headers"]["authorization"] = f"Bearer {token}"
    if body is not None:
        event["body"] = json.dumps(body)
        event["headers"] |= {"content-type": "application/json", "content-length": str(len(event["body"]))}
    return event
