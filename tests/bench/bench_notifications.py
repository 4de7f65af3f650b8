"""Mails of 10,000 orders: a running shop takes their events from its queue, with repeats and in any order.

One mail each, at least 40 a second on two cores. `python tests/bench/bench_notifications.py [--orders N]`; part of
`make bench`.
"""

import argparse
import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench.machine import machine, report
from tests.support.client import Shop
from tests.support.flood import Flood, mails_by_order
from tests.support.servers import Servers

from shop.runtime.aws import Aws
from shop.runtime.queues import Queues

QUEUE = "notifications-events"
BACKLOG = 1000  # messages that wait at most: the emulator's receive costs what its queue is long
TICK = os.sysconf("SC_CLK_TCK")
MOST_MS = 25  # a mail: 40 of them a second


def queues_of(aws: Aws, info: dict[str, Any]) -> tuple[Queues, str]:
    """The shop's queues, and the address of the one of notifications."""
    prefix = f"{info['aws']['endpoint']}/{info['aws']['accessKeyId']}/"
    return Queues(aws, prefix), prefix + QUEUE


async def unsettled(aws: Aws, url: str) -> int:
    """Messages that wait or are being handled."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = await aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


async def pour(info: dict[str, Any], bodies: Sequence[str]) -> float:
    """Seconds until all these messages have been handled; they are sent no faster than they are taken."""
    async with Aws() as aws:
        _, url = queues_of(aws, info)
        begun = time.monotonic()
        for first in range(0, len(bodies), 10):
            if first % 200 == 0:
                await until_below(aws, url, BACKLOG)
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[first : first + 10])]
            await aws.call("sqs", "SendMessageBatch", QueueUrl=url, Entries=entries)
        await until_below(aws, url, 0)
        return time.monotonic() - begun


async def until_below(aws: Aws, url: str, most: int) -> None:
    """Wait until no more than so many messages are unsettled."""
    while await unsettled(aws, url) > most:  # noqa: ASYNC110 - SQS tells nobody
        await asyncio.sleep(0.05)


def cpu_seconds(supervisor: int) -> float:
    """CPU time that the shop's processes have used, those that ended included."""
    used: dict[int, int] = {}
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            numbers = path.read_text().rpartition(")")[2].split()
            pid = int(path.parent.name)
            parents[pid], used[pid] = int(numbers[1]), sum(map(int, numbers[11:15]))
    return sum(ticks for pid, ticks in used.items() if supervisor in ancestry(pid, parents)) / TICK


def ancestry(pid: int, parents: dict[int, int]) -> Iterator[int]:
    """A process, its parent, and so on."""
    while pid in parents:
        yield pid
        pid = parents[pid]


def mailbox(shop: Shop) -> list[dict[str, Any]]:
    """All that SES has taken."""
    answer = shop.call("GET", "/_ministack/ses/messages", base=shop.info["emulator"])
    return [mail for box in answer.json["messages"].values() for mail in box]


def left_queued(shop: Shop) -> int:
    """Mails that nobody has sent."""
    operator = shop.login(**shop.info["operator"])
    return len(operator.call("GET", "/notifications?status=QUEUED").json["items"])


def main() -> int:
    """Print the figures; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000, help="orders (default 10,000)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(machine())
    flood = Flood.of(arguments.orders, max(1, arguments.orders // 10), arguments.seed)
    with Servers() as servers:
        info = servers.start("shop")
        os.environ |= {
            "AWS_ENDPOINT_URL": info["aws"]["endpoint"],
            "AWS_REGION": info["aws"]["region"],
            "AWS_ACCESS_KEY_ID": info["aws"]["accessKeyId"],
            "AWS_SECRET_ACCESS_KEY": info["aws"]["secretAccessKey"],
        }
        shop, supervisor = Shop(info), info["pids"]["supervisor"]
        before = cpu_seconds(supervisor)
        seconds = asyncio.run(pour(info, flood.bodies))
        used = cpu_seconds(supervisor) - before
        mails = mails_by_order(mailbox(shop), flood.emails)
        queued = left_queued(shop)
        shop.close()
    wrong = Counter(flood.orders) - mails, mails - Counter(flood.orders)
    rate = arguments.orders / seconds
    print(f"{arguments.orders} orders, {len(flood.bodies)} messages, {seconds:.0f} s, {rate:.0f} mails/s")
    print(f"mails missing {wrong[0].total()}, too many {wrong[1].total()}, still queued {queued}")
    kept = report("a mail, 20 % of the messages twice", [1000 * seconds / arguments.orders], "ms", MOST_MS)
    print(f"CPU time of all the shop's processes: {1000 * used / arguments.orders:.1f} ms a mail")
    return 0 if kept and not wrong[0] and not wrong[1] and not queued else 1


if __name__ == "__main__":
    raise SystemExit(main())
