"""Searching as a test does it, and how good an order of products is."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from tests.support.asgi import Answered, InProcess

from shop.catalog import bulk
from shop.catalog.model import Entry
from shop.runtime.postgres import Database

__all__ = ["JUDGEMENTS", "every_page", "judgements", "load", "ndcg", "search", "until", "until_seen"]

JUDGEMENTS = Path(__file__).resolve().parents[1] / "bench" / "judgements.yaml"


async def search(api: InProcess, q: str, *, language: str = "ja", **more: Any) -> dict[str, Any]:
    """The page that a search answers."""
    answer = await asked(api, q, language=language, **more)
    assert answer.status == 200, answer.body
    return dict(answer.json)


async def asked(api: InProcess, q: str, *, language: str = "ja", **more: Any) -> Answered:
    """What a search answers."""
    query = urlencode({"q": q, **more})
    return await api.call("GET", f"/products/search?{query}", headers={"accept-language": language})


async def every_page(api: InProcess, q: str, limit: int, **more: Any) -> list[dict[str, Any]]:
    """All that a search finds, page by page."""
    items: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = await search(api, q, limit=limit, **more, **token)
        items += page["items"]
        if page["nextToken"] is None:
            return items
        token = {"nextToken": page["nextToken"]}


async def load(dsn: str, entries: Sequence[Entry]) -> None:
    """Write products as a seed does, all at once."""
    async with Database(dsn) as db, db.transaction() as tx:
        await bulk.add_entries(tx, entries)
        await bulk.count_entries(tx, entries)


async def until(seen: Callable[[], Awaitable[Any]], *, seconds: float = 120.0) -> Any:
    """The first true value of `seen`, asked again and again."""
    end = time.monotonic() + seconds
    while not (value := await seen()):
        assert time.monotonic() < end, f"not seen within {seconds} s"
        await asyncio.sleep(0.02)
    return value


async def until_seen(api: InProcess, q: str, total: int, **more: Any) -> dict[str, Any]:
    """The answer once so many products are found."""

    async def seen() -> dict[str, Any] | None:
        page = await search(api, q, **more)
        return page if page["total"] == total else None

    return dict(await until(seen))


def judgements() -> dict[str, dict[str, int]]:
    """Grades of products, by query and SKU."""
    judged = yaml.safe_load(JUDGEMENTS.read_text())
    return {
        str(query): {sku: grade for grade, skus in grades.items() for sku in skus} for query, grades in judged.items()
    }


def ndcg(grades: Mapping[str, int], shown: Sequence[str], at: int = 10) -> float:
    """How good an order is, 0 to 1 for the best one: the gain of each product, the less the later it comes."""
    gains = [grades.get(sku, 0) for sku in shown[:at]]
    ideal = sorted(grades.values(), reverse=True)[:at]
    return discounted(gains) / discounted(ideal)


def discounted(grades: Sequence[int]) -> float:
    """The sum of gains, each divided by the logarithm of its place."""
    gains = ((2.0**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))
    return sum(gains, 0.0)
