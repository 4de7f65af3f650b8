"""Where the services keep their data: PostgreSQL for catalog and orders, a DynamoDB table each for the others, S3."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secrets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.ids import pascal
from infra.naming import Deployment
from infra.reasons import accept
from infra.stacks.base import DeploymentStack, tag
from infra.stacks.classroom import shared_network
from shop.contracts import topology
from shop.contracts.topology import Bucket, Table

__all__ = ["Data"]

STRING = dynamodb.AttributeType.STRING
PORT = 5432
NOT_ROTATED = "a deployment lives for days, with no data of real people; rotation is a function and a NAT gateway more"


class Data(DeploymentStack):
    """Goes away with the stack, data and all: this is a shop to learn on."""

    def __init__(self, scope: Construct, deployment: Deployment, queues: dict[str, sqs.Queue]) -> None:
        super().__init__(scope, deployment, "data", "PostgreSQL, DynamoDB, S3, secrets")
        self.network = shared_network(self)
        self.tables = {table.service: self.table(table) for table in topology.TABLES}
        self.buckets = {bucket.name: self.bucket(bucket, queues) for bucket in topology.BUCKETS}
        self.credentials = {name: self.credential(name) for name in topology.DATABASES}
        self.page_token_key = self.secret("page-tokens", "the key that signs page tokens")
        self.database_access = ec2.SecurityGroup(
            self, "DatabaseAccess", vpc=self.network, description="may connect to PostgreSQL", allow_all_outbound=True
        )
        self.database = self.postgres()

    def table(self, table: Table) -> dynamodb.TableV2:
        """A table on demand with its indexes, a stream of new images, and expiry.

        No recovery to a point in time: a table that had it leaves a backup behind for 35 days.
        """
        made = dynamodb.TableV2(
            self,
            f"{table.name.capitalize()}Table",
            table_name=self.deployment.named(table.name),
            partition_key=dynamodb.Attribute(name="pk", type=STRING),
            sort_key=dynamodb.Attribute(name="sk", type=STRING),
            billing=dynamodb.Billing.on_demand(),
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
            time_to_live_attribute=table.ttl,
            encryption=dynamodb.TableEncryptionV2.dynamo_owned_key(),
            removal_policy=RemovalPolicy.DESTROY,
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=index.name,
                    partition_key=dynamodb.Attribute(name=index.partition, type=STRING),
                    sort_key=dynamodb.Attribute(name=index.sort, type=STRING) if index.sort else None,
                )
                for index in table.indexes
            ],
        )
        tag(made, table.service)
        return made

    def bucket(self, bucket: Bucket, queues: dict[str, sqs.Queue]) -> s3.Bucket:
        """A private bucket that tells a queue what was uploaded.

        `shop aws destroy` empties it: CDK's own ways to do so, and to announce objects, are functions that leave
        their logs behind.
        """
        made = s3.Bucket(
            self,
            f"{bucket.service.capitalize()}Bucket",
            bucket_name=f"{self.deployment.prefix}{bucket.name.removeprefix('shop-')}-{self.account}-{self.region}",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.DESTROY,
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1)),
                s3.LifecycleRule(prefix=bucket.notify_prefix, expiration=Duration.days(1)),  # what was never handled
            ],
        )
        if bucket.notify_queue:
            made.node.default_child.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
                queue_configurations=[announcement(bucket, queues[bucket.notify_queue].queue_arn)]
            )
        accept(
            made, "AwsSolutions-S1", "pictures of goods, public through the shop: who read one is in the shop's logs"
        )
        tag(made, bucket.service)
        return made

    def secret(self, name: str, description: str) -> secrets.Secret:
        """A random text that nobody types."""
        made = secrets.Secret(
            self,
            pascal(name),
            secret_name=self.deployment.named(name),
            description=description,
            generate_secret_string=secrets.SecretStringGenerator(exclude_punctuation=True, password_length=40),
            removal_policy=RemovalPolicy.DESTROY,
        )
        accept(made, "AwsSolutions-SMG4", NOT_ROTATED)
        return made

    def credential(self, database: str) -> secrets.Secret:
        """The password of the role that owns a service's database."""
        made = self.secret(f"postgres-{database}", f"the password of {database}'s role in PostgreSQL")
        tag(made, database)
        return made

    def postgres(self) -> rds.DatabaseInstance:
        """One small server with a database and a role per service, which `shop.deploy.databases` makes."""
        inside = ec2.SecurityGroup(
            self, "Postgres", vpc=self.network, description="PostgreSQL of the shop", allow_all_outbound=False
        )
        inside.add_ingress_rule(self.database_access, ec2.Port.tcp(PORT), "services of the shop")
        made = rds.DatabaseInstance(
            self,
            "Database",
            instance_identifier=self.deployment.named("postgres"),
            engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18),
            instance_type=ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
            vpc=self.network,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            security_groups=[inside],
            credentials=rds.Credentials.from_generated_secret(
                "shop", secret_name=self.deployment.named("postgres-master")
            ),
            allocated_storage=20,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            multi_az=False,
            publicly_accessible=False,
            backup_retention=Duration.days(1),
            delete_automated_backups=True,
            deletion_protection=False,
            removal_policy=RemovalPolicy.DESTROY,
            auto_minor_version_upgrade=True,
            enable_performance_insights=False,
            parameters={"rds.force_ssl": "1"},
        )
        accept(made, "AwsSolutions-SMG4", NOT_ROTATED)
        accept(made, "AwsSolutions-RDS3", "a second server doubles the price of a shop to learn on")
        accept(made, "AwsSolutions-RDS10", "`shop aws destroy` has to leave nothing")
        accept(made, "AwsSolutions-RDS11", "who gets as far as this isolated subnet finds any port")
        tag(made, "postgres")
        return made


def announcement(bucket: Bucket, queue_arn: str) -> s3.CfnBucket.QueueConfigurationProperty:
    """What S3 tells the queue."""
    below = s3.CfnBucket.FilterRuleProperty(name="prefix", value=bucket.notify_prefix)
    return s3.CfnBucket.QueueConfigurationProperty(
        event="s3:ObjectCreated:*",
        queue=queue_arn,
        filter=s3.CfnBucket.NotificationFilterProperty(s3_key=s3.CfnBucket.S3KeyFilterProperty(rules=[below])),
    )
