"""What an order costs, what a cart may hold, and how a stream of events is written down and folded."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.orders import an_address

from shop.contracts.shapes import Order
from shop.kernel.errors import ValidationFailed
from shop.orders.model import Basket, CartFull, OnOffer, OutOfStock, new_order
from shop.orders.stream import fold, merge_patch, patched, plain

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


def on_offer(price: int, quantity: int, number: int = 0) -> OnOffer:
    return OnOffer(
        item_id=f"i{number}", product_id=f"p{number}", quantity=quantity, sku="S", name="急須", category_id="tea",
        price=price, on_sale=True,
    )  # fmt: skip


def ordered(*lines: OnOffer) -> Order:
    return new_order("o", "u", lines, an_address(), "tok_visa", "2026-11-23T12:00:00.000Z")


@pytest.mark.parametrize(
    ("price", "quantity", "subtotal", "fee", "tax"),
    [
        (1, 1, 1, 550, 50),  # floor(551 * 10 / 110) = 50.09
        (4_999, 1, 4_999, 550, 504),
        (5_000, 1, 5_000, 0, 454),
        (2_500, 2, 5_000, 0, 454),
        (99_999_999, 99, 9_899_999_901, 0, 899_999_991),
    ],
)
def test_what_an_order_costs(price, quantity, subtotal, fee, tax):
    order = ordered(on_offer(price, quantity))
    assert (order.subtotal.amount, order.shipping_fee.amount, order.tax.amount) == (subtotal, fee, tax)
    assert order.total.amount == subtotal + fee


@PATIENT
@given(st.lists(st.tuples(st.integers(1, 99_999_999), st.integers(1, 99)), min_size=1, max_size=30))
def test_the_total_is_the_sum_of_its_lines_and_the_tax_is_told_once(lines):
    order = ordered(*(on_offer(price, quantity, number) for number, (price, quantity) in enumerate(lines)))
    subtotal = sum(price * quantity for price, quantity in lines)
    assert order.subtotal.amount == subtotal == sum(item.line_total.amount for item in order.items)
    assert order.total.amount - order.subtotal.amount == (0 if subtotal >= 5000 else 550)
    assert 0 <= order.total.amount * 10 - order.tax.amount * 110 < 110


# --------------------------------------------------------------------------------------------------------------- carts

PRODUCTS = [f"p{number}" for number in range(35)]


@PATIENT
@given(st.lists(st.tuples(st.sampled_from(PRODUCTS), st.integers(1, 99)), max_size=60))
def test_a_cart_has_one_line_per_product_and_never_too_many(adds):
    basket, expected = Basket(), dict[str, int]()
    for number, (product, quantity) in enumerate(adds):
        try:
            basket = basket.add(f"i{number}", product, quantity, None)
        except CartFull:
            assert product not in expected
            assert len(expected) == 30
        except ValidationFailed:
            assert expected.get(product, 0) + quantity > 99
        else:
            expected[product] = expected.get(product, 0) + quantity
    assert {line.product_id: line.quantity for line in basket.lines} == expected


def test_what_there_is_is_held_against_the_whole_line():
    basket = Basket().add("i", "p", 3, 5)
    with pytest.raises(OutOfStock) as refused:
        basket.add("j", "p", 3, 5)
    assert refused.value.extra == {"available": 5}
    with pytest.raises(OutOfStock):
        basket.set("i", 6, 5)
    assert basket.set("i", 6, None).find("i").quantity == 6


# -------------------------------------------------------------------------------------------------------------- stream

SCALARS = st.one_of(st.integers(), st.sampled_from(["", "x", "急須"]), st.booleans())
NAMES = st.sampled_from(list("abcdef"))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)


@PATIENT
@given(OBJECTS, OBJECTS)
def test_a_patch_makes_of_the_one_exactly_the_other(before: dict[str, Any], after: dict[str, Any]):
    assert patched(before, merge_patch(before, after)) == after


@PATIENT
@given(st.lists(OBJECTS, min_size=1, max_size=6))
def test_patches_in_a_row_give_the_last(states: list[dict[str, Any]]):
    result: dict[str, Any] = {}
    for before, after in pairwise([{}, *states]):
        result = patched(result, merge_patch(before, after))
    assert result == states[-1]


def test_an_order_comes_back_from_its_patch_as_it_was():
    order = ordered(on_offer(1980, 2))
    assert fold([merge_patch({}, plain(order))]) == order
    assert "failure" not in plain(order)
    assert fold([]) is None
    assert msgspec.json.decode(msgspec.json.encode(order))["failure"] is None
