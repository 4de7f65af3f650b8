"""The one telemetry of this process: what the facade's functions work on."""

import atexit
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shop.kernel import config
from shop.telemetry import api, encoding, lines, names, tracing
from shop.telemetry.attributes import Attributes, error_type
from shop.telemetry.exporter import Exporter
from shop.telemetry.meter import Meter, catalogue
from shop.telemetry.post import Collector
from shop.telemetry.resource import resource
from shop.telemetry.sampling import always_off, sampler
from shop.telemetry.settings import Settings
from shop.telemetry.tracing import SCOPE

if TYPE_CHECKING:
    from shop.telemetry.stock import Stock

__all__ = ["count", "flush", "gauge", "hurry", "instrumented", "observe", "process", "setup", "shutdown"]


class Process:
    """What is set up once per process, and anew in a forked child."""

    def __init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """As before `setup`: what is recorded goes nowhere, and nothing of another process is sent twice."""
        self.meter = Meter()
        self.meters = {SCOPE: self.meter}  # ours, and those of libraries that call OpenTelemetry's API
        self.exporter: Exporter | None = None
        self.stock: Stock | None = None

    def setup(self, service: str, instance: str | None, settings: Settings) -> None:
        """Begins to record and send as `service`."""
        self.meter = self.meters[SCOPE] = Meter(metrics=catalogue())
        self.meter.begin(service)
        lines.use(service, self.line_dropped)
        decide = sampler(settings.otel_traces_sampler, settings.otel_traces_sampler_arg)
        if settings.otel_sdk_disabled:
            tracing.use(decide, None)
            return
        collector = Collector(settings.otel_exporter_otlp_endpoint, settings.otel_exporter_otlp_headers)
        who = encoding.resource(resource(service, instance, settings))
        self.exporter = Exporter(collector, who, self.meters, self.dropped, cumulative=settings.cumulative)
        if settings.instrumentation == "stock":
            from shop.telemetry.stock import Stock  # noqa: PLC0415 - its packages are those of a comparison

            self.stock = Stock(resource(service, instance, settings), settings.otel_exporter_otlp_endpoint)
            tracing.use(always_off, None)
        else:
            tracing.use(decide, self.exporter.take)
        if not settings.function:
            self.exporter.start(settings.export_every / timedelta(seconds=1))

    def meter_of(self, scope: str) -> Meter:
        """The meter of a library."""
        return self.meters.get(scope) or self.meters.setdefault(scope, Meter(scope))

    def dropped(self, signal: str, reason: str, items: int) -> None:
        """Is what I look at complete?"""
        self.meter.add(names.TELEMETRY_DROPPED, {names.TELEMETRY_SIGNAL: signal, names.ERROR_TYPE: reason}, items)

    def line_dropped(self, reason: str) -> None:
        """A log line could not be written."""
        self.dropped("logs", reason, 1)


process = Process()


def forked() -> None:
    """In a forked child nothing of the parent's goes on."""
    if process.exporter is not None:
        process.exporter.collector.close()
    process.start_over()
    tracing.start_over()
    lines.start_over()


os.register_at_fork(after_in_child=forked)


def setup(service: str, *, instance: str | None = None) -> None:
    """Names this process and begins to send; once per process, after a fork too. SettingsError tells what is wrong."""
    settings = config.load(Settings)
    shutdown()
    process.setup(service, instance, settings)
    if settings.instrumentation == "slim":
        api.serve()
    atexit.unregister(shutdown)
    atexit.register(shutdown)


def count(name: str, attributes: Attributes = None, n: int = 1) -> None:
    """Adds `n` to a counter. 0 makes a point known, so that it is there before anything happens."""
    try:
        process.meter.add(name, attributes, max(n, 0))
    except Exception as error:  # noqa: BLE001 - telemetry never breaks what it tells of
        process.dropped("metrics", error_type(error), 1)


def observe(name: str, value: float, attributes: Attributes = None) -> None:
    """Puts one value into a histogram; durations are in seconds."""
    try:
        process.meter.observe(name, value, attributes)
    except Exception as error:  # noqa: BLE001 - telemetry never breaks what it tells of
        process.dropped("metrics", error_type(error), 1)


def gauge(name: str, value: float, attributes: Attributes = None) -> None:
    """Says what a value is now."""
    try:
        process.meter.gauge(name, value, attributes)
    except Exception as error:  # noqa: BLE001 - telemetry never breaks what it tells of
        process.dropped("metrics", error_type(error), 1)


def instrumented(app: Any) -> Any:
    """An ASGI application as it is, or inside of the stock instrumentation where INSTRUMENTATION=stock."""
    return app if process.stock is None else process.stock.wrap(app)


def flush(timeout: float = 0.1, *, metrics: bool = True) -> None:
    """Sends what there is, and takes at most `timeout` seconds for it: what a Lambda does before it answers. Without
    `metrics`, spans alone.
    """
    if process.exporter is not None:
        process.exporter.flush(timeout, metrics=metrics)


def hurry() -> None:
    """What was told so far leaves soon, without anybody waiting: others are about to refer to it."""
    if process.exporter is not None:
        process.exporter.hurry()


def shutdown(timeout: float = 2.0) -> None:
    """Sends what there is and ends sending, within `timeout` seconds."""
    exporter, process.exporter = process.exporter, None
    stock, process.stock = process.stock, None
    tracing.silence()
    if stock is not None:
        stock.stop()
    if exporter is not None:
        exporter.stop(timeout)
