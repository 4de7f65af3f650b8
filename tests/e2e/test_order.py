"""An order travels from a product page to a mail, over HTTP, through every process of a running shop."""

import json

import pytest
from tests.support.client import Person, Shop, until

pytestmark = pytest.mark.e2e


def stock(shop, product):
    return shop.call("GET", f"/inventory/{product}").json


def product_with_stock(shop, at_least=10):
    """An active product of which there is enough."""
    for product in shop.call("GET", "/products?limit=100").json["items"]:
        if stock(shop, product["id"])["available"] >= at_least:
            return product
    raise AssertionError("the seed has too little stock")


def apply_patch(target, patch):
    """RFC 7396."""
    result = dict(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = apply_patch(result.get(name) or {}, value)
        else:
            result[name] = value
    return result


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(member) for member in value] if isinstance(value, list) else value


@pytest.fixture
def customer(shop: Shop) -> Person:
    return shop.register()


def test_an_order_travels_from_the_product_page_to_the_mail(shop: Shop, customer: Person):
    product = product_with_stock(shop)
    before = stock(shop, product["id"])
    cart = customer.fill((product["id"], 1), (product["id"], 1)).json
    assert [(line["quantity"], line["available"]) for line in cart["items"]] == [(2, before["available"])]

    placed = customer.order(expectedTotal=total_of(product, 2))
    assert placed.status == 201, placed.body
    order = placed.json
    assert placed.headers["location"] == f"/orders/{order['id']}"
    assert order["status"] == "PLACED"
    assert customer.call("GET", f"/carts/{customer.id}").json["items"] == []

    done = customer.ends(order["id"])
    assert (done["status"], done["payment"]["status"], done["failure"]) == ("CONFIRMED", "APPROVED", None)
    after = stock(shop, product["id"])
    assert (after["onHand"], after["reserved"]) == (before["onHand"], before["reserved"] + 2)

    mail = until(lambda: [m for m in shop.mails(customer.email) if order["id"] in json.dumps(m)])
    assert len(mail) == 1
    assert product["name"] in json.dumps(mail[0], ensure_ascii=False)

    operator = shop.login(**shop.info["operator"])
    sent = until(
        lambda: [
            n
            for n in operator.call("GET", f"/notifications?orderId={order['id']}").json["items"]
            if n["status"] == "SENT"
        ]
    )
    assert [n["type"] for n in sent] == ["ORDER_CONFIRMATION"]
    assert customer.email not in json.dumps(sent)


def total_of(product, quantity):
    subtotal = product["price"]["amount"] * quantity
    return {"amount": subtotal + (0 if subtotal >= 5000 else 550), "currency": "JPY"}


def test_the_event_stream_folds_to_the_order(shop: Shop, customer: Person):
    product = product_with_stock(shop)
    customer.fill((product["id"], 1))
    order = customer.ends(customer.order().json["id"])
    events = customer.call("GET", f"/orders/{order['id']}/events").json["items"]
    assert [event["type"] for event in events] == ["OrderPlaced", "OrderReserved", "OrderPaid", "OrderConfirmed"]
    assert [event["seq"] for event in events] == [1, 2, 3, 4]
    folded: dict = {}
    for event in events:
        folded = apply_patch(folded, event["data"])
    assert folded == without_nulls(order)


def test_a_declined_card_gives_the_stock_back_and_says_why(shop: Shop, customer: Person):
    product = product_with_stock(shop)
    before = stock(shop, product["id"])["available"]
    customer.fill((product["id"], 3))
    done = customer.ends(customer.order("tok_declined").json["id"])
    assert (done["status"], done["failure"]["code"]) == ("CANCELLED", "PAYMENT_DECLINED")
    assert done["payment"]["status"] == "DECLINED"
    until(lambda: stock(shop, product["id"])["available"] == before)
    until(lambda: [m for m in shop.mails(customer.email) if done["id"] in json.dumps(m)])


def test_the_same_key_gives_the_same_order_byte_for_byte(shop: Shop, customer: Person):
    product = product_with_stock(shop)
    customer.fill((product["id"], 1))
    first = customer.order(key="once")
    customer.ends(first.json["id"])
    again = customer.order(key="once")
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert customer.order("tok_declined", key="once").code == "IDEMPOTENCY_KEY_REUSED"
    assert len(customer.call("GET", f"/users/{customer.id}/orders").json["items"]) == 1


def test_stock_that_falls_low_alerts_the_operator_over_sns(shop: Shop, customer: Person):
    operator = shop.login(**shop.info["operator"])
    product = product_with_stock(shop, 20)
    now = stock(shop, product["id"])
    change = {"onHand": now["reserved"] + 7, "lowStockThreshold": 5}
    assert operator.call("PUT", f"/inventory/{product['id']}", change).status == 200
    customer.fill((product["id"], 3))
    customer.ends(customer.order().json["id"])
    alerts = until(
        lambda: [
            n for n in operator.call("GET", "/notifications?type=STOCK_ALERT").json["items"] if n["status"] == "SENT"
        ]
    )
    assert alerts
    until(lambda: [m for m in shop.mails(operator.email) if product["sku"] in json.dumps(m)])
    until(lambda: shop.call("GET", f"/products/{product['id']}").json["stockStatus"] == "LOW_STOCK")


def test_somebody_elses_order_looks_like_none(shop: Shop, customer: Person):
    product = product_with_stock(shop)
    customer.fill((product["id"], 1))
    order = customer.order().json["id"]
    other = shop.login(**shop.info["customers"][0])
    assert other.call("GET", f"/orders/{order}").status == 404
    assert other.call("GET", "/orders/no-such-order").code == other.call("GET", f"/orders/{order}").code
    assert other.call("GET", f"/users/{customer.id}/orders").status == 403
    assert shop.login(**shop.info["operator"]).call("GET", f"/orders/{order}").status == 200
