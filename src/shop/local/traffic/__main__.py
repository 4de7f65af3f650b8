"""Runs simulated customers. A process of its own: Locust must be imported before anything that opens connections, and
before any thread there is, or its import waits for itself. So the lifeline is watched by a greenlet here.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

import gevent
from gevent.socket import wait_read
from locust import events  # noqa: F401 - patches the standard library for gevent, so it comes before ours

from shop.local.child import GRACE, ask_the_kernel
from shop.local.traffic.run import Plan, run

__all__: list[str] = []


def main() -> int:
    """Play until the time is over or a signal comes; 0."""
    parser = argparse.ArgumentParser(prog="python -m shop.local.traffic")
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--console", required=True)
    parser.add_argument("--accounts", required=True, type=Path, help="JSON: who can sign in, the operator among them")
    parser.add_argument("--users", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.0, help="0: until a signal comes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--most-accounts", type=int, default=10_000)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--lifeline", type=int, help="the reading end of a pipe: where it closes, the parent is gone")
    typed = vars(parser.parse_args())
    if (lifeline := typed.pop("lifeline")) is not None:
        ask_the_kernel()
        gevent.spawn(end_with_parent, lifeline)
    plan = Plan(**typed)
    main_greenlet = gevent.getcurrent()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, lambda: main_greenlet.throw(KeyboardInterrupt))
    return run(plan)


def end_with_parent(lifeline: int) -> None:
    """As `shop.local.child` does it: a signal when the parent is gone, and by force when that does not help."""
    wait_read(lifeline)
    os.kill(os.getpid(), signal.SIGTERM)
    gevent.sleep(GRACE)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
