"""Every template, synthesized once for all tests and workers: for the longest name there can be, where limits show."""

import fcntl
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.naming import LONGEST as LENGTH
from shop.contracts.topology import FUNCTIONS

LONGEST = "taro-yamada1"
ROOT = Path(__file__).parents[2]
assert len(LONGEST) == LENGTH


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `python -m infra` wrote."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own  # above a lone run's are those of earlier runs
    out = shared / "cdk.out"
    with (shared / "cdk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "cdk.done").exists():
            packages = stand_ins(shared / "packages")
            named = ["--name", LONGEST, "--packages", str(packages)]
            command = [sys.executable, "-m", "infra", *named, "--out", str(out), "--check"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
            assert done.returncode == 0, done.stderr
            assert done.stderr == "", "synth warns of nothing"
            (shared / "cdk.done").touch()
    return out


@pytest.fixture(scope="session")
def templates(assembly) -> dict[str, dict[str, Any]]:
    """Each stack's template, by the stack's part: `messaging`, `data`, ...; `class` is the account's own."""
    found = {}
    for file in assembly.glob("*.template.json"):
        name = file.name.removesuffix(".template.json")
        found[name.removeprefix(f"shop-{LONGEST}-").removeprefix("shop-")] = json.loads(file.read_text())
    return found


def stand_ins(folder: Path) -> Path:
    """A file in the place of every zip: only its hash is in a template; the zips have tests of their own."""
    folder.mkdir()
    for service in {function.service for function in FUNCTIONS}:
        with zipfile.ZipFile(folder / f"{service}.zip", "w") as package:
            package.writestr("service", service)
    return folder
