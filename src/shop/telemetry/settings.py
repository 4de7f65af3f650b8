"""What telemetry reads from the environment: OpenTelemetry's own variables, and two of the shop's."""

from datetime import timedelta

import msgspec

__all__ = ["Settings"]

SAMPLERS = (
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Read by `setup`; the names are those of the environment variables, in lower case."""

    otel_exporter_otlp_endpoint: str = "http://127.0.0.1:4318"
    otel_exporter_otlp_headers: str = ""  # name=value,name=value; values percent-encoded
    otel_exporter_otlp_metrics_temporality_preference: str = "delta"
    otel_traces_sampler: str = "parentbased_always_on"
    otel_traces_sampler_arg: float = 1.0
    otel_resource_attributes: str = ""  # name=value,name=value; values percent-encoded
    otel_sdk_disabled: bool = False
    instrumentation: str = "slim"
    export_every: timedelta = timedelta(seconds=1)
    deployment_environment: str = "local"
    aws_region: str | None = None
    aws_lambda_function_name: str | None = None
    aws_lambda_function_version: str | None = None
    aws_lambda_function_memory_size: int | None = None  # MiB
    aws_lambda_log_stream_name: str | None = None
    ecs_container_metadata_uri_v4: str | None = None

    def __post_init__(self) -> None:
        if not self.otel_exporter_otlp_endpoint.startswith(("http://", "https://")):
            raise ValueError(f"OTEL_EXPORTER_OTLP_ENDPOINT={self.otel_exporter_otlp_endpoint} is no http(s) URL")
        if self.otel_traces_sampler not in SAMPLERS:
            raise ValueError(f"OTEL_TRACES_SAMPLER={self.otel_traces_sampler} is none of {', '.join(SAMPLERS)}")
        if not 0.0 <= self.otel_traces_sampler_arg <= 1.0:
            raise ValueError(f"OTEL_TRACES_SAMPLER_ARG={self.otel_traces_sampler_arg} is not between 0 and 1")
        if self.otel_exporter_otlp_metrics_temporality_preference.lower() not in ("delta", "cumulative"):
            raise ValueError("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE is neither delta nor cumulative")
        if self.instrumentation not in ("slim", "stock"):
            raise ValueError(f"INSTRUMENTATION={self.instrumentation} is neither slim nor stock")
        if self.export_every <= timedelta(0):
            raise ValueError("EXPORT_EVERY must be above 0")

    @property
    def cumulative(self) -> bool:
        """Whether sums and histograms grow from the start of the process."""
        return self.otel_exporter_otlp_metrics_temporality_preference.lower() == "cumulative"

    @property
    def function(self) -> bool:
        """Whether this is a Lambda function: frozen between calls, so that no thread can send for it."""
        return self.aws_lambda_function_name is not None
