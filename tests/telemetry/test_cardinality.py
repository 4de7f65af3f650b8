"""Rule 4: attributes of metrics are bounded, at any size of the catalog."""

import re
from collections import Counter

from tests.support.story import told

from shop.contracts.routes import ROUTES
from shop.telemetry import names

REGISTERED = {names.REGISTRATION_STAGE: "confirmed"}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{16}|^\d{5,}$|@|/[^{]*\d{3}")


def series(story):
    return {(point.service, point.name, frozenset(point.attributes.items())) for point in story.points}


def test_the_whole_shop_stays_under_2000_series_after_1000_products_300_customers_and_every_route():
    story = told()
    registered = sum(point.value for point in story.once(names.USERS_REGISTRATIONS, REGISTERED))
    assert registered > 300  # accounts that were confirmed, each of whom then did all that a customer can
    found = series(story)
    routes = {dict(attributes).get(names.HTTP_ROUTE) for _, _, attributes in found}
    assert {route.path for route in ROUTES if not route.path.startswith("/health")} <= routes  # all were touched
    assert len(found) < 2000, Counter(name for _, name, _ in found).most_common(5)


def test_no_attribute_of_a_metric_is_an_id():
    values = {(name, key, str(value)) for _, name, attributes in series(told()) for key, value in attributes}
    assert [each for each in values if ID.search(each[2])] == []


def test_a_path_that_nobody_knows_is_no_series_of_its_own():
    story = told()
    unknown = [
        attributes
        for service, name, attributes in series(story)
        if service == "gateway"
        and name == names.HTTP_SERVER_REQUEST_DURATION
        and names.HTTP_ROUTE not in dict(attributes)
    ]
    assert 1 <= len(unknown) < 20
