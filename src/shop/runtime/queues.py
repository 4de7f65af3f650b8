"""SQS as a consumer sees it: messages received, deleted, sent back, moved to the dead letters."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shop import telemetry
from shop.contracts.topology import dead_letter_queue
from shop.runtime.aws import Aws
from shop.telemetry import names

__all__ = ["BATCH", "Queues", "Received"]

BATCH = 10  # messages of one ReceiveMessage or DeleteMessageBatch
LONG_POLL = 20  # seconds, the most that SQS knows
BURIED = frozenset({"reason", "receives", "traceparent", names.ERROR_TYPE})  # what `bury` writes on a message
UNSENDABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what SQS refuses in an attribute


@dataclass(frozen=True, slots=True)
class Received:
    """One message of a queue. `receives` counts from 1; `group` is the message group on a FIFO queue."""

    id: str
    receipt: str
    body: str
    receives: int = 1
    group: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_sqs(cls, message: Mapping[str, Any]) -> "Received":
        """As ReceiveMessage answers it."""
        system = message.get("Attributes", {})
        return cls(
            id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            body=message["Body"],
            receives=int(system.get("ApproximateReceiveCount", 1)),
            group=system.get("MessageGroupId"),
            attributes=strings(message.get("MessageAttributes") or {}, "StringValue"),
        )

    @classmethod
    def from_lambda(cls, record: Mapping[str, Any]) -> "Received":
        """As Lambda hands it to a function."""
        system = record.get("attributes", {})
        return cls(
            id=record["messageId"],
            receipt=record["receiptHandle"],
            body=record["body"],
            receives=int(system.get("ApproximateReceiveCount", 1)),
            group=system.get("MessageGroupId"),
            attributes=strings(record.get("messageAttributes") or {}, "stringValue"),
        )


def strings(attributes: Mapping[str, Any], key: str) -> dict[str, str]:
    """The message attributes that are text."""
    return {name: value[key] for name, value in attributes.items() if value.get(key) is not None}


class Queues:
    """The queues of the shop, by name."""

    def __init__(self, aws: Aws, queue_url_prefix: str) -> None:
        self._aws, self._prefix = aws, queue_url_prefix

    async def receive(self, queue: str, limit: int = BATCH, wait: int = LONG_POLL) -> list[Received]:
        """Up to `limit` messages; waits up to `wait` seconds for the first."""
        answer = await self._aws.call(
            "sqs",
            "ReceiveMessage",
            timeout=wait + 5,
            QueueUrl=self._prefix + queue,
            MaxNumberOfMessages=limit,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [Received.from_sqs(message) for message in answer.get("Messages") or ()]

    async def depth(self, queue: str) -> int:
        """How many messages can be received now, as SQS knows it: about so many."""
        answer = await self._aws.call(
            "sqs",
            "GetQueueAttributes",
            QueueUrl=self._prefix + queue,
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    async def send_again(self, queue: str, message: Received) -> None:
        """Put a dead letter back into its queue, without what was written on it when it was buried.

        On a FIFO queue it gets a deduplication id that no message had before, else SQS would drop it; sent once more
        after a crash, it has the same one.
        """
        parameters = sendable(message, drop=BURIED)
        if queue.endswith(".fifo"):
            parameters |= in_group(message, f"again-{message.id}")
        await self._aws.call("sqs", "SendMessage", QueueUrl=self._prefix + queue, **parameters)

    async def delete(self, queue: str, messages: Sequence[Received]) -> None:
        """Delete up to 10 messages. One that could not be deleted comes again, as any message may."""
        entries = [{"Id": str(index), "ReceiptHandle": message.receipt} for index, message in enumerate(messages)]
        await self._aws.call("sqs", "DeleteMessageBatch", QueueUrl=self._prefix + queue, Entries=entries)

    async def release(self, queue: str, message: Received, seconds: int) -> None:
        """Give the message back: it may be received again after `seconds`."""
        await self._aws.call(
            "sqs",
            "ChangeMessageVisibility",
            QueueUrl=self._prefix + queue,
            ReceiptHandle=message.receipt,
            VisibilityTimeout=seconds,
        )

    async def bury(self, queue: str, message: Received, reason: str, error_type: str) -> None:
        """Put a copy into the dead-letter queue, with why, and who tried. The caller deletes the message itself."""
        why = {"reason": UNSENDABLE.sub("?", reason)[:1000], names.ERROR_TYPE: error_type}
        why |= {"receives": str(message.receives), "traceparent": telemetry.traceparent() or ""}
        parameters = sendable(message, why)
        if queue.endswith(".fifo"):
            parameters |= in_group(message, message.id)
        await self._aws.call("sqs", "SendMessage", QueueUrl=self._prefix + dead_letter_queue(queue), **parameters)

    async def release_all(self, queue: str, messages: Sequence[Received], seconds: int) -> None:
        """Give several messages back."""
        await asyncio.gather(*(self.release(queue, message, seconds) for message in messages))


NOTHING: Mapping[str, str] = {}


def sendable(
    message: Received, more: Mapping[str, str] = NOTHING, drop: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Body and attributes of a message, as SendMessage takes them."""
    attributes = {name: text for name, text in {**message.attributes, **more}.items() if text and name not in drop}
    return {
        "MessageBody": message.body,
        "MessageAttributes": {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()},
    }


def in_group(message: Received, deduplication_id: str) -> dict[str, str]:
    """What a FIFO queue wants to know beside it."""
    return {"MessageGroupId": message.group or message.id, "MessageDeduplicationId": deduplication_id}
