"""The command `shop`."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import shop
from shop.contracts.topology import QUEUES
from shop.deploy.aws.options import add_aws
from shop.kernel.errors import SettingsError
from shop.local.errors import Failed, Refused
from shop.local.language import say
from shop.local.tunables import TUNABLES

__all__ = ["main"]

Parser = argparse.ArgumentParser
Commands = "argparse._SubParsersAction[Parser]"
REFUSED: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that was typed; its exit code: 0 done, 1 failed, 2 refused with one line that says why."""
    typed = parser().parse_args(arguments)
    try:
        return int(typed.run(typed) or 0)
    except (Refused, SettingsError) as refusal:
        sys.stderr.write(f"shop: {refusal}\n")
        return REFUSED
    except Failed as failure:
        sys.stderr.write(f"shop: {failure}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> Parser:
    """All commands with their options."""
    top = Parser("shop", description=say("見える化ショップ", "Mieruka Shop") + f" {shop.__version__}")
    top.add_argument("--version", action="version", version=shop.__version__)
    commands = top.add_subparsers(metavar=say("コマンド", "command"), required=True)
    for add in (
        add_up,
        add_seed,
        add_traffic,
        add_reset,
        add_doctor,
        add_mails,
        add_trace,
        add_replay,
        add_redrive,
        add_orders,
        add_inventory,
        add_package,
        add_aws,
    ):
        add(commands)
    return top


def command(commands: Any, name: str, ja: str, en: str, run: Callable[[argparse.Namespace], int | None]) -> Parser:
    """A command that works on one data folder."""
    added: Parser = commands.add_parser(
        name, help=say(ja, en), description=say(ja, en), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    added.add_argument(
        "--data",
        type=folder,
        default=".shop",
        metavar=say("フォルダー", "FOLDER"),
        help=say("データフォルダー (既定: .shop)", "the shop's data folder (default: .shop)"),
    )
    added.set_defaults(run=run)
    return added


def folder(text: str) -> Path:
    """A path that stays the same wherever it is read."""
    return Path(text).expanduser().absolute()


def port(text: str) -> int:
    """A TCP port; 0 means any that is free."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(say(f"{text} はポート番号ではありません", f"{text} is no port"))
    return number


def add_up(commands: Any) -> None:
    """`shop up`."""
    added = command(commands, "up", "ショップを起動し、Ctrl-C まで動かします", "start the shop; Ctrl-C ends it", run_up)
    added.epilog = "--set NAME=VALUE:\n" + "\n".join(
        f"  {one.name + '=' + one.default:<32} {say(one.ja, one.en)}" for one in TUNABLES
    )
    ports = (
        ("--port", 8080, "ショップのポート", "port of the shop"),
        ("--console-port", 8090, "コンソールのポート", "port of the console"),
        ("--otlp-port", 4318, "テレメトリーを受けるポート", "port that takes telemetry"),
    )
    for name, default, ja, en in ports:
        text = say(f"{ja} (既定: {default}。0 は空きポート)", f"{en} (default: {default}; 0: any that is free)")
        added.add_argument(name, type=port, default=default, metavar=say("ポート", "PORT"), help=text)
    added.add_argument(
        "--no-traffic", action="store_true", help=say("模擬の来客なしで動かします", "without simulated customers")
    )
    added.add_argument(
        "--from-zips",
        action="store_true",
        help=say(
            "ファンクションを `shop package --target host` の zip から動かします (AWS と同じ中身で確かめるため)",
            "run the functions from the zips of `shop package --target host`, as AWS would",
        ),
    )
    added.add_argument(
        "--set",
        action="append",
        default=[],
        dest="assignments",
        metavar="NAME=VALUE",
        help=say("設定を変えます (下記。繰り返せます)", "change a setting (see below; may be repeated)"),
    )
    added.add_argument(
        "--json",
        action="store_true",
        dest="as_json",
        help=say("準備ができたら 1 行の JSON を標準出力に出します", "one line of JSON on stdout once all is ready"),
    )


def add_seed(commands: Any) -> None:
    """`shop seed`."""
    added = command(
        commands, "seed", "動いているショップに商品を加えます", "give a running shop a catalog of any size", run_seed
    )
    text = say(
        "商品の数 (既定: 120。在庫は 10,000 件まで)", "how many products (default: 120; stock for the first 10,000)"
    )
    added.add_argument("--products", type=int, default=120, metavar="N", help=text)
    text = say("乱数の種 (同じ種なら同じ商品)", "seed of the random choice: the same gives the same (default: 1)")
    added.add_argument("--seed", type=int, default=1, metavar="K", help=text)


def add_traffic(commands: Any) -> None:
    """`shop traffic`."""
    added = command(
        commands,
        "traffic",
        "模擬の来客を流し、最後に「実際に何をしたか」の記録 (正解) を残します",
        "let simulated customers in; at the end a file says what they really did, for the telemetry to be held against",
        run_traffic,
    )
    text = say("同時の来客数 (既定: 10)", "how many at once (default: 10)")
    added.add_argument("--users", type=positive, default=10, metavar="N", help=text)
    text = say("秒数。その間に一日が過ぎます (既定: 60)", "seconds, in which a whole day passes (default: 60)")
    added.add_argument("--duration", type=positive, default=60, metavar="S", help=text)
    text = say("乱数の種", "seed of the random choices")
    added.add_argument("--seed", type=int, default=1, metavar="K", help=text)
    text = say("考える時間の倍率 (0.2 なら 5 倍忙しい)", "how long they think: 0.2 is five times as busy (default: 1)")
    added.add_argument("--pace", type=float, default=1.0, metavar="P", help=text)
    text = say("記録の書き込み先 (既定: traffic-truth.json)", "where the truth goes (default: traffic-truth.json)")
    added.add_argument("--truth", type=folder, default="traffic-truth.json", metavar="FILE", help=text)


def positive(text: str) -> int:
    """A whole number above 0."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(say(f"{text} は 1 以上の整数ではありません", f"{text} is no number above 0"))
    return number


def add_reset(commands: Any) -> None:
    """`shop reset`."""
    added = command(
        commands,
        "reset",
        "データを消去してやり直します (動いていても止まっていても)",
        "forget all data and begin anew, whether the shop runs or not",
        run_reset,
    )
    extent = added.add_mutually_exclusive_group()
    for name, ja, en in (
        ("telemetry", "テレメトリーだけを消去します", "forget only the telemetry"),
        ("data", "ショップのデータだけを消去します", "forget only the shop's data"),
    ):
        extent.add_argument(f"--{name}-only", action="store_const", dest="extent", const=name, help=say(ja, en))
    added.add_argument("--yes", "-y", action="store_true", help=say("確認しません", "don't ask"))
    added.set_defaults(extent="all")


def add_doctor(commands: Any) -> None:
    """`shop doctor`."""
    added = command(
        commands,
        "doctor",
        "動かない原因を調べ、どうすればよいかを示します",
        "find out why the shop does not start, and what to do",
        run_doctor,
    )
    added.add_argument(
        "--port", type=port, default=8080, metavar="PORT", help=say("ショップのポート", "port of the shop")
    )


def add_mails(commands: Any) -> None:
    """`shop mails`."""
    added = command(
        commands, "mails", "ショップが送ったメールを表示します", "show the mails that the shop has sent", run_mails
    )
    added.add_argument("--to", metavar="ADDRESS", help=say("この宛先だけ", "only those to this address"))
    added.add_argument(
        "--last", type=int, default=10, metavar="N", help=say("最新の N 通 (既定: 10)", "the newest N (default: 10)")
    )
    added.add_argument(
        "--json", action="store_true", dest="as_json", help=say("JSON で 1 通 1 行", "as JSON, one a line")
    )


def add_trace(commands: Any) -> None:
    """`shop trace`."""
    added = command(commands, "trace", "トレースを表示します", "show a trace", run_trace)
    added.add_argument("id", metavar="ID", help=say("x-trace-id の値", "what x-trace-id said"))
    added.add_argument("--json", action="store_true", dest="as_json", help=say("JSON で 1 行", "as one line of JSON"))


def add_replay(commands: Any) -> None:
    """`shop replay`."""
    added = command(
        commands,
        "replay",
        "バスを通ったイベントをもう一度流します (処理済みのものは何も変えません)",
        "put events that passed the bus on it again; those that were handled change nothing",
        run_replay,
    )
    time = say("2026-11-23T12:00:00Z の形の時刻", "a time such as 2026-11-23T12:00:00Z")
    added.add_argument("--from", dest="since", metavar="TIME", help=time)
    added.add_argument("--to", dest="until", metavar="TIME", help=time)
    added.add_argument(
        "--type", metavar="TYPE", help=say("この種類だけ (例: OrderConfirmed)", "only those of this type")
    )
    added.add_argument("--json", action="store_true", dest="as_json", help=say("JSON で 1 行", "as one line of JSON"))


def add_redrive(commands: Any) -> None:
    """`shop redrive`."""
    added = command(
        commands,
        "redrive",
        "デッドレターキューのメッセージを元のキューに戻します (原因を直してから実行してください)",
        "put the dead letters of a queue back into it, once what was wrong has been mended",
        run_redrive,
    )
    queue = say("キュー、またはそのデッドレターキューの名前", "the queue, or its dead-letter queue")
    added.add_argument("queue", metavar=say("キュー", "QUEUE"), help=queue)
    added.add_argument("--json", action="store_true", dest="as_json", help=say("JSON で 1 行", "as one line of JSON"))
    added.epilog = say("キュー:", "queues:") + "\n" + "\n".join(f"  {queue.name}" for queue in QUEUES)


def add_orders(commands: Any) -> None:
    """`shop orders rebuild`."""
    text = say("注文データの保守", "look after the orders")
    part = commands.add_parser("orders", help=text, description=text)
    command(
        part.add_subparsers(metavar=say("コマンド", "command"), required=True),
        "rebuild",
        "注文の表示用データをすべて捨て、イベントから作り直します (ショップは動いたままです)",
        "throw every read row of the orders away and make it anew from their events; the shop goes on meanwhile",
        run_rebuild,
    )


def add_inventory(commands: Any) -> None:
    """`shop inventory audit`."""
    text = say("在庫データの点検", "look after the stock")
    part = commands.add_parser("inventory", help=text, description=text)
    of_part = part.add_subparsers(metavar=say("コマンド", "command"), required=True)
    added = command(
        of_part,
        "audit",
        "すべての在庫を台帳と確保中の注文に照らして計算し直します (変更はしません)",
        "compare all stock with its ledger and with all open orders; changes nothing",
        run_audit,
    )
    added.add_argument("--json", action="store_true", dest="as_json", help=say("JSON で 1 行", "as one line of JSON"))


def add_package(commands: Any) -> None:
    """`shop package`."""
    text = say(
        "Lambda のサービスごとに、デプロイする zip を作ります (変わっていないものは作り直しません)",
        "make the zip of every service that runs in Lambda; those that have not changed are left alone",
    )
    added = commands.add_parser("package", help=text, description=text)
    kinds = say("aws: Lambda (arm64) 用。host: このマシン用", "aws: for Lambda, arm64; host: for this machine")
    added.add_argument(
        "--target", choices=("aws", "host"), default="aws", help=kinds + say(" (既定: aws)", " (default: aws)")
    )
    one = say("このサービスだけ (繰り返せます)", "only this one (may be repeated)")
    added.add_argument(
        "--service", action="append", default=[], dest="services", metavar=say("サービス", "SERVICE"), help=one
    )
    where = say("置き場所 (既定: dist/aws, dist/host)", "where to put them (default: dist/aws, dist/host)")
    added.add_argument("--out", type=folder, metavar=say("フォルダー", "FOLDER"), help=where)
    added.set_defaults(run=run_package)


# Each command is imported when it runs: `shop --help` needs none of them.


def run_up(typed: argparse.Namespace) -> int:
    """Start a shop and stay."""
    host = importlib.import_module("shop.deploy.package.host") if typed.from_zips else None
    code: int = importlib.import_module("shop.local.up").up(
        typed.data,
        {"--port": typed.port, "--console-port": typed.console_port, "--otlp-port": typed.otlp_port},
        typed.assignments,
        as_json=typed.as_json,
        traffic=not typed.no_traffic,
        packages=partial(host.ready, typed.data, tell) if host else None,
    )
    return code


def run_seed(typed: argparse.Namespace) -> int:
    """Fill a running shop."""
    code: int = importlib.import_module("shop.local.running").seed(typed.data, typed.products, typed.seed)
    return code


def run_traffic(typed: argparse.Namespace) -> int:
    """Let simulated customers in."""
    code: int = importlib.import_module("shop.local.running").traffic(
        typed.data, typed.users, typed.duration, typed.seed, typed.truth, pace=typed.pace
    )
    return code


def run_reset(typed: argparse.Namespace) -> None:
    """Begin anew."""
    importlib.import_module("shop.local.reset").reset(typed.data, typed.extent, yes=typed.yes)


def run_doctor(typed: argparse.Namespace) -> int:
    """Examine this machine and this shop."""
    code: int = importlib.import_module("shop.local.doctor").doctor(typed.data, typed.port)
    return code


def run_mails(typed: argparse.Namespace) -> None:
    """Show the mailbox."""
    importlib.import_module("shop.local.mails").mails(typed.data, typed.to, typed.last, as_json=typed.as_json)


def run_rebuild(typed: argparse.Namespace) -> None:
    """Make the read rows of orders anew."""
    importlib.import_module("shop.local.rebuild").rebuild(typed.data)


def run_audit(typed: argparse.Namespace) -> int:
    """Compare stock with its ledger."""
    code: int = importlib.import_module("shop.local.audit").audit(typed.data, as_json=typed.as_json)
    return code


def run_redrive(typed: argparse.Namespace) -> None:
    """Move dead letters."""
    importlib.import_module("shop.local.redrive").again(typed.data, typed.queue, as_json=typed.as_json)


def run_trace(typed: argparse.Namespace) -> None:
    """Show a trace."""
    importlib.import_module("shop.local.trace").trace(typed.data, typed.id, as_json=typed.as_json)


def run_replay(typed: argparse.Namespace) -> None:
    """Put events on the bus again."""
    importlib.import_module("shop.local.replay").replay(
        typed.data, typed.since, typed.until, typed.type, as_json=typed.as_json
    )


def run_package(typed: argparse.Namespace) -> None:
    """Make zips."""
    importlib.import_module("shop.deploy.package.build").package(typed.target, typed.services, typed.out, tell=tell)


def tell(text: str) -> None:
    """A line on stderr, at once: how it goes."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
