"""Several things at once."""

import asyncio
from collections.abc import Awaitable
from typing import Any

__all__ = ["together"]


async def together(*work: Awaitable[Any]) -> list[Any]:
    """All results. When one fails the others are given up, and its failure is raised as it is."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
