"""Very many events at once, through the real queue: one mail each, however they come."""

import asyncio
import random
from collections import Counter

from tests.support.flood import Flood, mails_by_order

from shop.notifications import worker

QUEUE = "notifications-events"
LANES = 4  # as many as the function has environments


async def feed(shop, bodies):
    """Put them all on the queue."""
    url = shop.account.queue_url(QUEUE)
    for first in range(0, len(bodies), 10):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[first : first + 10])]
        await shop.aws.call("sqs", "SendMessageBatch", QueueUrl=url, Entries=entries)


async def consume(shop, chance):
    """What the function's event source does, where some batches are never deleted and come again at once."""
    while received := await shop.queues.receive(QUEUE, 10, 1):
        back = set(await worker.events.handle(shop.deps, received, shop.queues))
        done = [message for message in received if message.id not in back]
        if chance.random() < 0.15:
            await shop.queues.release_all(QUEUE, done, 0)
        elif done:
            await shop.queues.delete(QUEUE, done)


def test_five_hundred_orders_get_one_mail_each(run, shop):
    async def story():
        flood = Flood.of(500, 60)
        await feed(shop, flood.bodies)
        await asyncio.gather(*(consume(shop, random.Random(lane)) for lane in range(LANES)))
        assert await shop.listed("status=QUEUED&type=ORDER_CONFIRMATION") == []
        assert mails_by_order(shop.mails(), flood.emails) == Counter(flood.orders)
        assert await shop.queues.receive(f"{QUEUE}-dlq", 10, 0) == []

    run(story())
