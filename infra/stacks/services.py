"""catalog and orders: their tasks on Fargate, each with a collector beside it, behind an internal load balancer."""

from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import grants
from infra.ids import pascal
from infra.naming import Deployment
from infra.reasons import accept, accept_wildcards
from infra.stacks.base import DeploymentStack, log_group, tag
from infra.stacks.classroom import shared_network
from infra.stacks.data import Data
from infra.stacks.front import Front
from infra.stacks.identity import Identity
from infra.stacks.images import Images
from infra.stacks.messaging import Messaging
from shop.contracts.topology import CONTAINERS, Container, dead_letter_queue

__all__ = ["Services"]

PORT = 8000
LISTENS = {
    "catalog": 8001,
    "orders": 8002,
}  # a port of the load balancer per service: no rules to read, or to run out of
MEMORY = {"catalog": 1024, "catalog-worker": 2048, "orders": 512, "orders-worker": 512}  # MiB, with the collector
CPU = 256  # a quarter of a core each
# https://github.com/aws-observability/aws-otel-collector/releases
COLLECTOR = "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0"
COLLECTOR_FILE = Path(__file__).parents[1] / "collector" / "ecs.yaml"
BUNDLE = "/etc/shop/rds.pem"  # the certificates of RDS, put into the image when it is built
ADMINISTRATOR = "shop"


