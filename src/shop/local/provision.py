"""Makes on the emulator what `contracts.topology` declares. May be repeated: what is there already stays.

`python -m shop.local.provision` does it in a process of its own, and prints what came out as JSON: boto3 and its
clients are 40 MB that nobody needs afterwards.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError

from shop.contracts import topology
from shop.contracts.topology import CONSOLE_QUEUE, CONSOLE_RULE, Bucket, Queue, Rule, Table
from shop.local.emulator import Access

__all__ = ["MAIL_FROM", "Provisioned", "provision"]

DAY = 86_400
SERVICES = ("cognito-idp", "dynamodb", "events", "s3", "sesv2", "sns", "sqs")
MAIL_FROM = "shop@mieruka.example"
THERE_ALREADY = frozenset(
    {
        "ResourceInUseException",
        "ResourceAlreadyExistsException",
        "BucketAlreadyOwnedByYou",
        "GroupExistsException",
        "AlreadyExistsException",
    }
)


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """What is known only once the resources are there; each is a setting of that name in capitals."""

    user_pool_id: str
    user_pool_client_id: str
    user_pool_client_secret: str
    token_issuer: str
    jwks_url: str
    images_bucket: str


class Provisioner:
    """One account's resources, made in parallel where they do not depend on each other."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._queues_there: frozenset[str] | None = None
        session = boto3.Session(access.account, access.secret, region_name=access.region)
        config = Config(retries={"mode": "standard", "max_attempts": 3}, max_pool_connections=8)
        self._clients = {name: session.client(name, endpoint_url=access.endpoint, config=config) for name in SERVICES}

    def run(self) -> Provisioned:
        """Everything; the first error there is, when there is one."""
        independent: list[Callable[[], None]] = [
            self.sender,
            *(bind(self.table, table) for table in topology.TABLES),
            *(bind(self.queue, queue) for queue in topology.QUEUES),
            *(bind(self.rule, rule) for rule in topology.RULES if rule.queue),
            self.console,
        ]
        self.call("events", "create_event_bus", Name=topology.BUS)
        self.queues_there()
        with ThreadPoolExecutor(8) as pool:
            users = pool.submit(self.users)
            for done in [pool.submit(work) for work in independent]:
                done.result()
            for done in [pool.submit(self.alerts), *(pool.submit(self.bucket, one) for one in topology.BUCKETS)]:
                done.result()
            return users.result()

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call of boto3; that something is there already is no error."""
        try:
            answer: dict[str, Any] = getattr(self._clients[service], operation)(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] not in THERE_ALREADY:
                raise
            return {}
        return answer

    def table(self, table: Table) -> None:
        """A table on demand with its indexes, a stream of new images, and expiry."""
        keys = {"pk", "sk", *(key for index in table.indexes for key in (index.partition, index.sort) if key)}
        self.call(
            "dynamodb",
            "create_table",
            TableName=table.name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=key_schema("pk", "sk"),
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in sorted(keys)],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index.name,
                    "KeySchema": key_schema(index.partition, index.sort),
                    "Projection": {"ProjectionType": "ALL"},
                }
                for index in table.indexes
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        expiry = self.call("dynamodb", "describe_time_to_live", TableName=table.name)["TimeToLiveDescription"]
        if expiry["TimeToLiveStatus"] == "DISABLED":
            wanted = {"Enabled": True, "AttributeName": table.ttl}
            self.call("dynamodb", "update_time_to_live", TableName=table.name, TimeToLiveSpecification=wanted)

    def queue(self, queue: Queue) -> None:
        """A queue with its dead-letter queue behind it; who may send to it is said as on AWS."""
        behind = topology.dead_letter_queue(queue.name)
        self.one_queue(behind, {"MessageRetentionPeriod": str(14 * DAY)})
        redrive = {"deadLetterTargetArn": self.arn("sqs", behind), "maxReceiveCount": queue.max_receives}
        attributes = {
            "VisibilityTimeout": str(int(queue.visibility.total_seconds())),
            "MessageRetentionPeriod": str(4 * DAY),
            "RedrivePolicy": json.dumps(redrive),
            "Policy": json.dumps(senders(self.arn("sqs", queue.name))),
        }
        self.one_queue(queue.name, attributes)

    def one_queue(self, name: str, attributes: dict[str, str]) -> None:
        """One queue with these attributes. On another port the emulator would make a second one of the same name."""
        if name in self.queues_there():
            self.call(
                "sqs", "set_queue_attributes", QueueUrl=self._access.queue_url_prefix + name, Attributes=attributes
            )
            return
        kind = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        self.call("sqs", "create_queue", QueueName=name, Attributes={**kind, **attributes})

    def queues_there(self) -> frozenset[str]:
        """The names of the queues that were there at the beginning."""
        if self._queues_there is None:
            urls = self.call("sqs", "list_queues", MaxResults=1000).get("QueueUrls", [])
            self._queues_there = frozenset(url.rpartition("/")[2] for url in urls)
        return self._queues_there

    def rule(self, rule: Rule) -> None:
        """A rule of the bus; it hands on the envelope alone, which is the event's detail."""
        arn = self.arn("sqs", rule.queue) if rule.queue else self.arn("sns", str(rule.topic))
        pattern = json.dumps({"detail-type": list(rule.events)})
        self.call("events", "put_rule", Name=rule.name, EventBusName=topology.BUS, EventPattern=pattern)
        target = {"Id": rule.queue or rule.topic, "Arn": arn, "InputPath": "$.detail"}
        self.call("events", "put_targets", Rule=rule.name, EventBusName=topology.BUS, Targets=[target])

    def console(self) -> None:
        """The queue by which the console hears everything on the bus, each event whole."""
        attributes = {"MessageRetentionPeriod": str(DAY), "Policy": json.dumps(senders(self.arn("sqs", CONSOLE_QUEUE)))}
        self.one_queue(CONSOLE_QUEUE, attributes)
        pattern = json.dumps({"source": [{"prefix": ""}]})
        self.call("events", "put_rule", Name=CONSOLE_RULE, EventBusName=topology.BUS, EventPattern=pattern)
        target = {"Id": CONSOLE_QUEUE, "Arn": self.arn("sqs", CONSOLE_QUEUE)}
        self.call("events", "put_targets", Rule=CONSOLE_RULE, EventBusName=topology.BUS, Targets=[target])

    def alerts(self) -> None:
        """The topic of alerts, the queues that hear it, and the rules that feed it."""
        topic = self.call("sns", "create_topic", Name=topology.ALERTS)["TopicArn"]
        for queue in topology.ALERT_SUBSCRIPTIONS:
            raw = {"RawMessageDelivery": "true"}
            arn = self.arn("sqs", queue)
            self.call("sns", "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        for rule in topology.RULES:
            if rule.topic:
                self.rule(rule)

    def bucket(self, bucket: Bucket) -> None:
        """A bucket that announces what is put below its prefix."""
        name = self.bucket_name(bucket)
        place = {"LocationConstraint": self._access.region}
        self.call("s3", "create_bucket", Bucket=name, CreateBucketConfiguration=place)
        if bucket.notify_queue is None:
            return
        announce = {
            "Id": bucket.notify_queue,
            "QueueArn": self.arn("sqs", bucket.notify_queue),
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": bucket.notify_prefix}]}},
        }
        wanted = {"QueueConfigurations": [announce]}
        self.call("s3", "put_bucket_notification_configuration", Bucket=name, NotificationConfiguration=wanted)

    def bucket_name(self, bucket: Bucket) -> str:
        """The bucket's name with the account's number: all accounts of S3 share one space of names."""
        return f"{bucket.name}-{self._access.account}"

    def sender(self) -> None:
        """The address that the shop's mails come from, as one that SES has verified."""
        self.call("sesv2", "create_email_identity", EmailIdentity=MAIL_FROM)

    def users(self) -> Provisioned:
        """The user pool with its groups and the client of the service users."""
        pool = self.existing_pool() or self.call("cognito-idp", "create_user_pool", **USER_POOL)["UserPool"]["Id"]
        for group in topology.GROUPS:
            self.call("cognito-idp", "create_group", UserPoolId=pool, GroupName=group)
        client = (
            self.existing_client(pool)
            or self.call("cognito-idp", "create_user_pool_client", UserPoolId=pool, **USER_POOL_CLIENT)[
                "UserPoolClient"
            ]
        )
        return Provisioned(
            user_pool_id=pool,
            user_pool_client_id=client["ClientId"],
            user_pool_client_secret=client["ClientSecret"],
            token_issuer=f"https://cognito-idp.{self._access.region}.amazonaws.com/{pool}",
            jwks_url=f"{self._access.endpoint}/{pool}/.well-known/jwks.json",
            images_bucket=self.bucket_name(topology.BUCKETS[0]),
        )

    def existing_pool(self) -> str | None:
        """The id of the shop's user pool, when it is there."""
        pools = self.call("cognito-idp", "list_user_pools", MaxResults=60)["UserPools"]
        return next((pool["Id"] for pool in pools if pool["Name"] == topology.USER_POOL), None)

    def existing_client(self, pool: str) -> dict[str, Any] | None:
        """The pool's client with its secret, when it is there."""
        for client in self.call("cognito-idp", "list_user_pool_clients", UserPoolId=pool)["UserPoolClients"]:
            found = self.call("cognito-idp", "describe_user_pool_client", UserPoolId=pool, ClientId=client["ClientId"])
            return dict(found["UserPoolClient"])
        return None

    def arn(self, service: str, name: str) -> str:
        """The ARN of a queue or topic of this account."""
        return f"arn:aws:{service}:{self._access.region}:{self._access.account}:{name}"


USER_POOL: dict[str, Any] = {
    "PoolName": topology.USER_POOL,
    "UsernameAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 8,
            "RequireUppercase": True,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": False,
        }
    },
}
USER_POOL_CLIENT: dict[str, Any] = {
    "ClientName": "users",
    "GenerateSecret": True,
    "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    "AccessTokenValidity": 15,
    "IdTokenValidity": 15,
    "RefreshTokenValidity": 30,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"},
    "EnableTokenRevocation": True,
    "PreventUserExistenceErrors": "ENABLED",
}


