"""Dead letters go back to their queues: all of them, in order, even when who moves them is killed on the way."""

import asyncio
import json

import pytest

from shop.contracts.topology import QUEUES, dead_letter_queue
from shop.kernel.errors import DependencyUnavailable
from shop.runtime.queues import Queues
from shop.runtime.redrive import Interrupted, redrive, source_of

EVENTS, DEAD = "catalog-events", "catalog-events-dlq"
COMMANDS, DEAD_COMMANDS = "inventory-commands.fifo", "inventory-commands-dlq.fifo"


class Killed(BaseException):
    """The process ends here."""


class Dying(Queues):
    """Queues of a process that is killed just before it deletes a message for the nth time; or whose SQS goes away."""

    def __init__(self, queues, deletes, how):
        super().__init__(queues._aws, queues._prefix)
        self.deletes, self.how, self.held = deletes, how, []

    async def receive(self, queue, limit=10, wait=0):
        received = await super().receive(queue, limit, wait)
        self.held += received
        return received

    async def delete(self, queue, messages):
        if self.deletes == 0:
            raise self.how
        self.deletes -= 1
        await super().delete(queue, messages)
        self.held = [each for each in self.held if each not in messages]


@pytest.fixture(autouse=True)
def _empty(empty):
    empty(EVENTS, DEAD, COMMANDS, DEAD_COMMANDS)


@pytest.fixture
def put(aws, emulator):
    async def put_body(body, queue=EVENTS, **more):
        await aws.call("sqs", "SendMessage", QueueUrl=emulator.queue_url(queue), MessageBody=body, **more)

    return put_body


async def all_of(queues, queue):
    """Everything on a queue, received and deleted."""
    found = []
    while more := await queues.receive(queue, 10, 0):
        await queues.delete(queue, more)
        found += more
    return found


async def bury_all(queues, queue):
    """What a consumer does that understands none of it."""
    received = await all_of(queues, queue)
    for message in received:
        await queues.bury(queue, message, "unknown type Riddle", "Unprocessable")
    return received


def test_a_dead_letter_comes_back_as_it_was_sent(run, queues, put):
    async def story():
        kept = {"color": {"DataType": "String", "StringValue": "red"}}
        await put("riddle", MessageAttributes=kept)
        await bury_all(queues, EVENTS)
        assert await redrive(queues, EVENTS) == 1
        assert await all_of(queues, DEAD) == []
        (back,) = await all_of(queues, EVENTS)
        assert (back.body, back.receives, back.attributes) == ("riddle", 1, {"color": "red"})
        assert await redrive(queues, EVENTS) == 0

    run(story())


def test_on_a_fifo_queue_order_is_kept_and_deduplication_drops_nothing(run, queues, put):
    async def story():
        sent = [(f"order-{n % 3}", str(n)) for n in range(36)]
        for group, body in sent:
            await put(body, COMMANDS, MessageGroupId=group, MessageDeduplicationId=f"command-{body}")
        for _ in range(2):  # twice within the five minutes in which SQS remembers
            assert len(await bury_all(queues, COMMANDS)) == 36
            assert await redrive(queues, COMMANDS) == 36
        back = [(message.group, message.body) for message in await all_of(queues, COMMANDS)]
        for group in {group for group, _ in sent}:
            assert [each for each in back if each[0] == group] == [each for each in sent if each[0] == group]

    run(story())


@pytest.mark.parametrize("queue", [EVENTS, COMMANDS])
def test_what_sqs_itself_has_moved_comes_back_too(run, aws, emulator, queues, put, queue):
    async def story():
        url = emulator.queue_url(queue)
        ids = {"MessageGroupId": "order", "MessageDeduplicationId": "tired"} if queue == COMMANDS else {}
        await put("tired", queue, **ids)
        asked = await aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["RedrivePolicy"])
        policy = asked["Attributes"]["RedrivePolicy"]
        once = json.dumps(json.loads(policy) | {"maxReceiveCount": 1})
        await aws.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": once})
        await queues.release_all(queue, await queues.receive(queue, 1, 1), 0)
        assert await queues.receive(queue, 1, 1) == []
        await aws.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": policy})
        assert await redrive(queues, queue) == 1
        (back,) = await all_of(queues, queue)
        assert (back.body, back.group, back.receives) == ("tired", ids.get("MessageGroupId"), 1)

    run(story())


@pytest.mark.parametrize("queue", [EVENTS, COMMANDS])
def test_who_is_killed_between_sending_and_deleting_loses_nothing(run, queues, put, queue):
    async def story():
        fifo = queue == COMMANDS
        for n in range(12):
            ids = {"MessageGroupId": "order", "MessageDeduplicationId": f"killed-{n}"} if fifo else {}
            await put(str(n), queue, **ids)
        await bury_all(queues, queue)
        dying = Dying(queues, 5, Killed())
        with pytest.raises(Killed):
            await redrive(dying, queue)
        await queues.release_all(dead_letter_queue(queue), dying.held, 0)  # as if its visibility had ended
        assert await redrive(queues, queue) == 7
        bodies = [message.body for message in await all_of(queues, queue)]
        assert set(bodies) == {str(n) for n in range(12)}
        assert len(bodies) == (12 if fifo else 13)  # FIFO knows the one that was sent twice

    run(story())


def test_what_was_moved_before_sqs_went_away_is_told(run, queues, put):
    async def story():
        for n in range(4):
            await put(str(n))
        await bury_all(queues, EVENTS)
        with pytest.raises(Interrupted) as stopped:
            await redrive(Dying(queues, 3, DependencyUnavailable("SQS cannot be reached.")), EVENTS)
        assert stopped.value.moved == 3

    run(story())


def test_what_fails_again_meanwhile_does_not_go_round_for_ever(run, queues, put):
    async def story():
        for n in range(15):
            await put(str(n))
        await bury_all(queues, EVENTS)

        async def consume():
            while True:
                await bury_all(queues, EVENTS)
                await asyncio.sleep(0)

        consumer = asyncio.create_task(consume())
        assert await redrive(queues, EVENTS) == 15
        consumer.cancel()

    run(story())


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_a_queue_is_known_by_its_name_and_by_that_of_its_dead_letters(queue):
    names = [queue.name, dead_letter_queue(queue.name), queue.name.removesuffix(".fifo")]
    assert [source_of(name) for name in names] == [queue] * 3
    assert source_of(json.dumps(queue.name)) is None
