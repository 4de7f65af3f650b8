"""Why a finding of cdk-nag (the pack AwsSolutions) is left as it is: said next to what it is about."""

from typing import Any

from aws_cdk import Acknowledgment, Validations

__all__ = ["accept", "accept_wildcards"]


def accept(made: Any, finding: str, reason: str) -> None:
    """Accept `finding`, such as `AwsSolutions-S1`, for a construct and what is in it. Others bear the name of who finds
    them: `CloudFormation-Validate::E1029`.

    A test fails when the reason is empty, or when there is nothing to accept any more.
    """
    named = finding if "::" in finding.partition("[")[0] else f"AwsSolutions::{finding}"
    Validations.of(made).acknowledge(Acknowledgment(id=named, reason=reason))


def accept_wildcards(made: Any, reason: str, *places: str) -> None:
    """Accept that a role's policy has a `*` in these places: `Action::s3:List*`, `Resource::*`."""
    for place in places:
        accept(made, f"AwsSolutions-IAM5[{place}]", reason)
