"""OpenTelemetry's tracing API and context, on our spans."""

import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar, Token
from typing import Any, cast

from opentelemetry import context as api_context
from opentelemetry import trace
from opentelemetry.context.context import Context, _RuntimeContext
from opentelemetry.trace.propagation import _SPAN_KEY
from opentelemetry.util import types
from opentelemetry.util._decorator import _agnosticcontextmanager

from shop.telemetry import tracing
from shop.telemetry.attributes import Attributes
from shop.telemetry.tracing import Remote, current

__all__ = ["ApiSpan", "Tracer", "TracerProvider", "install"]

held: ContextVar[Context] = ContextVar("shop.otel", default=Context())  # noqa: B039 - it cannot be changed


class ApiSpan(trace.Span):
    """One of our spans, as the API sees it."""

    def __init__(self, span: tracing.Span | Remote) -> None:
        self.span = span

    def get_span_context(self) -> trace.SpanContext:
        """The ids, as the API has them."""
        span = self.span
        flags = trace.TraceFlags(int(span.sampled))
        return trace.SpanContext(int(span.trace_id, 16), int(span.span_id, 16), span.remote, flags)

    def is_recording(self) -> bool:
        """Whether it still takes anything."""
        return isinstance(self.span, tracing.Span) and self.span.sampled and not self.span.ended

    def set_attributes(self, attributes: Mapping[str, types.AnyValue]) -> None:
        """Adds attributes."""
        if isinstance(self.span, tracing.Span) and not self.span.ended:
            self.span.set(cast("Attributes", attributes))

    def set_attribute(self, key: str, value: types.AnyValue) -> None:
        """Adds an attribute."""
        self.set_attributes({key: value})

    def add_event(self, name: str, attributes: types.Attributes = None, timestamp: int | None = None) -> None:
        """Adds an event."""
        if isinstance(self.span, tracing.Span) and not self.span.ended:
            self.span.event(name, cast("Attributes", attributes), timestamp)

    def add_link(self, context: trace.SpanContext, attributes: types.Attributes = None) -> None:
        """Adds a link; attributes of links are not kept."""
        del attributes
        if isinstance(self.span, tracing.Span) and (remote := remote_of(context)) is not None:
            self.span.links.append(remote)

    def update_name(self, name: str) -> None:
        """Another name."""
        if isinstance(self.span, tracing.Span):
            self.span.rename(name)

    def set_status(self, status: trace.Status | trace.StatusCode, description: str | None = None) -> None:
        """The status; of an exception's text, which the API puts there, only the type's name is kept."""
        given = status if isinstance(status, trace.Status) else trace.Status(status, description)
        if isinstance(self.span, tracing.Span) and not self.span.ended:
            self.span.status = given.status_code.value
            self.span.message = (given.description or "").partition(": ")[0]

    def record_exception(
        self,
        exception: BaseException,
        attributes: types.Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Records an exception as an event, without the message of one that is not ours."""
        del escaped
        told = {**tracing.exception_attributes(exception), **(attributes or {})}
        self.add_event("exception", cast("types.Attributes", told), timestamp)

    def end(self, end_time: int | None = None) -> None:
        """Ends it."""
        if isinstance(self.span, tracing.Span):
            self.span.end(end_time)


class Tracer(trace.Tracer):
    """Starts our spans for a library."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: trace.SpanKind = trace.SpanKind.INTERNAL,
        attributes: types.Attributes = None,
        links: Any = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> ApiSpan:
        """A span that is not current."""
        del record_exception, set_status_on_exception  # `use_span` looks after both
        parent = current.get() if context is None else span_of(context)
        span = tracing.Span(name, kind.value + 1, cast("Attributes", attributes), parent, (), self.scope)
        span.links.extend(remote for link in links or () if (remote := remote_of(link.context)) is not None)
        if start_time is not None:
            span.clock -= time.time_ns() - start_time
            span.start = start_time
        return ApiSpan(span)

    @_agnosticcontextmanager
    def start_as_current_span(  # noqa: PLR0917 - the API's signature
        self,
        name: str,
        context: Context | None = None,
        kind: trace.SpanKind = trace.SpanKind.INTERNAL,
        attributes: types.Attributes = None,
        links: Any = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[trace.Span]:
        """A span that is current inside."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        with trace.use_span(span, end_on_exit, record_exception, set_status_on_exception):
            yield span


class TracerProvider(trace.TracerProvider):
    """Gives each library its tracer."""

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: types.Attributes = None,
    ) -> Tracer:
        """The tracer of a library."""
        del instrumenting_library_version, schema_url, attributes
        return Tracer(instrumenting_module_name)


class RuntimeContext(_RuntimeContext):
    """The API's context, in which the current span is ours: each side sees what the other made current."""

    def get_current(self) -> Context:
        """The context as it is."""
        values, span = held.get(), current.get()
        if span is None and _SPAN_KEY not in values:
            return values
        others = {key: value for key, value in values.items() if key != _SPAN_KEY}
        return Context(others if span is None else {**others, _SPAN_KEY: ApiSpan(span)})

    def attach(self, context: Context) -> Token[Context]:
        """Makes a context current, and its span. The API hands the token back as it is, so it may be two."""
        return cast("Token[Context]", (held.set(context), current.set(span_of(context))))

    def detach(self, token: Token[Context]) -> None:
        """Makes current again what was before."""
        values, span = cast("tuple[Token[Context], Token[tracing.Span | Remote | None]]", token)
        held.reset(values)
        current.reset(span)


def span_of(context: Context) -> tracing.Span | Remote | None:
    """Our span in a context of the API."""
    span = context.get(_SPAN_KEY)
    if isinstance(span, ApiSpan):
        return span.span
    return remote_of(span.get_span_context()) if isinstance(span, trace.Span) else None


def remote_of(context: trace.SpanContext) -> Remote | None:
    """A span that is not ours, by its ids."""
    if not context.is_valid:
        return None
    ids = trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)
    return Remote(*ids, sampled=context.trace_flags.sampled)


def install() -> None:
    """Makes ours the API's context and global provider, unless somebody set another provider."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        api_context._RUNTIME_CONTEXT = RuntimeContext()  # noqa: SLF001 - else only an environment variable sets it
        trace.set_tracer_provider(TracerProvider())
