"""The rules of notifications, pure: what is told, to whom, once per which cause; and its errors."""

import re
from datetime import timedelta
from typing import Any, ClassVar, Literal, TypeAlias

import msgspec

from shop.contracts.events import (
    LowStockDetected,
    OrderCancelled,
    OrderConfirmed,
    OrderFact,
    OrderShipped,
    RestockNoticeDue,
)
from shop.contracts.messages import Envelope, Message, encode, read_message, read_metadata
from shop.contracts.shapes import Shape
from shop.kernel.clock import parse, stamp
from shop.kernel.errors import NotFound, Unprocessable

__all__ = [
    "CLAIM",
    "KINDS",
    "STATUSES",
    "TRACKED",
    "Alarm",
    "Contact",
    "Kind",
    "Language",
    "Mail",
    "Notice",
    "Notification",
    "NotificationNotFound",
    "Status",
    "deliverable",
    "masked",
    "notice_again",
    "notice_of",
    "notice_of_alarm",
]

Language = Literal["ja", "en"]
Status = Literal["QUEUED", "SENT", "FAILED", "OPENED"]
Kind = Literal[
    "ORDER_CONFIRMATION", "SHIPPING_NOTICE", "ORDER_CANCELLATION", "BACK_IN_STOCK", "STOCK_ALERT", "SYSTEM_ALERT"
]
STATUSES: tuple[Status, ...] = ("QUEUED", "SENT", "FAILED", "OPENED")
KINDS: tuple[Kind, ...] = (
    "ORDER_CONFIRMATION",
    "SHIPPING_NOTICE",
    "ORDER_CANCELLATION",
    "BACK_IN_STOCK",
    "STOCK_ALERT",
    "SYSTEM_ALERT",
)
TRACKED: frozenset[Kind] = frozenset(("ORDER_CONFIRMATION", "SHIPPING_NOTICE", "ORDER_CANCELLATION", "BACK_IN_STOCK"))
CLAIM = timedelta(seconds=20)  # for so long one sender has a mail for itself: twice what a function may run


class NotificationNotFound(NotFound):
    """There is no notification with this id."""

    code = "NOTIFICATION_NOT_FOUND"
    title: ClassVar[dict[str, str]] = {"ja": "通知が見つかりません", "en": "Notification not found"}


# ------------------------------------------------------------------------------------------------------------- readers


class Contact(Shape):
    """How to write to somebody. `version` is that of the account's data which this copy holds."""

    email: str
    user_id: str = ""
    name: str = ""
    locale: str = "ja"
    version: int = 0

    @property
    def language(self) -> Language:
        """Of the shop's two languages the one this reader is written to in."""
        return "en" if self.locale.lower().startswith("en") else "ja"


ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")


def deliverable(address: str) -> bool:
    """Whether this can be a mail address at all, as SES takes one: plain ASCII, one @, a domain with a dot."""
    local = address.partition("@")[0]
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return len(address) <= 254 and ADDRESS.fullmatch(address) is not None and not dots


def masked(address: str) -> str:
    """An address as it may be shown: `h***@example.jp`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}" if at else "***"


# ------------------------------------------------------------------------------------------------------------- notices


class Alarm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What CloudWatch tells when an alarm changes its state.

    An alarm on several series, as those on PromQL are, tells of each one by itself: its contributor.
    """

    alarm_name: str
    new_state_value: str
    state_change_time: str
    alarm_arn: str = ""  # the documentation's example of a contributor has none
    alarm_contributor_id: str | None = None
    alarm_contributor_attributes: Any = None
    new_state_reason: str = ""
    old_state_value: str = ""
    alarm_description: str | None = None
    region: str = ""
    trigger: Any = None

    @property
    def identity(self) -> str:
        """Which alarm it is, and of which series."""
        return " ".join(filter(None, (self.alarm_arn or self.alarm_name, self.alarm_contributor_id)))

    @property
    def contributor(self) -> dict[str, str]:
        """What tells the series from others, if it is one of several."""
        given = self.alarm_contributor_attributes
        return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}

    @property
    def dead_letter_queue(self) -> str | None:
        """The queue of dead letters that is watched, if it is one."""
        watched = self.trigger if isinstance(self.trigger, dict) else {}
        values = [each.get("value") for each in watched.get("Dimensions") or () if isinstance(each, dict)]
        for name in (*values, *self.contributor.values()):
            if isinstance(name, str) and name.removesuffix(".fifo").endswith("-dlq"):
                return name
        return None


