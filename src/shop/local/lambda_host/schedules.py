"""Schedules, in place of EventBridge Scheduler: each puts its command on its queue, more often than AWS could."""

import asyncio
import os

from shop.contracts.commands import COMMANDS
from shop.contracts.messages import encode, envelope
from shop.contracts.topology import Schedule
from shop.kernel.config import duration
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime.aws import Aws, AwsError

__all__ = ["keep"]

DEFAULTS = {"SWEEP_EVERY": "10s", "RECONCILE_EVERY": "10m"}


async def keep(schedule: Schedule, aws: Aws, queue_url_prefix: str) -> None:
    """Send now and then until cancelled. A time that cannot be kept is left out: the next one finds the same."""
    every = duration(os.environ.get(schedule.local_setting) or DEFAULTS[schedule.local_setting]).total_seconds()
    while True:
        command = COMMANDS[schedule.command]()
        message = encode(envelope(command, aggregate_id=schedule.name, aggregate_version=1)).decode()
        try:
            await aws.call("sqs", "SendMessage", QueueUrl=queue_url_prefix + schedule.queue, MessageBody=message)
        except (AwsError, DependencyUnavailable, DependencyTimeout):
            await asyncio.sleep(1)
            continue
        await asyncio.sleep(every)
