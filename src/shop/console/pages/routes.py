"""The pages: each asks the API for what it shows."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from shop.console.lesson import STEPS
from shop.console.pages.api import Api, Failed
from shop.console.pages.cloud import alarms, bus, mail, mails, queue, queues
from shop.console.pages.first import Buyer, Refusal, curl
from shop.console.pages.questions import logs, logs_rows, metrics, point, points
from shop.console.pages.tracing import overview, trace, traces, traces_compare
from shop.console.pages.view import View, render

__all__ = ["pages"]

HERE = Path(__file__).parent
Page = Callable[[Api, View], Awaitable[Response]]


class Front:
    """Hands programs to the API and people to the pages."""

    def __init__(self, api: ASGIApp, shown: ASGIApp) -> None:
        self.api, self.shown = api, shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; the application's life is the API's."""
        to_api = scope["type"] != "http" or scope["path"].startswith(("/api/", "/health/"))
        await (self.api if to_api else self.shown)(scope, receive, send)


def pages(api_app: ASGIApp, buyer: Buyer | None) -> ASGIApp:
    """The API with the pages around it. `buyer` orders for the first step."""
    api = Api(api_app)

    def page(show: Page) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            view = View.of(request)
            try:
                return await show(api, view)
            except Failed as failed:
                return render(view, "problem.html", failed.status, page="", code=failed.status, words=failed.words)

        return answer

    async def order(request: Request) -> Response:
        return await place_order(View.of(request), buyer)

    async def first(_api: Api, view: View) -> Response:
        return await first_of(api, view, buyer)

    async def nowhere(request: Request, _error: Exception) -> Response:
        view = View.of(request)
        words = view.say("このページはありません。", "There is no such page.")
        return render(view, "problem.html", 404, page="", code=404, words=words)

    shown: dict[str, Page] = {
        "/": first, "/first-steps": first_steps, "/overview": overview,
        "/traces": traces, "/traces/{id}": trace, "/traces-compare": traces_compare,
        "/metrics": metrics, "/logs": logs, "/logs-rows": logs_rows, "/points": points, "/points/{id}": point,
        "/alarms": alarms, "/bus": bus, "/queues": queues, "/queues/{name}": queue, "/mails": mails,
        "/mails/{id}": mail,
    }  # fmt: skip
    routes: list[BaseRoute] = [Route(path, page(show)) for path, show in shown.items()]
    routes.append(Route("/first/order", order, methods=["POST"]))
    routes.append(Route("/queues/{name}/redrive", page(redrive), methods=["POST"]))
    routes.append(Mount("/static", StaticFiles(directory=HERE / "static")))
    return Front(api_app, Starlette(routes=routes, exception_handlers={404: nowhere}))


async def first_of(api: Api, view: View, buyer: Buyer | None) -> Response:
    """Where a learner begins."""
    query = view.request.query_params
    trace = query.get("trace", "").strip().lower()
    return render(
        view, "first.html", page="", order=query.get("order"), trace=trace, failed=query.get("failed"),
        taken=await steps_taken(api, trace), curl=curl(buyer),
    )  # fmt: skip


async def first_steps(api: Api, view: View) -> Response:
    """A part of the page where a learner begins: which steps were taken. 286 ends htmx's asking."""
    trace = view.request.query_params.get("trace", "")
    taken = await steps_taken(api, trace)
    return render(view, "_ticks.html", 286 if len(taken) == len(STEPS) else 200, trace=trace, taken=taken, again=True)


async def steps_taken(api: Api, trace: str) -> list[str]:
    """What the console has seen of the steps; nothing while the trace has not arrived."""
    if not trace:
        return []
    try:
        found: list[str] = (await api(f"/api/first/{quote(trace, safe='')}"))["taken"]
    except Failed:
        return []
    return found


async def place_order(view: View, buyer: Buyer | None) -> Response:
    """Order, then show what came of it."""
    back = View(view.request, view.language, view.span, view.now)
    if buyer is None:
        return RedirectResponse("../?failed=no+shop", 303)
    try:
        order_id, trace_id = await buyer.order()
    except Refusal as refusal:
        return RedirectResponse(f"../{back.link('', failed=str(refusal)).removeprefix(back.root)}", 303)
    return RedirectResponse(f"../{back.link('', order=order_id, trace=trace_id).removeprefix(back.root)}", 303)


async def redrive(api: Api, view: View) -> Response:
    """Put the dead letters of a queue back, and show the queues."""
    moved = await api(f"/api/queues/{view.request.path_params['name']}/redrive", method="POST")
    return RedirectResponse(f"../../queues?moved={moved['moved']}", 303)
