"""What each service may do: nothing that it does not call."""

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

__all__ = ["COGNITO", "allow", "may_send_mail", "may_send_telemetry"]

COGNITO = (  # every call that users makes of its pool; a test holds this list against its code
    "AdminAddUserToGroup",
    "AdminConfirmSignUp",
    "AdminDeleteUser",
    "AdminGetUser",
    "AdminInitiateAuth",
    "AdminListGroupsForUser",
    "AdminRemoveUserFromGroup",
    "AdminSetUserPassword",
    "AdminUpdateUserAttributes",
    "AdminUserGlobalSignOut",
    "ListUsersInGroup",
)


def allow(grantee: iam.IGrantable, actions: list[str], resources: list[str], **more: Any) -> None:
    """One statement for a role."""
    grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=resources, **more))


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
