"""The emulator as our launcher starts it. It is pinned, and the launcher reaches inside: this holds both together."""

import contextlib
import importlib.metadata
import inspect
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError
from tests.support.account import Account
from tests.support.client import until
from tests.support.processes import listeners

from shop.contracts import topology
from shop.local.emulator import Access, Emulator, Saved
from shop.local.ports import free_port
from shop.local.provision import provision


def client(access: Access, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.account,
        aws_secret_access_key=access.secret,
    )


def test_the_version_is_the_one_that_the_launcher_knows():
    required = [line for line in importlib.metadata.requires("mieruka-shop") or [] if line.startswith("ministack")]
    assert required == [f"ministack=={importlib.metadata.version('ministack')}"]


def test_what_the_launcher_replaces_is_what_the_emulator_uses():
    from ministack.core import concurrency
    from ministack.services import dynamodb, eventbridge, s3, sns, sqs

    receive = inspect.getsource(sqs._act_receive_message)
    assert "await asyncio.sleep(min(0.1, max(0.01, deadline - time.time())))" in receive
    assert inspect.getsource(sqs).count("asyncio.") == 2  # `sleep`, and `iscoroutine`: both are given
    for producer in (sqs, sns, eventbridge, s3, dynamodb):
        assert producer.esm_wake is concurrency.esm_wake
        assert "esm_wake.set()" in inspect.getsource(producer)
    assert isinstance(dynamodb._STREAM_RETENTION_SECONDS, int)


def test_a_message_wakes_whoever_waits_for_it(emulator: Account):
    url = emulator.queue_url("users-events")
    received: list[Any] = []

    def wait() -> None:
        received.extend(client(emulator.access, "sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"])

    waiting = threading.Thread(target=wait)
    waiting.start()
    client(emulator.access, "sqs").send_message(QueueUrl=url, MessageBody="wake")
    waiting.join(10)
    assert [message["Body"] for message in received] == ["wake"]


class Run:
    """An emulator of its own over one folder."""

    def __init__(self, folder: Path, generation: str) -> None:
        self.emulator = Emulator(folder, free_port(), generation=generation)
        self.emulator.prepare()
        self.reading, self.writing = os.pipe()
        command, environment = self.emulator.command(self.reading), self.emulator.environment()
        self.said = folder.parent / f"{generation}.log"
        with self.said.open("wb") as log:
            self.popen = subprocess.Popen(command, env=environment, pass_fds=[self.reading], stdout=log, stderr=log)
        until(self.emulator.is_ready)

    def end(self, how: str = "told") -> None:
        if how == "told":
            self.popen.terminate()
        if how == "killed":
            self.popen.kill()
        os.close(self.writing)
        self.popen.wait(30)
        os.close(self.reading)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[str], Run]]:
    """Starts emulators over one folder, one after the other; none is left behind."""
    started: list[Run] = []

    def start(generation: str) -> Run:
        started.append(Run(tmp_path / "emulator", generation))
        return started[-1]

    yield start
    for run in started:
        if run.popen.poll() is None:
            run.end("killed")