class Services(DeploymentStack):
    """The tasks have public addresses, for there is no NAT gateway; nobody but the load balancer can reach them."""

    def __init__(
        self,
        scope: Construct,
        deployment: Deployment,
        *,
        messaging: Messaging,
        data: Data,
        identity: Identity,
        front: Front,
        images: Images,
    ) -> None:
        super().__init__(scope, deployment, "services", "catalog, orders")
        self.messaging, self.data, self.identity, self.front, self.images = messaging, data, identity, front, images
        self.network = shared_network(self)
        self.logs = {name: log_group(self, name) for name in (*LISTENS, "collector", "databases")}
        self.link_access, self.tasks_access, self.database_access = self.access()
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=deployment.named("services"),
            vpc=self.network,
            container_insights_v2=ecs.ContainerInsights.DISABLED,  # its metrics cost more than the tasks
        )
        accept(self.cluster, "AwsSolutions-ECS4", "Container Insights costs more than the tasks")
        self.balancer = self.load_balancer()
        self.listeners: dict[str, elb.ApplicationListener] = {}
        for container in CONTAINERS:
            self.service(container)

    def access(self) -> tuple[ec2.SecurityGroup, ec2.SecurityGroup, ec2.ISecurityGroup]:
        """Who may speak to whom: the API's link to the load balancer, that to the tasks, those to PostgreSQL."""
        link = ec2.SecurityGroup(
            self, "LinkAccess", vpc=self.network, description="VPC link of the API", allow_all_outbound=False
        )
        tasks = ec2.SecurityGroup(self, "TasksAccess", vpc=self.network, description="tasks of catalog and orders")
        database = ec2.SecurityGroup.from_security_group_id(
            self, "DatabaseAccess", self.data.database_access.security_group_id, mutable=False
        )
        return link, tasks, database

    def load_balancer(self) -> elb.ApplicationLoadBalancer:
        """Internal. What clients send is passed on as it is: the API has written the forwarding headers already."""
        inside = ec2.SecurityGroup(
            self, "BalancerAccess", vpc=self.network, description="load balancer", allow_all_outbound=False
        )
        for service, port in LISTENS.items():
            inside.add_ingress_rule(self.link_access, ec2.Port.tcp(port), service)
            self.link_access.add_egress_rule(inside, ec2.Port.tcp(port), service)
        made = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            load_balancer_name=self.deployment.named("services"),
            vpc=self.network,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            internet_facing=False,
            security_group=inside,
            idle_timeout=Duration.seconds(60),  # uvicorn keeps connections for 75
            drop_invalid_header_fields=True,
            deletion_protection=False,
        )
        made.set_attribute("routing.http.xff_header_processing.mode", "preserve")
        accept(made, "AwsSolutions-ELB2", "the API in front of it has an access log of the same requests")
        tag(made, "gateway")
        return made

    def service(self, container: Container) -> None:
        """One task, always; an API gets a listener of the load balancer."""
        api = container.kind == "api"
        task = self.task(container)
        made = ecs.FargateService(
            self,
            pascal(container.name),
            service_name=self.deployment.named(container.name),
            cluster=self.cluster,
            task_definition=task,
            desired_count=1,
            min_healthy_percent=100 if api else 0,
            max_healthy_percent=200 if api else 100,
            assign_public_ip=True,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            security_groups=[self.tasks_access, self.database_access],
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            health_check_grace_period=Duration.seconds(120) if api else None,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_ecs_managed_tags=True,
        )
        made.node.add_dependency(task.execution_role)  # its policy too: else the first tasks may not read their secrets
        tag(made, container.service)
        if api:
            self.listeners[container.service] = self.listener(container, made)

    def listener(self, container: Container, service: ecs.FargateService) -> elb.ApplicationListener:
        """Where the API's link reaches a service."""
        listener = self.balancer.add_listener(
            f"{pascal(container.name)}Listener",
            port=LISTENS[container.service],
            protocol=elb.ApplicationProtocol.HTTP,
            open=False,
        )
        listener.add_targets(
            pascal(container.name),
            target_group_name=self.deployment.named(container.name),
            port=PORT,
            protocol=elb.ApplicationProtocol.HTTP,
            targets=[service.load_balancer_target(container_name=container.name, container_port=PORT)],
            deregistration_delay=Duration.seconds(15),
            health_check=elb.HealthCheck(
                path="/health/live",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )
        return listener

    def task(self, container: Container) -> ecs.FargateTaskDefinition:
        """The database is made, then the service starts, with the collector at its side."""
        made = ecs.FargateTaskDefinition(
            self,
            f"{pascal(container.name)}Task",
            family=self.deployment.named(container.name),
            cpu=CPU,
            memory_limit_mib=MEMORY[container.name],
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
            enable_fault_injection=True,  # for AWS FIS
            volumes=[ecs.Volume(name="tmp")],
            task_role=self.role(container, "task"),
            execution_role=self.role(container, "execution"),
        )
        tag(made, container.service)
        collector = self.collector(made, container)
        databases = self.databases(made, container)
        main = self.main(made, container)
        main.add_container_dependencies(
            ecs.ContainerDependency(container=collector, condition=ecs.ContainerDependencyCondition.START),
            ecs.ContainerDependency(container=databases, condition=ecs.ContainerDependencyCondition.SUCCESS),
        )
        accept(made, "AwsSolutions-ECS2", "settings are no secrets; those come from Secrets Manager")
        accept_wildcards(made.execution_role, "a token for registries has no ARN", "Resource::*")
        grants.may_send_telemetry(made.task_role)
        self.grant(container, made.task_role)
        return made

    def role(self, container: Container, kind: str) -> iam.Role:
        """A role of its own for every task, so that each has what it calls and no more."""
        made = iam.Role(
            self,
            f"{pascal(container.name)}{pascal(kind)}Role",
            role_name=f"{self.deployment.named(container.name)}-{kind}-{self.region}",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
        )
        tag(made, container.service)
        return made

    def image(self, service: str) -> ecs.ContainerImage:
        """What CodeBuild has made of this source."""
        return ecs.ContainerImage.from_ecr_repository(self.images.repositories[service], self.deployment.image_tag)

    def main(self, task: ecs.FargateTaskDefinition, container: Container) -> ecs.ContainerDefinition:
        """The service itself: the image's own command is the API."""
        worker = ["python", "-m", "shop.runtime.worker", container.entry]
        api = container.kind == "api"
        made = task.add_container(
            container.name,
            image=self.image(container.service),
            command=None if api else worker,
            essential=True,
            readonly_root_filesystem=True,
            stop_timeout=Duration.seconds(30),
            environment=self.settings(container),
            secrets=self.secrets(container),
            port_mappings=[ecs.PortMapping(container_port=PORT)] if api else None,
            health_check=healthy(f"http://127.0.0.1:{PORT}/health/live") if api else None,
            logging=self.log(container.service, container.name),
        )
        made.add_mount_points(ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False))  # noqa: S108
        return made

    def databases(self, task: ecs.FargateTaskDefinition, container: Container) -> ecs.ContainerDefinition:
        """Makes the service's role and database where they are missing, and ends: nothing to run by hand, in no order.

        The administrator's password is this container's alone.
        """
        host = self.data.database.db_instance_endpoint_address
        master = self.data.database.secret
        made = task.add_container(
            "databases",
            image=self.image(container.service),
            command=["python", "-m", "shop.deploy.databases", container.service],
            essential=False,
            readonly_root_filesystem=True,
            environment={
                "DATABASE_URL": postgres(ADMINISTRATOR, host, "postgres"),
                "AWS_REGION": self.region,
                "DEPLOYMENT_ENVIRONMENT": self.deployment.name,
            },
            secrets={
                "PGPASSWORD": ecs.Secret.from_secrets_manager(master, "password"),
                f"{container.service.upper()}_PASSWORD": ecs.Secret.from_secrets_manager(
                    self.data.credentials[container.service]
                ),
            },
            logging=self.log("databases", container.name),
        )
        made.add_mount_points(ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False))  # noqa: S108
        return made

    def collector(self, task: ecs.FargateTaskDefinition, container: Container) -> ecs.ContainerDefinition:
        """Takes OTLP on 127.0.0.1:4318 and sends it on, signed. The task lives on when it dies."""
        return task.add_container(
            "collector",
            image=ecs.ContainerImage.from_registry(COLLECTOR),
            essential=False,
            readonly_root_filesystem=True,
            environment={
                # CloudFormation takes ${...} for a reference of its own: the region stands in it already.
                "AOT_CONFIG_CONTENT": COLLECTOR_FILE.read_text().replace("${env:AWS_REGION}", self.region),
                "AWS_REGION": self.region,
            },
            enable_restart_policy=True,
            memory_reservation_mib=64,
            logging=self.log("collector", container.name),
        )

    def log(self, group: str, prefix: str) -> ecs.LogDriver:
        """JSON lines to the service's log group; a task that cannot write its log goes on."""
        return ecs.LogDriver.aws_logs(
            log_group=self.logs[group], stream_prefix=prefix, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        )

    def settings(self, container: Container) -> dict[str, str]:
        """What a container reads, by `docs/settings.md`."""
        host = self.data.database.db_instance_endpoint_address
        common = {
            "AWS_REGION": self.region,
            "DEPLOYMENT_ENVIRONMENT": self.deployment.name,
            "EXPORT_EVERY": "10s",
            "DATABASE_URL": postgres(container.service, host, container.service),
        }
        pictures = (
            {"IMAGES_BUCKET": self.data.buckets["shop-images"].bucket_name} if container.service == "catalog" else {}
        )
        if container.kind == "worker":
            queues = {
                "EVENT_BUS": self.messaging.bus.event_bus_name,
                "QUEUE_URL_PREFIX": self.messaging.queue_url_prefix,
            }
            return {**common, **pictures, **queues}
        tokens = {
            **({"GATEWAY_URL": self.front.url} if container.service == "orders" else {}),
            "TOKEN_ISSUER": self.identity.issuer,
            "USER_POOL_CLIENT_ID": self.identity.client.user_pool_client_id,
            "JWKS_URL": self.identity.jwks_url,
        }
        return {**common, **pictures, **tokens}

    def secrets(self, container: Container) -> dict[str, ecs.Secret]:
        """What ECS puts into the environment, unseen in the template."""
        password = {"PGPASSWORD": ecs.Secret.from_secrets_manager(self.data.credentials[container.service])}
        if container.name == "orders-worker":  # gives no page tokens
            return password
        return {**password, "PAGE_TOKEN_KEY": ecs.Secret.from_secrets_manager(self.data.page_token_key)}

    def grant(self, container: Container, role: iam.IRole) -> None:
        """What a container calls of AWS; the API of orders calls nothing."""
        if container.service == "catalog":
            name = self.deployment.named("images")
            bucket = f"arn:{self.partition}:s3:::{name}-{self.account}-{self.region}"
            actions = ["s3:GetObject", "s3:PutObject", *(["s3:DeleteObject"] if container.kind == "worker" else [])]
            grants.allow(role, actions, [f"{bucket}/*"])
            grants.allow(role, ["s3:ListBucket"], [bucket])
            every = f"Resource::arn:<AWS::Partition>:s3:::{name}-<AWS::AccountId>-<AWS::Region>/*"
            accept_wildcards(role, "every picture of the shop's own bucket", every)
        if container.kind == "worker":
            own = [self.messaging.queues[name].queue_arn for name in container.queues]
            sends = [self.messaging.queues[dead_letter_queue(name)].queue_arn for name in container.queues]
            if container.service == "orders":
                sends += [
                    self.messaging.queues[name].queue_arn for name in ("orders-payments", "inventory-commands.fifo")
                ]
            grants.allow(role, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], own)
            grants.allow(role, ["sqs:SendMessage"], sends)
            grants.allow(role, ["events:PutEvents"], [self.messaging.bus.event_bus_arn])


def postgres(user: str, host: str, database: str) -> str:
    """An address without a password, which comes as PGPASSWORD; the server has to prove who it is."""
    return f"postgresql://{user}@{host}:5432/{database}?sslmode=verify-full&sslrootcert={BUNDLE}"


def healthy(url: str) -> ecs.HealthCheck:
    """A container is healthy as long as this is answered with 200."""
    return ecs.HealthCheck(
        command=["CMD", "python", "-m", "shop.runtime.healthy", url],
        interval=Duration.seconds(15),
        timeout=Duration.seconds(5),
        retries=3,
        start_period=Duration.seconds(60),
    )
