"""The most that any role of a deployment may do, whatever its policy says: a student who may make roles gains nothing.

It grants nothing by itself. A test holds every action of every role against it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from infra.grants import COGNITO
from infra.reasons import accept_wildcards

__all__ = ["ACTIONS", "BOUNDARY", "bound", "boundary"]

BOUNDARY = "shop-class-boundary"  # and the region: policies are the account's, a class is a region's
ACTIONS = [  # on what bears a shop's name
    "codebuild:BatchPutTestCases", "codebuild:CreateReport", "codebuild:CreateReportGroup", "codebuild:UpdateReport",
    "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
    "dynamodb:DescribeStream", "dynamodb:GetItem", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
    "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload",
    "ecr:PutImage", "ecr:UploadLayerPart", "events:PutEvents", "logs:CreateLogGroup", "logs:CreateLogStream",
    "logs:DescribeLogStreams", "logs:PutLogEvents", "s3:DeleteObject", "s3:GetBucketLocation", "s3:GetObject",
    "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject", "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue", "sns:Publish", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage",
    "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:SendMessage",
]  # fmt: skip
NAMED = (
    "codebuild:{here}:report-group/shop-*",
    "dynamodb:{here}:table/shop-*",
    "ecr:{here}:repository/shop-*",
    "events:{here}:event-bus/shop-*",
    "logs:{here}:log-group:/shop/*",
    "logs:{here}:log-group:/aws/codebuild/shop-*",
    "s3:::shop-*",
    "secretsmanager:{here}:secret:shop-*",
    "sns:{here}:shop-*",
    "sqs:{here}:shop-*",
)
ANYWHERE = [  # no resource of theirs bears a name that a policy could ask for
    "cloudwatch:PutMetricData", "dynamodb:ListStreams", "ecr:GetAuthorizationToken", "xray:PutSpans",
    "xray:PutSpansForIndexing", "xray:PutTraceSegments",
]  # fmt: skip


def boundary(stack: Stack) -> iam.ManagedPolicy:
    """The policy, in the class stack."""
    here = f"{stack.region}:{stack.account}"
    named = [f"arn:{stack.partition}:{one.format(here=here)}" for one in NAMED]
    pools, identities = (
        f"arn:{stack.partition}:{one}" for one in (f"cognito-idp:{here}:userpool/*", f"ses:{here}:identity/*")
    )
    made = iam.ManagedPolicy(
        stack,
        "Boundary",
        managed_policy_name=f"{BOUNDARY}-{stack.region}",
        description="the most that a role of a Mieruka Shop may do; it grants nothing",
        statements=[
            iam.PolicyStatement(actions=ACTIONS, resources=named),
            iam.PolicyStatement(actions=[f"cognito-idp:{action}" for action in COGNITO], resources=[pools]),
            iam.PolicyStatement(actions=["ses:SendEmail"], resources=[identities]),
            iam.PolicyStatement(actions=ANYWHERE, resources=["*"]),
        ],
    )
    shown = "<AWS::Region>:<AWS::AccountId>"
    places = [f"arn:<AWS::Partition>:{one.format(here=shown)}" for one in NAMED]
    places += [f"arn:<AWS::Partition>:{one}" for one in (f"cognito-idp:{shown}:userpool/*", f"ses:{shown}:identity/*")]
    reason = "a boundary grants nothing: it says what may be granted at most, to any deployment of the class"
    accept_wildcards(made, reason, *(f"Resource::{place}" for place in (*places, "*")))
    return made


def bound(stack: Any) -> None:
    """Every role of this stack has the boundary."""
    policy = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", f"{BOUNDARY}-{stack.region}")
    iam.PermissionsBoundary.of(stack).apply(policy)
