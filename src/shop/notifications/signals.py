"""What notifications tells about itself, in business words. Never a mail address or a name."""

from shop.kernel.clock import seconds_since
from shop.notifications.model import Kind, Mail, Notice
from shop.telemetry import count, log, names, observe

__all__ = ["mail_accepted", "mail_failed", "mail_opened", "mail_uncertain", "sent_as", "suppressed", "working_on"]


def working_on(mail: Mail) -> None:
    """Which mail is this line about?"""
    log.add({names.NOTIFICATION_ID: mail.id, names.NOTIFICATION_TYPE: mail.type, names.ORDER_ID: mail.order_id})


def sent_as(mail: Mail, message_id: str) -> None:
    """Which mail was that? The console gives a mail its type by this line."""
    log(
        names.MAIL_SENT,
        {names.SES_MESSAGE_ID: message_id, names.FIELD_TYPE: mail.type, names.FIELD_NOTIFICATION_ID: mail.id},
    )


def mail_accepted(kind: Kind) -> None:
    """`notifications.mail_success`: which share of mails is sent? Sent means that SES accepted it."""
    count(names.NOTIFICATIONS_MAILS, {names.NOTIFICATION_TYPE: kind, names.OUTCOME: "success"})
    log.add({names.OUTCOME: "success"})


def mail_handled(notice: Notice, seconds: float) -> None:
    """`notifications.processing_time`, and of an order's way the last stretch: `OrderConfirmed` to accepted by SES."""
    observe(names.NOTIFICATIONS_PROCESSING_DURATION, seconds, {names.NOTIFICATION_TYPE: notice.kind})
    if notice.kind == "ORDER_CONFIRMATION":
        observe(names.ORDERS_STAGE_DURATION, seconds_since(notice.occurred_at), {names.ORDER_STAGE: "notify"})


def mail_failed(kind: Kind, error: str) -> None:
    """`notifications.mail_success`: and what made the others fail?"""
    outcome = {names.OUTCOME: "failure", names.ERROR_TYPE: error}
    count(names.NOTIFICATIONS_MAILS, {names.NOTIFICATION_TYPE: kind, **outcome})
    log.add(outcome)


def mail_uncertain(kind: Kind) -> None:
    """How many mails may somebody have got twice? Counted beside the mail's own success."""
    count(names.NOTIFICATIONS_MAILS, {names.NOTIFICATION_TYPE: kind, names.OUTCOME: "uncertain"})


def mail_opened(kind: Kind) -> None:
    """`notifications.open_rate`: which share of sent mails is opened? First opens only."""
    count(names.NOTIFICATIONS_OPENS, {names.NOTIFICATION_TYPE: kind})


def suppressed(kind: Kind) -> None:
    """How many alerts were not mailed, so that a storm of alarms is no storm of mails?"""
    count(names.NOTIFICATIONS_SUPPRESSED, {names.NOTIFICATION_TYPE: kind})
