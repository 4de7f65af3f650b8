"""What `shop up --set NAME=VALUE` can change, and what it is otherwise: one table for command, help and docs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from shop.kernel.config import duration
from shop.local.errors import Refused
from shop.local.language import say

__all__ = ["TUNABLES", "Tunable", "chosen"]


@dataclass(frozen=True, slots=True)
class Tunable:
    """A setting that several processes share; they read it from the environment variable of its name."""

    name: str
    default: str
    ja: str
    en: str
    parse: Callable[[str], Any] = duration

    def check(self, value: str) -> None:
        """Refused when `value` is none for this setting."""
        try:
            fits = bool(self.parse(value))
        except ValueError as error:
            raise Refused(f"--set {self.name}={value}: {error}") from error
        if not fits:
            raise Refused(
                f"--set {self.name}={value}: " + say("0 より大きくなければなりません", "it must be more than nothing")
            )


def count(text: str) -> int:
    """A whole number, at least 0."""
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{text} is no whole number")
    return int(text)


TUNABLES = (
    Tunable(
        "CART_ABANDONED_AFTER",
        "30m",
        "カートが放棄されたとみなすまでの時間",
        "a cart with items that nobody touched for so long is abandoned",
    ),
    Tunable(
        "RESERVATION_TTL",
        "15m",
        "在庫の仮押さえが自動で解放されるまでの時間",
        "a reservation that is neither made permanent nor released lapses",
    ),
    Tunable(
        "ORDER_STUCK_AFTER",
        "10m",
        "止まった注文を片付けるまでの時間 (RESERVATION_TTL より短く)",
        "an order that does not move is ended; must be below RESERVATION_TTL",
    ),
    Tunable(
        "SWEEP_EVERY",
        "10s",
        "期限切れと送り残しを探す間隔",
        "pause between two looks for what has expired or was left behind",
    ),
    Tunable("REGISTRATION_EXPIRES_AFTER", "24h", "未確認の登録の有効期間", "an unconfirmed registration expires"),
    Tunable("CODE_TTL", "15m", "メールで送る確認コードの有効期間", "a mailed code can be used for so long"),
    Tunable("SESSION_TTL", "30d", "セッションの有効期間", "a session ends, however often it is refreshed"),
    Tunable(
        "PAYMENT_TRY_TIMEOUT",
        "5s",
        "支払い 1 回の試行を打ち切るまでの時間",
        "one try of a payment is cut off",
    ),
    Tunable(
        "RECONCILE_EVERY",
        "10m",
        "在庫を元帳・カタログと照合する間隔",
        "pause between two comparisons of stock with its ledger and with the catalog",
    ),
    Tunable("EXPORT_EVERY", "1s", "テレメトリーを送る間隔", "pause between two sendings of telemetry"),
    Tunable("RATE_LIMIT", "500", "ルートごとの毎秒リクエスト数の上限", "requests a second, per route", count),
    Tunable("RATE_BURST", "1000", "ルートごとの瞬間的な上限", "requests at once, per route", count),
)


def chosen(assignments: Iterable[str]) -> dict[str, str]:
    """Every tunable with its value after `NAME=VALUE ...`. Refused when one names none, or gives it a wrong value."""
    values = {tunable.name: tunable.default for tunable in TUNABLES}
    known = {tunable.name: tunable for tunable in TUNABLES}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or name not in known:
            raise Refused(
                say(f"--set {assignment}: 設定できるのは", f"--set {assignment}: what can be set is")
                + f" {' '.join(f'{name}={default}' for name, default in values.items())}"
            )
        known[name].check(value)
        values[name] = value
    return values
