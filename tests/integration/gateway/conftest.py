"""A gateway in front of services that do what a test tells them to."""

from collections.abc import Iterator

import pytest
from tests.support.gateway import Gateway, raw, running


@pytest.fixture(scope="package")
def shared() -> Iterator[Gateway]:
    """One process for all tests that need no settings of their own."""
    with running() as gateway:
        yield gateway


@pytest.fixture
def gateway(shared: Gateway) -> Gateway:
    """The gateway; its services answer `200 {}` until told otherwise."""
    shared.upstream.seen.clear()
    shared.upstream.reply = lambda _: raw(200, b"{}")
    return shared
