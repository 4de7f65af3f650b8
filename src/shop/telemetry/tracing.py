"""Spans: started and ended by the code that works, encoded at their end, current by context variables.

A span that ends becomes bytes at once. Nothing that waits to be sent is then seen by the garbage collector, and what an
attribute held is gone with the request.
"""

import asyncio
import contextlib
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Literal, NamedTuple, Self, TypeAlias

from shop.telemetry import names, otlp, sampling
from shop.telemetry.attributes import Attributes, Value, error_message, error_type
from shop.telemetry.sampling import Parent, Sampler

__all__ = [
    "Kind",
    "Origin",
    "Remote",
    "Span",
    "context",
    "current",
    "origin",
    "parse",
    "span",
    "synthetic",
    "trace_id",
    "traceparent",
    "use",
]

Kind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
Sink: TypeAlias = Callable[[str, "Span", int], None]  # scope, span, end in ns

SCOPE = "shop"
MAX_EVENTS = 128  # of one span: OpenTelemetry's limit
KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}  # as OTLP numbers them
ENTRIES = (2, 5)  # server and consumer: where an error that nobody caught is told with its stack
ERROR = 2
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
NOTHING: Mapping[str, Value] = {}
SYNTHETIC = ("bot", "test")  # the kinds there are

current: ContextVar["Span | Remote | None"] = ContextVar("shop.span", default=None)
carried: ContextVar[Mapping[str, Value]] = ContextVar("shop.carried", default=NOTHING)


class Remote:
    """A span of another process, as a traceparent names it."""

    __slots__ = ("remote", "sampled", "span_id", "trace_id")

    def __init__(self, trace_id: str, span_id: str, *, sampled: bool) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.sampled = sampled
        self.remote = True


def parse(text: str) -> Remote | None:
    """The span that a W3C traceparent names, or None when it names none."""
    match = TRACEPARENT.fullmatch(text)
    if match is None or (text[:2] == "00" and match[4]):  # only later versions may have more
        return None
    return Remote(match[1], match[2], sampled=bool(int(match[3], 16) & 1))


class Tracing:
    """How this process traces: set by `setup`, reset in a forked child."""

    def __init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """Nobody listens before `setup`; ids are unlike those of any other process, a forked one's parent included."""
        self.sampler: Sampler = sampling.by_parent(sampling.always_on)
        self.sink: Sink | None = None
        self.bits = random.Random(os.urandom(16)).getrandbits  # noqa: S311 - ids must be unlike, not secret


tracing = Tracing()


def use(sampler: Sampler, sink: Sink | None) -> None:
    """From now on, `sampler` decides and `sink` gets every sampled span that ends."""
    tracing.sampler, tracing.sink = sampler, sink


def silence() -> None:
    """Nobody listens any more; spans still have their ids."""
    tracing.sink = None


def start_over() -> None:
    """In a forked child: its own ids, nobody listens, no span is current."""
    tracing.start_over()
    current.set(None)
    carried.set(NOTHING)