Subject: TypeAlias = OrderFact | RestockNoticeDue | LowStockDetected | Alarm


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is to be told by mail, once per `cause`.

    `body` is the message that caused it, from which `notice_again` makes the same notice later. Without `user_id` it
    goes to the operator (and to `also`).
    """

    kind: Kind
    cause: str
    subject: Subject
    body: str
    occurred_at: str
    correlation_id: str
    event_id: str
    traceparent: str | None = None
    synthetic: str | None = None
    user_id: str | None = None
    order_id: str | None = None
    also: str | None = None


OF_ORDERS: dict[type[OrderFact], Kind] = {
    OrderConfirmed: "ORDER_CONFIRMATION",
    OrderShipped: "SHIPPING_NOTICE",
    OrderCancelled: "ORDER_CANCELLATION",
}
TOLD: dict[str, type[Message]] = {
    kind.__name__: kind for kind in (OrderConfirmed, OrderShipped, OrderCancelled, RestockNoticeDue, LowStockDetected)
}


def notice_of(message: Envelope[Any]) -> Notice:
    """What is to be told about this event."""
    metadata, data = message.metadata, message.data
    common: dict[str, Any] = {
        "cause": metadata.event_id,
        "subject": data,
        "body": encode(message).decode(),
        "occurred_at": metadata.occurred_at,
        "correlation_id": metadata.correlation_id,
        "event_id": metadata.event_id,
        "traceparent": metadata.traceparent,
        "synthetic": metadata.synthetic,
    }
    match data:
        case OrderFact():
            order = data.order
            return Notice(kind=OF_ORDERS[type(data)], user_id=order.user_id, order_id=order.id, **common)
        case RestockNoticeDue():
            registered = {"cause": data.registration_id, "user_id": data.user_id}
            return Notice(kind="BACK_IN_STOCK", **common | registered)
        case LowStockDetected():
            return Notice(kind="STOCK_ALERT", also=data.email, **common)
    raise Unprocessable(f"nobody is told of {metadata.type}")


def notice_of_alarm(body: dict[str, Any]) -> Notice | None:
    """What is to be told about an alarm's change; None when it only calmed down. Unprocessable: no alarm at all."""
    try:
        alarm = msgspec.convert(body, Alarm)
        occurred_at = stamp(parse(alarm.state_change_time))
    except (msgspec.ValidationError, ValueError) as error:
        raise Unprocessable(f"neither an event nor a CloudWatch alarm: {error}") from error
    if alarm.new_state_value != "ALARM":
        return None
    cause = f"{alarm.identity} {occurred_at}"
    return Notice(
        kind="SYSTEM_ALERT",
        cause=cause,
        event_id=cause,
        subject=alarm,
        body=msgspec.json.encode(body).decode(),
        occurred_at=occurred_at,
        correlation_id=alarm.alarm_arn or alarm.alarm_name,
    )


def notice_again(body: str) -> Notice:
    """The notice of a `body` kept by an earlier one."""
    try:
        read_metadata(body)
    except Unprocessable:
        notice = notice_of_alarm(msgspec.json.decode(body))
        if notice is None:
            raise
        return notice
    return notice_of(read_message(body, TOLD))


# --------------------------------------------------------------------------------------------------------------- mails


class Mail(Shape):
    """A mail as it is kept: QUEUED until SES has taken or refused it.

    `claimed_until` is when whoever is sending it just now will have ended, one way or the other. A time that has passed
    tells that somebody handed the mail to SES and never noted what came of it.
    """

    id: str
    type: Kind
    status: Status
    cause: str
    cause_event_id: str
    correlation_id: str
    created_at: str
    recipient: str = ""
    order_id: str | None = None
    claimed_until: str = ""
    body: str = ""
    sent_at: str | None = None
    opened_at: str | None = None
    error: str | None = None


class Notification(Shape):
    """A mail as the operator sees it."""

    id: str
    type: Kind
    recipient: str
    status: Status
    cause_event_id: str
    order_id: str | None
    created_at: str
    sent_at: str | None
    opened_at: str | None
    error: str | None

    @classmethod
    def of(cls, mail: Mail) -> "Notification":
        """What may be shown of it."""
        return cls(**{field: getattr(mail, field) for field in cls.__struct_fields__})
