"""How things are written in each language, and what may be shown of an address."""

import pytest
from tests.support.orders import an_address

from shop.kernel.money import Money, yen
from shop.notifications.formats import PREFECTURES, address, line, moment, money, row, short, width
from shop.notifications.model import deliverable, masked


def test_money():
    assert money(yen(1234567), "ja") == "1,234,567円"
    assert money(yen(980), "en") == "¥980"
    assert money(Money(500, "USD"), "en") == "500 USD"


@pytest.mark.parametrize(
    ("utc", "ja", "en"),
    [
        ("2026-11-24T12:05:00.000Z", "2026年11月24日(火) 21:05", "November 24, 2026, 9:05 PM (JST)"),
        ("2026-12-31T15:00:00.000Z", "2027年1月1日(金) 00:00", "January 1, 2027, 12:00 AM (JST)"),
        ("2026-01-01T03:30:00+00:00", "2026年1月1日(木) 12:30", "January 1, 2026, 12:30 PM (JST)"),
    ],
)
def test_times_are_those_of_japan(utc, ja, en):
    assert (moment(utc, "ja"), moment(utc, "en")) == (ja, en)


def test_addresses():
    assert address(an_address(), "ja") == ["〒150-0001", "東京都渋谷区神宮前1-2-3", "メゾン神宮前 201", "山田 花子 様"]
    plain = an_address(line2=None, recipient="Hanako Yamada", city="Shibuya-ku", line1="1-2-3 Jingumae")
    assert address(plain, "en") == ["Hanako Yamada", "1-2-3 Jingumae", "Shibuya-ku, Tokyo 150-0001", "Japan"]
    assert len(PREFECTURES) == 47


def test_somebodys_text_stays_one_visible_line():
    assert line(" a\r\n\tb\u202ec\x00  d ") == "a bc d"
    assert line("👩\u200d🍳 エプロン") == "👩\u200d🍳 エプロン"
    assert short("あ" * 50) == "あ" * 39 + "…"


def test_rows_line_up_in_a_terminal():
    rows = [row("小計", "9,960円"), row("Total", "¥980"), row("送料", "無料")]
    assert {width(each) for each in rows} == {48}


@pytest.mark.parametrize("good", ["a@example.jp", "first.last+tag@mail.example.co.jp", "o'neil@example.com"])
def test_addresses_that_ses_takes(good):
    assert deliverable(good)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a",
        "a@b",
        "a b@example.jp",
        "あ@example.jp",
        "a..b@example.jp",
        "a@example.jp,b@c.jp",
        "a" * 65 + "@example.jp",
    ],
)
def test_addresses_that_ses_does_not_take(bad):
    assert not deliverable(bad)


def test_masking_shows_the_first_letter_and_the_domain():
    assert masked("hanako@example.jp") == "h***@example.jp"
    assert masked("nonsense") == "***"
