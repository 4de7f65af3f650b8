"""`shop aws destroy`: takes a deployment away, and ends by listing what is left of it, which must be nothing."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from shop.deploy.aws import leftovers, stacks
from shop.deploy.aws.account import AwsAccount
from shop.deploy.aws.assembly import CLASS
from shop.deploy.aws.progress import Screen
from shop.deploy.aws.stacks import Known
from shop.local.errors import Refused
from shop.local.language import say

__all__ = ["destroy", "destroy_class", "standing"]

ROUNDS: Final = 6  # network interfaces of a VPC link, or of tasks, go away minutes after what they belonged to
PAUSE: Final = 20.0
PATIENCE: Final = 600.0  # seconds for AWS's register of tags to forget


def standing(account: AwsAccount, name: str | None) -> list[Known]:
    """The stacks of a deployment, or of all of them, the newest first: each before those that it stands on."""
    told = account.every("cloudformation", "describe_stacks", "Stacks")
    every = (stacks.known(one) for one in told if one["StackStatus"] != "DELETE_COMPLETE")
    found = [s for s in every if "shop:deployment" in s.tags and (name is None or s.tags["shop:deployment"] == name)]
    return sorted(found, key=lambda stack: stack.created, reverse=True)


def destroy(
    account: AwsAccount, screen: Screen, name: str, *, pause: float = PAUSE, patience: float = PATIENCE
) -> list[str]:
    """Take everything away; what is left all the same, with why. Again is the way to go on."""
    reasons = take_down(account, screen, lambda: standing(account, name), pause)
    sweep(account, screen, name)
    left = [f"{stack.name}: {reasons.get(stack.name, stack.status)}" for stack in standing(account, name)]
    left += [f"{one.kind}: {one.name}" for one in leftovers.found(account, name)]
    if not left:
        left = register(account, screen, name, patience)
    return left


def take_down(account: AwsAccount, screen: Screen, look: Callable[[], Sequence[Known]], pause: float) -> dict[str, str]:
    """Delete stacks until none is left or nothing moves any more; why the others stay."""
    reasons: dict[str, str] = {}
    for number in range(ROUNDS):
        there = look()
        if not there:
            return {}
        if number:
            screen.say(say(f"残り {len(there)} 個をもう一度削除します", f"trying the {len(there)} that are left again"))
            time.sleep(pause)
        for stack in there:
            with screen.line(stack.name.removeprefix("shop-")) as line:
                stacks.settle(account, line, stack.name)
            for bucket in buckets_of(account, stack):
                leftovers.empty(account, bucket)
            failed = stacks.delete(account, screen, stack)
            if failed:
                reasons[stack.name] = "; ".join(
                    f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason', '')}" for one in failed[:3]
                )
                screen.say(f"{stack.name.removeprefix('shop-'):<22} {reasons[stack.name]}")
    return reasons


def buckets_of(account: AwsAccount, stack: Known) -> list[str]:
    """A stack's buckets, which CloudFormation deletes only when they are empty."""
    pages = account.every("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id)
    return [
        one["PhysicalResourceId"]
        for one in pages
        if one["ResourceType"] == "AWS::S3::Bucket" and one["ResourceStatus"] != "DELETE_COMPLETE"
    ]


def sweep(account: AwsAccount, screen: Screen, name: str) -> None:
    """Remove what stacks do not take along."""
    removed: dict[str, int] = {}
    with screen.line("leftovers") as line:
        for one in leftovers.found(account, name):
            line.at(0, 1, f"{one.kind} {one.name}")
            one.go()
            removed[one.kind] = removed.get(one.kind, 0) + 1
        told = ", ".join(f"{kind} {count}" for kind, count in removed.items())
        line.done(told or say("なし", "none"))


def register(account: AwsAccount, screen: Screen, name: str, patience: float) -> list[str]:
    """What the register of tags knows, once it has had the time to forget what was just deleted."""
    until = time.monotonic() + patience
    with screen.line("tags") as line:
        while True:
            left = [arn for arn in leftovers.tagged(account, name) if ":cloudformation:" not in arn]
            if not left or time.monotonic() >= until:
                line.done(say(f"残り {len(left)} 件", f"{len(left)} left"))
                return left
            line.at(0, len(left), say("AWS がタグの一覧を更新するのを待っています", "waiting for AWS's list of tags"))
            time.sleep(min(PAUSE, patience))


def destroy_class(account: AwsAccount, screen: Screen, *, pause: float = PAUSE) -> list[str]:
    """Take the class stack away; what is left. Refused while a deployment stands on it."""
    if others := sorted({stack.tags["shop:deployment"] for stack in standing(account, None)}):
        raise Refused(
            say(
                f"まだデプロイが残っています: {' '.join(others)}。先に `shop aws destroy --name ...` で消してください",
                f"deployments still stand: {' '.join(others)}; take them away first: `shop aws destroy --name ...`",
            )
        )

    def shared() -> list[Known]:
        there = stacks.find(account, CLASS)
        return [there] if there else []

    reasons = take_down(account, screen, shared, pause)
    return [f"{name}: {why}" for name, why in reasons.items() if stacks.find(account, name)]
