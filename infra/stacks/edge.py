"""Which service answers what: the route table, put on the HTTP API."""

from aws_cdk import CfnResource
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambdas
from constructs import Construct

from infra.ids import pascal
from infra.naming import Deployment
from infra.reasons import accept
from infra.stacks.base import DeploymentStack, tag
from infra.stacks.front import Front
from infra.stacks.functions import Functions
from infra.stacks.services import Services
from shop.contracts.routes import DEFAULT, ROUTES
from shop.contracts.topology import CONTAINERS

__all__ = ["Edge"]

LIMIT = 29_000  # milliseconds, as the gateway on the laptop has it; API Gateway allows 30
BEHIND_BALANCER = {container.service for container in CONTAINERS if container.kind == "api"}


class Edge(DeploymentStack):
    """HEAD follows GET; OPTIONS, other methods and other paths go to the function `edge`."""

    def __init__(
        self, scope: Construct, deployment: Deployment, *, front: Front, services: Services, functions: Functions
    ) -> None:
        super().__init__(scope, deployment, "edge", "routes of the HTTP API")
        tag(self, "gateway")
        accept(
            self, "AwsSolutions-APIG4", "the services check every token: an authorizer's 401 has a body of AWS's own"
        )
        self.front, self.services, self.functions = front, services, functions
        self.link = api.CfnVpcLink(
            self,
            "VpcLink",
            name=deployment.named("link"),
            subnet_ids=services.network.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
            security_group_ids=[services.link_access.security_group_id],
        )
        self.before: CfnResource | None = None
        self.route("Unknown", "$default", self.integration(DEFAULT))
        # Functions first: a link becomes available within minutes, and only its integrations have to wait for that.
        for service in sorted({route.service for route in ROUTES}, key=lambda one: (one in BEHIND_BALANCER, one)):
            self.table(service)

    def table(self, service: str) -> None:
        """A service's routes."""
        integration = self.integration(service)
        for route in ROUTES:
            if route.service == service:
                for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
                    key = f"{method} {route.path}"
                    self.route(pascal(key), key, integration)

    def route(self, name: str, key: str, integration: api.CfnIntegration) -> None:
        """One line of the table."""
        target = f"integrations/{integration.ref}"
        self.queue_up(api.CfnRoute(self, name, api_id=self.front.api.ref, route_key=key, target=target))

    def queue_up(self, made: CfnResource) -> None:
        """Changes of one API go one after the other, else API Gateway refuses those that come at once or too fast.

        "Unable to complete operation due to concurrent modification": https://github.com/brefphp/bref/issues/868 (by
        CloudFormation), https://github.com/hashicorp/terraform-provider-aws/issues/18018. "Too Many Requests", from
        some seventy on: https://github.com/aws/aws-toolkit-visual-studio/issues/296, where the same is the cure.
        """
        if self.before is not None:
            made.add_resource_dependency(self.before)
        self.before = made

    def integration(self, service: str) -> api.CfnIntegration:
        """How a service is reached: its listener of the load balancer, or its HTTP function."""
        made = self.by_link(service) if service in BEHIND_BALANCER else self.by_function(service)
        self.queue_up(made)
        return made

    def by_link(self, service: str) -> api.CfnIntegration:
        """Through the VPC link."""
        return api.CfnIntegration(
            self,
            f"{pascal(service)}Integration",
            api_id=self.front.api.ref,
            integration_type="HTTP_PROXY",
            integration_method="ANY",
            integration_uri=self.services.listeners[service].listener_arn,
            connection_type="VPC_LINK",
            connection_id=self.link.ref,
            payload_format_version="1.0",
            timeout_in_millis=LIMIT,
        )

    def by_function(self, service: str) -> api.CfnIntegration:
        """By an event."""
        function = self.functions.http(service)
        self.allow(service, function)
        return api.CfnIntegration(
            self,
            f"{pascal(service)}Integration",
            api_id=self.front.api.ref,
            integration_type="AWS_PROXY",
            integration_uri=function.function_arn,
            payload_format_version="2.0",
            timeout_in_millis=LIMIT,
        )

    def allow(self, service: str, function: lambdas.Function) -> None:
        """This API, and no other, may call the function."""
        lambdas.CfnPermission(
            self,
            f"{pascal(service)}Permission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=self.format_arn(service="execute-api", resource=self.front.api.ref, resource_name="*"),
        )
