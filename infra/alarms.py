"""The alarms of `slos.yaml` in CloudWatch, all of which tell the topic `alerts`.

Objectives and figures of our own metrics are PromQL alarms, the only ones that see metrics that came as OTLP; queues
have an ordinary alarm each. docs/adr/0015-alarms-on-aws.md says why.
"""

from typing import Any

from aws_cdk import ArnFormat, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns

from infra.ids import pascal
from infra.stacks.base import DeploymentStack, tag
from shop.contracts import topology
from shop.contracts.topology import Queue, dead_letter_queue
from shop.kernel.config import duration
from shop.telemetry.queries import in_environment, queries
from shop.telemetry.slos import Alarm, Latest, Objective, Severity, slos

__all__ = ["Alarms"]

EVERY = {"page": Duration.minutes(1), "ticket": Duration.minutes(5)}  # a day's window says nothing new in a minute
CALM = Duration.minutes(5)  # after so long without a cause it is over: one trouble is one mail


class Alarms:
    """`of`: the alarms about each service, in the order of `slos.yaml`."""

    def __init__(self, stack: DeploymentStack) -> None:
        self._stack = stack
        self._told = actions.SnsAction(alerts(stack))
        self.of: dict[str, list[cloudwatch.IAlarm]] = {service: [] for service in topology.SERVICES}
        for what in slos().judged:
            if isinstance(what, Alarm) and isinstance(what.figure, Latest):
                self.of_queues(what, what.figure)
            else:
                for severity, query in queries(what).items():
                    self.on_query(what, severity, query)

    def on_query(self, what: Objective | Alarm, severity: Severity, query: str) -> None:
        """An alarm that rings while its query has an answer."""
        name = f"{what.id}-{severity}"
        made = cloudwatch.PromQLAlarm(
            self._stack,
            pascal(name),
            alarm_name=self._stack.deployment.named(name),
            alarm_description=f"{what.title.ja} / {what.title.en} ({severity})",
            query=in_environment(query, self._stack.deployment.name),
            evaluation_interval=EVERY[severity],
            recovery_period=CALM,
        )
        self.keep(made, what.service)

    def of_queues(self, alarm: Alarm, figure: Latest) -> None:
        """An alarm for each queue that the figure is about: those of dead letters, or those in front of them."""
        for queue in topology.QUEUES:
            behind = dead_letter_queue(queue.name)
            watched = behind if any(figure.ending) and behind.endswith(figure.ending) else queue.name
            self.of_queue(alarm, figure, queue, watched)

    def of_queue(self, alarm: Alarm, figure: Latest, queue: Queue, watched: str) -> None:
        """It rings as soon as one minute is above the limit, until none has been for as long as the figure looks at."""
        namespace, _, metric = figure.of.metric.partition(" ")
        name = f"{alarm.id}-{watched}"
        made = cloudwatch.Alarm(
            self._stack,
            pascal(name),
            alarm_name=self._stack.deployment.named(name),
            alarm_description=f"{alarm.title.ja} / {alarm.title.en}: {watched} ({alarm.severity})",
            metric=cloudwatch.Metric(
                namespace=namespace,
                metric_name=metric,
                dimensions_map={figure.by: self._stack.deployment.named(watched)},
                statistic="Maximum",
                period=Duration.minutes(1),
            ),
            threshold=alarm.above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=round(duration(alarm.over).total_seconds() / 60),
            datapoints_to_alarm=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,  # SQS tells nothing of a queue at rest
        )
        self.keep(made, queue.service)

    def keep(self, made: Any, service: str) -> None:
        """It tells the topic of its beginning and its end."""
        made.add_alarm_action(self._told)
        made.add_ok_action(self._told)
        tag(made, service)
        self.of[service].append(made)


def alerts(stack: DeploymentStack) -> sns.ITopic:
    """The topic of alerts, by its name."""
    arn = stack.format_arn(
        service="sns", resource=stack.deployment.named(topology.ALERTS), arn_format=ArnFormat.NO_RESOURCE_NAME
    )
    return sns.Topic.from_topic_arn(stack, "Alerts", arn)
