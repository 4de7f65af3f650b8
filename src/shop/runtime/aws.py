"""AWS calls: a small asyncio client of our own.

A GetItem costs boto3 0.76 ms of CPU and this client 0.07 (docs/adr/0003-aws-client.md). It speaks the JSON protocols,
signs with SigV4, repeats what may be repeated, and shows every call as a client span. Nothing here knows whether AWS or
an emulator answers: `AWS_ENDPOINT_URL` decides, as in every AWS SDK.
"""

import asyncio
import hashlib
import hmac
import os
import random
import threading
import time
from collections.abc import Iterable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from shop import telemetry
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, SettingsError
from shop.runtime import faults
from shop.runtime.wire import Client, ConnectFailed, ConnectionLost, Response, TimedOut, WireError
from shop.telemetry import names

__all__ = ["Aws", "AwsError", "AwsSettings", "credentials", "resolve_secrets", "sign", "signature_of"]

ATTEMPTS = 4
REFRESH_EVERY = 60.0  # seconds between two looks whether credentials come to their end
THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a service is spoken to: prefix of X-Amz-Target (none: REST), JSON version, host, name in the signature."""

    target: str
    json: str
    host: str
    signing: str
    rpc: str


PROTOCOLS = {
    "dynamodb": Protocol("DynamoDB_20120810", "1.0", "dynamodb", "dynamodb", "DynamoDB"),
    "dynamodbstreams": Protocol("DynamoDBStreams_20120810", "1.0", "streams.dynamodb", "dynamodb", "DynamoDB Streams"),
    "sqs": Protocol("AmazonSQS", "1.0", "sqs", "sqs", "SQS"),
    "events": Protocol("AWSEvents", "1.1", "events", "events", "EventBridge"),
    "cognito-idp": Protocol(
        "AWSCognitoIdentityProviderService", "1.1", "cognito-idp", "cognito-idp", "Cognito Identity Provider"
    ),
    "secretsmanager": Protocol("secretsmanager", "1.1", "secretsmanager", "secretsmanager", "Secrets Manager"),
    "ssm": Protocol("AmazonSSM", "1.1", "ssm", "ssm", "SSM"),
    "sesv2": Protocol("", "", "email", "ses", "SESv2"),
}
REST_PATHS = {("sesv2", "SendEmail"): "/v2/email/outbound-emails"}


class AwsError(Exception):
    """AWS's own no. `code` is its error type, such as `ConditionalCheckFailedException`."""

    def __init__(
        self, service: str, operation: str, status: int, code: str, message: str, body: dict[str, Any]
    ) -> None:
        self.service, self.operation, self.status = service, operation, status
        self.code, self.message, self.body = code, message, body
        super().__init__(f"{service} {operation}: {code} ({status})")

    @property
    def cancellation_reasons(self) -> list[dict[str, Any]]:
        """Of a TransactionCanceledException: one reason per write, `{"Code": "None"}` where there was none."""
        reasons: list[dict[str, Any]] = self.body.get("CancellationReasons", [])
        return reasons

    @property
    def may_pass(self) -> bool:
        """Whether the same call may succeed a little later."""
        return self.status >= 500 or self.code in THROTTLES


class AwsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where AWS is. On AWS there is no endpoint, and the SDK's chain finds the credentials."""

    aws_region: str = "ap-northeast-1"
    aws_endpoint_url: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request is signed with."""

    access_key: str
    secret_key: str
    token: str | None


class Aws:
    """Calls AWS. One per event loop; connections are made at the first call."""

    def __init__(self, settings: AwsSettings | None = None, client: Client | None = None) -> None:
        settings = settings or AwsSettings(
            aws_region=os.environ.get("AWS_REGION", "ap-northeast-1"),
            aws_endpoint_url=os.environ.get("AWS_ENDPOINT_URL") or None,
        )
        self.region = settings.aws_region
        self.endpoint = settings.aws_endpoint_url
        self._client = client or Client()

    async def call(
        self,
        service: str,
        operation: str,
        *,
        timeout: float = 5.0,  # noqa: ASYNC109 - handed on to the wire
        repeatable: bool = True,
        **parameters: Any,
    ) -> dict[str, Any]:
        """The answer of one operation, `parameters` as in AWS's API reference.

        Throttling, 5xx and broken connections are tried again with jitter. Raises AwsError when AWS says no,
        DependencyUnavailable or DependencyTimeout when it says nothing. What is not `repeatable` is tried again only
        after it was certainly not done: then DependencyTimeout, and it alone, means that nobody knows.
        """
        body = msgspec.json.encode(parameters)
        with call_span(service, operation, parameters, self.region) as span:
            await faults.point("aws", operation)
            try:
                return await self._attempts(service, operation, body, timeout, repeatable)
            except AwsError as error:
                if span is not None:
                    span.fail(error.code)
                raise

    async def _attempts(
        self,
        service: str,
        operation: str,
        body: bytes,
        timeout: float,  # noqa: ASYNC109 - see call
        repeatable: bool,
    ) -> dict[str, Any]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._read(service, operation, await self._send(service, operation, body, timeout))
            except (AwsError, WireError) as error:
                problem, again = verdict(error, PROTOCOLS[service].rpc, repeatable)
                if not again or attempt == ATTEMPTS:
                    if problem is error:
                        raise
                    raise problem from error
            await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, service: str, operation: str, body: bytes, timeout: float) -> Response:  # noqa: ASYNC109
        protocol = PROTOCOLS[service]
        base = self.endpoint or f"https://{protocol.host}.{self.region}.amazonaws.com"
        path = REST_PATHS.get((service, operation), "/")
        headers = {"host": urlsplit(base).netloc, "content-type": "application/json"}
        if protocol.target:
            headers["content-type"] = f"application/x-amz-json-{protocol.json}"
            headers["x-amz-target"] = f"{protocol.target}.{operation}"
        sign(headers, path, body, region=self.region, service=protocol.signing, credentials=credentials())
        return await self._client.request("POST", base.rstrip("/") + path, headers=headers, body=body, timeout=timeout)

    @staticmethod
    def _read(service: str, operation: str, response: Response) -> dict[str, Any]:
        try:
            body: dict[str, Any] = msgspec.json.decode(response.body) if response.body else {}
        except msgspec.DecodeError:
            body = {}  # a proxy's page in place of AWS's answer: the status says enough
        if response.status < 300:
            return body
        kind = str(body.get("__type") or body.get("code") or response.headers.get("x-amzn-errortype", "Unknown"))
        code = kind.rpartition("#")[2].partition(":")[0].rpartition(".")[2]
        message = str(body.get("message") or body.get("Message") or "")
        raise AwsError(service, operation, response.status, code, message, body)

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()


def verdict(error: AwsError | WireError, rpc: str, repeatable: bool) -> tuple[Exception, bool]:
    """What a failed attempt means to the caller, and whether another one may be made."""
    match error:
        case AwsError(may_pass=False):
            return error, False
        case AwsError():
            done, problem = error.code not in THROTTLES, DependencyUnavailable(f"{rpc} is not available.")
        case ConnectFailed():
            done, problem = False, DependencyUnavailable(f"{rpc} cannot be reached.")
        case ConnectionLost():
            done, problem = True, DependencyUnavailable(f"{rpc} cannot be reached.")
        case TimedOut():
            return DependencyTimeout(f"{rpc} did not answer in time."), False
        case _ if repeatable:
            return DependencyUnavailable(f"{rpc} gave no usable answer."), False
        case _:
            done, problem = True, DependencyUnavailable()
    if done and not repeatable:  # it may have been done
        return DependencyTimeout(f"{rpc} gave no clear answer."), False
    return problem, True


def call_span(
    service: str, operation: str, parameters: dict[str, Any], region: str
) -> AbstractContextManager["telemetry.Span | None"]:
    """A client span, inside a trace; a poll that belongs to no trace begins none."""
    if telemetry.traceparent() is None:
        return nullcontext()
    rpc = PROTOCOLS[service].rpc
    attributes: dict[str, Any] = {
        names.RPC_SYSTEM: "aws-api",
        names.RPC_SERVICE: rpc,
        names.RPC_METHOD: operation,
        names.CLOUD_REGION: region,
    }
    if service == "dynamodb":
        attributes[names.DB_SYSTEM_NAME] = "aws.dynamodb"
        attributes[names.DB_OPERATION_NAME] = operation
        attributes[names.AWS_DYNAMODB_TABLE_NAMES] = sorted(set(table_names(parameters)))
    return telemetry.span(f"{rpc}.{operation}", kind="client", attributes=attributes)


def table_names(parameters: Any) -> Iterable[str]:
    """Every table that a DynamoDB request names."""
    if "TableName" in parameters:
        yield parameters["TableName"]
    for write in parameters.get("TransactItems", ()):
        yield from (part["TableName"] for part in write.values())
    yield from parameters.get("RequestItems", ())


# -------------------------------------------------------------------------------------------- credentials, signature


class Role:
    """The credentials of the role that this process has, from the SDK's chain (Fargate: the task's).

    They last for some hours. The SDK fetches new ones a quarter of an hour before their end, when it is asked; a thread
    asks, so that no request waits for that. Where it fails the old ones are good for a while.
    """

    def __init__(self, found: Any) -> None:
        self._found = found
        self.credentials = self._frozen()
        threading.Thread(target=self._refresh, name="credentials", daemon=True).start()

    def _frozen(self) -> Credentials:
        frozen = self._found.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    def _refresh(self) -> None:
        while True:
            time.sleep(REFRESH_EVERY)
            with suppress(Exception):  # whatever it is: calls fail once they have really expired, and tell it
                self.credentials = self._frozen()


@cache
def _role() -> Role:
    import botocore.session  # noqa: PLC0415 - 100 ms of imports that a function with credentials in its environment saves

    found = botocore.session.get_session().get_credentials()
    if found is None:
        raise SettingsError("no AWS credentials: neither AWS_ACCESS_KEY_ID nor a role")
    return Role(found)


def credentials() -> Credentials:
    """From the environment (Lambda, the laptop), else those of the process's role. SettingsError: there are none."""
    access, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access and secret:
        return Credentials(access, secret, os.environ.get("AWS_SESSION_TOKEN"))
    return _role().credentials