@pytest.mark.parametrize("how", ["told", "orphaned"])
def test_what_it_holds_survives_its_end(begin: Callable[[str], Run], how: str):
    first = begin("one")
    access = first.emulator.access
    made = provision(access)
    client(access, "dynamodb").put_item(TableName="users", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    client(access, "s3").put_object(Bucket=made.images_bucket, Key="original/x", Body=b"picture")
    client(access, "sqs").send_message(QueueUrl=access.queue_url_prefix + "orders-events", MessageBody="waits")
    first.end(how)
    assert first.emulator.saved() == Saved("one")

    second = begin("two")  # on another port: nothing may depend on it
    access = second.emulator.access
    assert provision(access).user_pool_id == made.user_pool_id
    assert client(access, "dynamodb").get_item(TableName="users", Key={"pk": {"S": "a"}, "sk": {"S": "b"}})["Item"]
    assert client(access, "s3").get_object(Bucket=made.images_bucket, Key="original/x")["Body"].read() == b"picture"
    queue = access.queue_url_prefix + "orders-events"
    assert [m["Body"] for m in client(access, "sqs").receive_message(QueueUrl=queue)["Messages"]] == ["waits"]
    second.end()
    assert second.emulator.saved() == Saved("two", "one")


def test_a_kill_leaves_the_note_of_the_save_before(begin: Callable[[str], Run]):
    begin("one").end()
    second = begin("two")
    second.end("killed")
    assert second.emulator.saved() == Saved("one")


def test_open_long_polls_do_not_hold_up_its_end_and_are_no_errors(begin: Callable[[str], Run]):
    """Each is answered that there was nothing, or its connection ends, if it came at that very moment."""
    run = begin("one")
    access = run.emulator.access
    provision(access)
    queue = access.queue_url_prefix + "orders-events"

    heard: list[Any] = []

    def wait() -> None:
        receiver = client(access, "sqs")
        receiver.receive_message(QueueUrl=queue)  # so that the next thing it sends is the long poll
        heard.append("begun")
        with contextlib.suppress(BotoCoreError):
            heard.append(receiver.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages"))

    pollers = [threading.Thread(target=wait, daemon=True) for _ in range(4)]
    for poller in pollers:
        poller.start()
    until(lambda: heard.count("begun") == len(pollers))
    time.sleep(0.2)
    run.end()
    for poller in pollers:
        poller.join(30)
    assert run.emulator.saved() == Saved("one")
    assert set(heard) <= {"begun", None}
    assert "Traceback" not in run.said.read_text()


def test_it_listens_on_loopback_only(begin: Callable[[str], Run]):
    run = begin("one")
    assert listeners(run.popen.pid) == {"0100007F"}
    run.end()


def test_everything_of_the_topology_is_there_and_stays_when_made_again(emulator: Account):
    assert provision(emulator.access) == emulator.provisioned
    dynamodb, sqs = client(emulator.access, "dynamodb"), client(emulator.access, "sqs")
    for table in topology.TABLES:
        made = dynamodb.describe_table(TableName=table.name)["Table"]
        assert made["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        assert {index["IndexName"] for index in made["GlobalSecondaryIndexes"]} == {one.name for one in table.indexes}
        expiry = dynamodb.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
        assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", table.ttl)
    for queue in topology.QUEUES:
        made = sqs.get_queue_attributes(QueueUrl=emulator.queue_url(queue.name), AttributeNames=["All"])["Attributes"]
        redrive = json.loads(made["RedrivePolicy"])
        assert redrive["deadLetterTargetArn"].endswith(f":{topology.dead_letter_queue(queue.name)}")
        assert int(redrive["maxReceiveCount"]) == queue.max_receives
        assert "events.amazonaws.com" in made["Policy"]
    rules = client(emulator.access, "events").list_rules(EventBusName=topology.BUS)["Rules"]
    assert {rule["Name"] for rule in rules} == {rule.name for rule in topology.RULES} | {topology.CONSOLE_RULE}
    cognito = client(emulator.access, "cognito-idp")
    groups = cognito.list_groups(UserPoolId=emulator.provisioned.user_pool_id)["Groups"]
    assert {group["GroupName"] for group in groups} == set(topology.GROUPS)


def test_an_alert_goes_over_the_topic_as_its_bare_envelope(emulator: Account):
    envelope = {"metadata": {"type": "LowStockDetected"}, "data": {"sku": "KAMA-1"}}
    entry = {"EventBusName": "shop", "Source": "shop.inventory", "DetailType": "LowStockDetected"}
    client(emulator.access, "events").put_events(Entries=[{**entry, "Detail": json.dumps(envelope)}])
    url = emulator.queue_url("alerts-notifications")
    received = client(emulator.access, "sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert [json.loads(message["Body"]) for message in received] == [envelope]


def test_an_upload_is_announced_to_the_image_queue(emulator: Account):
    bucket = emulator.provisioned.images_bucket
    client(emulator.access, "s3").put_object(Bucket=bucket, Key="uploads/p/i", Body=b"x", Metadata={"traceparent": "t"})
    url = emulator.queue_url("catalog-images")

    def announced() -> list[Any]:
        received = client(emulator.access, "sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", [])
        records = [record for message in received for record in json.loads(message["Body"]).get("Records", [])]
        return [record["s3"]["object"]["key"] for record in records]

    assert until(announced) == ["uploads/p/i"]
