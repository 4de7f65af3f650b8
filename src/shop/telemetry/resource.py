"""Who speaks: the resource attributes of this process."""

import os
import urllib.parse
from typing import Final

from shop import __version__
from shop.kernel.ids import new_id
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
        "service.name": service,
        "service.namespace": "shop",
        "service.version": __version__,
        "service.instance.id": instance or settings.aws_lambda_log_stream_name or new_id(),
        "service.criticality": CRITICALITY.get(service, "medium"),
        "deployment.environment.name": settings.deployment_environment,
        "process.pid": os.getpid(),
        "telemetry.sdk.name": "shop",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": __version__,
        **platform(settings),
    }


def platform(settings: Settings) -> dict[str, Value]:
    """Where it runs: a Lambda function, a Fargate task, or neither."""
    if settings.function:
        memory = settings.aws_lambda_function_memory_size
        return {
            "cloud.provider": "aws",
            "cloud.platform": "aws_lambda",
            "cloud.region": settings.aws_region,
            "faas.name": settings.aws_lambda_function_name,
            "faas.version": settings.aws_lambda_function_version,
            "faas.instance": settings.aws_lambda_log_stream_name,
            "faas.max_memory": memory * 1024 * 1024 if memory else None,
        }
    if settings.ecs_container_metadata_uri_v4:
        return {"cloud.provider": "aws", "cloud.platform": "aws_ecs", "cloud.region": settings.aws_region}
    return {}


def pairs(text: str) -> dict[str, str]:
    """`a=1,b=2` as OpenTelemetry's variables have it, values percent-decoded; what has no name is left out."""
    found = (each.partition("=") for each in text.split(","))
    return {name.strip(): urllib.parse.unquote(value.strip()) for name, _, value in found if name.strip()}
