"""Wiring and entry points of inventory; alone reads the environment. Importing it does nothing."""

from datetime import timedelta

import msgspec
from starlette.applications import Starlette

from shop import telemetry
from shop.inventory import worker
from shop.inventory.parts import Inventory
from shop.inventory.routes import routes
from shop.kernel.config import load
from shop.kernel.errors import DependencyUnavailable
from shop.runtime.auth import Tokens, TokenSettings
from shop.runtime.aws import Aws, AwsError, resolve_secrets
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer, Queues
from shop.runtime.dynamo import Table
from shop.runtime.functions import http_function, queue_function, relay_function
from shop.runtime.http import PageTokens, application
from shop.runtime.peers import Peers
from shop.runtime.wire import Client

__all__ = ["Settings", "api", "commands", "events", "http", "relay"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What inventory reads from the environment."""

    table_name: str
    event_bus: str
    queue_url_prefix: str
    user_pool_client_id: str
    token_issuer: str
    jwks_url: str
    page_token_key: str
    gateway_url: str
    reservation_ttl: timedelta = timedelta(minutes=15)


def prepare() -> Settings:
    """What every environment of a function begins with."""
    telemetry.setup("inventory")
    resolve_secrets()
    return load(Settings)


def inventory_of(settings: Settings, aws: Aws) -> Inventory:
    """The service's parts."""
    table = Table(aws, settings.table_name)
    return Inventory(table, PageTokens(settings.page_token_key), settings.reservation_ttl)


def bus_of(settings: Settings, aws: Aws) -> Bus:
    """Where facts go."""
    return Bus(aws, settings.event_bus, settings.queue_url_prefix)


def api() -> Starlette:
    """The HTTP side, as any ASGI server or Mangum runs it."""
    settings = prepare()
    client = Client()
    aws = Aws(client=client)
    inventory = inventory_of(settings, aws)
    trusted = TokenSettings(
        token_issuer=settings.token_issuer,
        user_pool_client_id=settings.user_pool_client_id,
        jwks_url=settings.jwks_url,
    )

    async def table() -> None:
        try:
            await inventory.table.get("PING", "PING")
        except AwsError as error:
            raise DependencyUnavailable from error

    return application(routes, inventory, tokens=Tokens(trusted, client), ready={"dynamodb": table}, lifespan=[aws])


def queue_side(consumer: Consumer) -> tuple[Consumer, worker.Sweeping, Queues]:
    """What a function on a queue works with."""
    settings = prepare()
    client = Client()
    aws = Aws(client=client)
    peers = Peers(settings.gateway_url, client, "inventory")
    deps = worker.Sweeping(inventory_of(settings, aws), bus_of(settings, aws), peers)
    return consumer, deps, Queues(aws, settings.queue_url_prefix)


def outbox() -> tuple[Table, Bus]:
    """The side of the table's stream."""
    settings = prepare()
    aws = Aws()
    return Table(aws, settings.table_name), bus_of(settings, aws)


http = http_function(api)
commands = queue_function(lambda: queue_side(worker.commands))
events = queue_function(lambda: queue_side(worker.events))
relay = relay_function(outbox)
