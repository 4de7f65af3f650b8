"""`shop replay`: events that passed the bus are put on it again, in the order in which they came.

Their ids stay as they were, so consumers that have seen them change nothing: what is replayed repairs, and repeats no
effect.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from shop.contracts.topology import BUS
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.local.asking import every
from shop.local.errors import Failed
from shop.local.language import say
from shop.local.running import known
from shop.runtime.aws import Aws, AwsError

__all__ = ["replay"]

BATCH: Final = 10  # entries of one PutEvents


def replay(data: Path, since: str | None, until: str | None, kind: str | None, *, as_json: bool) -> None:
    """Put events of a window and type on the bus again, and say how many. Refused when no shop runs, else Failed."""
    events = list(every(data, "/api/bus/events", from_=since, to=until, type=kind))[::-1]
    os.environ |= {name: value for name, value in known(data)["seeding"].items() if name.startswith("AWS_")}
    try:
        asyncio.run(put(events))
    except (AwsError, DependencyUnavailable, DependencyTimeout) as error:
        raise Failed(say(f"途中で止まりました: {error}", f"stopped on the way: {error}")) from error
    if as_json:
        sys.stdout.write(json.dumps({"replayed": len(events)}) + "\n")
    else:
        sys.stdout.write(
            say(f"{len(events):,} 件のイベントを再送しました", f"{len(events):,} events were put again") + "\n"
        )


async def put(events: list[dict[str, Any]]) -> None:
    """All of them; a batch holds one event per aggregate, since EventBridge keeps no order inside a batch."""
    async with Aws() as aws:
        batch: list[dict[str, Any]] = []
        for event in events:
            if len(batch) == BATCH or aggregate_of(event) in map(aggregate_of, batch):
                await send(aws, batch)
                batch = []
            batch.append(event)
        if batch:
            await send(aws, batch)


async def send(aws: Aws, batch: list[dict[str, Any]]) -> None:
    """One PutEvents; entries that were refused are tried once more, then they are an error."""
    left = [
        {
            "EventBusName": BUS,
            "Source": event["source"],
            "DetailType": event["detailType"],
            "Detail": json.dumps(event["detail"], ensure_ascii=False),
        }
        for event in batch
    ]
    for _ in range(2):
        answer = await aws.call("events", "PutEvents", Entries=left)
        left = [entry for entry, told in zip(left, answer["Entries"], strict=True) if told.get("ErrorCode")]
        if not left:
            return
    raise DependencyUnavailable(f"EventBridge refused {len(left)} events.")


def aggregate_of(event: dict[str, Any]) -> str:
    """Whose order is to be kept."""
    metadata = event["detail"].get("metadata") if isinstance(event["detail"], dict) else None
    return str(metadata.get("aggregateId")) if isinstance(metadata, dict) else str(event["id"])
