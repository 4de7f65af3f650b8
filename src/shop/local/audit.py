"""`shop inventory audit`: whether the stock of a running shop is what its ledger and its open orders say."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import msgspec
from rich.cells import cell_len, set_cell_size

from shop.contracts import topology
from shop.inventory.ledger import Audit, audit_stock
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.local.errors import Failed
from shop.local.language import say
from shop.local.running import known
from shop.runtime.aws import Aws, AwsError
from shop.runtime.dynamo import Table

__all__ = ["audit"]

DIFFERENT: Final = 1  # the exit code when something does not add up
TABLE = next(table.name for table in topology.TABLES if table.service == "inventory")


def audit(data: Path, *, as_json: bool) -> int:
    """Compare all, and print what differs. Refused when no shop runs, Failed when its table does not answer."""
    settings: dict[str, str] = known(data)["seeding"]
    # The AWS client takes what it signs with from the environment, as it does everywhere.
    os.environ |= {name: value for name, value in settings.items() if name.startswith("AWS_")}
    try:
        found = asyncio.run(ask())
    except (AwsError, DependencyUnavailable, DependencyTimeout) as error:
        raise Failed(say(f"在庫テーブルを読めません: {error}", f"the stock cannot be read: {error}")) from error
    sys.stdout.write((msgspec.json.encode(found).decode() if as_json else shown(found)) + "\n")
    return DIFFERENT if found.differences else 0


async def ask() -> Audit:
    """What the audit of the running shop finds."""
    async with Aws() as aws:
        return await audit_stock(Table(aws, TABLE))


def shown(found: Audit) -> str:
    """The outcome for the eye."""
    head = say(
        f"{found.products:,} 商品を台帳・注文と照合: 差異 {len(found.differences):,} 件",
        f"{found.products:,} products held against ledger and orders: {len(found.differences):,} differences",
    )
    if not found.differences:
        return head
    columns = (say("商品", "product"), "", say("在庫", "stock"), say("正しい値", "expected"))
    rows = [columns, *((d.product_id, d.what, str(d.stock), str(d.expected)) for d in found.differences)]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(columns))]
    lines = [
        "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([head, "", *lines])
