"""Pages of what stands around the services: alarms, the bus, queues, the mailbox."""

from starlette.responses import Response

from shop.console.pages.api import Api, Failed, items
from shop.console.pages.view import View, render

__all__ = ["alarms", "bus", "mail", "mails", "queue", "queues"]


async def alarms(api: Api, view: View) -> Response:
    """Objectives and their state."""
    found, failed = [], None
    try:
        found = items(await api("/api/alarms"))
    except Failed as refused:
        failed = refused.words
    return render(view, "alarms.html", page="alarms", alarms=found, failed=failed)


async def bus(api: Api, view: View) -> Response:
    """What passed the bus."""
    asked = view.asked("type", "correlationId")
    token = view.request.query_params.get("nextToken")
    answer = await api("/api/bus/events", **asked, **view.window, nextToken=token)
    return render(view, "bus.html", page="bus", asked=asked, found=answer["items"], next=answer["nextToken"])


async def queues(api: Api, view: View) -> Response:
    """Every queue, and how long it is."""
    moved = view.request.query_params.get("moved", "")
    return render(
        view, "queues.html", page="queues", queues=items(await api("/api/queues")), failed=None, none_=None,
        moved=int(moved) if moved.isdigit() else None,
    )  # fmt: skip


async def queue(api: Api, view: View) -> Response:
    """One queue with its dead letters."""
    name = view.request.path_params["name"]
    found = next((each for each in items(await api("/api/queues")) if each["name"] == name), None)
    if found is None:
        raise Failed(404, {"detail": name})
    token = view.request.query_params.get("nextToken")
    letters = await api(f"/api/queues/{name}/dead-letters", nextToken=token)
    return render(view, "queue.html", page="queues", queue=found, letters=letters["items"], next=letters["nextToken"])


async def mails(api: Api, view: View) -> Response:
    """The mailbox."""
    asked = view.asked("to", "type")
    answer = await api("/api/mails", **asked, nextToken=view.request.query_params.get("nextToken"))
    return render(view, "mails.html", page="mails", asked=asked, found=answer["items"], next=answer["nextToken"])


async def mail(api: Api, view: View) -> Response:
    """One mail as its reader sees it; nothing in it is loaded or run."""
    return render(view, "mail.html", page="mails", mail=await api(f"/api/mails/{view.request.path_params['id']}"))
