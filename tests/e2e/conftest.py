"""A running shop, started once for all end-to-end tests of a run."""

from collections.abc import Iterator

import pytest
from tests.support.client import Shop
from tests.support.servers import ask


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """The shop over HTTP."""
    shop = Shop(ask("shop"))
    yield shop
    shop.close()
