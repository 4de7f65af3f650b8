"""Wiring and entry points of catalog; the only reader of its settings."""

from functools import partial
from pathlib import Path

import msgspec
from starlette.applications import Starlette

from shop import telemetry
from shop.catalog import worker as messages
from shop.catalog.parts import Catalog
from shop.catalog.routes import routes
from shop.catalog.search.page import Searchable, Shown
from shop.kernel.config import load
from shop.runtime.auth import Tokens, TokenSettings
from shop.runtime.aws import Aws, AwsSettings
from shop.runtime.bus import Bus
from shop.runtime.consume import Queues
from shop.runtime.http import PageTokens, application
from shop.runtime.outbox import Relay
from shop.runtime.postgres import Database, migrated
from shop.runtime.s3 import Bucket
from shop.runtime.wire import Client
from shop.runtime.worker import Worker, poll

__all__ = ["Settings", "WorkerSettings", "api", "worker"]


class CommonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What both processes need."""

    database_url: str
    images_bucket: str
    page_token_key: str
    aws_region: str = "ap-northeast-1"
    aws_endpoint_url: str | None = None


class Settings(CommonSettings, frozen=True, kw_only=True):
    """Settings of the API."""

    token_issuer: str
    user_pool_client_id: str
    jwks_url: str
    search_index_dir: str | None = None  # None: an index that ends with the process


class WorkerSettings(CommonSettings, frozen=True, kw_only=True):
    """Settings of the worker."""

    event_bus: str
    queue_url_prefix: str


def parts(settings: CommonSettings) -> Catalog:
    """What the service is made of; nothing is connected yet."""
    aws = AwsSettings(aws_region=settings.aws_region, aws_endpoint_url=settings.aws_endpoint_url)
    return Catalog(
        db=Database(settings.database_url),
        pictures=Bucket(settings.images_bucket, aws),
        pages=PageTokens(settings.page_token_key),
    )


def api() -> Starlette:
    """The HTTP side: `uvicorn shop.catalog.app:api --factory`."""
    telemetry.setup("catalog")
    from shop.catalog.search.embedded import Embedded  # noqa: PLC0415 - the worker never searches

    settings = load(Settings)
    common = parts(settings)
    folder = Path(settings.search_index_dir) if settings.search_index_dir else None
    engine = Embedded(common.db, folder)
    catalog = Searchable(common.db, common.pictures, common.pages, engine, Shown())
    client = Client()
    believed = TokenSettings(
        token_issuer=settings.token_issuer,
        user_pool_client_id=settings.user_pool_client_id,
        jwks_url=settings.jwks_url,
    )
    return application(
        routes,
        catalog,
        tokens=Tokens(believed, client),
        ready={"postgres": catalog.db.ping, "s3": catalog.pictures.ping},
        lifespan=[migrated(catalog.db, "shop.catalog"), engine, catalog.pictures, client],
    )


def worker() -> Worker:
    """The message side: `python -m shop.runtime.worker shop.catalog.app:worker`."""
    telemetry.setup("catalog")
    settings = load(WorkerSettings)
    catalog = parts(settings)
    aws = Aws(AwsSettings(aws_region=settings.aws_region, aws_endpoint_url=settings.aws_endpoint_url))
    queues = Queues(aws, settings.queue_url_prefix)
    relay = Relay(catalog.db, Bus(aws, settings.event_bus, settings.queue_url_prefix))
    return Worker(
        lifespan=[migrated(catalog.db, "shop.catalog"), catalog.pictures, aws],
        loops=[
            relay.run,
            partial(poll, messages.events, catalog, queues),
            partial(poll, messages.uploads, catalog, queues, concurrency=messages.AT_ONCE),
            partial(messages.tidy, catalog),
        ],
        ready={"postgres": catalog.db.ping},
    )
