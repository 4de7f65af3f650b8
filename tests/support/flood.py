"""Confirmed orders as a bad day delivers them: in any order, some repeatedly, some before their customer's contact."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.support.orders import an_item, an_order, told

from shop.contracts.events import OrderConfirmed, ProfileChanged, UserConfirmed
from shop.contracts.messages import Envelope, encode, envelope
from shop.kernel.ids import new_id

__all__ = ["Flood", "mails_by_order"]

ORDER = re.compile(r"(?:ご注文番号:|Order:) +(\S+)")
AGAIN = 0.2  # share of the messages that come once more


@dataclass(frozen=True)
class Flood:
    """Bodies for the queue of notifications, and the orders of which there must be one mail each."""

    bodies: list[str]
    orders: list[str]
    emails: frozenset[str]

    @classmethod
    def of(cls, orders: int, customers: int, seed: int = 1) -> "Flood":
        """So many orders of so many customers, shuffled within reach of one another."""
        chance = random.Random(seed)
        people = [person(n) for n in range(customers)]
        facts = [told(OrderConfirmed, order_of(chance.choice(people))) for _ in range(orders)]
        bodies = [body for who in people for body in contacts(who)]
        bodies += [encode(fact).decode() for fact in facts]
        bodies += chance.sample(bodies, round(AGAIN * len(bodies)))
        chance.shuffle(bodies)
        return cls(bodies, [fact.data.order.id for fact in facts], frozenset(who.email for who in people))


def person(n: int) -> UserConfirmed:
    """Every third one reads English."""
    who = new_id()
    return UserConfirmed(user_id=who, email=f"{who}@flood.example", name=f"客 {n}", locale="ja" if n % 3 else "en")


def contacts(who: UserConfirmed) -> list[str]:
    """What users says of somebody, first and later."""
    later = ProfileChanged(user_id=who.user_id, email=who.email, name=f"{who.name} 改", locale=who.locale)
    versions: list[Envelope[Any]] = [
        envelope(each, aggregate_id=who.user_id, aggregate_version=version) for version, each in ((1, who), (2, later))
    ]
    return [encode(each).decode() for each in versions]


def order_of(who: UserConfirmed) -> Any:
    """A small order."""
    return an_order(who.user_id, an_item("ドリップケトル 0.8L", 4980, 2), an_item("マグカップ 白", 1200))


def mails_by_order(mails: Iterable[dict[str, Any]], to: frozenset[str]) -> Counter[str]:
    """How many mails there are about each order, among those to these readers."""
    ours = (mail["BodyText"] for mail in mails if to.intersection(mail["To"]))
    return Counter(found[1] if (found := ORDER.search(text)) else text for text in ours)
