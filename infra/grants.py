"""What each service may do: nothing that it does not call."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from infra.reasons import accept_wildcards

__all__ = ["COGNITO", "RELAY", "TABLE", "allow", "may_send_mail", "may_send_telemetry", "may_use_table"]

COGNITO = (  # SignUp and RevokeToken are called too, which no policy judges
    "AdminAddUserToGroup",
    "AdminConfirmSignUp",
    "AdminDeleteUser",
    "AdminInitiateAuth",
    "AdminListGroupsForUser",
    "AdminRemoveUserFromGroup",
    "AdminSetUserPassword",
    "AdminUserGlobalSignOut",
    "ListUsersInGroup",
)
TABLE = [
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
]
RELAY = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem"]  # the items that it has sent


HERE = "<AWS::Region>:<AWS::AccountId>"  # as cdk-nag writes it


def allow(grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str], **more: Any) -> None:
    """One statement for a role."""
    grantee.grant_principal.add_to_principal_policy(
        iam.PolicyStatement(actions=list(actions), resources=list(resources), **more)
    )


def may_send_mail(stack: Stack, grantee: iam.IGrantable) -> None:
    """Mails from the identities that this account has verified."""
    identities = stack.format_arn(service="ses", resource="identity", resource_name="*")
    allow(grantee, ["ses:SendEmail"], [identities])
    accept_wildcards(
        grantee,
        "whoever teaches verifies an address or a domain, before or after the deployment",
        f"Resource::arn:<AWS::Partition>:ses:{HERE}:identity/*",
    )


def may_send_telemetry(grantee: iam.IGrantable) -> None:
    """Spans to X-Ray's OTLP endpoint, metrics to CloudWatch's.

    Neither action has resources of its own: a policy must say `*`.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
    """
    allow(grantee, ["xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing"], ["*"])
    allow(grantee, ["cloudwatch:PutMetricData"], ["*"])
    accept_wildcards(grantee, "neither traces nor metrics have an ARN that a policy could name", "Resource::*")


def may_use_table(stack: Stack, grantee: iam.IGrantable, table: str) -> None:
    """Items of a table, by key and by every index."""
    named = stack.format_arn(service="dynamodb", resource="table", resource_name=table)
    allow(grantee, TABLE, [named, f"{named}/index/*"])
    accept_wildcards(
        grantee,
        "all indexes of a table that is the service's own",
        f"Resource::arn:<AWS::Partition>:dynamodb:{HERE}:table/{table}/index/*",
    )
