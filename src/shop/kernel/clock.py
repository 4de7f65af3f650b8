"""Time as the shop writes it: UTC, RFC 3339, milliseconds."""

from datetime import UTC, datetime, timedelta

__all__ = ["now", "parse", "seconds_since", "stamp"]


def now() -> datetime:
    """The time now in UTC, cut to milliseconds: what is stored is what is shown."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stamp(moment: datetime | None = None) -> str:
    """`moment` (default: now) as `2026-11-23T12:00:00.000Z`. Stamps sort as the times they stand for."""
    moment = (moment or now()).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def parse(text: str) -> datetime:
    """The moment that an RFC 3339 text names; ValueError when it names none, or has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text} is beyond all calendars") from error


def seconds_since(text: str) -> float:
    """Seconds from the moment in `text` until now, never negative: clocks of two machines may differ."""
    return max(0.0, (datetime.now(UTC) - parse(text)) / timedelta(seconds=1))
