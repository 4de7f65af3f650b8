"""A shop of one's own: `shop up` on a folder and ports that nobody else has, for benchmarks and tests that break it."""

import contextlib
import json
import os
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

    Its console takes its telemetry, unless the caller listens on `otlp_port`.
    """
    with tempfile.TemporaryDirectory(prefix="shop-own-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "shop"
        ports = ("--port", free_port(), "--console-port", free_port(), "--otlp-port", free_port())
        elsewhere = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{otlp_port}"} if otlp_port else {}
        chosen = [part for setting in settings for part in ("--set", setting)]
        command = [sys.executable, "-m", "shop.cli", "up", "--json", "--no-traffic", "--data", data, *ports, *chosen]
        log = Path(folder) / "shop.log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdout=subprocess.PIPE,
                stderr=stderr,
                process_group=0,
                env=os.environ | elsewhere,
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
