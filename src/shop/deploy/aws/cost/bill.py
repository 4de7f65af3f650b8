"""What a deployment costs: its resources as they stand in the templates, and what flows through them.

What flows was measured on a laptop, where the same code makes the same telemetry: `measured` says how.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop.deploy.aws.cost.measured import IDLE, ORDER
from shop.deploy.aws.cost.prices import HOURS, Prices
from shop.local.errors import Failed

__all__ = ["Bill", "Line", "bill"]

CLASS = "class"
GB = 1e9
MINUTES = 24 * 60
POLLERS = 5  # long polls that Lambda keeps open on a queue
LONG_POLL = 20.0  # seconds
IMAGES_GB = 0.5  # of a service, five of which are kept at most
DEPLOYS = 2  # a day, of one who learns
BUILD_MINUTES = 8


@dataclass(frozen=True, slots=True)
class Line:
    """`day`: USD a day while nobody comes; `thousand`: USD more for 1,000 orders. `once`: the account's, not each's."""

    what: str
    amount: str
    day: float
    thousand: float = 0.0
    once: bool = False


@dataclass(frozen=True)
class Bill:
    """All of it."""

    prices: Prices
    lines: list[Line]

    def day(self, *, once: bool = False) -> float:
        """USD a day, idle, of a deployment, or of what the account has once."""
        return sum(line.day for line in self.lines if line.once == once)

    @property
    def thousand(self) -> float:
        """USD for 1,000 orders."""
        return sum(line.thousand for line in self.lines)


Resources = list[tuple[str, str, dict[str, Any]]]  # stack, type, properties


def bill(assembly: Path, prices: Prices) -> Bill:
    """The bill of the templates in a folder. Failed for a type of resource that the table does not know."""
    made: Resources = []
    for file in sorted(assembly.glob("*.template.json")):
        part = file.name.removesuffix(".template.json").rpartition("-")[2]
        for one in json.loads(file.read_text(encoding="utf-8"))["Resources"].values():
            made.append((part, one["Type"], one.get("Properties", {})))
    if unknown := {kind for _, kind, _ in made} - set(prices.free) - set(PRICED):
        raise Failed(f"infra/prices.yaml says nothing of {', '.join(sorted(unknown))}")
    lines = [line for price in (*PRICED.values(), *FLOWS) for line in price(made, prices)]
    return Bill(prices, lines)


def of(made: Resources, kind: str, stack: str | None = None) -> list[dict[str, Any]]:
    """The resources of a type."""
    return [properties for part, other, properties in made if other == kind and stack in (None, part)]


def tasks(made: Resources, prices: Prices) -> Iterator[Line]:
    """Fargate: each service runs so many tasks; a task's size holds its collector."""
    sizes = {
        one["Family"]: (int(one["Cpu"]) / 1024, int(one["Memory"]) / 1024)
        for one in of(made, "AWS::ECS::TaskDefinition")
    }
    cpu = memory = count = 0.0
    for service in of(made, "AWS::ECS::Service"):
        each = int(service.get("DesiredCount", 1))
        vcpu, gigabytes = sizes[service["ServiceName"]]
        cpu, memory, count = cpu + vcpu * each, memory + gigabytes * each, count + each
    yield Line("Fargate vCPU", f"{cpu:g} vCPU", prices.of("fargate.vcpu", cpu * HOURS))
    yield Line("Fargate memory", f"{memory:g} GB", prices.of("fargate.memory", memory * HOURS))
    yield Line("Public IPv4", f"{count:g}", prices.of("vpc.address", count * HOURS))


def databases(made: Resources, prices: Prices) -> Iterator[Line]:
    """RDS: its instance, and its disk."""
    for one in of(made, "AWS::RDS::DBInstance"):
        size, disk = str(one["DBInstanceClass"]), float(one["AllocatedStorage"])
        yield Line("RDS PostgreSQL", size, prices.of(f"rds.{size}", HOURS))
        yield Line("RDS storage", f"{disk:g} GB {one['StorageType']}", prices.of(f"rds.{one['StorageType']}", disk))


