"""OpenTelemetry's metrics API, on our meters: one per library, sent with the shop's own."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, cast

from opentelemetry import metrics
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, CallbackT, Observation
from opentelemetry.metrics._internal import _ProxyMeterProvider
from opentelemetry.util.types import Attributes as ApiAttributes

from shop.telemetry.attributes import Attributes, error_type
from shop.telemetry.meter import Key, Kind, Metric, key_of
from shop.telemetry.meter import Meter as Core
from shop.telemetry.process import process

__all__ = ["Meter", "MeterProvider", "install"]


class Instrument:
    """What all instruments are here: a name in the meter of their library."""

    def __init__(self, scope: str, metric: Metric) -> None:
        self.scope = scope
        self.metric = metric

    @property
    def core(self) -> Core:
        """The meter, which a forked child has anew."""
        meter = process.meter_of(self.scope)
        meter.metrics.setdefault(self.metric.name, self.metric)
        return meter


class Counter(Instrument, metrics.Counter):
    """Only grows."""

    def add(self, amount: float, attributes: ApiAttributes = None, context: Context | None = None) -> None:
        """Adds an amount, which must not be negative: such a one is ignored."""
        del context
        if amount >= 0:
            self.core.add(self.metric.name, cast("Attributes", attributes), amount, "counter")


class UpDownCounter(Instrument, metrics.UpDownCounter):
    """Grows and shrinks."""

    def add(self, amount: float, attributes: ApiAttributes = None, context: Context | None = None) -> None:
        """Adds an amount."""
        del context
        self.core.add(self.metric.name, cast("Attributes", attributes), amount, "updowncounter")


class Histogram(Instrument, metrics.Histogram):
    """Values, as an exponential histogram whatever boundaries were advised."""

    def record(self, amount: float, attributes: ApiAttributes = None, context: Context | None = None) -> None:
        """Puts in a value."""
        del context
        self.core.observe(self.metric.name, amount, cast("Attributes", attributes))


class Gauge(Instrument, metrics._Gauge):  # noqa: SLF001 - under this name the API gives it away
    """The value as it is."""

    def set(self, amount: float, attributes: ApiAttributes = None, context: Context | None = None) -> None:
        """Says what it is now."""
        del context
        self.core.gauge(self.metric.name, amount, cast("Attributes", attributes))


class Observable(Instrument):
    """Asked for its values whenever metrics are collected."""

    def __init__(self, scope: str, metric: Metric, callbacks: Sequence[CallbackT] | None) -> None:
        super().__init__(scope, metric)
        self.callbacks = [asker(callback) for callback in callbacks or ()]
        self.last: dict[Key, float] = {}
        self.core.watched.append(self.observe)

    def observe(self) -> None:
        """Asks every callback. A sum is told as a whole there, and goes on as what was added since the last time."""
        try:
            for ask in self.callbacks:
                for each in ask(CallbackOptions()):
                    self.take(each.value, cast("Attributes", each.attributes))
        except Exception as error:  # noqa: BLE001 - a library's callback must not hold up all other metrics
            process.dropped("metrics", error_type(error), 1)

    def take(self, value: float, attributes: Attributes) -> None:
        """One value of a callback."""
        if self.metric.kind == "gauge":
            self.core.gauge(self.metric.name, value, attributes)
            return
        key = key_of(attributes)
        before = self.last.get(key, 0)
        self.last[key] = value
        started_over = self.metric.kind == "counter" and value < before
        self.core.add(self.metric.name, attributes, value if started_over else value - before, self.metric.kind)


class ObservableCounter(Observable, metrics.ObservableCounter):
    """Only grows."""


class ObservableUpDownCounter(Observable, metrics.ObservableUpDownCounter):
    """Grows and shrinks."""


class ObservableGauge(Observable, metrics.ObservableGauge):
    """The value as it is."""


def asker(callback: CallbackT) -> Callable[[CallbackOptions], Iterable[Observation]]:
    """A callback as a function: a generator is sent the options, once it has come to its first yield."""
    if not isinstance(callback, Generator):
        return callback
    next(callback)
    return callback.send


class Meter(metrics.Meter):
    """Makes the instruments of one library."""

    def metric(self, name: str, kind: Kind, unit: str, description: str) -> Metric:
        """What the core must know of an instrument."""
        return Metric(name, kind, unit or "1", description)

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Counter:
        """A sum that only grows."""
        return Counter(self.name, self.metric(name, "counter", unit, description))

    def create_up_down_counter(self, name: str, unit: str = "", description: str = "") -> UpDownCounter:
        """A sum that grows and shrinks."""
        return UpDownCounter(self.name, self.metric(name, "updowncounter", unit, description))

    def create_histogram(
        self,
        name: str,
        unit: str = "",
        description: str = "",
        *,
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> Histogram:
        """Values."""
        del explicit_bucket_boundaries_advisory
        return Histogram(self.name, self.metric(name, "histogram", unit, description))

    def create_gauge(self, name: str, unit: str = "", description: str = "") -> Gauge:
        """A value as it is."""
        return Gauge(self.name, self.metric(name, "gauge", unit, description))

    def create_observable_counter(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableCounter:
        """A sum that only grows, told as a whole."""
        return ObservableCounter(self.name, self.metric(name, "counter", unit, description), callbacks)

    def create_observable_up_down_counter(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableUpDownCounter:
        """A sum that grows and shrinks, told as a whole."""
        return ObservableUpDownCounter(self.name, self.metric(name, "updowncounter", unit, description), callbacks)

    def create_observable_gauge(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableGauge:
        """A value as it is."""
        return ObservableGauge(self.name, self.metric(name, "gauge", unit, description), callbacks)


class MeterProvider(metrics.MeterProvider):
    """Gives each library its meter."""

    def get_meter(
        self,
        name: str,
        version: str | None = None,
        schema_url: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Meter:
        """The meter of a library."""
        del attributes
        return Meter(name, version, schema_url)


def install() -> None:
    """Makes ours the global provider, unless somebody set another."""
    if isinstance(metrics.get_meter_provider(), _ProxyMeterProvider):
        metrics.set_meter_provider(MeterProvider())
