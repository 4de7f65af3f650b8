"""Money, dates, addresses and text as each language writes them. The shop is in Japan, and so are its times."""

import unicodedata
from datetime import datetime, timedelta, timezone

from shop.contracts.shapes import Address
from shop.kernel.clock import parse
from shop.kernel.money import Money
from shop.notifications.model import Language

__all__ = ["address", "day", "line", "moment", "money", "row", "short"]

JAPAN = timezone(timedelta(hours=9), "JST")  # without summer time, so no table of zones is needed
WEEKDAYS = "月火水木金土日"
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
PREFECTURES = {
    "北海道": "Hokkaido", "青森県": "Aomori", "岩手県": "Iwate", "宮城県": "Miyagi", "秋田県": "Akita",
    "山形県": "Yamagata", "福島県": "Fukushima", "茨城県": "Ibaraki", "栃木県": "Tochigi", "群馬県": "Gunma",
    "埼玉県": "Saitama", "千葉県": "Chiba", "東京都": "Tokyo", "神奈川県": "Kanagawa", "新潟県": "Niigata",
    "富山県": "Toyama", "石川県": "Ishikawa", "福井県": "Fukui", "山梨県": "Yamanashi", "長野県": "Nagano",
    "岐阜県": "Gifu", "静岡県": "Shizuoka", "愛知県": "Aichi", "三重県": "Mie", "滋賀県": "Shiga",
    "京都府": "Kyoto", "大阪府": "Osaka", "兵庫県": "Hyogo", "奈良県": "Nara", "和歌山県": "Wakayama",
    "鳥取県": "Tottori", "島根県": "Shimane", "岡山県": "Okayama", "広島県": "Hiroshima", "山口県": "Yamaguchi",
    "徳島県": "Tokushima", "香川県": "Kagawa", "愛媛県": "Ehime", "高知県": "Kochi", "福岡県": "Fukuoka",
    "佐賀県": "Saga", "長崎県": "Nagasaki", "熊本県": "Kumamoto", "大分県": "Oita", "宮崎県": "Miyazaki",
    "鹿児島県": "Kagoshima", "沖縄県": "Okinawa",
}  # fmt: skip
INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp"})
JOINERS = "\u200c\u200d"  # in the scripts and emoji that need them


def line(text: str) -> str:
    """Somebody's text as one line, without what cannot be seen: it must not pass for lines or headers of ours."""
    seen = (" " if character.isspace() else character for character in text)
    kept = (each for each in seen if each in JOINERS or unicodedata.category(each) not in INVISIBLE)
    return " ".join("".join(kept).split())


def short(text: str, length: int = 40) -> str:
    """The same, at most `length` characters of it."""
    whole = line(text)
    return whole if len(whole) <= length else whole[: length - 1].rstrip() + "…"


def money(value: Money, language: Language) -> str:
    """`4,980円`, `¥4,980`. Yen has no minor unit; another currency is told by its code."""
    if value.currency != "JPY":
        return f"{value.amount:,} {value.currency}"
    return f"{value.amount:,}円" if language == "ja" else f"¥{value.amount:,}"


def day(text: str, language: Language) -> str:
    """`2026年11月24日(火)`, `November 24, 2026`."""
    return written_day(parse(text).astimezone(JAPAN), language)


def moment(text: str, language: Language) -> str:
    """`2026年11月24日(火) 21:05`, `November 24, 2026, 9:05 PM (JST)`."""
    there = parse(text).astimezone(JAPAN)
    if language == "ja":
        return f"{written_day(there, language)} {there:%H:%M}"
    return f"{written_day(there, language)}, {there.hour % 12 or 12}:{there:%M} {there:%p} (JST)"


def written_day(there: datetime, language: Language) -> str:
    """The date alone."""
    if language == "ja":
        return f"{there.year}年{there.month}月{there.day}日({WEEKDAYS[there.weekday()]})"
    return f"{MONTHS[there.month - 1]} {there.day}, {there.year}"


def address(place: Address, language: Language) -> list[str]:
    """An address as lines: from the large to the small in Japanese, the other way round in English."""
    where = {name: line(getattr(place, name) or "") for name in place.__struct_fields__}
    if language == "ja":
        abroad = "" if place.country == "JP" else where["country"]
        street = f"{where['prefecture']}{where['city']}{where['line1']}"
        lines = [f"〒{where['postal_code']}", street, where["line2"], abroad, f"{where['recipient']} 様"]
    else:
        prefecture = PREFECTURES.get(where["prefecture"], where["prefecture"])
        country = "Japan" if place.country == "JP" else where["country"]
        town = f"{where['city']}, {prefecture} {where['postal_code']}"
        lines = [where["recipient"], where["line2"], where["line1"], town, country]
    return [each for each in lines if each]


def width(text: str) -> int:
    """How many columns a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def row(label: str, value: str, columns: int = 48) -> str:
    """Label on the left and value on the right of a line of so many columns."""
    return label + " " * max(2, columns - width(label) - width(value)) + value
