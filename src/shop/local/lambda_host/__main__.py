"""`python -m shop.local.lambda_host`."""

import asyncio
import sys

import uvloop

from shop import telemetry
from shop.kernel.config import load
from shop.kernel.errors import SettingsError
from shop.local.lambda_host.host import Settings, run


def main() -> int:
    """Run the host; 2 when it cannot start."""
    try:
        settings = load(Settings)
    except SettingsError as error:
        sys.stderr.write(f"the Lambda host cannot start: {error}\n")
        return 2
    telemetry.setup("lambda-host")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings))
    telemetry.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
