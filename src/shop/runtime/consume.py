"""In: messages from a queue to the handlers of a service, one failure at a time.

A message that can never succeed goes to the dead-letter queue at once, with the reason; any other failure sends it back
for 1, 2, 4 ... 60 seconds, and after the queue's last receive SQS moves it. The same code serves the container workers
(`runtime.worker`) and the Lambda functions (`runtime.functions`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from shop import telemetry
from shop.contracts.messages import Message, Metadata, read_message, read_metadata
from shop.contracts.topology import QUEUES
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, Unprocessable
from shop.runtime import faults, signals
from shop.runtime.aws import AwsError
from shop.runtime.queues import Queues, Received
from shop.telemetry import names

__all__ = ["Consumer", "Queues", "Received"]

Handler = Callable[..., Awaitable[None]]
Origin = Callable[..., Awaitable[telemetry.Origin]]
F = TypeVar("F", bound=Handler)
O = TypeVar("O", bound=Origin)  # noqa: E741 - beside F
LONGEST_PAUSE = 60


def ignore(_message: Received, _done: bool) -> None:
    """Lambda deletes by itself what was not reported as failed."""


class Consumer:
    """What a service does with the messages of one queue."""

    def __init__(self, queue: str) -> None:
        self.queue = next(each for each in QUEUES if each.name == queue)
        self._handlers: dict[str, Handler] = {}
        self._known: dict[str, type[Message]] = {}
        self._foreign: Handler | None = None
        self._origin: Origin | None = None

    @property
    def handles(self) -> frozenset[str]:
        """The message types that have a handler."""
        return frozenset(self._handlers)

    def on(self, *kinds: type[Message]) -> Callable[[F], F]:
        """Make `async def f(deps, message: Envelope[...]) -> None` the handler of these types."""

        def register(handler: F) -> F:
            for kind in kinds:
                self._known[kind.__name__] = kind
                self._handlers[kind.__name__] = handler
            return handler

        return register

    def on_json(self, handler: F) -> F:
        """Make `async def f(deps, body: dict, message: Received) -> None` the handler of JSON that is no envelope.

        It raises Unprocessable for what it does not understand.
        """
        self._foreign = handler
        return handler

    def on_origin(self, finder: O) -> O:
        """Make `async def f(deps, body: dict) -> Origin` find what began JSON that is no envelope."""
        self._origin = finder
        return finder

    async def handle(
        self,
        deps: Any,
        received: Sequence[Received],
        queues: Queues,
        *,
        settled: Callable[[Received, bool], None] = ignore,
        attributes: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Handle a batch; ids of the messages that go back to the queue.

        `settled(message, done)` is called for each as soon as it is done with or goes back. `attributes` describe the
        batch.
        """
        with self._receiving(received, attributes) as batch:
            groups = [self._handle_group(deps, group, queues, batch, settled) for group in self._groups(received)]
            return [failed for group in await asyncio.gather(*groups) for failed in group]

    def _groups(self, received: Sequence[Received]) -> list[list[Received]]:
        """What must be handled one after the other: on a FIFO queue a message group, else each message alone."""
        if not self.queue.fifo:
            return [[message] for message in received]
        by_group: dict[str, list[Received]] = {}
        for message in received:
            by_group.setdefault(message.group or message.id, []).append(message)
        return list(by_group.values())

    def _receiving(self, received: Sequence[Received], attributes: Mapping[str, Any] | None) -> telemetry.Span:
        """The span of a batch, a trace of its own: its messages belong to many."""
        described = self._described("receive") | {names.MESSAGING_BATCH_MESSAGE_COUNT: len(received)}
        name = f"receive {self.queue.name}"
        return telemetry.span(name, kind="client", attributes=described | dict(attributes or {}))

    def _described(self, operation: str) -> dict[str, Any]:
        return {
            names.MESSAGING_SYSTEM: "aws_sqs",
            names.MESSAGING_OPERATION_TYPE: operation,
            names.MESSAGING_DESTINATION_NAME: self.queue.name,
        }

    async def _handle_group(
        self,
        deps: Any,
        group: Sequence[Received],
        queues: Queues,
        batch: telemetry.Span,
        settled: Callable[[Received, bool], None],
    ) -> list[str]:
        """Handle messages in order. After a failure the rest goes back unseen: it must not overtake."""
        for index, message in enumerate(group):
            if not await self._handle_one(deps, message, queues, batch):
                back = group[index:]
                await self._give_back(back, queues)
                for rest in back:
                    settled(rest, False)
                return [rest.id for rest in back]
            settled(message, True)
        return []

    async def _give_back(self, messages: Sequence[Received], queues: Queues) -> None:
        """All as long as the first, which failed: a follower that came back earlier could not be handled anyway."""
        seconds = pause_after(messages[0].receives, self.queue.max_receives)
        try:
            await queues.release_all(self.queue.name, messages, seconds)
        except (AwsError, DependencyUnavailable, DependencyTimeout) as error:
            signals.trouble(
                names.MESSAGE_RELEASE_FAILED, error
            )  # then the queue's own visibility timeout brings them back

    async def _handle_one(self, deps: Any, message: Received, queues: Queues, batch: telemetry.Span) -> bool:
        """Whether the message is done with: handled, or moved to the dead letters."""
        metadata = metadata_of(message.body)
        described = self._described("process") | of_message(message, metadata)
        began = origin_of(metadata) if metadata else await self._origin_of(deps, message)
        name = f"process {self.queue.name}"
        with (
            telemetry.context(synthetic=began.synthetic),
            telemetry.span(
                name, kind="consumer", attributes=described, parent=began.traceparent, links=[batch.traceparent]
            ) as span,
            telemetry.work(names.MESSAGE) as line,
        ):
            batch.link(span.traceparent)
            line.add(described)
            try:
                await faults.point("consume", metadata.type if metadata else "json")
                await self._call(deps, message, metadata)
            except Unprocessable as error:
                span.fail(error)
                line.fail(error)
                signals.message_failed(message.id, error, described)
                return await self._bury(message, error, queues)
            except Exception as error:  # noqa: BLE001 - whatever it is: this message failed, and only this one
                span.fail(error)
                line.fail(error)
                signals.message_failed(message.id, error, described)
                if message.receives >= self.queue.max_receives:
                    signals.dead_lettered(self.queue.name)  # SQS moves it instead of giving it out once more
                return False
            if metadata:
                signals.message_handled(self.queue.name, metadata)
            return True

    async def _origin_of(self, deps: Any, message: Received) -> telemetry.Origin:
        if self._origin is None:
            return telemetry.Origin()
        try:
            return await self._origin(deps, json_object(message.body))
        except Exception:  # noqa: BLE001 - the handler meets the same, and tells it
            return telemetry.Origin()

    async def _call(self, deps: Any, message: Received, metadata: Metadata | None) -> None:
        if metadata is None and self._foreign is not None:
            await self._foreign(deps, json_object(message.body), message)
            return
        envelope = read_message(message.body, self._known)
        await self._handlers[envelope.metadata.type](deps, envelope)

    async def _bury(self, message: Received, error: Unprocessable, queues: Queues) -> bool:
        try:
            await queues.bury(self.queue.name, message, error.reason, type(error).__name__)
        except (AwsError, DependencyUnavailable, DependencyTimeout):
            return False  # it comes again, and is no better understood then
        signals.dead_lettered(self.queue.name)
        return True