def bind(method: Callable[[Any], None], argument: Any) -> Callable[[], None]:
    """`method` for `argument`, to be called later."""
    return lambda: method(argument)


def key_schema(partition: str, sort: str | None) -> list[dict[str, str]]:
    """DynamoDB's form of a key."""
    keys = [{"AttributeName": partition, "KeyType": "HASH"}]
    return keys if sort is None else [*keys, {"AttributeName": sort, "KeyType": "RANGE"}]


def senders(queue_arn: str) -> dict[str, Any]:
    """The policy that lets the services of AWS that feed queues send to this one."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {
                    "Service": [f"{service}.amazonaws.com" for service in ("events", "sns", "s3", "scheduler")]
                },
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
            }
        ],
    }


def provision(access: Access) -> Provisioned:
    """Make every resource that is missing in this account."""
    return Provisioner(access).run()


def main() -> None:
    """Provision the account that the environment names, as soon as the emulator answers."""
    environ = os.environ
    access = Access(environ["AWS_ENDPOINT_URL"], environ["AWS_ACCESS_KEY_ID"], environ["AWS_REGION"])
    provisioner = Provisioner(access)
    await_answer(access.endpoint)
    sys.stdout.buffer.write(msgspec.json.encode(provisioner.run()) + b"\n")


def await_answer(endpoint: str) -> None:
    """Return when something listens there; whoever started us ends us should that never happen."""
    address = urlsplit(endpoint)
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((address.hostname or "", address.port or 80)) == 0:
                return
        time.sleep(0.02)


if __name__ == "__main__":
    main()
