"""What people do in a shop: look around, search, compare, fill a cart and leave it, buy, cancel, come back, complain.

Each visit is one task of Locust's. It ends at once, and cleanly, when the run is over (`Ended`).
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from locust import task

from shop.local.traffic import words
from shop.local.traffic.shopper import Ended, Shopper

__all__ = ["Customer", "Keeper"]

# How an order is paid, and how often of a hundred: mostly well, and every other way too.
TOKENS = {
    "tok_visa": 78,
    "tok_declined": 6,
    "tok_insufficient_funds": 5,
    "tok_slow": 5,
    "tok_flaky": 5,
    "tok_timeout": 1,
}
LOOKS = 4.0  # seconds that somebody looks at a page
SHIFT = 600.0  # seconds after which the operator signs in anew: below the life of a token


def visit(journey: Callable[["Customer"], None]) -> Callable[["Customer"], None]:
    """A journey as one visit: whoever signed in signs out at its end, however it ends."""

    def one(self: "Customer") -> None:
        with suppress(Ended):
            journey(self)
        self.sign_out()
        with suppress(Ended):
            self.think(2 * LOOKS)

    one.__name__, one.__doc__ = journey.__name__, journey.__doc__
    return one


class Customer(Shopper):
    """Somebody who might buy."""

    weight = 9

    @task(30)
    @visit
    def look_around(self) -> None:
        """From shelf to shelf, a product here and there."""
        for _ in range(self.choice.randint(1, 3)):
            self.browse()

    @task(20)
    @visit
    def find_something(self) -> None:
        """Search, and look at what was found."""
        for _ in range(self.choice.randint(1, 3)):
            found = self.search(words.queries(self.choice, self.language))
            self.think(LOOKS)
            for product in found[: self.choice.randint(0, 2)]:
                self.look_at(product["id"])
                self.think(LOOKS)

    @task(8)
    @visit
    def compare(self) -> None:
        """The same shelf by price and by rating, three products side by side, and what others say of them."""
        category = self.choice.choice(self.world.categories)["id"]
        for sort in ("priceAsc", "rating"):
            products = self.list_products(category, sort=sort, limit="12")
            self.think(LOOKS)
        for product in products[:3]:
            self.look_at(product["id"])
            self.call("GET", f"/products/{product['id']}/reviews", "/products/{productId}/reviews")
            self.think(LOOKS)

    @task(20)
    @visit
    def buy(self) -> None:
        """Fill a cart, order, wait for the outcome; read the mail, sometimes cancel or review."""
        if not self.become_customer() or not self.fill_cart():
            return
        self.think(LOOKS)
        token = self.choice.choices(list(TOKENS), list(TOKENS.values()))[0]
        order_id = self.order(token)
        order = self.track(order_id, 30) if order_id else None
        if order and order["status"] == "CONFIRMED":
            self.afterwards(order)

    @task(12)
    @visit
    def leave_a_cart(self) -> None:
        """Fill a cart, then do something else: it is left, or thrown away."""
        if self.become_customer() and self.fill_cart():
            self.think(LOOKS)
            if self.choice.random() < 0.2:
                self.empty_cart()

    @task(5)
    @visit
    def look_after_the_account(self) -> None:
        """A new name, the past orders, the sessions."""
        if not self.become_customer():
            return
        profile = {"name": self.choice.choice(words.NAMES[self.language]), "locale": self.language}
        path = f"/users/{self.user_id}/profile"
        if self.call("PUT", path, "/users/{userId}/profile", profile).status == 200:
            self.ledger.note("profile_updates")
        self.think(LOOKS)
        self.call("GET", f"/users/{self.user_id}/orders", "/users/{userId}/orders")
        self.call("GET", f"/users/{self.user_id}/sessions", "/users/{userId}/sessions")

    @task(5)
    @visit
    def wait_for_stock(self) -> None:
        """Find something that is gone, and ask to be told when it is back."""
        gone = [each for each in self.list_products(limit="50") if each["stockStatus"] == "OUT_OF_STOCK"]
        if not gone or not self.become_customer():
            return
        product = self.choice.choice(gone)["id"]
        answer = self.call("POST", f"/inventory/{product}/notify", "/inventory/{productId}/notify", fine=(409,))
        if answer.status == 201:
            self.ledger.note("restock_registrations")

    # -------------------------------------------------------------------------------------------------------- stretches

    def browse(self) -> list[dict[str, Any]]:
        """A shelf, and some of what stands on it."""
        category = self.choice.choice(self.world.categories)["id"]
        products = self.list_products(category, limit="20")
        self.think(LOOKS)
        chosen = self.choice.sample(products, min(len(products), self.choice.randint(1, 3)))
        for product in chosen:
            self.look_at(product["id"])
            self.think(LOOKS)
        return chosen

    def fill_cart(self) -> bool:
        """One to three products; whether something is in the cart now."""
        for product in [each for _ in range(self.choice.randint(1, 2)) for each in self.browse()][:3]:
            self.put_into_cart(product["id"], self.choice.randint(1, 2))
            self.think(LOOKS / 2)
        return self.lines > 0

    def afterwards(self, order: dict[str, Any]) -> None:
        """What a customer does with an order that was confirmed."""
        self.think(LOOKS)
        chance = self.choice.random()
        if chance < 0.12:
            reason = "色を間違えました" if self.language == "ja" else "Wrong colour"
            self.call(
                "POST", f"/orders/{order['id']}/cancel", "/orders/{orderId}/cancel", {"reason": reason}, fine=(409,)
            )
        elif chance < 0.4:
            stars, title, body = words.reviews(self.choice, self.language)
            path = f"/products/{order['items'][0]['productId']}/reviews"
            review = {"rating": stars, "title": title, "body": body}
            self.call("POST", path, "/products/{productId}/reviews", review, fine=(409,))
        if self.choice.random() < 0.6:
            self.open_mail()


class Keeper(Shopper):
    """The shop's operator: ships what is confirmed, and fills shelves, but never all of them."""

    fixed_count = 1

    def on_start(self) -> None:
        """At work for the whole run."""
        super().on_start()
        self.language = "ja"
        self.sign_in(self.world.operator)
        self.signed_in = time.monotonic()

    def on_stop(self) -> None:
        """Home."""
        self.sign_out()

    @task(3)
    def ship(self) -> None:
        """Hand confirmed orders to the carrier, and note what has arrived."""
        for order in [each for each in self.ledger.orders.values() if "SHIPPED" not in each.passed]:
            if order.failure is None and self.choice.random() < 0.5:
                parcel = {"carrier": "ヤマト運輸", "trackingNumber": f"{self.choice.getrandbits(40):012d}"}
                path = f"/orders/{order.order_id}/shipments"
                answer = self.call("POST", path, "/orders/{orderId}/shipments", parcel, fine=(409,))
                if answer.status == 201:
                    order.passed.append("SHIPPED")
        for order in [each for each in self.ledger.orders.values() if each.passed[-1] == "SHIPPED"]:
            path = f"/orders/{order.order_id}/deliveries"
            if self.choice.random() < 0.5 and self.call("POST", path, "/orders/{orderId}/deliveries").status == 201:
                order.passed.append("DELIVERED")
        self.pause()

    @task(1)
    def fill_shelves(self) -> None:
        """Restock a product that has run out; let another one run out, so that there is always some of both."""
        products = self.list_products(limit="50")
        gone = [each["id"] for each in products if each["stockStatus"] == "OUT_OF_STOCK"]
        if len(gone) > 2:
            self.set_stock(self.choice.choice(gone), 40)
        elif products:
            product = self.choice.choice(products)["id"]
            stock = self.call("GET", f"/inventory/{product}", "/inventory/{productId}")
            if stock.status == 200:
                self.ledger.stock_seen([stock.json])
                self.set_stock(product, stock.json["reserved"])
        self.pause()

    def set_stock(self, product_id: str, pieces: int) -> None:
        """So many pieces from now on."""
        path = f"/inventory/{product_id}"
        before = self.call("GET", path, "/inventory/{productId}")
        if before.status != 200:
            return
        self.ledger.stock_seen([before.json])
        answer = self.call("PUT", path, "/inventory/{productId}", {"onHand": pieces}, fine=(409,))
        if answer.status == 200 and pieces != before.json["onHand"]:
            self.ledger.note("movements", "RECEIPT" if pieces > before.json["onHand"] else "ADJUSTMENT")

    def pause(self) -> None:
        """Until the next round; a token does not live for ever, so now and then sign in anew."""
        with suppress(Ended):
            self.think(3 * LOOKS)
        if self.account is None or time.monotonic() - self.signed_in > SHIFT:
            self.sign_out()
            self.sign_in(self.world.operator)
            self.signed_in = time.monotonic()
