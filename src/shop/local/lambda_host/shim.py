"""AWS's runtime client in plain Python, for machines without a wheel of `awslambdaric` (macOS): the same loop."""

import http.client
import importlib
import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from typing import NoReturn

__all__ = ["Context", "run"]

RUNTIME = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Context:
    """What a handler learns of its invocation."""

    aws_request_id: str
    invoked_function_arn: str
    deadline_ms: int

    @property
    def function_name(self) -> str:
        """Its name."""
        return os.environ["AWS_LAMBDA_FUNCTION_NAME"]

    @property
    def function_version(self) -> str:
        """Its version."""
        return os.environ["AWS_LAMBDA_FUNCTION_VERSION"]

    @property
    def memory_limit_in_mb(self) -> str:
        """Its memory."""
        return os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the timeout, never below 0."""
        return max(0, self.deadline_ms - int(time.time() * 1000))


def run(handler: str, address: str) -> NoReturn:
    """Serve invocations for ever; exit 1 when the handler cannot be imported."""
    connection = http.client.HTTPConnection(address)
    try:
        module, _, name = handler.rpartition(".")
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
    except Exception as error:  # noqa: BLE001 - whatever it is, Lambda is told and the environment ends
        post(connection, f"{RUNTIME}/init/error", described(error))
        sys.exit(1)
    while True:
        connection.request("GET", f"{RUNTIME}/invocation/next")
        response = connection.getresponse()
        payload = response.read()
        context = Context(
            response.headers["Lambda-Runtime-Aws-Request-Id"],
            response.headers["Lambda-Runtime-Invoked-Function-Arn"],
            int(response.headers["Lambda-Runtime-Deadline-Ms"]),
        )
        where = f"{RUNTIME}/invocation/{context.aws_request_id}"
        try:
            answer = json.dumps(function(json.loads(payload), context), ensure_ascii=False).encode()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this invocation's answer
            post(connection, f"{where}/error", described(error))
        else:
            post(connection, f"{where}/response", answer)


def described(error: Exception) -> bytes:
    """An exception in Lambda's form."""
    frames = traceback.format_tb(error.__traceback__)
    return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": frames}).encode()


def post(connection: http.client.HTTPConnection, path: str, body: bytes) -> None:
    """Tell the Runtime API."""
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    connection.getresponse().read()
