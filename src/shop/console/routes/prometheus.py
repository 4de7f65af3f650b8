"""The HTTP API of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/): routes over `promql.api`."""

import time
from collections.abc import Callable
from typing import Any

from shop.console.console import Console
from shop.console.promql import api
from shop.console.promql.api import Parameters, Response
from shop.console.routes.common import off_loop, routes
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime.http import Answer


async def answered(work: Callable[..., Response], *given: Any) -> Any:
    """The envelope, off the event loop; a store that takes too long has one, too."""
    try:
        response = await off_loop(work, *given, time.time_ns())
    except DependencyTimeout as error:
        response = Response(503, {"status": "error", "errorType": "timeout", "error": error.detail})
    except DependencyUnavailable as error:
        response = Response(503, {"status": "error", "errorType": "unavailable", "error": error.detail})
    return Answer(response.body, response.status)


@routes.get("/api/v1/query")
async def query(console: Console, parameters: Parameters) -> Any:
    """A query at one moment."""
    return await answered(api.respond, console.store.metrics, "query", parameters)


@routes.post("/api/v1/query", status=200)
async def query_by_form(console: Console, parameters: Parameters) -> Any:
    """A query at one moment."""
    return await answered(api.respond, console.store.metrics, "query", parameters)


@routes.get("/api/v1/query_range")
async def query_range(console: Console, parameters: Parameters) -> Any:
    """A query at every step of a window."""
    return await answered(api.respond, console.store.metrics, "query_range", parameters)


@routes.post("/api/v1/query_range", status=200)
async def query_range_by_form(console: Console, parameters: Parameters) -> Any:
    """A query at every step of a window."""
    return await answered(api.respond, console.store.metrics, "query_range", parameters)


@routes.get("/api/v1/series")
async def series(console: Console, parameters: Parameters) -> Any:
    """The series that match any of `match[]`."""
    return await answered(api.respond, console.store.metrics, "series", parameters)


@routes.post("/api/v1/series", status=200)
async def series_by_form(console: Console, parameters: Parameters) -> Any:
    """The series that match any of `match[]`."""
    return await answered(api.respond, console.store.metrics, "series", parameters)


@routes.get("/api/v1/labels")
async def labels(console: Console, parameters: Parameters) -> Any:
    """The names of the labels of all series that match."""
    return await answered(api.respond, console.store.metrics, "labels", parameters)


@routes.post("/api/v1/labels", status=200)
async def labels_by_form(console: Console, parameters: Parameters) -> Any:
    """The names of the labels of all series that match."""
    return await answered(api.respond, console.store.metrics, "labels", parameters)


@routes.get("/api/v1/label/{name}/values")
async def label_values(console: Console, parameters: Parameters, name: str) -> Any:
    """The values of a label in all series that match."""
    return await answered(api.label_values, console.store.metrics, name, parameters)


@routes.get("/api/v1/metadata")
async def metadata(console: Console, parameters: Parameters) -> Any:
    """Kind, unit and meaning of every metric."""
    return await answered(api.respond, console.store.metrics, "metadata", parameters)


@routes.get("/api/v1/query_exemplars")
async def query_exemplars(console: Console, parameters: Parameters) -> Any:
    """The exemplars of the series in a query."""
    return await answered(api.respond, console.store.metrics, "query_exemplars", parameters)


@routes.post("/api/v1/query_exemplars", status=200)
async def query_exemplars_by_form(console: Console, parameters: Parameters) -> Any:
    """The exemplars of the series in a query."""
    return await answered(api.respond, console.store.metrics, "query_exemplars", parameters)


@routes.get("/api/v1/status/buildinfo")
async def build_info(console: Console, parameters: Parameters) -> Any:
    """What Grafana asks to learn what it can ask."""
    return await answered(api.respond, console.store.metrics, "status/buildinfo", parameters)
