"""`shop orders rebuild`: the read rows of a running shop's orders, made anew from their events."""

import asyncio
import sys
from pathlib import Path

from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.local.errors import Failed
from shop.local.language import say
from shop.local.running import known
from shop.local.seed.bar import Bar
from shop.orders.rebuild import count_orders
from shop.orders.rebuild import rebuild as rebuild_rows
from shop.runtime.postgres import Database

__all__ = ["rebuild"]


def rebuild(data: Path) -> None:
    """Make them anew, and say how many there are. Refused when no shop runs, Failed when PostgreSQL does not answer."""
    url: str = known(data)["shop"]["postgres"]["orders"]
    try:
        made = asyncio.run(work(url))
    except (DependencyUnavailable, DependencyTimeout) as error:
        raise Failed(
            say(f"注文データベースが応答しません: {error}", f"the database does not answer: {error}")
        ) from error
    sys.stdout.write(say(f"{made:,} 件の注文を再構築しました", f"{made:,} orders were rebuilt") + "\n")


async def work(url: str) -> int:
    """How many orders there are."""
    async with Database(url) as db:
        bar = Bar(await count_orders(db), "注文", "orders")
        return await rebuild_rows(db, bar.advance)
