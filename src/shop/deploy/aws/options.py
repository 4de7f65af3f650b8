"""What can be typed after `shop aws`. Nothing heavy is imported here: a command is, when it runs."""

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shop.local.language import say

__all__ = ["add_aws"]

Parser = argparse.ArgumentParser


def add_aws(commands: Any) -> None:
    """`shop aws ...`."""
    text = say(
        "AWS にデプロイし、確かめ、費用を見積もり、跡形なく消します",
        "deploy to AWS, try it, reckon what it costs, and take it away without a trace",
    )
    part = commands.add_parser("aws", help=text, description=text)
    of_part = part.add_subparsers(metavar=say("コマンド", "command"), required=True)
    for add in (add_doctor, add_synth, add_deploy, add_smoke, add_seed, add_cost, add_destroy, add_class_setup):
        add(of_part)


def command(commands: Any, name: str, ja: str, en: str) -> Parser:
    """A command that works on one deployment in one region."""
    text = say(ja, en)
    added: Parser = commands.add_parser(name, help=text, description=text)
    added.set_defaults(run=lambda typed: run(name, typed))
    return added


def run(name: str, typed: argparse.Namespace) -> int:
    """Import it, and run it."""
    found: Callable[[argparse.Namespace], int] = getattr(
        importlib.import_module("shop.deploy.aws.commands"), name.replace("-", "_")
    )
    return found(typed)


def named(added: Parser) -> None:
    """Which deployment."""
    text = say(
        "デプロイの名前。すべてのリソース名に入ります (既定: ログイン名)",
        "name of the deployment, part of every resource's name (default: your login name)",
    )
    added.add_argument("--name", metavar="NAME", help=text)


def reached(added: Parser) -> None:
    """Which account and region."""
    text = say(
        "リージョン (既定: プロファイルのもの、または ap-northeast-1)",
        "region (default: your profile's, or ap-northeast-1)",
    )
    added.add_argument("--region", metavar="REGION", help=text)
    added.add_argument("--profile", metavar="PROFILE", help=say("AWS CLI のプロファイル", "a profile of the AWS CLI"))


def for_class(added: Parser) -> None:
    """What the class stack is told."""
    text = say(
        "月の予算 (USD)。超えそうなときメールで知らせます (既定: 150)",
        "monthly budget in USD; a mail tells when it is passed (default: 150)",
    )
    added.add_argument("--monthly-usd", type=int, default=150, metavar="USD", help=text)


def add_doctor(commands: Any) -> None:
    """`shop aws doctor`."""
    added = command(
        commands,
        "doctor",
        "デプロイできる状態か調べ、足りないものを示します",
        "find out whether a deployment would succeed, and what is missing",
    )
    reached(added)
    text = say(
        "この人数分のクォータがあるか調べます (既定: 1)", "examine the quotas for so many deployments (default: 1)"
    )
    added.add_argument("--students", type=int, default=1, metavar="N", help=text)


def add_synth(commands: Any) -> None:
    """`shop aws synth`."""
    added = command(
        commands,
        "synth",
        "CloudFormation テンプレートを書き出します (AWS には触れません)",
        "write the CloudFormation templates; AWS is not asked",
    )
    named(added)
    text = say("書き出し先 (既定: cdk.out)", "where to (default: cdk.out)")
    added.add_argument("--out", type=Path, default=Path("cdk.out"), metavar=say("フォルダー", "FOLDER"), help=text)


def add_deploy(commands: Any) -> None:
    """`shop aws deploy`."""
    added = command(
        commands,
        "deploy",
        "ショップをデプロイ、または更新します。中断しても、もう一度実行すれば続きから進みます",
        "deploy the shop, or bring it up to date; interrupted, it goes on when it is run again",
    )
    named(added)
    reached(added)
    for_class(added)
    text = say("アラートの宛先 (既定: クラスの差出人)", "where alerts go (default: the class's sender of mails)")
    added.add_argument("--email", metavar="ADDRESS", help=text)
    text = say("クラスの準備がまだなら、先に行います", "set the class up first, unless that was done")
    added.add_argument("--class-setup", action="store_true", help=text)
    text = say("別の人が作った同名のデプロイを引き継ぎます", "take over a deployment that somebody else has made")
    added.add_argument("--take-over", action="store_true", help=text)


def here(added: Parser) -> None:
    """A shop on this machine, in the place of one on AWS."""
    text = say(
        "AWS の代わりに、動いているローカルのショップに使います", "a running shop on this machine instead of AWS"
    )
    added.add_argument("--data", type=Path, metavar=say("フォルダー", "FOLDER"), help=text)


def add_smoke(commands: Any) -> None:
    """`shop aws smoke`."""
    added = command(
        commands,
        "smoke",
        "デプロイ済みのショップで、会員登録から注文確定まで試し、トレースと指標が届いたか確かめます",
        "try a deployed shop from registration to a confirmed order, and look for its trace and its metric",
    )
    named(added)
    reached(added)
    here(added)


def add_seed(commands: Any) -> None:
    """`shop aws seed`."""
    added = command(
        commands,
        "seed",
        "デプロイ済みのショップに、手元と同じ 120 の商品を並べます (すでにあるものはそのままです)",
        "put the laptop's 120 products on the shelves of a deployed shop; what is there already stays",
    )
    named(added)
    reached(added)
    here(added)


def add_cost(commands: Any) -> None:
    """`shop aws cost`."""
    added = command(
        commands,
        "cost",
        "テンプレートから費用を見積もります (AWS には触れません)",
        "reckon from the templates what it costs; AWS is not asked",
    )
    text = say("1 日の注文数 (既定: 0)", "orders a day (default: 0)")
    added.add_argument("--orders", type=int, default=0, metavar="N", help=text)
    text = say("クラスの人数 (既定: 30)", "how many students (default: 30)")
    added.add_argument("--students", type=int, default=30, metavar="N", help=text)
    added.add_argument("--json", action="store_true", dest="as_json", help=say("JSON で 1 行", "as one line of JSON"))


def add_destroy(commands: Any) -> None:
    """`shop aws destroy`."""
    added = command(
        commands,
        "destroy",
        "デプロイを消し、残ったものを一覧にします (残りがなければ終了コード 0)",
        "take a deployment away and list what is left: nothing, or the exit code is 1",
    )
    named(added)
    reached(added)
    added.add_argument("--yes", "-y", action="store_true", help=say("確認しません", "don't ask"))
    text = say(
        "クラスのスタックを消します (デプロイが残っていれば断ります)",
        "the class stack instead; refused while deployments stand",
    )
    added.add_argument("--class", action="store_true", dest="whole_class", help=text)


def add_class_setup(commands: Any) -> None:
    """`shop aws class-setup`."""
    added = command(
        commands,
        "class-setup",
        "アカウントとリージョンに一度だけ要るもの (ネットワーク、Transaction Search、差出人、予算) を用意します",
        "make what an account and region need once: network, Transaction Search, the sender of mails, a budget",
    )
    reached(added)
    for_class(added)
    text = say("差出人のアドレス。SES が確認メールを送ります", "the sender of mails; SES asks its owner by mail")
    added.add_argument("--email", metavar="ADDRESS", help=text)
    text = say(
        "この名前の受講者に付ける IAM ポリシーを標準出力に出すだけにします",
        "only print the IAM policy of a student of this name",
    )
    added.add_argument("--policy", metavar="NAME", help=text)
