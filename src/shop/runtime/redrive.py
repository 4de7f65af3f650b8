"""Redrive: dead letters go back to the queue from which they came, once what was wrong with them has been mended.

Each is sent before it is deleted. Who is killed in between leaves it on both queues and never on none: consumers are
idempotent, and a lost message would be an order that never ends.
"""

from shop.contracts.topology import QUEUES, Queue, dead_letter_queue
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime.aws import AwsError
from shop.runtime.queues import Queues

__all__ = ["Interrupted", "redrive", "source_of"]

DOWN = (AwsError, DependencyUnavailable, DependencyTimeout)


class Interrupted(Exception):
    """SQS stopped answering on the way. What was moved until then stays moved, and nothing is lost."""

    def __init__(self, moved: int, cause: Exception) -> None:
        self.moved, self.cause = moved, cause
        super().__init__(str(cause))


def source_of(name: str) -> Queue | None:
    """The queue of this name, or the one whose dead letters the queue of this name keeps."""
    names = {dead_letter_queue(queue.name): queue for queue in QUEUES} | {queue.name: queue for queue in QUEUES}
    return names.get(name) or names.get(f"{name}.fifo")


async def redrive(queues: Queues, queue: str) -> int:
    """Put the dead letters of `queue` back into it, in the order in which they lie there; how many.

    Those that are there now, and no more: what fails again meanwhile comes back, and would go round for ever. Raises
    Interrupted.
    """
    dead, moved = dead_letter_queue(queue), 0
    try:
        there = await queues.depth(dead)
        while moved < there:
            received = await queues.receive(dead, min(10, there - moved), wait=1)
            if not received:
                break
            for message in received:
                await queues.send_again(queue, message)
                await queues.delete(dead, [message])
                moved += 1
    except DOWN as error:
        raise Interrupted(moved, error) from error
    return moved
