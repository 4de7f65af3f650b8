"""HTTP in: the operator's list of mails, and the pixel that tells of an open."""

import base64
from typing import Annotated

from msgspec import Meta
from starlette.requests import Request

from shop.notifications import delivery, store
from shop.notifications.model import Kind, Notification, NotificationNotFound, Status
from shop.notifications.parts import Notifications
from shop.runtime.http import ANYONE, OPERATOR, Answer, Page, PageRequest, Routes

__all__ = ["routes"]

routes = Routes("notifications")
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NEVER_KEPT = {
    "Cache-Control": "no-store, no-cache, must-revalidate, private, max-age=0",
    "Pragma": "no-cache",
    "Expires": "0",
}


@routes.get("/notifications", who=OPERATOR)
async def list_notifications(
    parts: Notifications,
    page: PageRequest,
    status: Status | None = None,
    type: Kind | None = None,  # noqa: A002 - what the query calls it
    order_id: Annotated[str, Meta(max_length=100)] | None = None,
) -> Page[Notification]:
    """The mails that were caused, newest first."""
    scope = f"/notifications?status={status}&type={type}&orderId={order_id}"
    before = parts.pages.open(scope, page.next_token) if page.next_token else None
    if order_id is None:
        found = await store.newest(parts.table, status, type, before, page.limit + 1)
    else:
        found = [
            (position, mail)
            for position, mail in await store.mails_of_order(parts.table, order_id)
            if status in (None, mail.status) and type in (None, mail.type) and (before is None or position < before)
        ]
    shown = found[: page.limit]
    more = len(found) > page.limit
    return Page(
        items=[Notification.of(mail) for _, mail in shown],
        next_token=parts.pages.seal(scope, shown[-1][0]) if more else None,
    )


@routes.get("/notifications/{notificationId}/open.gif", who=ANYONE, raises=[NotificationNotFound])
async def open_pixel(parts: Notifications, request: Request, notification_id: str) -> Answer[bytes]:
    """A pixel in a mail: the first GET tells that the mail was opened."""
    mail = await store.find_mail(parts.table, notification_id) if len(notification_id) <= 64 else None
    if mail is None:
        raise NotificationNotFound
    if request.method == "GET":
        await delivery.opened(parts, mail)
    return Answer(PIXEL, headers=NEVER_KEPT, media_type="image/gif")
