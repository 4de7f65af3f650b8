"""Who speaks: the resource attributes of this process."""

import os
import urllib.parse
from typing import Final

from shop import __version__
from shop.kernel.ids import new_id
from shop.telemetry import names
from shop.telemetry.attributes import Value
from shop.telemetry.settings import Settings

__all__ = ["pairs", "resource"]

CRITICALITY: Final = {  # what the shop loses when it is down: sales now, sales later, or comfort
    "gateway": "critical",
    "catalog": "critical",
    "orders": "critical",
    "users": "high",
    "inventory": "high",
    "notifications": "medium",
    "edge": "low",
}


def resource(service: str, instance: str | None, settings: Settings) -> dict[str, Value]:
    """The resource of this process; OTEL_RESOURCE_ATTRIBUTES adds to it, but never renames the service."""
    return {
        **pairs(settings.otel_resource_attributes),
        names.SERVICE_NAME: service,
        names.SERVICE_NAMESPACE: "shop",
        names.SERVICE_VERSION: __version__,
        names.SERVICE_INSTANCE_ID: instance or settings.aws_lambda_log_stream_name or new_id(),
        names.SERVICE_CRITICALITY: CRITICALITY.get(service, "medium"),
        names.DEPLOYMENT_ENVIRONMENT_NAME: settings.deployment_environment,
        names.PROCESS_PID: os.getpid(),
        names.TELEMETRY_SDK_NAME: "shop",
        names.TELEMETRY_SDK_LANGUAGE: "python",
        names.TELEMETRY_SDK_VERSION: __version__,
        **platform(settings),
    }


def platform(settings: Settings) -> dict[str, Value]:
    """Where it runs: a Lambda function, a Fargate task, or neither."""
    if settings.function:
        memory = settings.aws_lambda_function_memory_size
        return {
            names.CLOUD_PROVIDER: "aws",
            names.CLOUD_PLATFORM: "aws_lambda",
            names.CLOUD_REGION: settings.aws_region,
            names.FAAS_NAME: settings.aws_lambda_function_name,
            names.FAAS_VERSION: settings.aws_lambda_function_version,
            names.FAAS_INSTANCE: settings.aws_lambda_log_stream_name,
            names.FAAS_MAX_MEMORY: memory * 1024 * 1024 if memory else None,
        }
    if settings.ecs_container_metadata_uri_v4:
        return {names.CLOUD_PROVIDER: "aws", names.CLOUD_PLATFORM: "aws_ecs", names.CLOUD_REGION: settings.aws_region}
    return {}


def pairs(text: str) -> dict[str, str]:
    """`a=1,b=2` as OpenTelemetry's variables have it, values percent-decoded; what has no name is left out."""
    found = (each.partition("=") for each in text.split(","))
    return {name.strip(): urllib.parse.unquote(value.strip()) for name, _, value in found if name.strip()}
