"""Who is in the story: a client that notes its calls, and customers with words that must never be exported."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.support.client import Answer, Person, Shop, until
from tests.support.story.telling import Call

__all__ = ["ADDRESS", "PASSWORD", "Sentinels", "Visitor", "enroll"]

PASSWORD = "Himitsu-9f2c7"
ADDRESS = {
    "label": "ひみつ基地",
    "recipient": "秘密野 花子",
    "postalCode": "812-9731",
    "prefecture": "福岡県",
    "city": "秘密市隠町",
    "line1": "忍ばず通り4-5-6",
    "line2": "ヒミツ荘207",
    "country": "JP",
    "phone": "09098761234",
}
NAME = "秘密野 花子"
REASON = "夫に見つかったのでやめます"
PRIVATE = {value for name, value in ADDRESS.items() if name not in ("country", "prefecture")}


@dataclass
class Sentinels:
    """Texts that must stand in no signal."""

    texts: set[str] = field(default_factory=lambda: {PASSWORD, NAME, REASON, *PRIVATE})

    def add(self, *texts: str) -> None:
        """More of them."""
        self.texts.update(texts)


@dataclass
class Visitor(Shop):
    """A client that notes each call to the gateway."""

    calls: list[Call] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """As Shop.call."""
        answer = super().call(method, path, body, **options)
        if options.get("base") is None:
            agent = (options.get("headers") or {}).get("User-Agent", "")
            trace = answer.headers.get("x-trace-id", "")
            self.calls.append(Call(method, urlsplit(path).path, answer.status, trace, agent))
        return answer

    def must(self, status: int, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """A call that has to be answered so."""
        answer = self.call(method, path, body, **options)
        assert answer.status == status, (method, path, answer.status, answer.body)
        return answer


def enroll(shop: Visitor, sentinels: Sentinels, *, confirmed: bool = True) -> Person | str:
    """A new customer who is signed in and has an address; or, unconfirmed, the mail address."""
    email = f"himitsu-{uuid4().hex[:12]}@example.jp"
    sentinels.add(email)
    shop.must(201, "POST", "/users", {"email": email, "password": PASSWORD, "name": NAME, "locale": "ja"})
    mail = until(lambda: shop.mails(email))[-1]
    code = re.search(r"\b(\d{6})\b", str(mail))
    assert code
    if not confirmed:
        return email
    shop.must(200, "POST", "/users/confirm", {"email": email, "code": code[1]})
    person = shop.login(email, PASSWORD)
    sentinels.add(person.token, person.session["refreshToken"], person.session["idToken"])
    person.call("POST", f"/users/{person.id}/addresses", ADDRESS)
    return person
