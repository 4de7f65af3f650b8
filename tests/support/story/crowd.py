"""Three hundred customers with accounts of their own, who touch everything that customers can."""

import itertools
import random
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from tests.support.client import Person, until
from tests.support.story.people import ADDRESS, NAME, PASSWORD, Visitor

__all__ = ["DOMAIN", "crowd"]

DOMAIN = "himitsu-crowd.example"
AT_ONCE = 4
TOGETHER = 10
ONE_BUYS = 10  # of so many


def crowd(info: dict[str, Any], users: int, products: list[str], plenty: str) -> None:
    """So many customers register, confirm, sign in, and each looks around, by turns in Japanese and in English."""
    groups = [[f"{uuid4().hex[:12]}@{DOMAIN}" for _ in range(TOGETHER)] for _ in range(users // TOGETHER)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda emails: live(info, emails, products, plenty), groups))


def live(info: dict[str, Any], emails: list[str], products: list[str], plenty: str) -> None:
    """What some do, by a client of their own. Their mails are looked for once: the mailbox shows all or none."""
    shop = Visitor(info)
    for email, locale in zip(emails, itertools.cycle(("ja", "en")), strict=False):
        shop.must(201, "POST", "/users", {"email": email, "password": PASSWORD, "name": NAME, "locale": locale})
    codes = until(lambda: mailed(shop, emails), seconds=120)
    for email in emails:
        shop.must(200, "POST", "/users/confirm", {"email": email, "code": codes[email]})
    for number, email in enumerate(emails):
        person = shop.login(email, PASSWORD)
        look_around(shop, person, random.choice(products), "en" if number % 2 else "ja")
        person.fill((plenty, 1))
        if number % ONE_BUYS == 0:
            buy(shop, person)
    shop.close()


def mailed(shop: Visitor, emails: list[str]) -> dict[str, str]:
    """The code of each, once all of them have one."""
    mails = shop.mails(f"@{DOMAIN}")
    codes = {
        to: code[1] for mail in mails for to in mail["To"] if (code := re.search(r"\b(\d{6})\b", mail["BodyText"]))
    }
    return codes if codes.keys() >= set(emails) else {}


def look_around(shop: Visitor, person: Person, product: str, language: str) -> None:
    """Every route of a customer's, once."""
    mine = {"token": person.token, "headers": {"Accept-Language": language}}
    shop.must(200, "GET", f"/products/{product}", **mine)
    for path in (
        f"/products/search?q={person.id[:8]}",
        f"/inventory/{product}",
        f"/carts/{person.id}",
        f"/users/{person.id}/profile",
        f"/users/{person.id}/sessions",
        f"/users/{person.id}/orders",
    ):
        shop.must(200, "GET", path, **mine)
    shop.must(200, "PUT", f"/users/{person.id}/profile", {"name": NAME, "phone": ADDRESS["phone"]}, **mine)
    shop.must(201, "POST", f"/products/{product}/reviews", {"rating": 4, "title": "よい", "body": "よい"}, **mine)


def buy(shop: Visitor, person: Person) -> None:
    """What is in the cart."""
    person.call("POST", f"/users/{person.id}/addresses", ADDRESS)
    assert person.order().status == 201
    shop.must(200, "GET", f"/users/{person.id}/addresses", token=person.token)
