"""Wiring and entry points of notifications; alone reads the environment. Importing it does nothing."""

import msgspec
from starlette.applications import Starlette

from shop import telemetry
from shop.kernel.config import load
from shop.kernel.errors import DependencyUnavailable
from shop.notifications import worker
from shop.notifications.mailer import Mailer
from shop.notifications.parts import Notifications
from shop.notifications.routes import routes
from shop.runtime.auth import Tokens, TokenSettings
from shop.runtime.aws import Aws, AwsError, resolve_secrets
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer, Queues
from shop.runtime.dynamo import Table
from shop.runtime.functions import http_function, queue_function, relay_function
from shop.runtime.http import PageTokens, application
from shop.runtime.wire import Client

__all__ = ["Settings", "alerts", "api", "events", "http", "relay"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What notifications reads from the environment."""

    table_name: str
    event_bus: str
    queue_url_prefix: str
    user_pool_client_id: str
    token_issuer: str
    jwks_url: str
    mail_from: str
    operator_email: str
    public_url: str
    page_token_key: str


def prepare() -> Settings:
    """What every environment of a function begins with."""
    telemetry.setup("notifications")
    resolve_secrets()
    return load(Settings)


def parts_of(settings: Settings, aws: Aws) -> Notifications:
    """The service's parts."""
    return Notifications(
        table=Table(aws, settings.table_name),
        mailer=Mailer(aws, settings.mail_from),
        pages=PageTokens(settings.page_token_key),
        public_url=settings.public_url.rstrip("/"),
        operator_email=settings.operator_email,
    )


def bus_of(settings: Settings, aws: Aws) -> Bus:
    """Where facts go."""
    return Bus(aws, settings.event_bus, settings.queue_url_prefix)


def api() -> Starlette:
    """The HTTP side, as any ASGI server or Mangum runs it."""
    settings = prepare()
    client = Client()
    aws = Aws(client=client)
    parts = parts_of(settings, aws)
    trusted = TokenSettings(
        token_issuer=settings.token_issuer,
        user_pool_client_id=settings.user_pool_client_id,
        jwks_url=settings.jwks_url,
    )

    async def table() -> None:
        try:
            await parts.table.get("PING", "PING")
        except AwsError as error:
            raise DependencyUnavailable from error

    return application(routes, parts, tokens=Tokens(trusted, client), ready={"dynamodb": table}, lifespan=[aws])


def working(consumer: Consumer) -> tuple[Consumer, worker.Working, Queues]:
    """The side of a queue."""
    settings = prepare()
    aws = Aws()
    deps = worker.Working(parts_of(settings, aws), bus_of(settings, aws))
    return consumer, deps, Queues(aws, settings.queue_url_prefix)


def outbox() -> tuple[Table, Bus]:
    """The side of the table's stream."""
    settings = prepare()
    aws = Aws()
    return Table(aws, settings.table_name), bus_of(settings, aws)


http = http_function(api)
events = queue_function(lambda: working(worker.events))
alerts = queue_function(lambda: working(worker.alerts))
relay = relay_function(outbox)
