"""The rules of simulated customers: how busy a day is, and how what they did becomes what the points must say.

Modules that import Locust are not imported here: it patches the standard library.
"""

import random

import pytest

from shop.local.traffic.day import DAY, busyness
from shop.local.traffic.ledger import Ledger
from shop.local.traffic.words import misspelt, queries


def test_a_day_is_quiet_at_night_and_busiest_in_the_evening():
    hours = {hour: busyness(hour * 3600) for hour in range(24)}
    assert max(hours, key=hours.__getitem__) == 21
    assert hours[4] < hours[12] < hours[21]
    assert busyness(DAY + 3600) == busyness(3600)
    assert sum(hours.values()) / 24 == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_is_searched_for_is_the_same_for_the_same_seed_and_misspelt_by_one_letter_at_most(language):
    assert [queries(random.Random(3), language) for _ in range(3)] == [queries(random.Random(3), language)] * 3
    assert len(misspelt(random.Random(1), "observability")) == len("observability") - 1
    assert misspelt(random.Random(1), "tea") == "tea"


def order(number, lines=1):
    return {"id": f"o{number}", "items": [{}] * lines}


def settled(number, *kinds, failure=None):
    return {"id": f"o{number}", "failure": {"code": failure} if failure else None}, [{"type": kind} for kind in kinds]


def test_what_orders_caused_follows_from_their_streams():
    ledger = Ledger()
    ledger.placed(order(1, 2), "tok_flaky")
    ledger.settled(*settled(1, "OrderPlaced", "OrderReserved", "OrderPaid", "OrderConfirmed", "OrderShipped"))
    ledger.placed(order(2), "tok_declined")
    ledger.settled(*settled(2, "OrderPlaced", "OrderReserved", "OrderCancelled", failure="PAYMENT_DECLINED"))
    ledger.placed(order(3), "tok_visa")
    ledger.settled(*settled(3, "OrderPlaced", "OrderCancelled", failure="OUT_OF_STOCK"))
    ledger.count_orders()
    points = ledger.points()
    assert (points["orders.completion"]["numerator"], points["orders.completion"]["denominator"]) == (1, 3)
    assert points["orders.completion"]["series"]["CANCELLED/PAYMENT_DECLINED"] == 1
    assert points["orders.payment_time"] == {"count": 4, "failed": 3}
    assert points["inventory.updates"]["series"] == {"RELEASE": 1, "RESERVATION": 3, "SHIPMENT": 2}
    assert points["notifications.mail_success"]["series"] == {
        "ORDER_CANCELLATION": 2,
        "ORDER_CONFIRMATION": 1,
        "SHIPPING_NOTICE": 1,
    }


def test_a_cart_is_created_by_its_first_line_and_emptied_by_its_last():
    ledger = Ledger()
    for before, after in ((0, 1), (1, 2), (2, 0), (0, 1)):
        ledger.cart_changed(before, after)
    assert ledger.points()["orders.cart_abandonment"] == {"created": 2, "converted": 0, "emptied": 1, "left": 1}


def test_shares_of_nothing_are_null():
    assert Ledger().points()["users.login_success"] == {"value": None, "numerator": 0, "denominator": 0}
