"""The one origin: the HTTP API and its stage. What answers each route is known only later, in `edge`."""

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.naming import Deployment
from infra.stacks.base import DeploymentStack, tag

__all__ = ["Front"]

RATE, BURST = 500, 1000  # per route, as on the laptop
ACCESS_LOG = {
    "time": "$context.requestTimeEpoch",
    "requestId": "$context.requestId",
    "client.address": "$context.identity.sourceIp",
    "http.request.method": "$context.httpMethod",
    "url.path": "$context.path",
    "http.route": "$context.routeKey",
    "http.response.status_code": "$context.status",
    "http.response.body.size": "$context.responseLength",
    "duration_ms": "$context.responseLatency",
    "integration_ms": "$context.integrationLatency",
    "error": "$context.error.message",
    "integration_error": "$context.integrationErrorMessage",
    "user_agent.original": "$context.identity.userAgent",
}


class Front(DeploymentStack):
    """No CORS of API Gateway's own: the services answer, and `edge` every preflight, as on the laptop."""

    def __init__(self, scope: Construct, deployment: Deployment) -> None:
        super().__init__(scope, deployment, "front", "HTTP API")
        tag(self, "gateway")
        self.api = api.CfnApi(self, "Api", name=deployment.named("api"), protocol_type="HTTP")
        access = self.access_log()
        api.CfnStage(
            self,
            "Stage",
            api_id=self.api.ref,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=api.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=RATE, throttling_burst_limit=BURST, detailed_metrics_enabled=True
            ),
            access_log_settings=api.CfnStage.AccessLogSettingsProperty(
                destination_arn=access.log_group_arn, format=self.to_json_string(ACCESS_LOG)
            ),
        )
        CfnOutput(self, "Url", value=self.url)

    @property
    def url(self) -> str:
        """The shop's address."""
        return f"https://{self.api.ref}.execute-api.{self.region}.{self.url_suffix}"

    def access_log(self) -> logs.LogGroup:
        """Below `/aws/vendedlogs/`: any other name is added to one resource policy of the account, which has room for
        5,120 characters, some twenty deployments.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-CloudWatchLogs.html
        """
        return logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=f"/aws/vendedlogs{self.deployment.log_group('gateway')}",
            retention=logs.RetentionDays.TWO_WEEKS,
            removal_policy=RemovalPolicy.DESTROY,
        )
