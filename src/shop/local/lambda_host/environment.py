"""One execution environment: a process that asks its Runtime API for the next invocation, and answers it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from shop.contracts.topology import Function
from shop.local.lambda_host.server import Answer, Request, Server, serve

__all__ = ["Environment", "Invocation", "Outcome", "failure"]

RUNTIME = "/2018-06-01/runtime/"
MAX_RESPONSE = 6 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation ended with: the function's answer, or with `error` an error in Lambda's form."""

    body: bytes
    error: str | None = None  # "Unhandled", as in X-Amz-Function-Error


def failure(kind: str, message: str, request_id: str) -> Outcome:
    """An error that Lambda itself tells of, as Lambda tells it."""
    text = f"RequestId: {request_id} Error: {message}"
    return Outcome(msgspec.json.encode({"errorType": kind, "errorMessage": text}), "Unhandled")


@dataclass(slots=True)
class Invocation:
    """One event on its way through a function."""

    payload: bytes
    timeout: float
    request_id: str = field(default_factory=lambda: str(uuid4()))
    outcome: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def end(self, outcome: Outcome) -> None:
        """Tell who waits; the first end counts."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Environment:
    """The Runtime API of one process, and what is known of it. `on_idle` is called whenever it asks for work."""

    def __init__(self, function: Function, number: int, on_idle: Callable[["Environment"], None]) -> None:
        self.function, self.name = function, f"{function.name}-{number}"
        self.on_idle = on_idle
        self.pid: int | None = None
        self.started = datetime.now(UTC)
        self.current: Invocation | None = None
        self.started_for: Invocation | None = None  # until it first asks for work
        self.idle_since = 0.0
        self.init_error: Outcome | None = None
        self._next: asyncio.Future[Invocation] | None = None
        self._server: Server | None = None

    async def listen(self) -> str:
        """Open the endpoint; its address for AWS_LAMBDA_RUNTIME_API."""
        self._server = await serve(self.handle)
        return f"127.0.0.1:{self._server.port}"

    def close(self) -> None:
        """Close the endpoint."""
        if self._server is not None:
            self._server.close()
        if self._next is not None and not self._next.done():
            self._next.cancel()

    @property
    def returning(self) -> bool:
        """Whether it has answered, and is about to ask for more."""
        return self.current is None and self._next is not None and self._next.done()

    @property
    def idle(self) -> bool:
        """Whether it waits for work."""
        return self._next is not None and not self._next.done()

    def take(self, invocation: Invocation) -> None:
        """Hand an invocation to the process, which is idle."""
        assert self._next is not None  # noqa: S101 - only idle environments are given work
        self.current = invocation
        self._next.set_result(invocation)

    async def handle(self, request: Request) -> Answer:
        """The Runtime API: next, response, error, init/error."""
        path = request.path.removeprefix(RUNTIME)
        if path == "invocation/next":
            return await self.next()
        if path == "init/error":
            self.init_error = Outcome(request.body, "Unhandled")
            return Answer(202)
        parts = path.split("/")
        if len(parts) == 3 and parts[0] == "invocation" and self.current and parts[1] == self.current.request_id:
            return self.answered(parts[2], request.body)
        return Answer(404, b'{"errorMessage":"no such invocation","errorType":"InvalidRequestID"}')

    async def next(self) -> Answer:
        """Wait for work."""
        self._next = asyncio.get_running_loop().create_future()
        self.idle_since = time.monotonic()
        self.started_for = None
        self.on_idle(self)
        invocation = await self._next
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + invocation.timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": arn(self.function.name),
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid4().hex[:24]};Sampled=0",
        }
        return Answer(200, invocation.payload, headers)

    def answered(self, how: str, body: bytes) -> Answer:
        """The process has ended an invocation."""
        invocation, self.current = self.current, None
        assert invocation is not None  # noqa: S101 - checked by its id
        if how == "error":
            invocation.end(Outcome(body, "Unhandled"))
        elif len(body) > MAX_RESPONSE:
            size = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
            invocation.end(failure("Function.ResponseSizeTooLarge", size, invocation.request_id))
            return Answer(413)
        else:
            invocation.end(Outcome(body))
        return Answer(202)

    def gone(self, how: str) -> None:
        """The process has ended, `exit status 1` or the like."""
        self.close()
        invocation = self.current or self.started_for
        if invocation is not None:
            message = f"Runtime exited with error: {how}"
            invocation.end(self.init_error or failure("Runtime.ExitError", message, invocation.request_id))
        self.current = self.started_for = None


def arn(function: str) -> str:
    """The function's ARN, of the account and region that the emulator has."""
    return f"arn:aws:lambda:ap-northeast-1:000000000000:function:{function}"
