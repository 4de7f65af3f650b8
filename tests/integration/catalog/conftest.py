"""The catalog with everything behind it: PostgreSQL, S3, real tokens; its API in this process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock
from uuid import uuid4

import asyncpg
import pytest
from tests.support.account import Account
from tests.support.asgi import Answered, InProcess
from tests.support.people import token_of

from shop.catalog import app

CATEGORIES = """
insert into categories (id, parent_id, path, name, translations, root_label) values
  ('kitchen', null, '{kitchen}', 'キッチン', '{"en": {"name": "Kitchen"}}', 'kitchen'),
  ('pans', 'kitchen', '{kitchen,pans}', 'フライパン', '{"en": {"name": "Pans"}}', 'kitchen'),
  ('egg-pans', 'pans', '{kitchen,pans,egg-pans}', '玉子焼き器', '{}', 'kitchen'),
  ('books', null, '{books}', '本', '{}', '_OTHER')
"""


def a_product(**changes: Any) -> dict[str, Any]:
    """A product as an admin writes it."""
    product = {
        "sku": f"SKU-{uuid4().hex[:8]}",
        "name": "鉄のフライパン 26cm",
        "description": "ステーキがおいしく焼ける。",
        "price": {"amount": 6800, "currency": "JPY"},
        "categoryId": "pans",
        "status": "active",
        "attributes": {"material": "鉄", "size": "26 cm"},
        "translations": {"en": {"name": "Iron frying pan 26 cm", "description": "Made for steak."}},
    }
    return product | changes


@dataclass
class CatalogUnderTest:
    """The API, an admin's token, and the database for what the API cannot say."""

    api: InProcess
    dsn: str
    account: Account
    admin: str
    customer: str

    async def get(self, path: str, **more: Any) -> Answered:
        return await self.api.call("GET", path, **more)

    async def create(self, **changes: Any) -> dict[str, Any]:
        """A product that is there now."""
        answer = await self.api.call("POST", "/products", a_product(**changes), token=self.admin)
        assert answer.status == 201, answer.body
        return dict(answer.json)

    async def sql(self, statement: str, *args: Any) -> list[Any]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(statement, *args))
        finally:
            await connection.close()

    async def announced(self, product_id: str) -> list[dict[str, Any]]:
        """The messages in the outbox about a product, oldest first."""
        rows = await self.sql("select body from outbox where aggregate_id = $1 order by seq", product_id)
        return [json.loads(row["body"]) for row in rows]


@contextmanager
def started(run, database: str, emulator: Account, **environment: str) -> Iterator[CatalogUnderTest]:
    """An empty catalog with four categories."""
    settings = {**emulator.environment(), "DATABASE_URL": database, "OTEL_SDK_DISABLED": "true", **environment}
    with mock.patch.dict("os.environ", settings):
        api = InProcess(app.api())
        run(api.__aenter__())
        under_test = CatalogUnderTest(
            api, database, emulator, token_of(emulator, "admin"), token_of(emulator, "customer")
        )
        run(under_test.sql(CATEGORIES))
        yield under_test
        run(api.__aexit__())


@pytest.fixture(scope="module")
def catalog(run, database: str, emulator: Account):
    """One for all tests of a module."""
    with started(run, database, emulator) as under_test:
        yield under_test
