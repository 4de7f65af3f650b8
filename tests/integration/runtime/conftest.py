"""The emulator as this package's tests use it: clients for one event loop, queues that are empty at the start."""

import asyncio

import pytest

from shop.contracts.events import StockChanged
from shop.contracts.messages import envelope
from shop.runtime.aws import Aws, AwsSettings
from shop.runtime.bus import Bus
from shop.runtime.dynamo import Table
from shop.runtime.queues import Queues


@pytest.fixture(scope="module")
def aws(run, emulator):
    with pytest.MonkeyPatch.context() as environment:
        for name, value in emulator.access.environment().items():
            environment.setenv(name, value)
        client = Aws(AwsSettings(aws_region=emulator.access.region, aws_endpoint_url=emulator.access.endpoint))
        yield client
        run(client.aclose())


@pytest.fixture(scope="module")
def bus(aws, emulator):
    return Bus(aws, "shop", emulator.access.queue_url_prefix)


@pytest.fixture(scope="module")
def queues(aws, emulator):
    return Queues(aws, emulator.access.queue_url_prefix)


@pytest.fixture(scope="module")
def table(aws):
    return Table(aws, "users")


@pytest.fixture
def empty(run, aws, emulator):
    """`empty("orders-events", ...)`: nothing is in these queues any more."""

    def purge(*names):
        calls = (aws.call("sqs", "PurgeQueue", QueueUrl=emulator.queue_url(name)) for name in names)

        async def all_of_them():
            await asyncio.gather(*calls)

        run(all_of_them())

    return purge


@pytest.fixture(scope="session")
def changed():
    """A StockChanged of a product in some version, the plainest of events."""

    def make(product, version=1, **more):
        message = StockChanged(product_id=product, available=version, status="IN_STOCK")
        return envelope(message, aggregate_id=product, aggregate_version=version, **more)

    return make
