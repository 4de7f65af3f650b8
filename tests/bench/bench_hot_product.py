"""Two hundred customers order the last fifty pieces at the same moment: fifty get one, and each is told by one mail.

`python tests/bench/bench_hot_product.py [--buyers N] [--pieces N]`; part of `make bench`.
"""

import argparse
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from tests.bench.machine import machine
from tests.support.client import Person, Shop, until
from tests.support.servers import Servers

PATIENCE = 30  # tries of one order: a shop that has too much to do says so, and is asked again with the same key
DOWN = (429, 503, 504)


def hot_product(shop: Shop, pieces: int) -> str:
    """A new product of which there is so much."""
    category = shop.call("GET", "/categories").json["items"][0]["id"]
    price = {"amount": 3000, "currency": "JPY"}
    body = {"sku": f"HOT-{uuid4().hex[:8]}", "name": "限定品", "price": price, "categoryId": category,
            "status": "active", "initialStock": pieces}  # fmt: skip
    made = shop.login(**shop.info["admin"]).call("POST", "/products", body)
    assert made.status == 201, made.body
    product = str(made.json["id"])
    until(lambda: shop.call("GET", f"/inventory/{product}").status == 200)
    return product


def buyer(info: dict[str, Any], product: str) -> Person:
    """A customer of their own connection, who has the product in the cart and an address."""
    customer = Shop(info).register()
    customer.address()
    customer.fill((product, 1))
    return customer


def buy(customer: Person, answers: Counter[int]) -> str:
    """The id of the order."""
    key = uuid4().hex
    for _ in range(PATIENCE):
        answer = customer.order(key=key)
        answers[answer.status] += 1
        if answer.status == 201:
            return str(answer.json["id"])
        assert answer.status in DOWN, answer.body
        time.sleep(float(answer.headers.get("retry-after", 1)))
    raise AssertionError(answer.body)


def mails_of(operator: Person, orders: list[str]) -> Counter[str]:
    """How many mails of which kind these orders have."""
    listed = [operator.call("GET", f"/notifications?orderId={order}").json["items"] for order in orders]
    return Counter(mail["type"] for mails in listed for mail in mails if mail["status"] == "SENT")


def main() -> int:
    """Print what became of the orders; 1 when it is not what it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buyers", type=int, default=200)
    parser.add_argument("--pieces", type=int, default=50)
    arguments = parser.parse_args()
    print(machine())
    with Servers() as servers:
        shop, answers = Shop(servers.start("shop")), Counter[int]()
        product = hot_product(shop, arguments.pieces)
        with ThreadPoolExecutor(8) as pool:
            customers = list(pool.map(lambda _: buyer(shop.info, product), range(arguments.buyers)))
        begun = time.monotonic()
        with ThreadPoolExecutor(arguments.buyers) as pool:
            orders = list(pool.map(lambda customer: buy(customer, answers), customers))
        accepted = time.monotonic() - begun
        pairs = zip(customers, orders, strict=True)
        ends = Counter(customer.ends(order, seconds=120)["status"] for customer, order in pairs)
        ended = time.monotonic() - begun
        operator = shop.login(**shop.info["operator"])
        until(lambda: mails_of(operator, orders).total() == arguments.buyers, seconds=60)
        mails, stock = mails_of(operator, orders), shop.call("GET", f"/inventory/{product}").json
        for customer in customers:
            customer.shop.close()
        shop.close()
    sold = min(arguments.buyers, arguments.pieces)
    print(f"{arguments.buyers} buyers of {arguments.pieces} pieces at once: answers {dict(answers)}")
    print(f"all accepted after {accepted:.1f} s, ended after {ended:.1f} s: {dict(ends)}")
    print(f"reserved {stock['reserved']}, mails {dict(mails)}")
    exact = ends["CONFIRMED"] == stock["reserved"] == mails["ORDER_CONFIRMATION"] == sold
    return 0 if exact and mails["ORDER_CANCELLATION"] == arguments.buyers - sold else 1


if __name__ == "__main__":
    raise SystemExit(main())
