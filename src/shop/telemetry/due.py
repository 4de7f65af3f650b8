"""What only time brings about: a mail that was left, an order that is stuck, a session that has run out."""

import contextlib
from collections.abc import Iterator

from shop.telemetry import names
from shop.telemetry.attributes import Attributes
from shop.telemetry.lines import work
from shop.telemetry.tracing import Origin, Span, context, span

__all__ = ["due"]


@contextlib.contextmanager
def due(what: str, began: Origin, about: Attributes = None) -> Iterator[Span]:
    """A span and a wide line of its own for one thing whose time has come, with the attributes `about`.

    It is in the trace of what began it (in the current one if nobody noted that), and marked as synthetic traffic where
    that was. `what` is a value of `shop.due.what`.
    """
    told = {names.DUE_WHAT: what, **(about or {})}
    with (
        context(synthetic=began.synthetic),
        span(f"due {what}", attributes=told, parent=began.traceparent) as later,
        work(names.DUE) as line,
    ):
        line.add(told)
        yield later