def balancers(made: Resources, prices: Prices) -> Iterator[Line]:
    """A load balancer, and a tenth of a unit of its capacity for health checks."""
    for _ in of(made, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        yield Line(
            "ALB",
            "1 + 0.1 LCU",
            prices.of("elb.hour", HOURS) + prices.of("elb.lcu", 0.1 * HOURS),
            prices.of("elb.lcu", 1),
        )


def secrets(made: Resources, prices: Prices) -> Iterator[Line]:
    """Secrets Manager, by the secret."""
    count = len(of(made, "AWS::SecretsManager::Secret"))
    yield Line("Secrets", f"{count}", prices.of("secrets.secret", count))


def alarms(made: Resources, prices: Prices) -> Iterator[Line]:
    """An alarm on a metric has one; one on PromQL is charged for what it reads."""
    every = of(made, "AWS::CloudWatch::Alarm")
    queries = sum(1 for one in every if "EvaluationCriteria" in one)
    yield Line("Alarms", f"{len(every) - queries}", prices.of("cloudwatch.alarm", len(every) - queries))
    yield Line("Alarms (PromQL)", f"{queries}", prices.of("cloudwatch.alarm.promql", queries))


def dashboards(made: Resources, prices: Prices) -> Iterator[Line]:
    """Dashboards, by the month."""
    count = len(of(made, "AWS::CloudWatch::Dashboard"))
    yield Line("Dashboards", f"{count}", prices.of("cloudwatch.dashboard", count))


PRICED = {
    "AWS::ECS::Service": tasks,
    "AWS::RDS::DBInstance": databases,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": balancers,
    "AWS::SecretsManager::Secret": secrets,
    "AWS::CloudWatch::Alarm": alarms,
    "AWS::CloudWatch::Dashboard": dashboards,
}


def telemetry(_: Resources, prices: Prices) -> Iterator[Line]:
    """Spans, metrics and logs, by their bytes."""
    for what, name in (("metrics", "cloudwatch.metrics"), ("spans", "cloudwatch.spans"), ("logs", "cloudwatch.logs")):
        idle, order = IDLE[what] * MINUTES / GB, ORDER[what] * 1000 / GB
        kept = prices.of("cloudwatch.logs.kept", 14 * idle) if what != "metrics" else 0.0  # two weeks of them
        yield Line(
            what.capitalize(),
            f"{IDLE[what] / 1e3:.1f} kB/min, {ORDER[what] / 1e3:.1f} kB/order",
            prices.of(name, idle) + kept,
            prices.of(name, order),
        )


def queues(made: Resources, prices: Prices) -> Iterator[Line]:
    """SQS: long polls that find nothing, one after the other, and some ten requests an order."""
    polled = {json.dumps(one["EventSourceArn"]) for one in of(made, "AWS::Lambda::EventSourceMapping")}
    tables = len(of(made, "AWS::DynamoDB::GlobalTable"))
    by_lambda = len(polled) - tables  # streams are polled free of charge
    sources = sum("RedrivePolicy" in one for one in of(made, "AWS::SQS::Queue"))
    day = HOURS * 3600 / LONG_POLL * (by_lambda * POLLERS + sources - by_lambda)
    yield Line(
        "SQS",
        f"{day:,.0f} polls/day",
        prices.of("sqs.request", day),
        prices.of("sqs.request", 1000 * ORDER["messages"] * 3),
    )


def functions(made: Resources, prices: Prices) -> Iterator[Line]:
    """Lambda: what schedules call while nobody comes, and an order's calls, each at the largest function's size."""
    gigabytes = max((int(one["MemorySize"]) for one in of(made, "AWS::Lambda::Function")), default=0) / 1024
    day = sum(
        MINUTES / int(one["ScheduleExpression"].split("(")[1].split()[0])
        for one in of(made, "AWS::Scheduler::Schedule")
    )

    def usd(calls: float) -> float:
        return prices.of("lambda.request", calls) + prices.of("lambda.compute", calls * gigabytes * 0.25)

    yield Line("Lambda", f"{day:,.0f} calls/day", usd(day), usd(1000 * ORDER["calls"]))
    yield Line("Scheduler", f"{day:,.0f} calls/day", prices.of("scheduler.call", day))


def storage(made: Resources, prices: Prices) -> Iterator[Line]:
    """DynamoDB, S3, the event bus and its archive, images and their builds."""
    repositories = len(of(made, "AWS::ECR::Repository"))
    writes, reads = 1000 * ORDER["writes"], 1000 * ORDER["reads"]
    yield Line(
        "DynamoDB",
        "1 GB",
        prices.of("dynamodb.storage", 1),
        prices.of("dynamodb.write", writes) + prices.of("dynamodb.read", reads),
    )
    yield Line("S3", "1 GB", prices.of("s3.storage", 1))
    yield Line("ECR", f"{repositories} x {IMAGES_GB} GB x 5", prices.of("ecr.storage", repositories * IMAGES_GB * 5))
    minutes = DEPLOYS * BUILD_MINUTES
    yield Line("CodeBuild", f"{minutes} min/day", prices.of("codebuild.minute", minutes))
    events = 1000 * ORDER["events"]
    yield Line(
        "EventBridge",
        f"{ORDER['events']} events/order",
        0.0,
        prices.of("events.event", events) + prices.of("events.archive", events * 4e3 / GB),
    )


def entry(_: Resources, prices: Prices) -> Iterator[Line]:
    """The API, mails, and what leaves AWS."""
    yield Line(
        "HTTP API", f"{ORDER['requests']} requests/order", 0.0, prices.of("api.request", 1000 * ORDER["requests"])
    )
    yield Line("SES", "2 mails/order", 0.0, prices.of("ses.mail", 2000))
    yield Line("Transfer", "50 kB/order", 0.0, prices.of("transfer.out", 1000 * 50e3 / GB))


FLOWS = (telemetry, queues, functions, storage, entry)
