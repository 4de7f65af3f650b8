"""What the console is made of, for its routes."""

from dataclasses import dataclass, field

from shop.console.cloud.alarms import Alarms
from shop.console.cloud.processes import Processes
from shop.console.cloud.queues import Watcher
from shop.console.lesson import Asked
from shop.console.store.store import Store
from shop.runtime.queues import Queues

__all__ = ["Console"]


@dataclass
class Console:
    """All parts of one console."""

    store: Store
    sqs: Queues
    queues: Watcher
    alarms: Alarms
    processes: Processes
    asked: Asked = field(default_factory=Asked)
