"""Every resource of the shop, declared once, as plain data.

The local provisioner and the CDK application build from it, the pages of the docs are drawn from it, and tests hold the
tables of `docs/` against it. Names are those of one shop; a deployment may put a prefix before all of them.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

__all__ = [
    "ALERTS",
    "ALERT_SUBSCRIPTIONS",
    "BUCKETS",
    "BUS",
    "CONSOLE_QUEUE",
    "CONSOLE_RULE",
    "CONTAINERS",
    "DATABASES",
    "FUNCTIONS",
    "GROUPS",
    "QUEUES",
    "RULES",
    "SCHEDULES",
    "SERVICES",
    "TABLES",
    "USER_POOL",
    "Bucket",
    "Container",
    "Function",
    "Index",
    "Queue",
    "QueueSource",
    "Rule",
    "Schedule",
    "StreamSource",
    "Table",
    "dead_letter_queue",
]

SERVICES = ("catalog", "orders", "users", "inventory", "notifications")
DATABASES = ("catalog", "orders")  # one PostgreSQL database, and a role that owns it, per service
BUS = "shop"
ALERTS = "alerts"  # the SNS topic
USER_POOL = "shop"
GROUPS = ("customer", "operator", "admin")


@dataclass(frozen=True, slots=True)
class Queue:
    """An SQS queue, its consumer's only way in. Every one has a dead-letter queue behind it."""

    name: str
    service: str
    visibility: timedelta = timedelta(seconds=60)
    max_receives: int = 8

    @property
    def fifo(self) -> bool:
        """Whether order is kept within a message group."""
        return self.name.endswith(".fifo")


def dead_letter_queue(queue: str) -> str:
    """The name of the queue behind `queue`: `<name>-dlq`, or `<name>-dlq.fifo`."""
    return f"{queue.removesuffix('.fifo')}-dlq{'.fifo' if queue.endswith('.fifo') else ''}"


