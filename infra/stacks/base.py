"""What every stack of a deployment has: its name, its tags, and its log groups."""

from typing import Any

from aws_cdk import RemovalPolicy, Stack, Tags
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.boundary import bound
from infra.ids import pascal
from infra.naming import Deployment

__all__ = ["DeploymentStack", "log_group", "tag"]


class DeploymentStack(Stack):
    """`part`: what stands after the deployment's name. Everything in it bears the tag `shop:deployment`."""

    def __init__(self, scope: Construct, deployment: Deployment, part: str, description: str) -> None:
        super().__init__(scope, deployment.named(part), description=f"Mieruka Shop ({deployment.name}): {description}")
        self.deployment = deployment
        Tags.of(self).add("shop:deployment", deployment.name)
        tag(self, "shop")
        bound(self)


def tag(made: Any, service: str) -> None:
    """Say whose a resource is; the nearest word counts."""
    Tags.of(made).add("shop:service", service)


def log_group(stack: DeploymentStack, service: str) -> logs.LogGroup:
    """`/shop/<env>/<service>`, kept for two weeks; goes away with its stack."""
    made = logs.LogGroup(
        stack,
        f"{pascal(service)}Log",
        log_group_name=stack.deployment.log_group(service),
        retention=logs.RetentionDays.TWO_WEEKS,
        removal_policy=RemovalPolicy.DESTROY,
    )
    tag(made, service)
    return made
