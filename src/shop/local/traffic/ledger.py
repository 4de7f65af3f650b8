"""What the simulated customers did, as the shop answered them: what every observability point must be able to tell.

Nothing here is asked of the telemetry; it is counted where it was caused. `facts` are exact; what the answers do not
show (an availability that inventory did not give in time) is counted as `uncertain`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Ledger"]

TRIES = {"tok_timeout": 3, "tok_flaky": 3}  # tries of a payment by its token; one for all others
FAILED_TRIES = {"tok_timeout": 3, "tok_flaky": 2, "tok_declined": 1, "tok_insufficient_funds": 1}
ENDED = ("CONFIRMED", "SHIPPED", "DELIVERED", "CANCELLED")
MAIL_OF = {"CONFIRMED": "ORDER_CONFIRMATION", "SHIPPED": "SHIPPING_NOTICE", "CANCELLED": "ORDER_CANCELLATION"}


def share(part: int, whole: int) -> dict[str, float | int | None]:
    """A ratio as the observability points give it."""
    return {"value": part / whole if whole else None, "numerator": part, "denominator": whole}


@dataclass
class Placed:
    """An order, how it was paid, and the states it has been seen to pass."""

    order_id: str
    token: str
    lines: int
    passed: list[str] = field(default_factory=lambda: ["PLACED"])
    failure: str | None = None
    reserved: bool = False
    paid: bool = False


@dataclass
class Ledger:
    """The account of one run."""

    facts: Counter[str] = field(default_factory=Counter)
    uncertain: Counter[str] = field(default_factory=Counter)
    sessions: list[float] = field(default_factory=list)  # seconds from sign-in to sign-out, as the customer measured
    orders: dict[str, Placed] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    roots: dict[str, str] = field(default_factory=dict)  # root by category

    def note(self, fact: str, *about: str | None, by: int = 1) -> None:
        """Something happened `by` times: `note("views", "kitchen")`."""
        self.facts["/".join((fact, *(each or "" for each in about)))] += by

    def total(self, fact: str, *about: str) -> int:
        """How often something happened, whatever else is known about it."""
        key = "/".join((fact, *about))
        return sum(count for name, count in self.facts.items() if name == key or name.startswith(f"{key}/"))

    def by(self, fact: str) -> dict[str, int]:
        """How often, broken down by what is known about it."""
        return {name.partition("/")[2]: n for name, n in sorted(self.facts.items()) if name.startswith(f"{fact}/")}

    # ---------------------------------------------------------------------------------------------------------- catalog

    def product_seen(self, product: Mapping[str, Any]) -> None:
        """The page of an active product was shown."""
        self.note("product_views", self.roots.get(product["categoryId"]))

    def category_seen(self, category: str) -> None:
        """The first page of a category was shown."""
        self.note("category_views", self.roots.get(category))

    def searched(self, page: Mapping[str, Any]) -> None:
        """The first page of a search was shown."""
        found = "hits" if page["total"] else "none"
        self.note("searches", "corrected" if page.get("correctedQuery") else found)

    # -------------------------------------------------------------------------------------------------------- inventory

    def stock_seen(self, stocks: Iterable[Mapping[str, Any]]) -> None:
        """Inventory showed the stock of these."""
        for stock in stocks:
            self.note("stock_checks", stock["status"])

    def cart_seen(self, cart: Mapping[str, Any]) -> None:
        """A cart was shown, for which inventory was asked about its lines."""
        for line in cart["items"]:
            if line["available"] is None:
                self.uncertain["stock_checks"] += 1
            else:
                self.note("stock_checks", "OUT_OF_STOCK" if line["available"] == 0 else "IN_STOCK")

    # ----------------------------------------------------------------------------------------------------------- orders

    def cart_changed(self, before: int, after: int) -> None:
        """The number of lines in a cart is another one."""
        if before == 0 and after > 0:
            self.note("carts", "created")
        if before > 0 and after == 0:
            self.note("carts", "emptied")

    def placed(self, order: Mapping[str, Any], token: str) -> None:
        """An order was accepted."""
        self.note("carts", "converted")
        self.orders[order["id"]] = Placed(order["id"], token, len(order["items"]))

    def settled(self, order: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> None:
        """An order has come to rest: this is how it went."""
        placed = self.orders[order["id"]]
        kinds = [event["type"] for event in events]
        names = {
            "OrderReserved": "STOCK_RESERVED",
            "OrderConfirmed": "CONFIRMED",
            "OrderShipped": "SHIPPED",
            "OrderDelivered": "DELIVERED",
            "OrderCancelled": "CANCELLED",
        }
        placed.passed = ["PLACED", *(names[kind] for kind in kinds if kind in names)]
        placed.failure = order["failure"]["code"] if order["failure"] else None
        placed.reserved, placed.paid = "OrderReserved" in kinds, "OrderPaid" in kinds

    # ---------------------------------------------------------------------------------------------------------- outcome

    def count_orders(self) -> None:
        """Count what the settled orders caused: transitions, tries, movements, mails."""
        for order in self.orders.values():
            for status in order.passed:
                self.note("transitions", status, order.failure if status == "CANCELLED" else None)
                if status in MAIL_OF:
                    self.note("mails", MAIL_OF[status])
            if order.reserved:
                self.note("movements", "RESERVATION", by=order.lines)
                self.note("payment_tries", by=TRIES.get(order.token, 1))
                self.note("failed_payment_tries", by=FAILED_TRIES.get(order.token, 0))
                if order.passed[-1] == "CANCELLED":
                    self.note("movements", "RELEASE", by=order.lines)
            if "SHIPPED" in order.passed:
                self.note("movements", "SHIPMENT", by=order.lines)

    def points(self) -> dict[str, dict[str, Any]]:
        """What the observability points must say about this run, by their ids."""
        carts, logins = self.by("carts"), self.by("logins")
        mails = self.total("mails")
        return {
            "catalog.product_views": {"value": self.total("product_views"), "series": self.by("product_views")},
            "catalog.category_views": {"value": self.total("category_views"), "series": self.by("category_views")},
            "catalog.search_queries": {"value": self.total("searches"), "series": self.by("searches")},
            "users.registration_completion": share(
                self.facts["registrations/confirmed"], self.facts["registrations/started"]
            ),
            "users.login_success": share(logins.get("success", 0), sum(logins.values())),
            "users.session_duration": {"count": len(self.sessions), "longest": max(self.sessions, default=0.0)},
            "users.profile_updates": {"value": self.total("profile_updates")},
            "orders.cart_abandonment": {
                "created": carts.get("created", 0),
                "converted": carts.get("converted", 0),
                "emptied": carts.get("emptied", 0),
                "left": carts.get("created", 0) - carts.get("converted", 0) - carts.get("emptied", 0),
            },
            "orders.completion": share(self.facts["transitions/CONFIRMED/"], self.facts["transitions/PLACED/"])
            | {"series": self.by("transitions")},
            "orders.payment_time": {"count": self.total("payment_tries"), "failed": self.total("failed_payment_tries")},
            "inventory.stock_out": share(self.facts["stock_checks/OUT_OF_STOCK"], self.total("stock_checks"))
            | {"uncertain": self.uncertain["stock_checks"]},
            "inventory.updates": {"value": self.total("movements"), "series": self.by("movements")},
            "inventory.restock_registrations": {"value": self.total("restock_registrations")},
            "notifications.mail_success": {"orders": mails, "series": self.by("mails")},
            "notifications.open_rate": {"opens": len(self.opened)},
        }
