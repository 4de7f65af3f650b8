"""The console's API (docs/console.md lists it). Every list is `{items, nextToken}`, newest first."""

from shop.console.routes import cloud, logs, prometheus, signals, traces
from shop.console.routes.common import routes

__all__ = ["cloud", "logs", "prometheus", "routes", "signals", "traces"]
