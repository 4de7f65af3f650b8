"""A DynamoDB Streams event source mapping: reads each shard in order, hands new items on, keeps a checkpoint."""

import asyncio
import contextlib
import random
from pathlib import Path
from typing import Any

import msgspec

from shop.contracts.topology import Function, StreamSource
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.local.lambda_host.pool import Busy, Pool
from shop.runtime.aws import Aws, AwsError

__all__ = ["StreamMapping"]

DOWN = (AwsError, DependencyUnavailable, DependencyTimeout)
EVERY = 0.25  # seconds between polls when nobody was at work; a poll costs the emulator 1.5 ms
PAUSE = 0.005  # and in a crowd: what is written meanwhile comes in one batch
LONGEST_PAUSE = 5.0


class StreamMapping:
    """Feeds one function from one table's stream."""

    def __init__(self, function: Function, source: StreamSource, pool: Pool, aws: Aws, state: Path) -> None:
        self._source, self._pool, self._aws = source, pool, aws
        self._checkpoint = state / f"{function.name}.json"
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Somebody who writes the table has done some work: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Follow the stream until cancelled."""
        failures = 0
        while True:
            try:
                await self._follow()
                failures = 0
            except DOWN:
                failures += 1
                await asyncio.sleep(random.uniform(0.5, 1) * min(LONGEST_PAUSE, 0.1 * 2**failures))  # noqa: S311 - jitter

    async def _follow(self) -> None:
        """Follow every shard of the table's current stream, until one of them ends."""
        table = await self._aws.call("dynamodb", "DescribeTable", TableName=self._source.table)
        stream = table["Table"]["LatestStreamArn"]
        described = await self._aws.call("dynamodbstreams", "DescribeStream", StreamArn=stream)
        shards = [shard["ShardId"] for shard in described["StreamDescription"]["Shards"]]
        if not shards:
            await self._pause()
            return
        async with contextlib.AsyncExitStack() as stack:
            tasks = [asyncio.create_task(self._follow_shard(stream, shard)) for shard in shards]
            stack.push_async_callback(ended, tasks)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _follow_shard(self, stream: str, shard: str) -> None:
        iterator: str | None = await self._iterator(stream, shard)
        while iterator:
            try:
                answer = await self._aws.call(
                    "dynamodbstreams", "GetRecords", ShardIterator=iterator, Limit=self._source.batch_size
                )
            except AwsError as error:
                if error.code not in ("ExpiredIteratorException", "TrimmedDataAccessException"):
                    raise
                iterator = await self._iterator(stream, shard)
                continue
            records = answer.get("Records") or []
            if records:
                await self._hand_on(records, stream)
                self._save(stream, shard, records[-1]["dynamodb"]["SequenceNumber"])
            iterator = answer.get("NextShardIterator")
            if len(records) < self._source.batch_size:
                await self._pause()

    async def _iterator(self, stream: str, shard: str) -> str:
        """After the checkpoint; from the oldest record there is, without one or when its record is gone."""
        sequence = self._saved(stream, shard)
        request: dict[str, Any] = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        if sequence:
            after = request | {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": sequence}
            try:
                return str((await self._aws.call("dynamodbstreams", "GetShardIterator", **after))["ShardIterator"])
            except AwsError as error:
                if error.code not in ("TrimmedDataAccessException", "ValidationException", "ResourceNotFoundException"):
                    raise
                self._checkpoint.unlink(missing_ok=True)
        return str((await self._aws.call("dynamodbstreams", "GetShardIterator", **request))["ShardIterator"])

    async def _hand_on(self, records: list[dict[str, Any]], stream: str) -> None:
        """Invoke until every wanted record is done with: order matters more than speed here."""
        wanted = [event_record(record, stream, self._aws.region) for record in records if self._wants(record)]
        failures = 0
        while wanted:
            wanted = await self._invoke(wanted)
            if wanted:
                failures += 1
                await asyncio.sleep(random.uniform(0.5, 1) * min(LONGEST_PAUSE, 0.05 * 2**failures))  # noqa: S311 - jitter

    def _wants(self, record: dict[str, Any]) -> bool:
        key = str(record["dynamodb"]["Keys"]["pk"].get("S", ""))
        return record["eventName"] == "INSERT" and key.startswith(self._source.pk_prefix)

    async def _invoke(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What is left to do: everything from the first reported record on."""
        try:
            outcome = await self._pool.invoke(msgspec.json.encode({"Records": records}))
        except Busy:
            return records
        if outcome.error:
            return records
        answer = msgspec.json.decode(outcome.body) or {}
        failed = {item["itemIdentifier"] for item in answer.get("batchItemFailures") or ()}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        first = min((numbers.index(each) if each in numbers else 0 for each in failed), default=len(records))
        return records[first:]

    async def _pause(self) -> None:
        """Until the next poll: at once when somebody has been at work, else after a while."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), EVERY)
            await asyncio.sleep(PAUSE)
        self._woken.clear()

    def _saved(self, stream: str, shard: str) -> str | None:
        try:
            saved = msgspec.json.decode(self._checkpoint.read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return saved["sequence"] if (saved["stream"], saved["shard"]) == (stream, shard) else None

    def _save(self, stream: str, shard: str, sequence: str) -> None:
        content = msgspec.json.encode({"stream": stream, "shard": shard, "sequence": sequence})
        new = self._checkpoint.with_suffix(".new")
        new.write_bytes(content)
        new.replace(self._checkpoint)


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel what still runs, and wait for it."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def event_record(record: dict[str, Any], stream: str, region: str) -> dict[str, Any]:
    """A stream record in the form in which Lambda hands it to a function."""
    return {
        "eventID": record.get("eventID", ""),
        "eventName": record["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": record["dynamodb"],
        "eventSourceARN": stream,
    }
