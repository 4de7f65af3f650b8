"""Event source mappings: what comes out of a queue or a stream reaches the function, in order, and nothing is lost.

The mappings are the host's own, on the emulator's real queues and streams; the function's side is a pool that the test
answers for, so that it can fail as it likes.
"""

import asyncio
import contextlib
import json
from datetime import timedelta

import pytest

from shop.contracts.topology import Function, QueueSource, StreamSource
from shop.local.lambda_host.environment import Outcome
from shop.local.lambda_host.pool import Busy
from shop.local.lambda_host.queue_source import QueueMapping
from shop.local.lambda_host.stream_source import StreamMapping
from shop.runtime.aws import Aws, AwsSettings

STANDARD, FIFO = "users-events", "inventory-commands.fifo"


class Pool:
    """In a function's place: keeps what it is handed and answers what the test says."""

    def __init__(self, answer):
        self.batches, self.answer = [], answer

    async def invoke(self, payload):
        records = json.loads(payload)["Records"]
        self.batches.append(records)
        return await self.answer(records) if asyncio.iscoroutinefunction(self.answer) else self.answer(records)

    @property
    def bodies(self):
        return [[record["body"] for record in batch] for batch in self.batches]


def handed(pool):
    return [body for bodies in pool.bodies for body in bodies]


def well(_records):
    return Outcome(b'{"batchItemFailures": []}', None)


def failing(*which):
    def answer(records):
        failed = [{"itemIdentifier": r["messageId"]} for r in records if r["body"] in which]
        return Outcome(json.dumps({"batchItemFailures": failed}).encode(), None)

    return answer


@pytest.fixture(scope="module")
def aws(run, emulator):
    with pytest.MonkeyPatch.context() as environment:
        for name, value in emulator.access.environment().items():
            environment.setenv(name, value)
        client = Aws(AwsSettings(aws_region=emulator.access.region, aws_endpoint_url=emulator.access.endpoint))
        yield client
        run(client.aclose())


@pytest.fixture
def send(run, aws, emulator):
    async def one(queue, body, group):
        more = {"MessageGroupId": group, "MessageDeduplicationId": body} if queue.endswith(".fifo") else {}
        await aws.call("sqs", "SendMessage", QueueUrl=emulator.queue_url(queue), MessageBody=body, **more)

    async def purge():
        for queue in (STANDARD, FIFO):
            await aws.call("sqs", "PurgeQueue", QueueUrl=emulator.queue_url(queue))

    run(purge())
    return one


