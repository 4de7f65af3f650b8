"""The console's API (docs/console.md lists it). Every list is `{items, nextToken}`, newest first."""

from shop.console.routes import cloud, prometheus, signals, traces
from shop.console.routes.common import routes

__all__ = ["cloud", "prometheus", "routes", "signals", "traces"]
