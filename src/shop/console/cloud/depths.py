"""The depth and age of every queue as metrics, under the names that CloudWatch gives them on AWS."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from shop.console.cloud.queues import Watcher
from shop.kernel.errors import DependencyUnavailable

__all__ = ["Depths"]

EVERY: Final = 10.0  # seconds; CloudWatch takes a minute
VISIBLE: Final = "AWS/SQS ApproximateNumberOfMessagesVisible"
AGE: Final = "AWS/SQS ApproximateAgeOfOldestMessage"
RESOURCE: Final = {"service.name": "sqs", "service.namespace": "aws", "cloud.provider": "aws"}
logger = logging.getLogger(__name__)


class Depths:
    """Looks at the queues, and hands what it sees to `take` as an OTLP/JSON request."""

    def __init__(self, watcher: Watcher, take: Callable[[bytes], Any]) -> None:
        self._watcher, self._take = watcher, take

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                self._take(request(await self._watcher.states(), time.time_ns()))
            except (DependencyUnavailable, msgspec.DecodeError) as error:
                logger.debug("queues cannot be looked at: %s", error)
            except Exception:
                logger.exception("the depths of the queues could not be kept")


def request(states: dict[str, dict[str, Any]], now: int) -> bytes:
    """The gauges of all queues."""
    depths = {name: state["visible"] for name, state in states.items()}
    ages = {name: state["oldestAgeSeconds"] or 0 for name, state in states.items()}
    metrics = [gauge(VISIBLE, "{message}", depths, now), gauge(AGE, "s", ages, now)]
    scope = {"scope": {"name": "cloudwatch.aws/sqs"}, "metrics": metrics}
    return msgspec.json.encode(
        {"resourceMetrics": [{"resource": {"attributes": texts(RESOURCE)}, "scopeMetrics": [scope]}]}
    )


def gauge(name: str, unit: str, values: dict[str, float], now: int) -> dict[str, Any]:
    """A gauge with a point per queue."""
    points = [
        {"attributes": texts({"QueueName": queue}), "timeUnixNano": str(now), "asDouble": float(value)}
        for queue, value in values.items()
    ]
    return {"name": name, "unit": unit, "gauge": {"dataPoints": points}}


def texts(given: dict[str, str]) -> list[dict[str, Any]]:
    """Attributes that are text."""
    return [{"key": key, "value": {"stringValue": value}} for key, value in given.items()]