QUEUES = (
    Queue("catalog-events", "catalog"),
    Queue("catalog-images", "catalog"),
    Queue("orders-events", "orders"),
    Queue("orders-payments", "orders"),
    Queue("users-events", "users"),
    Queue("inventory-events", "inventory"),
    Queue("inventory-commands.fifo", "inventory"),
    Queue("notifications-events", "notifications"),
    Queue("alerts-notifications", "notifications"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Events of these types go from the bus to a queue, or to the alerts topic."""

    name: str
    events: tuple[str, ...]
    queue: str | None = None
    topic: str | None = None


RULES = (
    Rule("products-to-inventory", ("ProductCreated", "ProductUpdated", "ProductDeleted"), queue="inventory-events"),
    Rule("products-to-orders", ("ProductCreated", "ProductUpdated", "ProductDeleted"), queue="orders-events"),
    Rule("users-to-notifications", ("UserConfirmed", "ProfileChanged"), queue="notifications-events"),
    Rule("orders-to-notifications", ("OrderConfirmed", "OrderShipped", "OrderCancelled"), queue="notifications-events"),
    Rule(
        "stock-to-orders",
        ("StockReserved", "StockRejected", "StockCommitted", "StockCommitRejected"),
        queue="orders-events",
    ),
    Rule("availability-to-catalog", ("StockChanged",), queue="catalog-events"),
    Rule("restock-to-inventory", ("StockReplenished",), queue="inventory-events"),
    Rule("restock-to-notifications", ("RestockNoticeDue",), queue="notifications-events"),
    Rule("low-stock-to-alerts", ("LowStockDetected",), topic=ALERTS),
)
ALERT_SUBSCRIPTIONS = ("alerts-notifications",)  # queues that hear the topic, with raw delivery


# On the laptop alone: everything on the bus goes to a queue that the console drains, and keeps. AWS has an archive.
CONSOLE_QUEUE = "console-bus"
CONSOLE_RULE = "everything-to-console"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A command that EventBridge Scheduler puts on a queue every so many whole minutes (AWS knows no shorter rate).

    Locally the Lambda host sends it every `local_setting` instead, a variable of `shop up --set`.
    """

    name: str
    command: Literal["SweepDue", "ReconcileDue"]
    queue: str
    minutes: int
    local_setting: str


SCHEDULES = (
    Schedule("sweep-users", "SweepDue", "users-events", 1, "SWEEP_EVERY"),
    Schedule("sweep-inventory", "SweepDue", "inventory-events", 1, "SWEEP_EVERY"),
    Schedule("sweep-notifications", "SweepDue", "notifications-events", 1, "SWEEP_EVERY"),
    Schedule("reconcile-inventory", "ReconcileDue", "inventory-events", 10, "RECONCILE_EVERY"),
)


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index over string attributes; sparse: items without them are not in it."""

    name: str
    partition: str
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A service's DynamoDB table: one design, string keys `pk` and `sk`, on demand, with a stream of new images.

    The index `outbox` (attributes `outboxShard`, `outboxAt`) finds outbox items that were left behind.
    `ttl` is the attribute, in epoch seconds, after which DynamoDB may delete an item.
    """

    name: str
    service: str
    indexes: tuple[Index, ...] = ()
    ttl: str = "expiresAt"


OUTBOX_INDEX = Index("outbox", "outboxShard", "outboxAt")
TABLES = (
    Table("users", "users", (Index("gsi1", "gsi1pk", "gsi1sk"), OUTBOX_INDEX)),
    Table("inventory", "inventory", (Index("gsi1", "gsi1pk", "gsi1sk"), OUTBOX_INDEX)),
    Table("notifications", "notifications", (Index("gsi1", "gsi1pk", "gsi1sk"), OUTBOX_INDEX)),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """An S3 bucket; objects made under `notify_prefix` are announced to `notify_queue` in S3's own form."""

    name: str
    service: str
    notify_queue: str | None = None
    notify_prefix: str = ""


BUCKETS = (Bucket("shop-images", "catalog", notify_queue="catalog-images", notify_prefix="uploads/"),)


@dataclass(frozen=True, slots=True)
class QueueSource:
    """An SQS event source mapping, with partial batch responses."""

    queue: str
    batch_size: int = 10
    window: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class StreamSource:
    """A DynamoDB Streams event source mapping from TRIM_HORIZON; only new items whose `pk` begins with the prefix."""

    table: str
    batch_size: int = 100
    pk_prefix: str = "OUTBOX#"


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function (python3.13, arm64). `handler` is an attribute of the service's `app`.

    `timeout`: below a sixth of its queue's visibility, so that Lambda can retry while a batch is hidden.
    """

    name: str
    service: str
    handler: str
    source: QueueSource | StreamSource | None = None
    memory_mb: int = 512
    timeout: timedelta = timedelta(seconds=9)
    concurrency: int = 10

    @property
    def http(self) -> bool:
        """Whether it answers API Gateway (payload 2.0)."""
        return self.source is None


FUNCTIONS = (
    Function("users-http", "users", "shop.users.app.http", timeout=timedelta(seconds=28)),
    Function("users-events", "users", "shop.users.app.events", QueueSource("users-events"), concurrency=2),
    Function("users-relay", "users", "shop.users.app.relay", StreamSource("users"), concurrency=1),
    Function("inventory-http", "inventory", "shop.inventory.app.http", timeout=timedelta(seconds=28)),
    # A group's receive counts rise together in a batch: one at a time, or an innocent follower is dead-lettered too.
    Function(
        "inventory-commands",
        "inventory",
        "shop.inventory.app.commands",
        QueueSource("inventory-commands.fifo", batch_size=1),
    ),
    Function(
        "inventory-events", "inventory", "shop.inventory.app.events", QueueSource("inventory-events"), concurrency=4
    ),
    Function("inventory-relay", "inventory", "shop.inventory.app.relay", StreamSource("inventory"), concurrency=1),
    Function("notifications-http", "notifications", "shop.notifications.app.http", timeout=timedelta(seconds=28)),
    Function(
        "notifications-events",
        "notifications",
        "shop.notifications.app.events",
        QueueSource("notifications-events"),
        concurrency=4,
    ),
    Function(
        "notifications-alerts",
        "notifications",
        "shop.notifications.app.alerts",
        QueueSource("alerts-notifications"),
        concurrency=2,
    ),
    Function(
        "notifications-relay",
        "notifications",
        "shop.notifications.app.relay",
        StreamSource("notifications"),
        concurrency=1,
    ),
    Function("edge", "edge", "shop.edge.app.http", timeout=timedelta(seconds=28)),
)


@dataclass(frozen=True, slots=True)
class Container:
    """A Fargate service. `entry` is a factory in the service's `app`; a worker has no port."""

    name: str
    service: str
    entry: str
    kind: Literal["api", "worker"]
    queues: tuple[str, ...] = field(default=())


CONTAINERS = (
    Container("catalog", "catalog", "shop.catalog.app:api", "api"),
    Container(
        "catalog-worker", "catalog", "shop.catalog.app:worker", "worker", queues=("catalog-events", "catalog-images")
    ),
    Container("orders", "orders", "shop.orders.app:api", "api"),
    Container(
        "orders-worker", "orders", "shop.orders.app:worker", "worker", queues=("orders-events", "orders-payments")
    ),
)
