"""What is seen of a deployment in CloudWatch: alarms, dashboards, saved queries. From the same data as the console."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.alarms import Alarms
from infra.dashboards.business import business_page
from infra.dashboards.page import Page
from infra.dashboards.service import service_page
from infra.ids import pascal
from infra.naming import Deployment
from infra.stacks.base import DeploymentStack, tag
from infra.stacks.front import Front
from shop.contracts.topology import SERVICES
from shop.telemetry.examples import EXAMPLES
from shop.telemetry.points import Text, points

__all__ = ["Observability"]

SPANS = "aws/spans"  # where Transaction Search keeps those of all deployments


class Observability(DeploymentStack):
    """Knows the others by the names of what they make, but for the API's id, which AWS chooses."""

    def __init__(self, scope: Construct, deployment: Deployment, front: Front) -> None:
        super().__init__(scope, deployment, "observability", "alarms, dashboards, saved queries")
        self.alarms = Alarms(self)
        for service in SERVICES:
            arns = [alarm.alarm_arn for alarm in self.alarms.of[service]]
            self.dashboard(service, service_page(deployment, service, arns, self.region))
        promql = [each.alarm_arn for of in self.alarms.of.values() for each in of if is_promql(each)]
        self.dashboard("business", business_page(deployment, promql, self.region, front.api.ref))
        self.saved_queries()

    def dashboard(self, name: str, page: Page) -> None:
        """One dashboard."""
        made = cloudwatch.CfnDashboard(
            self,
            f"{pascal(name)}Dashboard",
            dashboard_name=self.deployment.named(name),
            dashboard_body=page.body(),
        )
        tag(made, name)

    def saved_queries(self) -> None:
        """Every query of the console over the logs, and those over the spans, in the folder `shop/<name>`."""
        everywhere = [self.deployment.log_group(service) for service in SERVICES]
        for place, example in enumerate(EXAMPLES):
            self.saved(f"Example{place}", "", example.title, example.insights, everywhere)
        for point in points():
            group = [self.deployment.log_group(point.service)]
            if point.insights:
                self.saved(f"{pascal(point.id)}Value", point.service, point.title, point.insights, group)
            for place, query in enumerate(point.queries):
                self.saved(f"{pascal(point.id)}{place}", point.service, query.title, query.insights, group)
            if point.spans:
                ours = f'filter resource.attributes.deployment.environment.name = "{self.deployment.name}"'
                self.saved(f"{pascal(point.id)}Spans", "spans", point.title, f"{ours} | {point.spans}", [SPANS])

    def saved(self, construct: str, folder: str, title: Text, query: str, groups: list[str]) -> None:
        """One query. Its name makes folders of slashes, and has no colon."""
        name = f"{title.ja} ({title.en})".replace("/", "・")
        logs.CfnQueryDefinition(
            self,
            f"{construct}Query",
            name="/".join(filter(None, ("shop", self.deployment.name, folder, name))),
            query_string=query,
            log_group_names=groups,
        )


def is_promql(alarm: cloudwatch.IAlarm) -> bool:
    """Whether it is one on our own metrics."""
    return isinstance(alarm, cloudwatch.PromQLAlarm)
