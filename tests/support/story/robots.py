"""A customer who is no human being: what he leaves behind ends by time alone, and has to be told apart all the same."""

from typing import Any

from tests.support.client import Answer, Person
from tests.support.story.people import Sentinels, Visitor, enroll

__all__ = ["Robots"]

MARK = "test"


class Robot(Visitor):
    """A client whose every request says that it is synthetic."""

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """As Visitor.call."""
        options["headers"] = {"X-Synthetic": MARK} | (options.get("headers") or {})
        return super().call(method, path, body, **options)


class Robots:
    """One who registers and never confirms, and one who leaves a cart, an order, a wish and a session."""

    def __init__(self, info: dict[str, Any], sentinels: Sentinels) -> None:
        self.shop, self.sentinels = Robot(info), sentinels
        self.ids: list[str] = []  # of users and orders

    def begin(self, product: str, sold_out: str) -> None:
        """All that they do; the rest is time's."""
        email = enroll(self.shop, self.sentinels, confirmed=False)
        customer = enroll(self.shop, self.sentinels)
        assert isinstance(email, str)
        assert isinstance(customer, Person)
        customer.fill((product, 1))
        order = customer.order()
        assert order.status == 201, order.body
        self.ids = [customer.id, order.json["id"]]
        customer.ends(order.json["id"], seconds=120)
        customer.fill((product, 1))
        assert customer.call("POST", f"/inventory/{sold_out}/notify", {}).status == 201
        self.shop.close()
