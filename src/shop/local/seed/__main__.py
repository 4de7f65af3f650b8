"""`python -m shop.local.seed --products N --seed K [--if-empty]`: fill the shop that the environment tells of.

stderr has the progress; the last line of stdout is JSON: who can sign in, and whether anything was written.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable

import msgspec
import uvloop
from asyncpg import PostgresError

from shop.kernel.config import load
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable, SettingsError
from shop.local.errors import Refused
from shop.local.seed.fill import Settings, fill
from shop.local.seed.people import accounts
from shop.runtime.aws import AwsError
from shop.runtime.wire import WireError

__all__ = ["main"]

# What is not ours to mend; a full disk is one of PostgreSQL's errors.
FAILURES = (
    SettingsError, Refused, DependencyUnavailable, DependencyTimeout, TimeoutError, WireError, AwsError, PostgresError
)  # fmt: skip
MOST = 10_000_000  # products; their SKUs have eight digits
LAST = 9_999  # of the seeds: each has products of its own, and its number is part of their SKUs


def up_to(most: int) -> Callable[[str], int]:
    """A number from 0 to `most`, as typed."""

    def number(text: str) -> int:
        if not 0 <= (typed := int(text)) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from 0 to {most:,}")
        return typed

    return number


def main(arguments: list[str]) -> int:
    """Fill the shop; 2 with a line on stderr when it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m shop.local.seed")
    parser.add_argument("--products", type=up_to(MOST), default=120)
    parser.add_argument("--seed", type=up_to(LAST), default=1)
    parser.add_argument("--if-empty", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        settings = load(Settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            filled = runner.run(fill(settings, asked.products, asked.seed, if_empty=asked.if_empty))
    except FAILURES as error:
        sys.stderr.write(f"the shop cannot be filled: {error or type(error).__name__}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(json.dumps({**msgspec.to_builtins(filled), **accounts()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
