"""The route table: what matches, what is more specific, and how often."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.contracts.routes import ROUTES
from shop.kernel.errors import RateLimited
from shop.local.gateway import table
from shop.local.gateway.table import Bucket, Table

TABLE = Table(500, 1000)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_found_by_its_own_path(route):
    target, parameters = TABLE.find(route.method, re.sub(r"{(\w+)}", r"the-\1", route.path))
    assert (target.method, target.path, target.service) == (route.method, route.path, route.service)
    assert parameters == {name: f"the-{name}" for name in re.findall(r"{(\w+)}", route.path)}


@pytest.mark.parametrize(
    ("path", "key", "parameters"),
    [
        ("/users/confirm/resend", "POST /users/confirm/resend", {}),
        ("/users/confirm", "POST /users/confirm", {}),
        ("/users/confirm/addresses", "POST /users/{userId}/addresses", {"userId": "confirm"}),
        ("/carts/a%2Fb/items", "POST /carts/{userId}/items", {"userId": "a/b"}),
        ("/carts/%25%32%46/items", "POST /carts/{userId}/items", {"userId": "%2F"}),
        ("/carts/%E3%81%82/items", "POST /carts/{userId}/items", {"userId": "あ"}),
        ("/carts/+/items", "POST /carts/{userId}/items", {"userId": "+"}),
        ("/carts/%zz/items", "POST /carts/{userId}/items", {"userId": "%zz"}),
        ("/carts/{}/items", "POST /carts/{userId}/items", {"userId": "{}"}),
        ("/c%61rts/x/items", "POST /carts/{userId}/items", {"userId": "x"}),
        ("/carts//items", "$default", {}),
        ("/carts/x/items/", "$default", {}),
        ("//carts/x/items", "$default", {}),
        ("/orders/", "$default", {}),
        ("/Orders", "$default", {}),
        ("/", "$default", {}),
        ("", "$default", {}),
        ("/{}", "$default", {}),
    ],
)
def test_a_path_is_split_before_it_is_decoded_and_names_go_before_parameters(path, key, parameters):
    target, found = TABLE.find("POST", path)
    assert (target.key, found) == (key, parameters)


def test_head_is_as_get_and_other_methods_are_nobodys():
    assert TABLE.find("HEAD", "/products")[0] is TABLE.find("GET", "/products")[0]
    assert TABLE.find("PATCH", "/products")[0].is_default
    assert TABLE.find("HEAD", "/orders")[0].is_default


def test_allowed_methods_of_a_path():
    assert TABLE.allowed("/products/x") == ["DELETE", "GET", "HEAD", "OPTIONS", "PUT"]
    assert TABLE.allowed("/orders") == ["OPTIONS", "POST"]
    assert TABLE.allowed("/nothing") == []


@given(st.text(st.characters(codec="ascii", exclude_characters="?# \r\n"), max_size=60))
def test_no_path_breaks_it(path):
    target, parameters = TABLE.find("GET", f"/{path}")
    assert all(parameters.values()) or target.is_default


def test_a_bucket_lets_a_burst_through_then_the_rate(monkeypatch):
    hands = [100.0]
    monkeypatch.setattr(table, "monotonic", lambda: hands[0])
    bucket = Bucket(rate=10, burst=3)
    for _ in range(3):
        bucket.take()
    with pytest.raises(RateLimited) as caught:
        bucket.take()
    assert caught.value.headers["Retry-After"] == "1"
    hands[0] += 0.125
    bucket.take()
    with pytest.raises(RateLimited):
        bucket.take()
    hands[0] += 60
    for _ in range(3):
        bucket.take()
    with pytest.raises(RateLimited):
        bucket.take()


def test_a_slow_rate_says_how_long_to_wait():
    bucket = Bucket(rate=0.1, burst=1)
    bucket.take()
    with pytest.raises(RateLimited) as caught:
        bucket.take()
    assert caught.value.headers["Retry-After"] == "10"


def test_routes_do_not_share_their_rate():
    small = Table(1, 1)
    small.find("GET", "/products")[0].bucket.take()
    small.find("GET", "/products/x")[0].bucket.take()
    with pytest.raises(RateLimited):
        small.find("HEAD", "/products")[0].bucket.take()
