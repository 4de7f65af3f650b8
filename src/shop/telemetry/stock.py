"""OpenTelemetry's own SDK and instrumentation in place of ours: for comparison only, by INSTRUMENTATION=stock.

What a service pays for ours is only worth saying beside what the stock one costs (`make bench`). It needs packages that
the shop itself does not have: those of the dependency group `dev`.
"""

from typing import Any

from shop.kernel.errors import SettingsError
from shop.telemetry.attributes import Value

__all__ = ["Stock"]


class Stock:
    """The SDK of this process: spans of HTTP in and of queries, by its own exporter. Metrics and lines are ours."""

    def __init__(self, resource: dict[str, Value], endpoint: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware  # noqa: PLC0415 - a comparison's
            from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor  # noqa: PLC0415 - alone needs them
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError as error:
            raise SettingsError(f"INSTRUMENTATION=stock needs the dependency group dev: {error}") from error
        known = {name: value for name, value in resource.items() if value is not None}
        self.provider = TracerProvider(resource=Resource(known))
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
        self.middleware = OpenTelemetryMiddleware
        self.queries: Any = AsyncPGInstrumentor()  # type: ignore[no-untyped-call] # it has no types
        self.queries.instrument(tracer_provider=self.provider)

    def wrap(self, app: Any) -> Any:
        """An ASGI application inside of the stock instrumentation."""
        return self.middleware(app, tracer_provider=self.provider)

    def stop(self) -> None:
        """Send what there is and end."""
        self.queries.uninstrument()
        self.provider.shutdown()
