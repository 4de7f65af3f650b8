"""Hangs pictures: each drawing in its sizes into the bucket."""

import asyncio
from collections.abc import Sequence

from shop.local.seed.pictures import CONTENT_TYPE, SIZES, Drawing
from shop.runtime.s3 import Bucket

__all__ = ["hang"]

LANES = 16  # pictures under way at once


async def hang(bucket: Bucket, drawings: Sequence[Drawing]) -> None:
    """Every drawing in every size; what hangs there already is replaced by the same."""
    waiting = [(f"{each.folder}/{size}", each.svg(edge)) for each in drawings for size, edge in SIZES.items()]

    async def lane(some: list[tuple[str, bytes]]) -> None:
        for key, drawing in some:
            await bucket.put(key, drawing, CONTENT_TYPE)

    await asyncio.gather(*(lane(waiting[number::LANES]) for number in range(LANES)))
