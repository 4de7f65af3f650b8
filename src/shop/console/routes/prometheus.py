"""The HTTP API of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/): routes over `promql.api`."""

import time
from collections.abc import Callable
from typing import Any, Final

from shop.console.console import Console
from shop.console.promql import api
from shop.console.promql.api import Parameters, Response
from shop.console.routes.common import off_loop, routes
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime.http import Answer

CALLS: Final = {  # by GET, and those that have long parameters by a form, too
    "query": "A query at one moment.",
    "query_range": "A query at every step of a window.",
    "series": "The series that match any of `match[]`.",
    "labels": "The names of the labels of all series that match.",
    "query_exemplars": "The exemplars of the series in a query.",
}
CALLS_BY_GET: Final = {
    "metadata": "Kind, unit and meaning of every metric.",
    "status/buildinfo": "What Grafana asks to learn what it can ask.",
}


async def answered(work: Callable[..., Response], *given: Any) -> Any:
    """The envelope, off the event loop; a store that takes too long has one, too."""
    try:
        response = await off_loop(work, *given, time.time_ns())
    except DependencyTimeout as error:
        response = Response(503, {"status": "error", "errorType": "timeout", "error": error.detail})
    except DependencyUnavailable as error:
        response = Response(503, {"status": "error", "errorType": "unavailable", "error": error.detail})
    return Answer(response.body, response.status)


def register(name: str, meaning: str, *, form: bool) -> None:
    """A call by GET, and by POST where its parameters may come as a form."""

    async def call(console: Console, parameters: Parameters) -> Any:
        answer = await answered(api.respond, console.store.metrics, name, parameters)
        for query in dict(parameters).get("query", ()):
            console.asked.query(query)
        return answer

    call.__doc__ = meaning
    routes.get(f"/api/v1/{name}")(call)
    if form:
        routes.post(f"/api/v1/{name}", status=200)(call)


for each, told in CALLS.items():
    register(each, told, form=True)
for each, told in CALLS_BY_GET.items():
    register(each, told, form=False)


@routes.get("/api/v1/label/{name}/values")
async def label_values(console: Console, parameters: Parameters, name: str) -> Any:
    """The values of a label in all series that match."""
    return await answered(api.label_values, console.store.metrics, name, parameters)
