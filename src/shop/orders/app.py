"""Wiring and entry points of orders; the only reader of its settings."""

from datetime import timedelta
from functools import partial

import msgspec
from starlette.applications import Starlette

from shop import telemetry
from shop.kernel.config import load
from shop.orders import signals
from shop.orders.parts import Orders, Payments
from shop.orders.provider import Provider
from shop.orders.routes import routes
from shop.orders.worker import events, payments, sweeper
from shop.runtime.auth import Tokens, TokenSettings
from shop.runtime.aws import Aws, AwsSettings
from shop.runtime.bus import Bus
from shop.runtime.consume import Queues
from shop.runtime.http import PageTokens, application
from shop.runtime.outbox import Relay
from shop.runtime.peers import Peers
from shop.runtime.postgres import Database, migrated
from shop.runtime.wire import Client
from shop.runtime.worker import Worker, poll

__all__ = ["Settings", "WorkerSettings", "api", "worker"]


SLOW_PAYMENTS = 200  # at once: most of their time is waiting for the provider, and none shall wait for another


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the API."""

    database_url: str
    gateway_url: str
    page_token_key: str
    token_issuer: str
    user_pool_client_id: str
    jwks_url: str


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the worker."""

    database_url: str
    event_bus: str
    queue_url_prefix: str
    aws_region: str = "ap-northeast-1"
    aws_endpoint_url: str | None = None
    cart_abandoned_after: timedelta = timedelta(minutes=30)
    order_stuck_after: timedelta = timedelta(minutes=10)
    reservation_ttl: timedelta = timedelta(minutes=15)
    payment_try_timeout: timedelta = timedelta(seconds=5)
    payment_latency: timedelta = timedelta(milliseconds=10)
    sweep_every: timedelta = timedelta(seconds=60)

    def __post_init__(self) -> None:
        """Settings that do not go together."""
        if self.order_stuck_after >= self.reservation_ttl:
            raise ValueError("ORDER_STUCK_AFTER must be below RESERVATION_TTL: else lapsed stock is paid for")


def api() -> Starlette:
    """The HTTP side: `uvicorn shop.orders.app:api --factory`."""
    telemetry.setup("orders")
    settings = load(Settings)
    client = Client()
    db = Database(settings.database_url)
    peers = Peers(settings.gateway_url, client, "orders")
    believed = TokenSettings(
        token_issuer=settings.token_issuer,
        user_pool_client_id=settings.user_pool_client_id,
        jwks_url=settings.jwks_url,
    )
    return application(
        routes,
        Orders(db, peers, PageTokens(settings.page_token_key)),
        tokens=Tokens(believed, client),
        ready={"postgres": db.ping},
        lifespan=[migrated(db, "shop.orders"), client],
    )


def worker() -> Worker:
    """The message side: `python -m shop.runtime.worker shop.orders.app:worker`."""
    telemetry.setup("orders")
    settings = load(WorkerSettings)
    db = Database(settings.database_url)
    aws = Aws(AwsSettings(aws_region=settings.aws_region, aws_endpoint_url=settings.aws_endpoint_url))
    queues = Queues(aws, settings.queue_url_prefix)
    deps = Payments(
        db=db,
        provider=Provider(db, settings.payment_latency),
        try_timeout=settings.payment_try_timeout,
        stuck_after=settings.order_stuck_after,
        abandoned_after=settings.cart_abandoned_after,
    )
    relay = Relay(db, Bus(aws, settings.event_bus, settings.queue_url_prefix), on_sent=signals.left_outbox)
    return Worker(
        lifespan=[migrated(db, "shop.orders"), aws],
        loops=[
            relay.run,
            partial(poll, events, deps, queues),
            partial(poll, payments, deps, queues, concurrency=SLOW_PAYMENTS),
            partial(sweeper, deps, settings.sweep_every),
        ],
        ready={"postgres": db.ping},
    )
