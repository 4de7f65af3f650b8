"""Bus, queues with their dead letters, rules, topic, schedules: the wiring of `contracts.topology`."""

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.ids import pascal
from infra.naming import Deployment
from infra.stacks.base import DeploymentStack, tag
from shop.contracts import topology
from shop.contracts.commands import COMMANDS
from shop.contracts.topology import Queue, Rule, Schedule, dead_letter_queue

__all__ = ["Messaging"]

FEEDERS = ("events.amazonaws.com", "sns.amazonaws.com", "s3.amazonaws.com", "scheduler.amazonaws.com")


class Messaging(DeploymentStack):
    """What services speak through."""

    def __init__(self, scope: Construct, deployment: Deployment) -> None:
        super().__init__(scope, deployment, "messaging", "bus, queues, topic, schedules")
        self.bus = events.EventBus(self, "Bus", event_bus_name=deployment.named(topology.BUS))
        self.bus.archive(
            "Archive",
            archive_name=deployment.named(topology.BUS),
            retention=Duration.days(30),
            event_pattern=events.EventPattern(account=[self.account]),
        )
        self.queues: dict[str, sqs.Queue] = {}  # by the name in the topology, dead-letter queues too
        for declared in topology.QUEUES:
            self.queue(declared)
        self.topic = sns.Topic(self, "Alerts", topic_name=deployment.named(topology.ALERTS), enforce_ssl=True)
        self.topic.add_to_resource_policy(self.from_services("cloudwatch.amazonaws.com", "events.amazonaws.com"))
        for queue in topology.ALERT_SUBSCRIPTIONS:
            self.topic.add_subscription(subscriptions.SqsSubscription(self.queues[queue], raw_message_delivery=True))
        for rule in topology.RULES:
            self.rule(rule)
        self.schedules()

    @property
    def queue_url_prefix(self) -> str:
        """What stands before a queue's name in its URL."""
        return f"https://sqs.{self.region}.{self.url_suffix}/{self.account}/{self.deployment.prefix}"

    def queue(self, queue: Queue) -> None:
        """A queue with its dead-letter queue."""
        behind_name = dead_letter_queue(queue.name)
        behind = self.one_queue(behind_name, queue, retention_period=Duration.days(14))
        made = self.one_queue(
            queue.name,
            queue,
            visibility_timeout=Duration.seconds(int(queue.visibility.total_seconds())),
            retention_period=Duration.days(4),
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=queue.max_receives, queue=behind),
        )
        made.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service) for service in FEEDERS],
                actions=["sqs:SendMessage"],
                resources=[made.queue_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )

    def one_queue(self, name: str, queue: Queue, **more: Any) -> sqs.Queue:
        """One queue, encrypted, over TLS only."""
        made = sqs.Queue(
            self,
            pascal(name),
            queue_name=self.deployment.named(name),
            fifo=True if queue.fifo else None,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
            **more,
        )
        tag(made, queue.service)
        self.queues[name] = made
        return made

    def from_services(self, *services: str) -> iam.PolicyStatement:
        """These services of AWS may publish to the topic, on behalf of this account."""
        return iam.PolicyStatement(
            principals=[iam.ServicePrincipal(service) for service in services],
            actions=["sns:Publish"],
            resources=[self.topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": self.account}},
        )

    def rule(self, rule: Rule) -> None:
        """Events of some types to a queue or the topic, which get the envelope alone."""
        target = self.queues[rule.queue].queue_arn if rule.queue else self.topic.topic_arn
        events.CfnRule(
            self,
            pascal(rule.name),
            name=self.deployment.named(rule.name),
            event_bus_name=self.bus.event_bus_name,
            event_pattern={"detail-type": list(rule.events)},
            targets=[
                events.CfnRule.TargetProperty(id=rule.queue or str(rule.topic), arn=target, input_path="$.detail")
            ],
        )

    def schedules(self) -> None:
        """The commands that time gives: EventBridge Scheduler puts them on the services' queues."""
        role = iam.Role(
            self,
            "SchedulerRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
        )
        for schedule in topology.SCHEDULES:
            queue = self.queues[schedule.queue]
            queue.grant_send_messages(role)
            self.schedule(schedule, queue, role)

    def schedule(self, schedule: Schedule, queue: sqs.Queue, role: iam.Role) -> None:
        """One command, every so many minutes; Scheduler puts its own id and time into the envelope."""
        message = {
            "metadata": {
                "eventId": "<aws.scheduler.execution-id>",
                "type": schedule.command,
                "version": COMMANDS[schedule.command].version,
                "occurredAt": "<aws.scheduler.scheduled-time>",
                "producer": "scheduler",
                "aggregateId": schedule.name,
                "aggregateVersion": 1,
                "correlationId": "<aws.scheduler.execution-id>",
            },
            "data": {},
        }
        unit = "minute" if schedule.minutes == 1 else "minutes"
        scheduler.CfnSchedule(
            self,
            pascal(schedule.name),
            name=self.deployment.named(schedule.name),
            schedule_expression=f"rate({schedule.minutes} {unit})",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=queue.queue_arn,
                role_arn=role.role_arn,
                input=self.to_json_string(message),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=60, maximum_retry_attempts=1
                ),
            ),
        )
