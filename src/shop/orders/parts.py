"""What the service is made of."""

from dataclasses import dataclass
from datetime import timedelta

from shop.orders.provider import Provider
from shop.runtime.http import PageTokens
from shop.runtime.peers import Peers
from shop.runtime.postgres import Database

__all__ = ["Orders", "Payments"]


@dataclass(frozen=True, slots=True)
class Orders:
    """The HTTP side: its database and its neighbours."""

    db: Database
    peers: Peers
    pages: PageTokens


@dataclass(frozen=True, slots=True)
class Payments:
    """The worker's side: its database, the payment provider, and how long to wait for what."""

    db: Database
    provider: Provider
    try_timeout: timedelta
    stuck_after: timedelta
    abandoned_after: timedelta
