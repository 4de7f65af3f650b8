"""The price table, read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shop.deploy.package.build import ROOT
from shop.local.errors import Failed

__all__ = ["HOURS", "Prices"]

HOURS = 24.0
DAYS = 30.4  # of a month
PER = {"million": 1e6, "thousand": 1e3}


@dataclass(frozen=True)
class Prices:
    """`free`: types of resources without a price of their own, and why."""

    date: str
    region: str
    table: dict[str, dict[str, Any]]
    sources: dict[str, str]
    free: dict[str, str]

    @classmethod
    def read(cls, file: Path = ROOT / "infra" / "prices.yaml") -> "Prices":
        """What the file says."""
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
        return cls(str(told["date"]), told["region"], told["prices"], told["sources"], told["free"])

    def of(self, name: str, amount: float = 1.0) -> float:
        """USD for so many of a thing, in the unit in which it is counted: one request, one GB, one hour.

        What is charged by the month comes as its share of a day. Failed when the table has no such price.
        """
        try:
            price = self.table[name]
        except KeyError as error:
            raise Failed(f"infra/prices.yaml has no price for {name}") from error
        unit = str(price["unit"])
        share = 1 / DAYS if unit.endswith("month") else 1 / PER.get(unit, 1.0)
        return float(price["usd"]) * amount * share
