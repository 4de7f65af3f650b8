"""`python -m shop.local.seed --products N --seed K [--if-empty]`: fill the shop that the environment tells of.

stderr has the progress; the last line of stdout is JSON: who can sign in, and whether anything was written.
"""

import argparse
import asyncio
import json
import sys

import uvloop

from shop.kernel.config import load
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, SettingsError
from shop.local.errors import Refused
from shop.local.seed.fill import Settings, fill
from shop.local.seed.people import accounts

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Fill the shop; 2 with a line on stderr when it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m shop.local.seed")
    parser.add_argument("--products", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--if-empty", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        settings = load(Settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            products = runner.run(fill(settings, asked.products, asked.seed, if_empty=asked.if_empty))
    except (SettingsError, Refused, DependencyUnavailable, DependencyTimeout, TimeoutError) as error:
        sys.stderr.write(f"the shop cannot be filled: {error or type(error).__name__}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(json.dumps({"seeded": products > 0, "products": products, **accounts()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
