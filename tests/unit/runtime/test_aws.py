"""Signature and retries of the AWS client; botocore's own signer is the reference."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from tests.support.client import until

from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, SettingsError
from shop.runtime import aws, dynamo
from shop.runtime.aws import Aws, AwsError, AwsSettings, Credentials
from shop.runtime.wire import ConnectFailed, ConnectionLost, Response, ResponseTooLarge, TimedOut, WireError


@pytest.mark.parametrize("token", [None, "session-token"])
def test_signature_is_the_one_that_botocore_makes(monkeypatch, token):
    body = b'{"TableName":"users"}'
    moment = datetime(2026, 11, 24, 9, 5, 3, tzinfo=UTC)
    headers = {
        "host": "dynamodb.ap-northeast-1.amazonaws.com",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.GetItem",
    }
    request = AWSRequest("POST", "https://dynamodb.ap-northeast-1.amazonaws.com/", headers=dict(headers), data=body)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: moment.replace(tzinfo=None))
    SigV4Auth(BotoCredentials("AKID", "secret", token), "dynamodb", "ap-northeast-1").add_auth(request)
    credentials = Credentials("AKID", "secret", token)
    aws.sign(headers, "/", body, region="ap-northeast-1", service="dynamodb", credentials=credentials, moment=moment)
    assert headers["authorization"] == request.headers["Authorization"]


class Answers:
    """A transport that gives prepared answers, one per call."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), 0

    async def request(self, method, url, **options):
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Response(answer[0], {}, json.dumps(answer[1]).encode())


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")

    def make(*answers):
        return Aws(AwsSettings(aws_endpoint_url="http://127.0.0.1:1"), Answers(*answers))  # type: ignore[arg-type]

    return make


def test_throttling_and_5xx_are_tried_again(client):
    throttled = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"})
    shop = client(throttled, (503, {}), (200, {"ok": 1}))
    assert asyncio.run(shop.call("dynamodb", "GetItem")) == {"ok": 1}


def test_a_no_of_aws_is_told_at_once(client):
    shop = client((400, {"__type": "x#ConditionalCheckFailedException", "message": "no"}))
    with pytest.raises(AwsError) as caught:
        asyncio.run(shop.call("dynamodb", "PutItem"))
    assert (caught.value.code, caught.value.message) == ("ConditionalCheckFailedException", "no")


def test_silence_is_a_timeout_and_a_page_that_is_no_json_an_error_of_its_status(client):
    with pytest.raises(DependencyTimeout):
        asyncio.run(client(TimedOut("slow")).call("sqs", "SendMessage"))
    gone = Aws(AwsSettings(aws_endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(DependencyUnavailable):
        asyncio.run(gone.call("sqs", "SendMessage"))


def test_what_must_not_be_done_twice_is_tried_again_only_after_a_clear_no(client):
    throttled = (429, {"__type": "TooManyRequestsException"})
    shop = client(ConnectFailed("refused"), throttled, (200, {"MessageId": "1"}))
    assert asyncio.run(shop.call("sesv2", "SendEmail", repeatable=False)) == {"MessageId": "1"}
    unclear: WireError | tuple[int, dict[str, str]]
    for unclear in (ConnectionLost("closed"), TimedOut("slow"), ResponseTooLarge("large"), (503, {})):
        shop = client(unclear)
        with pytest.raises(DependencyTimeout):
            asyncio.run(shop.call("sesv2", "SendEmail", repeatable=False))
        assert shop._client.calls == 1


CONFLICT = {"__type": "x#TransactionCanceledException", "CancellationReasons": [{"Code": "TransactionConflict"}]}
REFUSED = {
    "__type": "x#TransactionCanceledException",
    "CancellationReasons": [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"available": {"N": "3"}}}],
}


def test_a_transaction_conflict_is_tried_again_and_never_taken_for_a_refusal(client):
    shop = client((400, CONFLICT), (400, CONFLICT), (200, {}))
    table = dynamo.Table(shop, "inventory")
    asyncio.run(table.transact(table.put({"pk": "a", "sk": "b"})))
    assert shop._client.calls == 3


def test_a_refusal_names_the_writes_and_what_is_there(client):
    table = dynamo.Table(client((400, REFUSED)), "inventory")
    with pytest.raises(dynamo.ConditionFailed) as caught:
        asyncio.run(table.transact(table.put({"pk": "a", "sk": "b"}), table.put({"pk": "c", "sk": "d"})))
    assert caught.value.items == {1: {"available": 3}}


def test_items_come_back_as_they_went():
    item = {"s": "x", "n": 3, "f": 1.5, "b": True, "z": None, "l": [1, "a", {"m": False}], "bytes": b"\x00"}
    assert dynamo.read(dynamo.wire(item)) == item


# ---------------------------------------------------------------------------------------------------- credentials


class Agent(BaseHTTPRequestHandler):
    """ECS's agent: gives credentials that are about to end, and after the first new ones only when it may."""

    asked: ClassVar[list[str]] = []
    may: ClassVar[threading.Event] = threading.Event()

    def do_GET(self):
        self.asked.append(f"{self.path} {self.headers['Authorization']}")
        refused = len(self.asked) > 2 and not self.may.is_set()
        name = "new" if self.may.is_set() else "old"
        end = datetime.now(UTC) + timedelta(minutes=12)
        role = {"AccessKeyId": name, "SecretAccessKey": "s", "Token": "t"}
        body = json.dumps(role | {"Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}"}).encode()
        self.send_response(503 if refused else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def of_a_task(monkeypatch):
    """An environment as in a task of Fargate; yields what its agent was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Agent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/v2/role")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "task")
    monkeypatch.setattr(aws, "REFRESH_EVERY", 0.01)
    aws._role.cache_clear()
    yield Agent
    Agent.may.set()
    aws._role.cache_clear()
    server.shutdown()
    server.server_close()


def test_a_tasks_credentials_are_renewed_before_they_end_and_nobody_waits_for_it(of_a_task):
    assert aws.credentials() == Credentials("old", "s", "t")
    until(lambda: len(of_a_task.asked) > 3)  # the thread asks for new ones, and gets none yet
    assert aws.credentials() == Credentials("old", "s", "t")
    of_a_task.may.set()
    until(lambda: aws.credentials() == Credentials("new", "s", "t"))
    assert of_a_task.asked[0] == "/v2/role task"


def test_without_a_role_and_without_keys_it_says_so(of_a_task, monkeypatch):
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    with pytest.raises(SettingsError, match="neither AWS_ACCESS_KEY_ID nor a role"):
        aws.credentials()