def sign(
    headers: dict[str, str],
    path: str,
    body: bytes,
    *,
    region: str,
    service: str,
    credentials: Credentials,
    method: str = "POST",
    moment: datetime | None = None,
) -> None:
    """Add AWS Signature Version 4 to `headers` of a request without a query (names are lower case already)."""
    moment = moment or datetime.now(UTC)
    headers["x-amz-date"] = f"{moment:%Y%m%dT%H%M%SZ}"
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    signed = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = f"{method}\n{path}\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{moment:%Y%m%d}/{region}/{service}/aws4_request"
    signature = signature_of(request, credentials, region=region, service=service, moment=moment)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )


def signature_of(request: str, credentials: Credentials, *, region: str, service: str, moment: datetime) -> str:
    """Signature Version 4 of a canonical request."""
    scope = f"{moment:%Y%m%d}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment:%Y%m%dT%H%M%SZ}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = signing_key(credentials.secret_key, f"{moment:%Y%m%d}", region, service)
    return hmac.new(key, text.encode(), "sha256").hexdigest()


_KEYS: dict[tuple[str, str, str, str], bytes] = {}


def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The key of one day, region and service: four HMACs, kept."""
    name = (secret, day, region, service)
    key = _KEYS.get(name)
    if key is None:
        if len(_KEYS) > 64:  # keys of past days and credentials
            _KEYS.clear()
        key = f"AWS4{secret}".encode()
        for part in (day, region, service, "aws4_request"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        _KEYS[name] = key
    return key


# ------------------------------------------------------------------------------------------------------------- secrets


def resolve_secrets(environ: MutableMapping[str, str] = os.environ) -> None:
    """Put the value of each `NAME_SECRET_ARN` into `NAME`, once per process: what a Lambda does at its cold start.

    ECS does the same by itself, and a laptop has no such variables: without one this makes no call.
    """
    arns = {name.removesuffix("_SECRET_ARN"): arn for name, arn in environ.items() if name.endswith("_SECRET_ARN")}
    wanted = {name: arn for name, arn in arns.items() if name not in environ}
    if wanted:
        with ThreadPoolExecutor(1) as thread:  # on a loop of its own: who calls may have one that runs
            environ.update(thread.submit(asyncio.run, _secrets(wanted)).result())


async def _secrets(arns: Mapping[str, str]) -> dict[str, str]:
    """The secrets by their names. boto3 would fetch them as well, but is 200 ms of a cold start."""
    async with Aws() as aws:
        calls = [aws.call("secretsmanager", "GetSecretValue", SecretId=arn) for arn in arns.values()]
        answers = await asyncio.gather(*calls)
    return {name: answer["SecretString"] for name, answer in zip(arns, answers, strict=True)}
