"""A shop of one's own: `shop up` on a folder and ports that nobody else has, for benchmarks and tests that break it."""

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.client import Shop

from shop.local.ports import free_port

__all__ = ["own_shop"]


@contextlib.contextmanager
def own_shop(*settings: str, otlp_port: int | None = None) -> Iterator[tuple[Shop, Path]]:
    """A shop with `settings` (`NAME=VALUE`), and its data folder; it ends with the block.

    Nothing listens on its OTLP port unless the caller does.
    """
    with tempfile.TemporaryDirectory(prefix="shop-own-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "shop"
        ports = ("--port", free_port(), "--console-port", free_port(), "--otlp-port", otlp_port or free_port())
        chosen = [part for setting in settings for part in ("--set", setting)]
        command = [sys.executable, "-m", "shop.cli", "up", "--json", "--no-traffic", "--data", data, *ports, *chosen]
        log = Path(folder) / "shop.log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [str(part) for part in command], stdout=subprocess.PIPE, stderr=stderr, process_group=0
            )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the shop did not start: {log.read_text()[-4000:]}")
            shop = Shop(json.loads(line))
            yield shop, data
            shop.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=150)  # the emulator saves
