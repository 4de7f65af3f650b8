"""Where the containers' images are built and kept: no Docker is needed to deploy."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.ids import pascal
from infra.naming import Deployment
from infra.reasons import accept, accept_wildcards
from infra.stacks.base import DeploymentStack, log_group, tag
from shop.contracts.topology import CONTAINERS

__all__ = ["Images"]

KEPT = 5  # images of a service: what runs, and what can be gone back to


class Images(DeploymentStack):
    """`shop aws deploy` puts the source into the bucket, starts the build, and waits for it."""

    def __init__(self, scope: Construct, deployment: Deployment) -> None:
        super().__init__(scope, deployment, "images", "images of the containers, and their build")
        tag(self, "build")
        services = dict.fromkeys(container.service for container in CONTAINERS)
        self.repositories = {service: self.repository(service) for service in services}
        self.source = self.source_bucket()
        self.project = self.build()
        CfnOutput(self, "SourceBucket", value=self.source.bucket_name)
        CfnOutput(self, "BuildProject", value=self.project.project_name)

    def repository(self, service: str) -> ecr.Repository:
        """A service's images; a tag, which is the hash of the source, never changes its image."""
        made = ecr.Repository(
            self,
            f"{pascal(service)}Images",
            repository_name=f"shop-{self.deployment.name}/{service}",
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            empty_on_delete=True,
            removal_policy=RemovalPolicy.DESTROY,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=KEPT)],
        )
        tag(made, service)
        return made

    def source_bucket(self) -> s3.Bucket:
        """What the build reads; nothing in it is needed for long."""
        made = s3.Bucket(
            self,
            "Source",
            bucket_name=f"{self.deployment.named('source')}-{self.account}-{self.region}",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(1))],
        )
        accept(made, "AwsSolutions-S1", "one archive of published source at a time, for a day")
        return made

    def build(self) -> codebuild.Project:
        """`buildspec.yml` on an arm64 machine with Docker. The account and region of the registry are given to it."""
        made = codebuild.Project(
            self,
            "Build",
            project_name=self.deployment.named("images"),
            source=codebuild.Source.s3(bucket=self.source, path="source.zip"),
            environment=codebuild.BuildEnvironment(
                build_image=codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0,
                compute_type=codebuild.ComputeType.SMALL,
                privileged=True,  # Docker in Docker
            ),
            environment_variables={
                "REGISTRY": codebuild.BuildEnvironmentVariable(
                    value=f"{self.account}.dkr.ecr.{self.region}.{self.url_suffix}/shop-{self.deployment.name}"
                ),
                "SERVICES": codebuild.BuildEnvironmentVariable(value=" ".join(self.repositories)),
                "TAG": codebuild.BuildEnvironmentVariable(value="none"),  # each build is told its own
            },
            grant_report_group_permissions=False,  # it reports no tests
            timeout=Duration.minutes(30),
            logging=codebuild.LoggingOptions(
                cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log_group(self, "build"))
            ),
        )
        for repository in self.repositories.values():
            repository.grant_pull_push(made)
            repository.grant(made, "ecr:DescribeImages")  # what is there is not built again
        accept(made, "AwsSolutions-CB4", "AWS's own key encrypts what the build leaves, which is nothing but its log")
        accept_wildcards(
            made.role,
            "what CDK grants a build: its source, its log, and a token for registries, which has no ARN",
            "Action::s3:GetObject*",
            "Action::s3:GetBucket*",
            "Action::s3:List*",
            "Resource::*",
            "Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/codebuild/<Build45A36621>:*",
        )
        return made
