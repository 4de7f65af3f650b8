"""What a span tells of the other side: the node of the map that its call, message or query goes to or comes from."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

__all__ = ["CLIENT", "CONSUMER", "PRODUCER", "SERVER", "Peer", "peer_of"]

SERVER: Final = 2
CLIENT: Final = 3
PRODUCER: Final = 4
CONSUMER: Final = 5


class Peer(NamedTuple):
    """A node. One of kind `maybe` is what a client calls: external, unless a service answers in the same trace."""

    kind: str
    name: str


STORAGE: Final = {"S3": "s3"}
MAIL: Final = {"SESv2": "ses", "SES": "ses"}
HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})  # what listens there is ours, and tells of itself
TOLD_BY_OTHERS: Final = frozenset({"SQS", "EventBridge", "SNS", "Lambda"})  # by producers, and by who answers
SYSTEMS: Final = {"aws_eventbridge": "bus", "aws.eventbridge": "bus", "aws_sns": "topic", "aws.sns": "topic"}


def peer_of(kind: int, service: str, attributes: Mapping[str, Any]) -> Peer | None:
    """The other side of a span of `service`; None where it tells of none."""
    if kind in (PRODUCER, CONSUMER):
        return destination(attributes)
    if kind != CLIENT or "messaging.system" in attributes:  # a poll for messages is no call of its own
        return None
    system = attributes.get("db.system.name") or attributes.get("db.system")
    if system:
        return Peer("database", database(str(system), service, attributes))
    if (called := attributes.get("rpc.service")) and attributes.get("rpc.system") == "aws-api":
        return aws(str(called), attributes)
    if attributes.get("aws.s3.bucket"):
        return Peer("storage", f"s3/{attributes['aws.s3.bucket']}")
    address = attributes.get("server.address") or attributes.get("peer.service")
    return Peer("maybe", str(address)) if address and address not in HERE else None


def destination(attributes: Mapping[str, Any]) -> Peer | None:
    """A queue, bus or topic."""
    name = attributes.get("messaging.destination.name")
    if not name:
        return None
    return Peer(SYSTEMS.get(str(attributes.get("messaging.system")), "queue"), str(name))


def database(system: str, service: str, attributes: Mapping[str, Any]) -> str:
    """`postgresql/catalog`, `dynamodb/users`. Where the span does not say which: every service has one of its own."""
    system = system.removeprefix("aws.")
    tables = attributes.get("aws.dynamodb.table_names")
    part = tables[0] if isinstance(tables, list) and tables else attributes.get("db.namespace") or service
    return f"{system}/{part}"


def aws(service: str, attributes: Mapping[str, Any]) -> Peer | None:
    """A service of AWS that is no database."""
    if service in TOLD_BY_OTHERS:
        return None
    if service in STORAGE:
        bucket = attributes.get("aws.s3.bucket")
        return Peer("storage", f"s3/{bucket}" if bucket else "s3")
    if service in MAIL:
        return Peer("mail", MAIL[service])
    return Peer("external", service)
