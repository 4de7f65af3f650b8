"""Size of the zips, and what a cold start costs, compiled or not: `uv run python -m tests.bench.bench_packages`.

A cold start here: a fresh interpreter with the standard library and one unpacked zip imports a service's entry points.
CPU, not time: Lambda gives a function of 512 MB three tenths of a core.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.machine import machine, report
from tests.support.packages import packed

from shop.deploy.package import archive

ROUNDS = 9
LIMIT_MB = 15.0
START = "import sys; sys.path.append(sys.argv[1]); import importlib; importlib.import_module(sys.argv[2])"


def cpu_of_a_start(folder: Path, module: str) -> float:
    """Seconds of CPU until the entry points are imported."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-S", "-P", "-c", START, str(folder), module],
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print the table; 1 when a promise is broken."""
    print(machine())
    folder, manifest = packed("aws")
    kept = [
        report(f"{each.file} for Lambda", [(folder / each.file).stat().st_size / 1e6], "MB", LIMIT_MB)
        for each in manifest.packages.values()
    ]
    folder, manifest = packed("host")
    with tempfile.TemporaryDirectory() as place:
        for service, each in manifest.packages.items():
            compiled = archive.unpack(folder / each.file, each.sha256, Path(place))
            bare = shutil.copytree(compiled, Path(place, f"{service}-bare"), ignore=shutil.ignore_patterns("*.pyc"))
            for name, tree, limit in (("compiled", compiled, 1.0), ("not compiled", bare, 5.0)):
                values = [cpu_of_a_start(tree, f"shop.{service}.app") for _ in range(ROUNDS)]
                kept.append(report(f"cold start of {service}, {name}", values, "s", limit))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
