"""`shop aws class-setup`: what an account and a region have once, and what it has of that already."""

import tempfile
import time
from pathlib import Path
from typing import Final

from botocore import exceptions as aws

from shop.deploy.aws import stacks
from shop.deploy.aws.account import AwsAccount, code_of
from shop.deploy.aws.assembly import CLASS, synthesize
from shop.deploy.aws.assembly import stacks as read
from shop.deploy.aws.progress import Screen
from shop.local.errors import Refused
from shop.local.language import say

__all__ = ["needed", "searches", "set_up", "verified"]

# A service makes its role when it is first used, and may fail because that is not known everywhere yet. So the roles
# are made first. In a template they could not stand: there what exists already is a failure.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
LINKED: Final = ("ecs", "elasticloadbalancing", "ops.apigateway", "rds")
KNOWN_EVERYWHERE: Final = 10.0  # seconds that a new role takes to be
ONCE: Final = {"traced": "AWS::XRay::TransactionSearchConfig", "known": "AWS::SES::EmailIdentity"}


def needed(account: AwsAccount) -> stacks.Known:
    """The class stack. Refused when it is not there yet."""
    stack = stacks.find(account, CLASS)
    if stack is None or stack.status in stacks.NEVER_MADE | {"REVIEW_IN_PROGRESS"}:
        raise Refused(
            say(
                "先に `shop aws class-setup --email 差出人アドレス` を実行してください "
                f"(アカウントとリージョン {account.region} に一度。deploy --class-setup でも可)",
                "run `shop aws class-setup --email SENDER` first, once for the account and region "
                f"{account.region}; or deploy with --class-setup",
            )
        )
    return stack


def set_up(account: AwsAccount, screen: Screen, email: str | None, monthly_usd: int) -> stacks.Known:
    """Make the class stack, or bring it up to date. Refused without a sender for a new one."""
    before = stacks.find(account, CLASS)
    sender = email or (before.outputs.get("ExportSender") if before else None)
    if sender is None:
        raise Refused(say("--email で差出人のアドレスを指定してください", "name the sender of mails with --email"))
    link_roles(account)
    with tempfile.TemporaryDirectory(prefix="shop-class-") as place:
        out = synthesize(
            Path(place),
            "class",
            Path(place),
            sender=sender,
            monthly_usd=str(monthly_usd),
            only_class=True,
            **there(account, sender, before),
        )
        made = stacks.apply(account, screen, next(iter(read(out))), None)
    if not verified(account, sender):
        screen.say(
            say(
                f"{sender} に SES から確認メールが届きます。リンクを押すまでメールは送れません",
                f"SES has written to {sender}: until the link in that mail is followed, no mail can be sent",
            )
        )
    return made


def link_roles(account: AwsAccount, *, pause: float = KNOWN_EVERYWHERE) -> list[str]:
    """Make the roles by which services act in this account; the services whose role was new."""
    new = [service for service in LINKED if linked(account, f"{service}.amazonaws.com")]
    if new:
        time.sleep(pause)
    return new


def linked(account: AwsAccount, service: str) -> bool:
    """Make the role of one service; false when it was there."""
    try:
        account.client("iam").create_service_linked_role(AWSServiceName=service)
    except aws.ClientError as error:
        if code_of(error) == "InvalidInput":  # "has been taken in this account"
            return False
        raise
    return True


def there(account: AwsAccount, sender: str, before: stacks.Known | None) -> dict[str, bool]:
    """What the account has, and not from this stack: to make it once more would fail."""
    own = set()
    if before is not None:
        pages = account.every("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=before.id)
        own = {one["ResourceType"] for one in pages if one["ResourceStatus"] != "DELETE_COMPLETE"}
    has = {"traced": searches(account), "known": verified(account, sender) is not None}
    return {name: has[name] and kind not in own for name, kind in ONCE.items()}


def searches(account: AwsAccount) -> bool:
    """Whether spans go to CloudWatch Logs, which is what Transaction Search is."""
    told = account.client("xray").get_trace_segment_destination()
    return bool(told.get("Destination") == "CloudWatchLogs")


def verified(account: AwsAccount, address: str) -> bool | None:
    """Whether SES may send for this address; None when it has never heard of it."""
    try:
        told = account.client("sesv2").get_email_identity(EmailIdentity=address)
    except aws.ClientError as error:
        if code_of(error) == "NotFoundException":
            return None
        raise
    return bool(told.get("VerifiedForSendingStatus"))
