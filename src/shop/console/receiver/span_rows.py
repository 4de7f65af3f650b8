"""Spans as rows."""

from typing import Any

from shop.console.receiver import shapes
from shop.console.receiver.common import (
    Decoded,
    Limits,
    Origin,
    attributes_of,
    encode,
    ident,
    origin_of,
    scope_text,
    trace_ident,
)
from shop.console.receiver.peers import CLIENT, CONSUMER, PRODUCER, peer_of
from shop.console.receiver.shapes import SpanShape, plain_attributes

__all__ = ["add"]

LONGEST = 2**62  # ns: what a duration can be
WITH_PEER = (CLIENT, PRODUCER, CONSUMER)


def add(request: shapes.TracesRequest, decoded: Decoded, limits: Limits) -> None:
    """Every span that is one; the others are refused."""
    rows = decoded.rows
    for resource in request.resource_spans:
        origin = origin_of(resource.resource)
        rows.resources[origin.id] = origin.attributes
        for part in resource.scope_spans:
            scope = scope_text(part.scope)
            for span in part.spans:
                trouble = limits.trouble(span.start_time_unix_nano)
                if trouble:
                    decoded.refuse(f"a span's time is {trouble}")
                    continue
                try:
                    rows.spans.append(row(span, origin, scope))
                except ValueError as error:
                    decoded.refuse(str(error))


def row(span: SpanShape, origin: Origin, scope: str) -> tuple[Any, ...]:
    """One span. ValueError when its ids are none."""
    trace_hi, trace_lo = trace_ident(span.trace_id)
    span_id = ident(span.span_id)
    if not span_id or not (trace_hi or trace_lo):
        raise ValueError("a span has no valid trace id and span id")
    attributes = plain_attributes(span.attributes)
    peer = peer_of(span.kind, origin.service, attributes) if span.kind in WITH_PEER else None
    status = span.status
    return (
        span.start_time_unix_nano,
        min(max(span.end_time_unix_nano - span.start_time_unix_nano, 0), LONGEST),
        trace_hi,
        trace_lo,
        span_id,
        ident(span.parent_span_id),
        origin.service,
        span.name,
        span.kind if 0 <= span.kind <= CONSUMER else 0,
        status.code if status is not None and 0 <= status.code <= 2 else 0,
        status.message or None if status is not None else None,
        peer.kind if peer else None,
        peer.name if peer else None,
        origin.id,
        scope,
        encode(attributes).decode(),
        encode([event(each) for each in span.events]).decode() if span.events else None,
        encode([link(each) for each in span.links]).decode() if span.links else None,
    )


def event(given: shapes.Event) -> dict[str, Any]:
    """As the API shows it, but for its time (ns)."""
    return {
        "time": min(max(given.time_unix_nano, 0), 2 * LONGEST - 1),
        "name": given.name,
        "attributes": attributes_of(given.attributes),
    }


def link(given: shapes.Link) -> dict[str, Any]:
    """As the API shows it."""
    about = {"traceId": given.trace_id.lower(), "spanId": given.span_id.lower()}
    return about | ({"attributes": attributes_of(given.attributes)} if given.attributes else {})
