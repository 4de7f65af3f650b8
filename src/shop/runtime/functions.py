"""Lambda entry points: `http = http_function(build)` in a service's `app`.

What a function needs is built at its first call and kept, as is the event loop: connections live as long as the
environment. Telemetry leaves before the answer does, since an environment is frozen after it.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol
from urllib.parse import quote

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from shop import telemetry
from shop.runtime import signals
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer, Queues, Received
from shop.runtime.dynamo import Table
from shop.runtime.relay import forward
from shop.telemetry import names

__all__ = ["Handler", "http_function", "queue_function", "relay_function"]

FLUSH = 0.1  # seconds: what a dead collector may cost an answer, at most
TEXT = [*DEFAULT_TEXT_MIME_TYPES, "application/problem+json"]


class LambdaContext(Protocol):
    """What Lambda tells of an invocation."""

    @property
    def aws_request_id(self) -> str:
        """Its id."""
        ...


Event = dict[str, Any]
Handler = Callable[[Event, LambdaContext], dict[str, Any]]


@cache
def event_loop() -> asyncio.AbstractEventLoop:
    """The loop of this environment; Mangum finds it as the current one."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


class Temperature:
    """Whether this environment has answered before."""

    cold = True


@contextmanager
def invocation(context: LambdaContext, trigger: str) -> Iterator[dict[str, Any]]:
    """One call: yields its attributes, and sends the telemetry at its end."""
    cold, Temperature.cold = Temperature.cold, False
    # A turn of the loop: it hears which kept connections were closed while the environment was frozen.
    event_loop().run_until_complete(asyncio.sleep(0))
    try:
        yield {
            names.FAAS_COLDSTART: cold,
            names.FAAS_INVOCATION_ID: context.aws_request_id,
            names.FAAS_TRIGGER: trigger,
        }
    finally:
        if cold:
            signals.cold_start(trigger)
        telemetry.flush(FLUSH)


def http_function(build: Callable[[], Starlette]) -> Handler:
    """A function behind API Gateway's HTTP API (payload 2.0). Its lifespan is off: what it uses connects by itself."""

    @cache
    def app() -> Starlette:
        return build()

    def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
        with invocation(context, "http") as attributes:
            application: Any = described(app(), attributes)
            mangum: Any = Mangum(application, lifespan="off", text_mime_types=TEXT)
            return plain(mangum(event, context), event)

    return handler


def plain(answer: dict[str, Any], event: Event) -> dict[str, Any]:
    """An answer without a body is of no type, though Mangum says JSON, which a client would try to read."""
    if not answer["body"] and event["requestContext"]["http"]["method"] != "HEAD":
        answer["headers"].pop("content-type", None)
    return answer


def described(app: ASGIApp, attributes: dict[str, Any]) -> ASGIApp:
    """`app`, with two things in the scope that `runtime.http` reads: attributes for the span of its request, and the
    path as it was encoded, which Mangum leaves out.
    """

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        event = scope["aws.event"]
        raw = event["rawPath"]
        if (told := encoded_path(event)) is not None:
            scope["path"], raw = raw, told
        scope["shop.span"], scope["raw_path"] = attributes, raw.encode()
        await app(scope, receive, send)

    return call


def encoded_path(event: Event) -> str | None:
    """The path as it was encoded, where `rawPath` has it decoded; None where that has not.

    API Gateway's HTTP API decodes it (a function's own URL does not), so that `%2F` in a name looks like two parts, and
    a name with a `%` like one that is still encoded. What it took for the name is in `pathParameters`.
    """
    parameters = event.get("pathParameters") or {}
    template = event.get("routeKey", "").partition(" ")[2]

    def filled(encode: Callable[[str], str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: encode(parameters.get(name[1], "")), template)

    return filled(lambda text: quote(text, safe="")) if filled(str) == event["rawPath"] else None


def queue_function(build: Callable[[], tuple[Consumer, Any, Queues]]) -> Handler:
    """A function on a queue. It answers which messages failed (ReportBatchItemFailures)."""

    @cache
    def parts() -> tuple[Consumer, Any, Queues]:
        consumer, deps, queues = build()
        signals.dead_lettered(consumer.queue.name, 0)
        return consumer, deps, queues

    def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
        with invocation(context, "pubsub") as attributes:
            loop = event_loop()
            consumer, deps, queues = parts()
            received = [Received.from_lambda(record) for record in event["Records"]]
            failed = loop.run_until_complete(consumer.handle(deps, received, queues, attributes=attributes))
            return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}

    return handler


def relay_function(build: Callable[[], tuple[Table, Bus]]) -> Handler:
    """A function on a table's stream, which sends the outbox items. It answers from which record on to repeat."""
    parts = cache(build)

    def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
        with invocation(context, "datasource") as attributes:
            loop = event_loop()
            table, bus = parts()
            attributes[names.AWS_DYNAMODB_TABLE_NAMES] = [table.name]
            with telemetry.span(f"relay {table.name}", kind="consumer", attributes=attributes):
                failed = loop.run_until_complete(forward(table, bus, event["Records"]))
            return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

    return handler
