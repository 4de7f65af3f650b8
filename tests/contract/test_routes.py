"""The route table, the services' routes and the published document say the same."""

import json

import pytest
from openapi_spec_validator import validate

from shop.contracts.routes import ROUTES
from shop.contracts.topology import SERVICES
from shop.local import openapi


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_exactly_the_routes_of_the_gateways_table(service):
    table = {(route.method, route.path) for route in ROUTES if route.service == service}
    health = {("GET", f"/health/{service}/{state}") for state in ("live", "ready")}
    assert {(route.method, route.path) for route in openapi.routes_of(service).all} | health == table


def test_the_published_document_is_as_the_routes_are():
    assert openapi.FILE.read_bytes() == openapi.document(), "run `make generate`"


def test_the_published_document_is_openapi():
    validate(json.loads(openapi.FILE.read_bytes()))


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_says_what_it_does_and_what_can_go_wrong(service):
    for route in openapi.routes_of(service).all:
        assert route.summary, f"{route.method} {route.path} has no docstring"
        assert all((problem.__doc__ or "").strip() and problem.title.keys() == {"ja", "en"} for problem in route.raises)
        if "{" in route.path.replace("{userId}", "") and not route.path.endswith("open.gif"):
            assert any(problem.status == 404 for problem in route.raises), f"{route.method} {route.path}"