@contextlib.asynccontextmanager
async def fed(mapping):
    """The mapping at work while the context lasts."""
    task = asyncio.create_task(mapping.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if isinstance(mapping, QueueMapping):
            await mapping.finish(5)


async def until(condition, seconds=20):
    async with asyncio.timeout(seconds):
        while True:
            value = condition()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return
            await asyncio.sleep(0.01)


def mapping(pool, aws, emulator, queue=STANDARD, concurrency=1, **source):
    function = Function("things", "users", "x.y", concurrency=concurrency)
    return QueueMapping(function, QueueSource(queue, **source), pool, aws, emulator.access.queue_url_prefix)


async def left(aws, emulator, queue):
    """How many messages a queue still has, seen or unseen."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = await aws.call("sqs", "GetQueueAttributes", QueueUrl=emulator.queue_url(queue), AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


def test_what_a_queue_holds_is_handed_on_in_lambdas_own_form_and_deleted(run, aws, emulator, send):
    pool = Pool(well)

    async def story():
        await send(STANDARD, "あ", "")
        async with fed(mapping(pool, aws, emulator)):
            await until(lambda: pool.batches)
            await until(lambda: nothing_left(aws, emulator, STANDARD))

    run(story())
    ((record,),) = pool.batches
    assert (record["body"], record["eventSource"], record["awsRegion"]) == ("あ", "aws:sqs", aws.region)
    assert record["eventSourceARN"].endswith(f":{STANDARD}")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


async def nothing_left(aws, emulator, queue):
    return await left(aws, emulator, queue) == 0


def test_only_what_was_reported_as_failed_stays(run, aws, emulator, send):
    pool = Pool(failing("bad"))

    async def story():
        for body in ("good", "bad", "better"):
            await send(STANDARD, body, "")
        async with fed(mapping(pool, aws, emulator)):
            await until(lambda: "better" in handed(pool))
            await until(lambda: one_left(aws, emulator))

    run(story())
    assert sorted(handed(pool)) == ["bad", "better", "good"]


async def one_left(aws, emulator):
    return await left(aws, emulator, STANDARD) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(b'{"errorType": "ValueError"}', "Unhandled"),
        Outcome(b"no JSON", None),
        Outcome(b'{"batchItemFailures": [{"itemIdentifier": "of somebody else"}]}', None),
        Outcome(b'{"batchItemFailures": [{}]}', None),
    ],
    ids=["error", "no JSON", "an unknown id", "no id"],
)
def test_a_batch_whose_answer_cannot_be_trusted_stays_whole(run, aws, emulator, send, outcome):
    pool = Pool(lambda _records: outcome)

    async def story():
        await send(STANDARD, "one", "")
        async with fed(mapping(pool, aws, emulator)):
            await until(lambda: pool.batches)
        assert await left(aws, emulator, STANDARD) == 1

    run(story())


def test_a_function_without_room_loses_nothing(run, aws, emulator, send):
    def busy(_records):
        raise Busy

    pool = Pool(busy)

    async def story():
        await send(STANDARD, "one", "")
        async with fed(mapping(pool, aws, emulator)):
            await until(lambda: pool.batches)
        assert await left(aws, emulator, STANDARD) == 1

    run(story())


def test_never_more_batches_at_once_than_the_function_has_environments(run, aws, emulator, send):
    at_once, most = 0, 0
    gate = asyncio.Event()

    async def answer(records):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await gate.wait()
        at_once -= 1
        return well(records)

    pool = Pool(answer)

    async def story():
        for number in range(6):
            await send(STANDARD, str(number), "")
        async with fed(mapping(pool, aws, emulator, concurrency=2, batch_size=1)):
            await until(lambda: at_once == 2)
            gate.set()
            await until(lambda: len(pool.batches) == 6)

    run(story())
    assert most == 2


def test_a_window_collects_what_comes_within_it(run, aws, emulator, send):
    pool = Pool(well)

    async def story():
        source = {"window": timedelta(seconds=30), "batch_size": 3}
        async with fed(mapping(pool, aws, emulator, **source)):
            for body in "abc":  # the batch is full before the window ends
                await send(STANDARD, body, "")
            await until(lambda: pool.batches)

    run(story())
    assert [sorted(bodies) for bodies in pool.bodies] == [["a", "b", "c"]]


def test_a_group_keeps_its_order_while_others_go_on(run, aws, emulator, send):
    """The first message of a group fails once: its follower waits for it, another group does not."""
    seen = []

    async def story():
        async def answer(records):
            (record,) = records
            seen.append(record["body"])
            if seen.count("a1") == 1 and record["body"] == "a1":
                await aws.call(
                    "sqs",
                    "ChangeMessageVisibility",
                    QueueUrl=emulator.queue_url(FIFO),
                    ReceiptHandle=record["receiptHandle"],
                    VisibilityTimeout=1,
                )
                return failing("a1")(records)
            return well(records)

        pool = Pool(answer)
        for body in ("a1", "a2", "b1", "a3"):
            await send(FIFO, body, body[0])
        async with fed(mapping(pool, aws, emulator, queue=FIFO, concurrency=3, batch_size=1)):
            await until(lambda: "a3" in seen)

    run(story())
    assert [body for body in seen if body[0] == "a"] == ["a1", "a1", "a2", "a3"]
    assert seen.index("b1") < len(seen) - 1


# ------------------------------------------------------------------------------------------------------------- streams


def stream_mapping(pool, aws, folder):
    folder.mkdir(exist_ok=True)
    return StreamMapping(Function("users-relay", "users", "x.y"), StreamSource("users"), pool, aws, folder)


async def put(aws, key, number):
    item = {"pk": {"S": key}, "sk": {"S": f"{number:06}"}}
    await aws.call("dynamodb", "PutItem", TableName="users", Item=item)


def keys(batches, partition):
    """Sort keys of what was handed on of one test's own partition: a stream remembers those of others."""
    all_of_them = [record["dynamodb"]["Keys"] for batch in batches for record in batch]
    return [each["sk"]["S"] for each in all_of_them if each["pk"]["S"] == partition]


def test_a_stream_gives_new_outbox_items_in_order_and_goes_on_where_it_was(run, aws, tmp_path):
    first, second = Pool(well), Pool(well)

    async def story():
        async with fed(stream_mapping(first, aws, tmp_path / "state")):
            for number in range(25):
                await put(aws, "OUTBOX#order", number)
                await put(aws, "USER#nobody's business", number)
            await until(lambda: len(keys(first.batches, "OUTBOX#order")) >= 25)
        await put(aws, "OUTBOX#order", 25)
        await put(aws, "OUTBOX#order", 25)  # a change of an item is no new one
        async with fed(stream_mapping(second, aws, tmp_path / "state")):
            await until(lambda: second.batches)

    run(story())
    assert keys(first.batches, "OUTBOX#order") == [f"{number:06}" for number in range(25)]
    assert keys(second.batches, "OUTBOX#order") == ["000025"]
    assert sum(len(batch) for batch in second.batches) == 1
    assert not keys(first.batches, "USER#nobody's business")


def test_a_record_that_fails_holds_back_those_behind_it_and_comes_again(run, aws, tmp_path):
    failed: list[str] = []

    def answer(records):
        ids = [record["dynamodb"]["SequenceNumber"] for record in records]
        if "000002" in keys([records], "OUTBOX#failing") and not failed:
            (place,) = (n for n, r in enumerate(records) if keys([[r]], "OUTBOX#failing") == ["000002"])
            failed.append(ids[place])
            return Outcome(json.dumps({"batchItemFailures": [{"itemIdentifier": failed[0]}]}).encode(), None)
        return well(records)

    pool = Pool(answer)

    async def story():
        for number in range(4):
            await put(aws, "OUTBOX#failing", number)
        async with fed(stream_mapping(pool, aws, tmp_path / "state")):
            await until(lambda: keys(pool.batches, "OUTBOX#failing").count("000003") == 2)

    run(story())
    again = pool.batches[-1]
    assert again[0]["dynamodb"]["SequenceNumber"] == failed[0]
    assert keys([again], "OUTBOX#failing") == ["000002", "000003"]


@pytest.mark.parametrize("saved", ["{", '{"stream": "of before", "shard": "x", "sequence": "1"}'])
def test_a_checkpoint_that_is_broken_or_of_another_stream_begins_at_the_oldest(run, aws, tmp_path, saved):
    pool = Pool(well)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "users-relay.json").write_text(saved)

    async def story():
        await put(aws, "OUTBOX#again", 1)
        async with fed(stream_mapping(pool, aws, tmp_path / "state")):
            await until(lambda: keys(pool.batches, "OUTBOX#again"))

    run(story())
