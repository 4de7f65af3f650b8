"""Wiring and entry points of users; alone reads the environment. Importing it does nothing."""

from datetime import timedelta
from typing import Any

import msgspec
from starlette.applications import Starlette

from shop import telemetry
from shop.kernel.config import load
from shop.kernel.errors import DependencyUnavailable
from shop.runtime.auth import Tokens, TokenSettings
from shop.runtime.aws import Aws, AwsError, resolve_secrets
from shop.runtime.bus import Bus
from shop.runtime.consume import Consumer, Queues
from shop.runtime.dynamo import Table
from shop.runtime.functions import http_function, queue_function, relay_function
from shop.runtime.http import PageTokens, application
from shop.runtime.wire import Client, WireError
from shop.users import worker
from shop.users.cognito import Pool
from shop.users.letters import Mailer
from shop.users.parts import Users
from shop.users.routes import routes

__all__ = ["Settings", "api", "events", "http", "relay"]

PATIENCE = 1.0  # seconds


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What users reads from the environment."""

    table_name: str
    event_bus: str
    queue_url_prefix: str
    user_pool_id: str
    user_pool_client_id: str
    user_pool_client_secret: str
    token_issuer: str
    jwks_url: str
    mail_from: str
    page_token_key: str
    code_ttl: timedelta = timedelta(minutes=15)
    session_ttl: timedelta = timedelta(days=30)
    registration_expires_after: timedelta = timedelta(hours=24)


def prepare() -> Settings:
    """What every environment of a function begins with."""
    telemetry.setup("users")
    resolve_secrets()
    return load(Settings)


def users_of(settings: Settings, aws: Aws) -> Users:
    """The service's parts."""
    return Users(
        table=Table(aws, settings.table_name),
        pool=Pool(aws, settings.user_pool_id, settings.user_pool_client_id, settings.user_pool_client_secret),
        mailer=Mailer(aws, settings.mail_from),
        pages=PageTokens(settings.page_token_key),
        code_ttl=settings.code_ttl,
        session_ttl=settings.session_ttl,
        registration_expires_after=settings.registration_expires_after,
    )


def bus_of(settings: Settings, aws: Aws) -> Bus:
    """Where facts go."""
    return Bus(aws, settings.event_bus, settings.queue_url_prefix)


def api() -> Starlette:
    """The HTTP side, as any ASGI server or Mangum runs it."""
    settings = prepare()
    client = Client()
    aws = Aws(client=client)
    users = users_of(settings, aws)
    trusted = TokenSettings(
        token_issuer=settings.token_issuer,
        user_pool_client_id=settings.user_pool_client_id,
        jwks_url=settings.jwks_url,
    )

    async def table() -> None:
        try:
            await users.table.get("PING", "PING")
        except AwsError as error:
            raise DependencyUnavailable from error

    async def pool() -> None:
        try:
            answer = await client.request("GET", settings.jwks_url, timeout=PATIENCE)
        except WireError as error:
            raise DependencyUnavailable from error
        if answer.status != 200:
            raise DependencyUnavailable

    ready = {"dynamodb": table, "cognito": pool}
    return application(routes, users, tokens=Tokens(trusted, client), ready=ready, lifespan=[aws])


def sweeping() -> tuple[Consumer, Any, Queues]:
    """The side of the queue."""
    settings = prepare()
    aws = Aws()
    deps = worker.Sweeping(users_of(settings, aws), bus_of(settings, aws))
    return worker.consumer, deps, Queues(aws, settings.queue_url_prefix)


def outbox() -> tuple[Table, Bus]:
    """The side of the table's stream."""
    settings = prepare()
    aws = Aws()
    return Table(aws, settings.table_name), bus_of(settings, aws)


http = http_function(api)
events = queue_function(sweeping)
relay = relay_function(outbox)
