"""`make synth`: every template of a deployment, within a minute."""

import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from tests.bench.machine import machine, report

from shop.deploy.package.manifest import PACKAGED

RUNS, LIMIT = 3, 60.0


def main() -> int:
    """Print the median; 1 when it takes too long."""
    print(machine())
    took = []
    with tempfile.TemporaryDirectory(prefix="shop-synth-") as place:
        for service in PACKAGED:
            with zipfile.ZipFile(Path(place, f"{service}.zip"), "w") as package:
                package.writestr("service", service)
        for number in range(RUNS):
            began = time.perf_counter()
            out = str(Path(place, f"out{number}"))
            subprocess.run([sys.executable, "-m", "infra", "--packages", place, "--out", out], check=True)
            took.append(time.perf_counter() - began)
    return 0 if report("make synth, all stacks", took, "s", LIMIT) else 1


if __name__ == "__main__":
    sys.exit(main())
