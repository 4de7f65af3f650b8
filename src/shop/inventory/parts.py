"""What the service is made of."""

from dataclasses import dataclass
from datetime import timedelta

from shop.runtime.dynamo import Table
from shop.runtime.http import PageTokens

__all__ = ["Inventory"]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Its table, and how long a reservation is held."""

    table: Table
    pages: PageTokens
    reservation_ttl: timedelta