def metadata_of(body: str) -> Metadata | None:
    """The metadata of an envelope; None for anything else."""
    try:
        return read_metadata(body)[0]
    except Unprocessable:
        return None


def origin_of(metadata: Metadata) -> telemetry.Origin:
    """The span that sent a message, and how the traffic that led to it is marked."""
    return telemetry.Origin(metadata.traceparent, metadata.synthetic)


def of_message(message: Received, metadata: Metadata | None) -> dict[str, Any]:
    """What a span and a line tell of one message."""
    about: dict[str, Any] = {names.MESSAGING_MESSAGE_ID: message.id, names.MESSAGE_RECEIVES: message.receives}
    if metadata:
        about |= {
            names.EVENT_ID: metadata.event_id,
            names.EVENT_TYPE: metadata.type,
            names.EVENT_AGGREGATE_ID: metadata.aggregate_id,
            names.EVENT_AGGREGATE_VERSION: metadata.aggregate_version,
            names.EVENT_CAUSATION_ID: metadata.causation_id,
            names.EVENT_CORRELATION_ID: metadata.correlation_id,
        }
    return about


def json_object(body: str) -> dict[str, Any]:
    """A body as a JSON object. Raises Unprocessable."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Unprocessable(f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise Unprocessable("not a JSON object")
    return content


def pause_after(receives: int, max_receives: int) -> int:
    """Seconds until a failed message may come again; none after the last failure, so that SQS moves it now."""
    return 0 if receives >= max_receives else min(LONGEST_PAUSE, 2 ** (receives - 1))
