"""`python -m shop.local.gateway`."""

import asyncio
import socket
import sys

import uvloop

from shop import telemetry
from shop.kernel.config import load
from shop.kernel.errors import SettingsError
from shop.local.gateway.app import Gateway, Settings
from shop.local.gateway.server import serve
from shop.runtime.http.app import Front
from shop.runtime.wire import Client
from shop.telemetry import names


async def run(settings: Settings, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""
    async with Client() as client:
        telemetry.log(names.READY)
        await serve(Front(Gateway(settings, client), "gateway"), listening)


def main() -> int:
    """Run the gateway; 2 when it cannot start."""
    try:
        settings = load(Settings)
        listening = socket.create_server(("127.0.0.1", settings.port), backlog=2048)
    except SettingsError as error:
        sys.stderr.write(f"the gateway cannot start: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"the gateway cannot listen: {error.strerror}\n")
        return 2
    telemetry.setup("gateway")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings, listening))
    telemetry.shutdown(0.5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