class Span:
    """A stretch of work with a name. As a context manager it is current inside, and an exception marks it as failed."""

    __slots__ = (
        "attributes", "clock", "ended", "events", "held", "kind", "length", "links", "message", "name", "parent_id",
        "parent_remote", "remote", "root", "sampled", "scope", "span_id", "start", "status", "token", "trace_id",
    )  # fmt: skip

    def __init__(
        self, name: str, kind: int, attributes: Attributes, parent: Parent | None, links: Sequence[str], scope: str
    ) -> None:
        bits = tracing.bits
        if parent is None:
            self.trace_id, self.parent_id, self.parent_remote = f"{bits(128) or 1:032x}", "", False
        else:
            self.trace_id, self.parent_id, self.parent_remote = parent.trace_id, parent.span_id, parent.remote
        self.span_id = f"{bits(64) or 1:016x}"
        self.sampled = tracing.sampler(parent, self.trace_id)
        self.name = name
        self.kind = kind
        self.scope = scope
        self.attributes: dict[str, Value] = {**carried.get(), **attributes} if attributes else dict(carried.get())
        self.links = [remote for text in links if (remote := parse(text))]
        self.events: list[otlp.Event] = []
        self.status = 0
        self.message = ""
        self.remote = self.ended = False
        self.token: Token[Span | Remote | None] | None = None
        self.root: Span | None = (parent.root or parent) if isinstance(parent, Span) else None  # of this process
        self.held: list[tuple[str, bytes]] = []  # of a root: scopes and spans inside of it that have ended
        self.length: int | None = None
        self.clock = time.perf_counter_ns()
        # One clock for all spans inside of each other, so that none of them looks longer than what it is in.
        outer = current.get()
        self.start: int = outer.start + self.clock - outer.clock if isinstance(outer, Span) else time.time_ns()

    @property
    def traceparent(self) -> str:
        """This span as a W3C traceparent, for whoever goes on with the trace."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def set(self, attributes: Attributes) -> None:
        """Adds attributes; None values are left out."""
        if attributes and self.sampled:
            self.attributes.update(attributes)

    def rename(self, name: str) -> None:
        """Another name: a server span gets its own once the route is known."""
        self.name = name

    def link(self, traceparent: str) -> None:
        """Links to another span, of another trace perhaps; what is no traceparent is ignored."""
        if (remote := parse(traceparent)) is not None:
            self.links.append(remote)

    def event(self, name: str, attributes: Attributes = None, at: int | None = None) -> None:
        """Something that happened at one moment (ns since 1970, default: now) of this span; at most 128 are kept."""
        if self.sampled and len(self.events) < MAX_EVENTS:
            self.events.append(
                otlp.Event(str(at or time.time_ns()), name, otlp.attributes((attributes or NOTHING).items()))
            )

    def fail(self, error: BaseException | str) -> None:
        """Marks this span as failed: a status, `error.type`, and the message where the error is our own."""
        self.status = ERROR
        self.message = error_message(error)
        self.attributes[names.ERROR_TYPE] = error_type(error)
        if self.kind in ENTRIES and isinstance(error, BaseException) and error.__traceback__ is not None:
            self.event("exception", exception_attributes(error))

    def stop(self) -> float:
        """Seconds since its start, for a metric of the same work: the span, whenever it is ended, is exactly as long.
        Only the first call counts.
        """
        if self.length is None:
            self.length = time.perf_counter_ns() - self.clock
        return self.length / 1e9

    def end(self, at: int | None = None) -> None:
        """Ends this span now, or when it was stopped, or `at` (ns since 1970); only the first call counts."""
        if self.ended:
            return
        self.ended = True
        if self.sampled and tracing.sink is not None:
            self.stop()
            tracing.sink(self.scope, self, at or self.start + (self.length or 0))

    def __enter__(self) -> Self:
        self.token = current.set(self)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is not None and isinstance(error, Exception | asyncio.CancelledError):
            self.fail(error)
        self.end()
        if self.token is not None:
            leave(current, self.token)


def leave(variable: ContextVar[Span | Remote | None], token: Token[Span | Remote | None]) -> None:
    """Makes current again what was before; in another context (a generator closed there) nothing has to be undone."""
    try:
        variable.reset(token)
    except ValueError:
        return


def exception_attributes(error: BaseException) -> Mapping[str, Value]:
    """An exception as its semantic convention has it: its frames, but not the message of a library's error."""
    import traceback  # noqa: PLC0415 - a healthy process never needs it

    stack = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    frames = "".join(f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n' for frame in stack)
    told = {names.EXCEPTION_MESSAGE: message} if (message := error_message(error)) else NOTHING
    return {names.EXCEPTION_TYPE: error_type(error), names.EXCEPTION_STACKTRACE: frames, **told}


def span(
    name: str,
    *,
    kind: Kind = "internal",
    attributes: Attributes = None,
    parent: str | None = None,
    links: Sequence[str] = (),
) -> Span:
    """Starts a span, to be used with `with`. `parent` and `links` are W3C traceparents; the default parent is the
    current span, and a parent that is no traceparent starts a new trace.
    """
    return Span(name, KINDS[kind], attributes, current.get() if parent is None else parse(parent), links, SCOPE)


def traceparent() -> str | None:
    """The current span as a W3C traceparent, or None when there is none."""
    span = current.get()
    return f"00-{span.trace_id}-{span.span_id}-{'01' if span.sampled else '00'}" if span else None


def trace_id() -> str:
    """The current trace, 32 hex digits; a new one where there is no current span."""
    span = current.get()
    return span.trace_id if span else f"{tracing.bits(128) or 1:032x}"


def synthetic() -> str | None:
    """What kind of synthetic traffic this is (`bot`, `test`), or None when somebody means it."""
    kind = carried.get().get(names.USER_AGENT_SYNTHETIC_TYPE)
    return kind if isinstance(kind, str) else None


class Origin(NamedTuple):
    """What began something: a W3C traceparent, and the kind of synthetic traffic it was. Kept with what time ends."""

    traceparent: str | None = None
    synthetic: str | None = None


def origin() -> Origin:
    """What goes on now, for whoever keeps it and comes back to it later."""
    return Origin(traceparent(), synthetic())


@contextlib.contextmanager
def context(*, session_id: str | None = None, synthetic: str | None = None) -> Iterator[None]:
    """Puts `session.id` and `user_agent.synthetic.type` on every span and line inside; the latter on metrics too.

    A kind of synthetic traffic that nobody knows is none.
    """
    kind = synthetic if synthetic in SYNTHETIC else None
    added = {names.SESSION_ID: session_id, names.USER_AGENT_SYNTHETIC_TYPE: kind}
    token = carried.set({**carried.get(), **{key: value for key, value in added.items() if value is not None}})
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            carried.reset(token)
