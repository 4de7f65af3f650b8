"""What an account has once, however many deployments stand in it: network, Transaction Search, sender, budget."""

from aws_cdk import CfnOutput, Duration, Fn, RemovalPolicy, Stack, Tags
from aws_cdk import aws_applicationsignals as applicationsignals
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_xray as xray
from constructs import Construct

from infra.boundary import boundary
from infra.naming import Account
from infra.reasons import accept

__all__ = ["ASSETS", "CLASSROOM", "Classroom", "shared_network"]

CLASSROOM = "shop-class"
ASSETS = CLASSROOM + "-assets-${AWS::AccountId}-${AWS::Region}"  # where templates and zips are put for CloudFormation
ZONES = 2
EXPORTS = {"vpc": f"{CLASSROOM}-vpc", "cidr": f"{CLASSROOM}-cidr"}


class Classroom(Stack):
    """Made by `shop aws class-setup`."""

    def __init__(self, scope: Construct, account: Account) -> None:
        super().__init__(scope, CLASSROOM, description="Mieruka Shop: what all deployments of an account share")
        Tags.of(self).add("shop:service", "classroom")
        self.assets()
        boundary(self)
        self.network()
        if not account.traced:
            self.transaction_search(self.application_signals())
        self.sender(account)
        self.budget(account)

    def assets(self) -> None:
        """What `cdk bootstrap` would make of a bucket, and no role: who deploys does so with his own rights."""
        made = s3.Bucket(
            self,
            "Assets",
            bucket_name=Fn.sub(ASSETS),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(30))],  # each deployment puts what is missing
        )
        accept(made, "AwsSolutions-S1", "published source, made into zips, for a month")

    def network(self) -> None:
        """Two zones with public subnets for the tasks and isolated ones for databases and the load balancer.

        No NAT gateway: it costs 1.5 USD a day and zone. Tasks have public addresses, and a security group lets
        nobody in but the load balancer.
        """
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=ZONES,
            nat_gateways=0,
            ip_addresses=ec2.IpAddresses.cidr("10.42.0.0/16"),
            subnet_configuration=[
                ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=22),
                ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ],
            restrict_default_security_group=False,  # its custom resource would be the only function in this stack
        )
        for endpoint in (ec2.GatewayVpcEndpointAwsService.S3, ec2.GatewayVpcEndpointAwsService.DYNAMODB):
            self.vpc.add_gateway_endpoint(f"{endpoint.name.rpartition('.')[2]}Endpoint", service=endpoint)  # both free
        flow = logs.LogGroup(
            self,
            "FlowLog",
            log_group_name=f"/shop/{CLASSROOM}/rejected",
            retention=logs.RetentionDays.ONE_WEEK,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.vpc.add_flow_log(
            "Rejected",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(flow),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
            max_aggregation_interval=ec2.FlowLogMaxAggregationInterval.TEN_MINUTES,
        )
        for name, value in (("vpc", self.vpc.vpc_id), ("cidr", self.vpc.vpc_cidr_block)):
            CfnOutput(self, f"Export{name}", value=value, export_name=EXPORTS[name])
        for kind, subnets in (("public", self.vpc.public_subnets), ("isolated", self.vpc.isolated_subnets)):
            for number, subnet in enumerate(subnets):
                for what, value in (("subnet", subnet.subnet_id), ("zone", subnet.availability_zone)):
                    name = f"{CLASSROOM}-{kind}-{what}-{number}"
                    CfnOutput(self, f"Export{kind}{what}{number}", value=value, export_name=name)

    def application_signals(self) -> applicationsignals.CfnDiscovery:
        """Services are discovered from those spans: this makes the service-linked role that may read them.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationsignals-discovery.html
        """
        return applicationsignals.CfnDiscovery(self, "ApplicationSignals")

    def transaction_search(self, discovery: applicationsignals.CfnDiscovery) -> None:
        """Spans go to CloudWatch Logs, where all of them can be searched; one per cent is indexed for trace summaries.

        It starts that discovery, too, where nobody has: two at once would make one role twice.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search-Cloudformation.html
        """
        policy = iam.PolicyDocument(
            statements=[
                iam.PolicyStatement(
                    sid="SpansFromXRay",
                    principals=[iam.ServicePrincipal("xray.amazonaws.com")],
                    actions=["logs:PutLogEvents"],
                    resources=[
                        f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:aws/spans:*",
                        f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:/aws/application-signals/data:*",
                    ],
                    conditions={
                        "ArnLike": {"aws:SourceArn": f"arn:{self.partition}:xray:{self.region}:{self.account}:*"},
                        "StringEquals": {"aws:SourceAccount": self.account},
                    },
                )
            ]
        )
        allowed = logs.CfnResourcePolicy(
            self, "SpansPolicy", policy_name=f"{CLASSROOM}-spans", policy_document=self.to_json_string(policy.to_json())
        )
        search = xray.CfnTransactionSearchConfig(self, "TransactionSearch", indexing_percentage=1)
        search.add_resource_dependency(allowed)
        search.add_resource_dependency(discovery)

    def sender(self, account: Account) -> None:
        """Where every deployment's mails come from. SES asks its owner by mail whether that is right.

        Told, not exported: what somebody imports cannot be changed, and a class may get another sender.
        """
        if not account.known:
            ses.EmailIdentity(self, "Sender", identity=ses.Identity.email(account.sender))
        CfnOutput(self, "ExportSender", value=account.sender)

    def budget(self, account: Account) -> None:
        """Somebody is told before it gets expensive."""
        subscriber = budgets.CfnBudget.SubscriberProperty(address=account.sender, subscription_type="EMAIL")
        notices = [
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    comparison_operator="GREATER_THAN", notification_type=kind, threshold=threshold
                ),
                subscribers=[subscriber],
            )
            for kind, threshold in (("ACTUAL", 50), ("ACTUAL", 100), ("FORECASTED", 100))
        ]
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"{CLASSROOM}-{self.region}",  # one name in an account, whatever the region
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=account.monthly_usd, unit="USD"),
            ),
            notifications_with_subscribers=notices,
        )


def shared_network(scope: Construct) -> ec2.IVpc:
    """The account's network as a deployment uses it: by the exports of the classroom."""

    def each(kind: str, what: str) -> list[str]:
        return [Fn.import_value(f"{CLASSROOM}-{kind}-{what}-{number}") for number in range(ZONES)]

    return ec2.Vpc.from_vpc_attributes(
        scope,
        "Network",
        vpc_id=Fn.import_value(EXPORTS["vpc"]),
        vpc_cidr_block=Fn.import_value(EXPORTS["cidr"]),
        availability_zones=each("public", "zone"),
        public_subnet_ids=each("public", "subnet"),
        isolated_subnet_ids=each("isolated", "subnet"),
    )
