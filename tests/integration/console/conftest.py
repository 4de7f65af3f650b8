"""One console for the tests of a worker; each test speaks for services of its own."""

from collections.abc import Iterator

import pytest
from tests.support.console import ConsoleProcess, hex_id, running


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A running console without AWS."""
    with running(tmp_path_factory.mktemp("console")) as console:
        yield console


@pytest.fixture
def service() -> str:
    """A name that no other test has."""
    return f"service-{hex_id(4)}"
