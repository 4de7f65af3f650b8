"""What each service may do: nothing that it does not call."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

__all__ = ["COGNITO", "RELAY", "TABLE", "allow", "may_send_mail", "may_send_telemetry"]

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


def allow(grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str], **more: Any) -> None:
    """One statement for a role."""
    grantee.grant_principal.add_to_principal_policy(
        iam.PolicyStatement(actions=list(actions), resources=list(resources), **more)
    )


def may_send_mail(stack: Stack, grantee: iam.IGrantable) -> None:
    """Mails from the identities that this account has verified."""
    identities = stack.format_arn(service="ses", resource="identity", resource_name="*")
    allow(grantee, ["ses:SendEmail"], [identities])


def may_send_telemetry(grantee: iam.IGrantable) -> None:
    """Spans to X-Ray's OTLP endpoint, metrics to CloudWatch's.

    Neither action has resources of its own: a policy must say `*`.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
    """
    allow(grantee, ["xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing"], ["*"])
    allow(grantee, ["cloudwatch:PutMetricData"], ["*"])
