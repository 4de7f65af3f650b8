"""What every client of the gateway may rely on, whichever service answers."""

import re

import pytest
from tests.support.client import Shop

from shop.contracts.routes import ROUTES

pytestmark = pytest.mark.e2e


def test_everything_is_ready(shop: Shop):
    answer = shop.call("GET", "/health/ready")
    assert answer.status == 200, answer.body
    assert {name: part["status"] for name, part in answer.json["dependencies"].items()} == dict.fromkeys(
        ("catalog", "orders", "users", "inventory", "notifications"), answer.json["status"]
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_answered_by_its_service(shop: Shop, route):
    """Without a token: what the contract promises of it, never the gateway's own no, never a 5xx."""
    answer = shop.call(route.method, re.sub(r"{\w+}", "01900000-0000-7000-8000-000000000000", route.path))
    assert answer.status < 500, answer.body
    assert answer.code not in ("ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED")
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-trace-id"])


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/no/such/path", 404, "ROUTE_NOT_FOUND"),
        ("GET", "/products/", 404, "ROUTE_NOT_FOUND"),
        ("PUT", "/products", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/orders/x", 401, "UNAUTHENTICATED"),
        ("GET", "/products/no-such-product", 404, "PRODUCT_NOT_FOUND"),
        ("GET", "/products?limit=0", 422, "VALIDATION_FAILED"),
        ("GET", "/products?nextToken=forged", 400, "PAGE_TOKEN_INVALID"),
    ],
)
def test_problems_are_problems(shop: Shop, method, path, status, code):
    answer = shop.call(method, path)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json["traceId"] == answer.headers["x-trace-id"]
    assert {"type", "title", "status", "detail", "instance"} <= set(answer.json)


def test_a_405_names_the_methods_there_are(shop: Shop):
    allowed = shop.call("PUT", "/products").headers["allow"]
    assert {"GET", "POST"} <= {method.strip() for method in allowed.split(",")}


def test_a_body_over_the_limit_is_413_at_containers_and_functions_alike(shop: Shop):
    body = b'{"name": "' + b"x" * (256 * 1024) + b'"}'
    for path in ("/products", "/users"):
        answer = shop.call("POST", path, body, headers={"Content-Type": "application/json"})
        assert answer.code == "PAYLOAD_TOO_LARGE", path


def test_titles_follow_the_language(shop: Shop):
    ja = shop.call("GET", "/no/such/path").json["title"]
    en = shop.call("GET", "/no/such/path", headers={"Accept-Language": "en-GB,en;q=0.8"}).json["title"]
    assert en.isascii()
    assert not ja.isascii()


def test_a_trace_is_continued_and_a_broken_one_begun_anew(shop: Shop):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    given = shop.call("GET", "/products", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert given.headers["x-trace-id"] == trace
    broken = shop.call("GET", "/products", headers={"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"})
    assert broken.headers["x-trace-id"] != "0" * 32


def test_the_contract_is_served_and_has_every_route(shop: Shop):
    document = shop.call("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    there = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert {(route.method, route.path) for route in ROUTES} <= there
    page = shop.call("GET", "/docs")
    assert (page.status, page.headers["content-type"].split(";")[0]) == (200, "text/html")


def test_head_is_get_without_the_body(shop: Shop):
    get, head = shop.call("GET", "/products"), shop.call("HEAD", "/products")
    assert (head.status, head.body) == (get.status, b"")


def test_options_is_cors(shop: Shop):
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    answer = shop.call("OPTIONS", "/orders", headers=headers)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"]
