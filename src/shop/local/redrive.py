"""`shop redrive QUEUE`: the dead letters of a running shop go back to their queue."""

import asyncio
import json
import os
import sys
from pathlib import Path

from shop.contracts.topology import QUEUES, Queue
from shop.local.errors import Failed, Refused
from shop.local.language import say
from shop.local.running import known
from shop.runtime import redrive
from shop.runtime.aws import Aws
from shop.runtime.queues import Queues

__all__ = ["again"]


def again(data: Path, name: str, *, as_json: bool) -> None:
    """Put the dead letters of a queue, named by itself or by its dead-letter queue, back into it, and say how many.

    Refused when there is no such queue or no shop runs, Failed when SQS stops answering.
    """
    queue = redrive.source_of(name)
    if queue is None:
        names = " ".join(each.name for each in QUEUES)
        raise Refused(say(f"{name} というキューはありません: {names}", f"there is no queue {name}: one of {names}"))
    settings: dict[str, str] = known(data)["seeding"]
    # The AWS client takes what it signs with from the environment, as it does everywhere.
    os.environ |= {name: value for name, value in settings.items() if name.startswith("AWS_")}
    try:
        moved = asyncio.run(move(queue, settings["QUEUE_URL_PREFIX"]))
    except redrive.Interrupted as stop:
        raise Failed(
            say(
                f"{queue.name} へ {stop.moved:,} 件戻したところで止まりました ({stop.cause})。残りは失われていません。"
                "もう一度実行してください",
                f"stopped after {stop.moved:,} messages went back to {queue.name} ({stop.cause}); none is lost, "
                "run it again",
            )
        ) from stop
    sys.stdout.write((json.dumps({"queue": queue.name, "moved": moved}) if as_json else told(queue, moved)) + "\n")


async def move(queue: Queue, queue_url_prefix: str) -> int:
    """How many were moved."""
    async with Aws() as aws:
        return await redrive.redrive(Queues(aws, queue_url_prefix), queue.name)


def told(queue: Queue, moved: int) -> str:
    """The outcome for the eye."""
    if not moved:
        return say(f"{queue.name} のデッドレターはありません", f"{queue.name} has no dead letters")
    return say(
        f"{moved:,} 件のメッセージを {queue.name} に戻しました",
        f"{moved:,} {'message' if moved == 1 else 'messages'} went back to {queue.name}",
    )
