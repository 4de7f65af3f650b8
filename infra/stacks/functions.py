"""users, inventory, notifications and edge: their Lambda functions, each with a role that may do what it calls."""

from pathlib import Path

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambdas
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra import grants
from infra.ids import pascal
from infra.naming import Deployment
from infra.reasons import accept
from infra.stacks.base import DeploymentStack, log_group, tag
from infra.stacks.data import Data
from infra.stacks.front import Front
from infra.stacks.identity import Identity
from infra.stacks.messaging import Messaging
from shop.contracts.topology import FUNCTIONS, Function, QueueSource, StreamSource, dead_letter_queue

__all__ = ["Functions"]

# The collector of OpenTelemetry as an extension: it takes OTLP on 127.0.0.1:4318 and sends on after the answer.
# https://github.com/open-telemetry/opentelemetry-lambda/releases
COLLECTOR_LAYER = "opentelemetry-collector-arm64-0_22_0:1"
COLLECTOR_ACCOUNT = "184161586896"
LEAST_LIMIT = 2  # SQS knows no smaller one


class Functions(DeploymentStack):
    """Outside of the network: what they speak to has public endpoints; inside, they would need a NAT gateway."""

    def __init__(
        self,
        scope: Construct,
        deployment: Deployment,
        packages: Path,
        sender: str,
        *,
        messaging: Messaging,
        data: Data,
        identity: Identity,
        front: Front,
    ) -> None:
        super().__init__(scope, deployment, "functions", "users, inventory, notifications, edge")
        self.packages, self.messaging, self.data, self.identity, self.front = packages, messaging, data, identity, front
        self.sender = sender
        services = dict.fromkeys(function.service for function in FUNCTIONS)
        self.logs = {service: log_group(self, service) for service in services}
        self.collector = lambdas.LayerVersion.from_layer_version_arn(
            self,
            "Collector",
            f"arn:{self.partition}:lambda:{self.region}:{COLLECTOR_ACCOUNT}:layer:{COLLECTOR_LAYER}",
        )
        self.made = {function.name: self.function(function) for function in FUNCTIONS}

    def http(self, service: str) -> lambdas.Function:
        """The function that answers API Gateway for a service."""
        return next(self.made[one.name] for one in FUNCTIONS if one.service == service and one.http)

    def function(self, function: Function) -> lambdas.Function:
        """One function with its role, its settings and what wakes it."""
        made = lambdas.Function(
            self,
            pascal(function.name),
            function_name=self.deployment.named(function.name),
            description=f"Mieruka Shop: {function.name}",
            runtime=lambdas.Runtime.PYTHON_3_13,
            architecture=lambdas.Architecture.ARM_64,
            code=lambdas.Code.from_asset(str(self.packages / f"{function.service}.zip")),
            handler=function.handler,
            memory_size=function.memory_mb,
            ephemeral_storage_size=Size.mebibytes(512),
            timeout=Duration.seconds(int(function.timeout.total_seconds())),
            environment={**self.common(), **self.settings(function.service)},
            layers=[self.collector],
            log_group=self.logs[function.service],
            role=self.role(function),
        )
        accept(made, "AwsSolutions-L1", "3.13 is what the packages are built and precompiled for")
        self.wake(function, made)
        tag(made, function.service)
        return made

    def role(self, function: Function) -> iam.Role:
        """May write its own log and send telemetry, and what its service does."""
        role = iam.Role(
            self,
            f"{pascal(function.name)}Role",
            role_name=f"{self.deployment.named(function.name)}-{self.region}",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        tag(role, function.service)
        log = self.logs[function.service].log_group_arn
        grants.allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [log])
        grants.may_send_telemetry(role)
        if function.service in self.data.tables:
            self.grant(function, role)
        return role

    def grant(self, function: Function, role: iam.Role) -> None:
        """What a function calls; a test holds this against the code."""
        table = self.data.tables[function.service].table_arn
        secrets = [self.data.page_token_key.secret_arn]
        if function.service == "users":
            secrets.append(self.identity.client_secret.secret_arn)
        grants.allow(role, ["secretsmanager:GetSecretValue"], secrets)
        match function.source:
            case StreamSource():
                grants.allow(role, grants.RELAY, [table])
            case _:
                grants.may_use_table(self, role, self.deployment.named(function.service))
        match function.source:
            case QueueSource(queue):
                own, behind = self.messaging.queues[queue], self.messaging.queues[dead_letter_queue(queue)]
                grants.allow(role, ["sqs:ChangeMessageVisibility"], [own.queue_arn])
                grants.allow(role, ["sqs:SendMessage"], [behind.queue_arn])
        if function.source is not None:
            grants.allow(role, ["events:PutEvents"], [self.messaging.bus.event_bus_arn])
        if function.service == "users" and not isinstance(function.source, StreamSource):
            pool = [f"cognito-idp:{action}" for action in grants.COGNITO]
            grants.allow(role, pool, [self.identity.pool.user_pool_arn])
            grants.may_send_mail(self, role)
        if function.service == "notifications" and isinstance(function.source, QueueSource):
            grants.may_send_mail(self, role)

    def wake(self, function: Function, made: lambdas.Function) -> None:
        """The event source mapping, where it has one."""
        match function.source:
            case QueueSource(queue, batch_size, window):
                made.add_event_source(
                    sources.SqsEventSource(
                        self.messaging.queues[queue],
                        batch_size=batch_size,
                        max_batching_window=Duration.seconds(int(window.total_seconds())) if window else None,
                        max_concurrency=max(function.concurrency, LEAST_LIMIT),
                        report_batch_item_failures=True,
                    )
                )
            case StreamSource(table, batch_size, pk_prefix):
                new = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": pk_prefix}]}}}}
                made.add_event_source(
                    sources.DynamoEventSource(
                        self.data.tables[table],
                        starting_position=lambdas.StartingPosition.TRIM_HORIZON,
                        batch_size=batch_size,
                        report_batch_item_failures=True,
                        filters=[lambdas.FilterCriteria.filter(new)],
                    )
                )

    def common(self) -> dict[str, str]:
        """What every function gets."""
        return {
            "DEPLOYMENT_ENVIRONMENT": self.deployment.name,
            "OPENTELEMETRY_COLLECTOR_CONFIG_URI": "/var/task/collector.yaml",
        }

    def settings(self, service: str) -> dict[str, str]:
        """What a service reads, by `docs/settings.md`."""
        gateway = {"GATEWAY_URL": self.front.url}
        if service == "edge":
            return gateway
        everyone = {
            "TABLE_NAME": self.deployment.named(service),
            "EVENT_BUS": self.messaging.bus.event_bus_name,
            "QUEUE_URL_PREFIX": self.messaging.queue_url_prefix,
            "USER_POOL_CLIENT_ID": self.identity.client.user_pool_client_id,
            "TOKEN_ISSUER": self.identity.issuer,
            "JWKS_URL": self.identity.jwks_url,
            "PAGE_TOKEN_KEY_SECRET_ARN": self.data.page_token_key.secret_arn,
        }
        own = {
            "users": {
                "USER_POOL_ID": self.identity.pool.user_pool_id,
                "USER_POOL_CLIENT_SECRET_SECRET_ARN": self.identity.client_secret.secret_arn,
                "MAIL_FROM": self.sender,
            },
            "inventory": gateway,
            "notifications": {
                "MAIL_FROM": self.sender,
                "OPERATOR_EMAIL": self.deployment.email or self.sender,
                "PUBLIC_URL": self.front.url,
            },
        }
        return {**everyone, **own[service]}
