"""What the shop tells about itself: metrics and spans by OTLP, log lines on stdout.

Every service uses these functions alone, with names from `shop.telemetry.names`. None of them raises, and none of them
waits: a collector that is gone, slow or refusing costs no error and no visible time. Only `setup` can fail, when a
variable of the environment is wrong.
"""

from shop.telemetry.attributes import Attributes, Value
from shop.telemetry.due import due
from shop.telemetry.lines import Level, Log, Work, log, work
from shop.telemetry.process import count, flush, gauge, hurry, instrumented, observe, setup, shutdown
from shop.telemetry.tracing import Kind, Origin, Span, context, origin, span, synthetic, trace_id, traceparent

__all__ = [
    "Attributes",
    "Kind",
    "Level",
    "Log",
    "Origin",
    "Span",
    "Value",
    "Work",
    "context",
    "count",
    "due",
    "flush",
    "gauge",
    "hurry",
    "instrumented",
    "log",
    "observe",
    "origin",
    "setup",
    "shutdown",
    "span",
    "synthetic",
    "trace_id",
    "traceparent",
    "work",
]
