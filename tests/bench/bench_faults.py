"""200 orders while a process of the shop is killed every second; then everything is added up.

`python tests/bench/bench_faults.py [--orders N] [--seconds S] [--seed K]`; part of `make bench`. Linux.
"""

import argparse
import sys

from tests.bench.machine import machine
from tests.support.faults import KINDS, Plan, trial
from tests.support.otlp import Receiver
from tests.support.shops import own_shop


def main() -> int:
    """Print the table; 1 when something does not add up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200, help="orders (default 200)")
    parser.add_argument("--seconds", type=float, default=45, help="seconds of kills at least (default 45)")
    parser.add_argument("--seed", type=int, default=1, help="what is killed when (default 1)")
    arguments, _ = parser.parse_known_args()
    plan = Plan(orders=arguments.orders, seconds=arguments.seconds, patience=240, seed=arguments.seed)
    print(machine())
    with Receiver() as receiver, own_shop(otlp_port=receiver.server.server_address[1]) as (shop, data):
        outcome = trial(shop, data, receiver, plan)
    print(outcome.table())
    for wrong in outcome.wrong:
        print(f"WRONG: {wrong}")
    return 0 if not outcome.wrong and set(outcome.kills) == set(KINDS) else 1


if __name__ == "__main__":
    sys.exit(main())
