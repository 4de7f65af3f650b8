"""The commands of `shop aws`: each takes what was typed, and returns its exit code."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.table import Table

from shop.deploy.aws import account as accounts
from shop.deploy.aws.account import AwsAccount, plainly
from shop.deploy.aws.assembly import checked, synthesize
from shop.deploy.aws.progress import Screen
from shop.deploy.package.build import ROOT, package
from shop.local.errors import Failed, Refused
from shop.local.language import say

__all__ = ["class_setup", "cost", "deploy", "destroy", "doctor", "seed", "smoke", "synth"]

Typed = argparse.Namespace


def reach(typed: Typed) -> AwsAccount:
    """The account that was meant."""
    return AwsAccount.reach(typed.region, typed.profile)


def name_of(typed: Typed) -> str:
    """The deployment that was meant. Raises Refused."""
    return checked(typed.name or accounts.login_name())


def doctor(typed: Typed) -> int:
    """Every finding; 0 when all is well, else 1."""
    from shop.deploy.aws.doctor import examine  # noqa: PLC0415

    with plainly(typed.profile):
        findings = list(examine(reach(typed), typed.students))
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        table.add_row("!!" if finding.advice else "ok", finding.subject, finding.seen)
        if finding.advice:
            table.add_row("", "", f"-> {finding.advice}")
    Screen().console.__class__(soft_wrap=True, highlight=False, markup=False).print(table)
    return 1 if any(finding.advice for finding in findings) else 0


def synth(typed: Typed) -> int:
    """Write the templates."""
    name = name_of(typed)
    package("aws", (), None, tell=Screen().say)
    out = synthesize(typed.out.absolute(), name, ROOT / "dist" / "aws")
    sys.stdout.write(f"{out}\n")
    return 0


def deploy(typed: Typed) -> int:
    """Make a deployment, and say where it is."""
    from shop.deploy.aws import classroom  # noqa: PLC0415
    from shop.deploy.aws.deploy import deploy as make  # noqa: PLC0415

    screen, name = Screen(), name_of(typed)
    try:
        with plainly(typed.profile):
            account = reach(typed)
            if typed.class_setup:
                classroom.set_up(account, screen, typed.email, typed.monthly_usd)
            facts = make(account, screen, name, typed.email, take_over=typed.take_over)
    except KeyboardInterrupt:
        screen.say(
            say(
                "\n中断しました。CloudFormation は始めた処理を続けます。"
                "同じコマンドをもう一度実行すると続きから進みます。"
                f"やめるなら: shop aws destroy --name {name}",
                "\ninterrupted. CloudFormation goes on with what it has begun; run the same command again to go on, or "
                f"give it up: shop aws destroy --name {name}",
            )
        )
        raise
    for what, where in facts.items():
        sys.stdout.write(f"{what:<11} {where}\n")
    return 0


def destroy(typed: Typed) -> int:
    """Take it away; 1 when something is left."""
    from shop.deploy.aws import destroy as away  # noqa: PLC0415

    screen = Screen()
    name = "shop-class" if typed.whole_class else name_of(typed)
    if not typed.yes:
        confirm(name)
    with plainly(typed.profile):
        account = reach(typed)
        left = away.destroy_class(account, screen) if typed.whole_class else away.destroy(account, screen, name)
    for one in left:
        sys.stdout.write(f"{one}\n")
    if left:
        raise Failed(
            say(
                f"{len(left)} 件残っています。少し待ってもう一度実行してください",
                f"{len(left)} things are left: wait a little, and run it again",
            )
        )
    sys.stdout.write(say(f"{name} は何も残っていません\n", f"nothing is left of {name}\n"))
    return 0


def confirm(name: str) -> None:
    """Have the name typed. Raises Refused."""
    if not sys.stdin.isatty():
        raise Refused(say("確認できません。--yes を付けてください", "nobody can be asked: use --yes"))
    sys.stderr.write(
        say(
            f"{name} のデータをすべて消します。よければ {name} と入力してください: ",
            f"all data of {name} will be gone. Type {name} to go on: ",
        )
    )
    sys.stderr.flush()
    if sys.stdin.readline().strip() != name:
        raise Refused(say("何も消していません", "nothing was removed"))


def class_setup(typed: Typed) -> int:
    """Set the class up; or print a student's policy."""
    from shop.deploy.aws import classroom  # noqa: PLC0415
    from shop.deploy.aws.policy import student  # noqa: PLC0415

    with plainly(typed.profile):
        account = reach(typed)
        if typed.policy:
            document = student(checked(typed.policy), account.id, account.partition)
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
            return 0
        classroom.set_up(account, Screen(), typed.email, typed.monthly_usd)
    sys.stdout.write(
        say(
            "クラスの準備ができました。受講者のポリシー: shop aws class-setup --policy 名前\n",
            "the class is set up. A student's policy: shop aws class-setup --policy NAME\n",
        )
    )
    return 0


def smoke(typed: Typed) -> int:
    """Try a shop; 1 when a step failed."""
    from shop.deploy.aws.smoke import show  # noqa: PLC0415

    with plainly(typed.profile):
        return show(place_of(typed))


def place_of(typed: Typed) -> Any:
    """The shop that is meant: one on this machine, or a deployment."""
    from shop.deploy.aws.smoke import on_aws, on_this_machine  # noqa: PLC0415

    if typed.data is not None:
        return on_this_machine(typed.data.absolute())
    return on_aws(reach(typed), name_of(typed))


def seed(typed: Typed) -> int:
    """Fill the shelves; 1 when the shop did not answer as it should."""
    from shop.deploy.aws.shelves import fill  # noqa: PLC0415
    from shop.deploy.aws.smoke.visitor import Unexpected  # noqa: PLC0415

    try:
        with plainly(typed.profile):
            made, there = fill(place_of(typed), Screen())
    except Unexpected as error:
        raise Failed(
            say(
                f"途中で止まりました。もう一度実行すれば続きから進みます: {error}",
                f"stopped; run it again to go on: {error}",
            )
        ) from error
    sys.stdout.write(say(f"登録 {made} 件、登録済み {there} 件\n", f"{made} made, {there} there already\n"))
    return 0


def cost(typed: Typed) -> int:
    """Reckon the bill of the templates."""
    from shop.deploy.aws.cost.table import reckoned, shown  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="shop-cost-") as place:
        stands_in = Path(place, "packages")
        stands_in.mkdir()
        for service in ("users", "inventory", "notifications", "edge"):
            (stands_in / f"{service}.zip").write_bytes(b"only its name is read")
        bill: Any = reckoned(synthesize(Path(place, "out"), "cost", stands_in))
    sys.stdout.write(shown(bill, typed.orders, typed.students, as_json=typed.as_json))
    return 0
