"""`shop aws deploy`: everything of one deployment, from the packages to the address. Again is the way to go on."""

import hashlib
from pathlib import Path

from shop.deploy.aws import classroom, images, stacks
from shop.deploy.aws.account import AwsAccount
from shop.deploy.aws.assembly import Stack, assets, synthesize
from shop.deploy.aws.assembly import stacks as read
from shop.deploy.aws.cost.table import reckoned
from shop.deploy.aws.progress import Screen
from shop.deploy.aws.publish import bucket_of, publish
from shop.deploy.package.build import ROOT, package
from shop.local.errors import Refused
from shop.local.language import say

__all__ = ["OWNER", "bring_up", "deploy", "owner_of"]

OWNER = "shop:owner"


def deploy(account: AwsAccount, screen: Screen, name: str, email: str | None, *, take_over: bool) -> dict[str, str]:
    """Make a deployment, or bring it up to date; what there is to know of it: its address, and where to look.

    Refused when the class is not set up, or the name is somebody else's; Failed when AWS could not make something.
    """
    shared = classroom.needed(account)
    ours(account, name, take_over=take_over)
    packages = ROOT / "dist" / package("aws", (), None, tell=screen.say).target
    tag = images.tag_of(ROOT)
    out = ROOT / "dist" / f"cdk-{name}"
    synthesize(out, name, packages, email=email, image_tag=tag, sender=shared.outputs.get("ExportSender"))
    bring_up(account, screen, name, out, tag)
    return told(account, name) | {"cost": f"{reckoned(out).day():.2f} USD/day (shop aws cost)"}


def bring_up(account: AwsAccount, screen: Screen, name: str, assembly: Path, tag: str) -> None:
    """Make everything that stands in an assembly: files, the images' stack and the images, and the other stacks."""
    wanted = [owned(stack, account) for stack in read(assembly) if stack.name.startswith(f"shop-{name}-")]
    publish(account, screen, wanted, assets(assembly))
    first = next(stack for stack in wanted if stack.name == f"shop-{name}-images")
    made = stacks.apply(account, screen, first, bucket_of(account))
    images.build(account, screen, name, made.outputs["SourceBucket"], made.outputs["BuildProject"], ROOT, tag)
    for stack in wanted:
        if stack is not first:
            stacks.apply(account, screen, stack, bucket_of(account))


def owned(stack: Stack, account: AwsAccount) -> Stack:
    """The stack, with the mark of whose it is."""
    return Stack(stack.name, stack.file, stack.tags | {OWNER: owner_of(account)}, stack.needs)


def owner_of(account: AwsAccount) -> str:
    """Who deploys, as a mark: a hash, for its name may be a mail address. Sessions of a role are one."""
    return hashlib.sha256(account.arn.partition("/botocore-session-")[0].encode()).hexdigest()[:12]


def ours(account: AwsAccount, name: str, *, take_over: bool) -> None:
    """Refused when somebody else has deployed under this name."""
    there = stacks.find(account, f"shop-{name}-images")
    if there is None or there.tags.get(OWNER) in {None, owner_of(account)} or take_over:
        return
    raise Refused(
        say(
            f"{name} という名前は別の人が使っています。--name で別の名前を選んでください (引き継ぐなら --take-over)",
            f"somebody else has deployed under the name {name}: choose another with --name, or --take-over",
        )
    )


def told(account: AwsAccount, name: str) -> dict[str, str]:
    """Where the shop is, and where to look at it."""
    console = f"https://{account.region}.console.aws.amazon.com"
    place = f"region={account.region}"
    return {
        "url": stacks.outputs(account, f"shop-{name}-front")["Url"],
        "docs": stacks.outputs(account, f"shop-{name}-front")["Url"] + "/docs",
        "dashboards": f"{console}/cloudwatch/home?{place}#dashboards?~(searchContext~(primary~'shop-{name}-))",
        "traces": f"{console}/cloudwatch/home?{place}#xray:traces/query",
        "alarms": f"{console}/cloudwatch/home?{place}#alarmsV2:?~(search~'shop-{name}-)",
        "logs": f"{console}/cloudwatch/home?{place}#logsV2:log-groups$3FlogGroupNameFilter$3D$252Fshop$252F{name}",
        "stacks": f"{console}/cloudformation/home?{place}#/stacks?filteringText=shop-{name}-",
    }
