"""What each mail says: its subject, and its text and HTML from the templates beside this file."""

from functools import cache, partial
from typing import Any, NamedTuple

from shop.contracts.events import LowStockDetected, OrderFact, RestockNoticeDue
from shop.contracts.shapes import Order, Translations
from shop.kernel.errors import Unprocessable
from shop.notifications import formats
from shop.notifications.model import TRACKED, Alarm, Contact, Kind, Language, Notice

__all__ = ["Letter", "write"]

SUBJECTS: dict[Kind, dict[Language, str]] = {
    "ORDER_CONFIRMATION": {
        "ja": "【見える化 Shop】ご注文ありがとうございます：{subject}",
        "en": "Thank you for your order: {subject}",
    },
    "SHIPPING_NOTICE": {
        "ja": "【見える化 Shop】商品を発送しました：{subject}",
        "en": "Your order is on its way: {subject}",
    },
    "ORDER_CANCELLATION": {
        "ja": "【見える化 Shop】ご注文がキャンセルされました：{subject}",
        "en": "Your order was cancelled: {subject}",
    },
    "BACK_IN_STOCK": {
        "ja": "【見える化 Shop】再入荷のお知らせ：{subject}",
        "en": "Back in stock: {subject}",
    },
    "STOCK_ALERT": {"ja": "【在庫アラート】{subject}", "en": "[Stock alert] {subject}"},
    "SYSTEM_ALERT": {"ja": "【システムアラート】{subject}", "en": "[System alert] {subject}"},
}
# What a failure code means to a customer. Where somebody cancelled, the reason that was given is told instead.
REASONS: dict[str, dict[Language, str]] = {
    "OUT_OF_STOCK": {
        "ja": "ご注文の商品の在庫が不足していたため、ご用意できませんでした。",
        "en": "We did not have enough of the items you ordered in stock.",
    },
    "PAYMENT_DECLINED": {
        "ja": "お支払いがカード会社に承認されませんでした。別のカードで改めてご注文いただけます。",
        "en": "Your card was declined. You are welcome to order again with another card.",
    },
    "PAYMENT_TIMEOUT": {
        "ja": "決済サービスから時間内に応答がありませんでした。お手数ですが、改めてご注文ください。",
        "en": "The payment service did not answer in time. Please place the order again.",
    },
    "CUSTOMER_CANCELLED": {
        "ja": "お客さまのご依頼によりキャンセルしました。",
        "en": "You asked us to cancel it.",
    },
    "OPERATOR_CANCELLED": {
        "ja": "誠に勝手ながら、当店の都合によりキャンセルいたしました。",
        "en": "We had to cancel it. We are sorry about that.",
    },
    "RESERVATION_EXPIRED": {
        "ja": "商品のお取り置き期限が過ぎたため、ご注文を確定できませんでした。",
        "en": "The time for which we could hold the items had passed before the order was complete.",
    },
    "STUCK": {
        "ja": "システムの都合により処理を完了できませんでした。ご迷惑をおかけし申し訳ございません。",
        "en": "We could not complete it because of a problem on our side. We are sorry about that.",
    },
}
GIVEN_REASONS = frozenset({"CUSTOMER_CANCELLED", "OPERATOR_CANCELLED"})


class Letter(NamedTuple):
    """A mail as it is read."""

    subject: str
    text: str
    html: str


def write(notice: Notice, reader: Contact, mail_id: str, public_url: str) -> Letter:
    """The letter about `notice` in the reader's language. Unprocessable when its data cannot be told."""
    language = reader.language
    try:
        about, words = told(notice, language)
        words |= {
            "language": language,
            "reader": reader,
            "mail_id": mail_id,
            "pixel": f"{public_url}/notifications/{mail_id}/open.gif" if notice.kind in TRACKED else None,
            "subject": SUBJECTS[notice.kind][language].format(subject=about),
            "occurred_at": notice.occurred_at,
        }
        name = f"{notice.kind.lower()}.{language}"
        text, html = (templates(language).get_template(f"{name}.{form}").render(words) for form in ("txt", "html"))
    except ValueError as error:  # a date that is none
        raise Unprocessable(f"{notice.kind} cannot be written: {error}") from error
    return Letter(words["subject"], text, html)


def told(notice: Notice, language: Language) -> tuple[str, dict[str, Any]]:
    """What the subject names, and the words of the letter itself."""
    match notice.subject:
        case OrderFact(order=order):
            return contents(order, language), {"order": order, "reason": reason(order, language)}
        case RestockNoticeDue() as due:
            name = product_name(due.name, due.translations, language)
            return formats.short(name), {"product": due, "name": name}
        case LowStockDetected() as low:
            name = product_name(low.name, low.translations, language)
            return f"{formats.short(name)}（残り{low.available}点）", {"product": low, "name": name}
        case Alarm() as alarm:
            return formats.short(alarm.alarm_name, 80), {"alarm": alarm}
    raise TypeError(f"no letter tells of {type(notice.subject).__name__}")


def contents(order: Order, language: Language) -> str:
    """What an order is about, in a few words: `ドリップケトル ほか2点`."""
    first = formats.short(order.items[0].name) if order.items else order.id
    more = len(order.items) - 1
    if more < 1:
        return first
    return f"{first} ほか{more}点" if language == "ja" else f"{first} and {more} more"


def product_name(name: str, translations: Translations, language: Language) -> str:
    """A product's name in this language, where it has one."""
    translated = translations.get(language)
    return formats.line(translated.name if translated else name)


def reason(order: Order, language: Language) -> str:
    """Why an order was cancelled: the reason that was given, else what the code means."""
    if order.failure is None:
        return ""
    given = formats.line(order.failure.detail) if order.failure.code in GIVEN_REASONS else ""
    return given or REASONS[order.failure.code][language]


@cache
def templates(language: Language) -> Any:
    """The templates, with money and dates in this language; read at the first mail, since most calls send none."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - a cold start

    environment = Environment(
        loader=PackageLoader("shop.notifications"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "money": partial(formats.money, language=language),
        "day": partial(formats.day, language=language),
        "moment": partial(formats.moment, language=language),
        "address": partial(formats.address, language=language),
        "line": formats.line,
    }
    environment.globals["row"] = formats.row
    return environment
