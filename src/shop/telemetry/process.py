"""The one telemetry of this process: what the facade's functions work on."""

import os

from shop.kernel import config
from shop.telemetry import lines, tracing
from shop.telemetry.attributes import Attributes, Value
from shop.telemetry.meter import Meter, catalogue
from shop.telemetry.resource import resource
from shop.telemetry.sampling import sampler
from shop.telemetry.settings import Settings

__all__ = ["count", "flush", "gauge", "observe", "setup", "shutdown"]


class Process:
    """What is set up once per process, and anew in a forked child."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.resource: dict[str, Value] = {}

    def start_over(self) -> None:
        """In a forked child: nothing of the parent's is sent twice."""
        self.__init__()  # type: ignore[misc] # the one object that everybody holds starts anew
        tracing.start_over()
        lines.start_over()


process = Process()
os.register_at_fork(after_in_child=process.start_over)


def setup(service: str, *, instance: str | None = None) -> None:
    """Names this process and begins to send; once per process, after a fork too. SettingsError tells what is wrong."""
    settings = config.load(Settings)
    process.resource = resource(service, instance, settings)
    process.meter = Meter(metrics=catalogue())
    process.meter.begin(service)
    tracing.use(sampler(settings.otel_traces_sampler, settings.otel_traces_sampler_arg), None)
    lines.use(service, lambda _reason: None)


def count(name: str, attributes: Attributes = None, n: int = 1) -> None:
    """Adds `n` to a counter. 0 makes a point known, so that it is there before anything happens."""
    process.meter.add(name, attributes, n)


def observe(name: str, value: float, attributes: Attributes = None) -> None:
    """Puts one value into a histogram; durations are in seconds."""
    process.meter.observe(name, value, attributes)


def gauge(name: str, value: float, attributes: Attributes = None) -> None:
    """Says what a value is now."""
    process.meter.gauge(name, value, attributes)


def flush(timeout: float = 0.1) -> None:
    """Sends what there is, and takes at most `timeout` seconds for it."""


def shutdown(timeout: float = 2.0) -> None:
    """Sends what there is and ends sending, within `timeout` seconds."""
