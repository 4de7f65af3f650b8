"""What users tells about itself, in business words. Never a mail address, a name, a code or a token."""

from typing import Literal

from shop.telemetry import count, log, names, observe
from shop.telemetry.attributes import error_type
from shop.users.model import EndReason

__all__ = [
    "login_failed",
    "login_succeeded",
    "mail_failed",
    "mail_sent",
    "profile_updated",
    "registration",
    "session_ended",
]


def registration(stage: Literal["started", "confirmed", "expired"]) -> None:
    """`users.registration_completion`: which share of the registrations that were started is confirmed?"""
    count(names.USERS_REGISTRATIONS, {names.REGISTRATION_STAGE: stage})
    log.add({names.REGISTRATION_STAGE: stage})


def login_succeeded(user_id: str) -> None:
    """`users.login_success`: which share of the logins succeeds?"""
    count(names.USERS_LOGINS, {names.OUTCOME: "success"})
    log.add({names.USER_ID: user_id})


def login_failed(error: Exception) -> None:
    """`users.login_success`: and what made the others fail?"""
    count(names.USERS_LOGINS, {names.OUTCOME: "failure", names.ERROR_TYPE: error_type(error)})


def session_ended(reason: EndReason, seconds: float) -> None:
    """`users.session_duration`: how long do sessions last, and what ends them?"""
    observe(names.USERS_SESSION_DURATION, seconds, {names.SESSION_END: reason})


def profile_updated() -> None:
    """`users.profile_updates`: how often do users change their profile?"""
    count(names.USERS_PROFILE_UPDATES)


def mail_sent(message_id: str, kind: str) -> None:
    """Which mail was that? The console gives a mail its type by this line."""
    log(names.MAIL_SENT, {names.SES_MESSAGE_ID: message_id, names.FIELD_TYPE: kind})


def mail_failed(kind: str, error: Exception) -> None:
    """Which mail was not sent, though the answer could not say so?"""
    log(names.MAIL_FAILED, {names.FIELD_TYPE: kind, names.ERROR_TYPE: error_type(error)}, level="ERROR")
