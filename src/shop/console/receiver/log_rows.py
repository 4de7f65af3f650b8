"""Log records as rows. The fields of a line that is a JSON object are its own, as on AWS."""

import re
import time
from typing import Any, Final

import msgspec

from shop.console.receiver import shapes
from shop.console.receiver.common import (
    Decoded,
    Limits,
    Origin,
    attributes_of,
    encode,
    hashed,
    ident,
    origin_of,
    trace_ident,
)
from shop.console.receiver.shapes import LogRecord, plain

__all__ = ["UID", "add"]

UID: Final = "log.record.uid"  # of the semantic conventions: a record that bears one is stored once
TRACE_ID: Final = re.compile("[0-9a-f]{32}")
LEVELS: Final = ("", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


def add(request: shapes.LogsRequest, decoded: Decoded, limits: Limits) -> None:
    """Every record that is one; the others are refused."""
    now = time.time_ns()
    for resource in request.resource_logs:
        origin = origin_of(resource.resource)
        decoded.rows.resources[origin.id] = origin.attributes
        for part in resource.scope_logs:
            for record in part.log_records:
                add_record(record, origin, decoded, limits, now)


def add_record(record: LogRecord, origin: Origin, decoded: Decoded, limits: Limits, now: int) -> None:
    """One record."""
    moment = record.time_unix_nano or record.observed_time_unix_nano or now
    if trouble := limits.trouble(moment):
        decoded.refuse(f"a record's time is {trouble}")
        return
    try:
        decoded.rows.logs.append(row(record, origin, moment, now))
    except ValueError as error:
        decoded.refuse(str(error))


def row(record: LogRecord, origin: Origin, moment: int, now: int) -> tuple[Any, ...]:
    """One record. ValueError when its ids are none."""
    attributes = attributes_of(record.attributes)
    uid = attributes.pop(UID, None)
    body = plain(record.body)
    message = body if isinstance(body, str) else encode(body).decode() if body is not None else record.event_name
    line = body if isinstance(body, dict) else object_in(message)
    fields = fields_of(record, line, attributes)
    trace_hi, trace_lo = trace_of(fields) or trace_ident(record.trace_id)
    return (
        moment,
        now,
        uid_of(record, uid, origin, message),
        message,
        origin.log,
        None if fields is line and body is not line else encode(fields).decode(),
        origin.stream,
        record.event_name or text_in(fields, "event"),
        trace_hi,
        trace_lo,
        ident(record.span_id),
        text_in(fields, "http.route"),
        number_in(fields, "duration_ms"),
    )


def trace_of(fields: dict[str, Any]) -> tuple[int, int] | None:
    """The trace that the fields name, as a query finds it."""
    named = fields.get("trace_id")
    return trace_ident(named) if isinstance(named, str) and TRACE_ID.fullmatch(named) else None


def uid_of(record: LogRecord, uid: Any, origin: Origin, message: str) -> int:
    """What a record that is sent again has in common with itself; 0 where nothing tells."""
    if uid:
        return hashed(str(uid).encode())
    if not record.observed_time_unix_nano:
        return 0
    return hashed(encode((origin.id, record.time_unix_nano, record.observed_time_unix_nano, message)))


def object_in(message: str) -> dict[str, Any] | None:
    """The object that a line is, or None when it is other text."""
    if not message.startswith("{"):
        return None
    try:
        found = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def fields_of(record: LogRecord, line: dict[str, Any] | None, attributes: dict[str, Any]) -> dict[str, Any]:
    """What a query finds: the line's own fields, as they are; what else the record says, where the line does not."""
    if line is not None and not attributes and ("trace_id" in line or not record.trace_id):
        return line
    about: dict[str, Any] = {"level": record.severity_text or level(record.severity_number), "event": record.event_name}
    about |= {"trace_id": record.trace_id.lower(), "span_id": record.span_id.lower()}
    return {name: value for name, value in about.items() if value} | attributes | (line or {})


def level(number: int) -> str:
    """The name of a severity: four numbers each, from 1 on."""
    return LEVELS[(number + 3) // 4] if 0 < number <= 24 else ""


def text_in(fields: dict[str, Any], name: str) -> str | None:
    """A field that is text."""
    value = fields.get(name)
    return value if isinstance(value, str) else None


def number_in(fields: dict[str, Any], name: str) -> float | None:
    """A field that is a number which a float holds."""
    value = fields.get(name)
    fits = isinstance(value, float) or (type(value) is int and abs(value) < 2**53)
    return float(value) if fits else None  # type: ignore[arg-type]
