"""An SQS event source mapping: long polls, hands batches to the function, deletes what it did not report as failed."""

import asyncio
import random
from typing import Any

import msgspec

from shop.contracts.topology import Function, QueueSource
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.local.lambda_host.pool import Busy, Pool
from shop.runtime.aws import Aws, AwsError
from shop.runtime.queues import LONG_POLL

__all__ = ["QueueMapping", "event_record"]

DOWN = (AwsError, DependencyUnavailable, DependencyTimeout)
LONGEST_PAUSE = 5.0


class QueueMapping:
    """Feeds one function from one queue, with as many batches at once as the function has environments."""

    def __init__(self, function: Function, source: QueueSource, pool: Pool, aws: Aws, queue_url_prefix: str) -> None:
        self._source, self._pool, self._aws = source, pool, aws
        self._url = queue_url_prefix + source.queue
        self._arn = f"arn:aws:sqs:{aws.region}:{queue_url_prefix.rstrip('/').rpartition('/')[2]}:{source.queue}"
        self._room = asyncio.Semaphore(function.concurrency)
        self._batches: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Poll until cancelled."""
        failures = 0
        while True:
            await self._room.acquire()
            try:
                messages = await self._collect()
                failures = 0
            except DOWN:
                self._room.release()
                failures += 1
                await asyncio.sleep(random.uniform(0.5, 1) * min(LONGEST_PAUSE, 0.1 * 2**failures))  # noqa: S311 - jitter
                continue
            except asyncio.CancelledError:
                self._room.release()
                raise
            if not messages:
                self._room.release()
                continue
            batch = asyncio.create_task(self._handle(messages))
            self._batches.add(batch)
            batch.add_done_callback(self._done)

    def _done(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        self._room.release()

    async def _collect(self) -> list[dict[str, Any]]:
        """A batch: what is there, and with a window what comes within it."""
        messages = await self._receive(LONG_POLL)
        if messages and self._source.window:
            end = asyncio.get_running_loop().time() + self._source.window.total_seconds()
            while len(messages) < self._source.batch_size and asyncio.get_running_loop().time() < end:
                messages += await self._receive(1, self._source.batch_size - len(messages))
        return messages

    async def _receive(self, wait: int, limit: int | None = None) -> list[dict[str, Any]]:
        answer = await self._aws.call(
            "sqs",
            "ReceiveMessage",
            timeout=wait + 5,
            QueueUrl=self._url,
            MaxNumberOfMessages=min(10, limit or self._source.batch_size),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages") or ())

    async def _handle(self, messages: list[dict[str, Any]]) -> None:
        """Invoke, then delete. What failed is left to its visibility, which our consumers set themselves."""
        event = {"Records": [event_record(message, self._arn, self._aws.region) for message in messages]}
        try:
            outcome = await self._pool.invoke(msgspec.json.encode(event))
        except Busy:
            return
        failed = failed_ids(outcome.body, outcome.error, messages)
        done = [message for message in messages if message["MessageId"] not in failed]
        if done:
            entries = [{"Id": str(i), "ReceiptHandle": each["ReceiptHandle"]} for i, each in enumerate(done)]
            try:
                await self._aws.call("sqs", "DeleteMessageBatch", QueueUrl=self._url, Entries=entries)
            except DOWN:
                return  # they come again, and every consumer is idempotent

    async def finish(self, seconds: float) -> None:
        """Give what is under way a moment to end."""
        if self._batches:
            await asyncio.wait(self._batches, timeout=seconds)
        for batch in self._batches:
            batch.cancel()


def failed_ids(body: bytes, error: str | None, messages: list[dict[str, Any]]) -> set[str]:
    """Which messages were reported as failed; all, when the function failed or its answer makes no sense."""
    everything = {message["MessageId"] for message in messages}
    if error:
        return everything
    try:
        answer = msgspec.json.decode(body)
        failures = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures") or ()}
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
        return everything
    return everything if failures - everything else failures


def event_record(message: dict[str, Any], arn: str, region: str) -> dict[str, Any]:
    """A message in the form in which Lambda hands it to a function."""
    attributes = message.get("MessageAttributes") or {}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {
            name: {
                "dataType": value["DataType"],
                "stringValue": value.get("StringValue"),
                "binaryValue": value.get("BinaryValue"),
                "stringListValues": [],
                "binaryListValues": [],
            }
            for name, value in attributes.items()
        },
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }
