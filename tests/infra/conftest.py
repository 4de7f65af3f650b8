"""Every template, synthesized once for all tests and workers: for the longest name there can be, where limits show."""

import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LONGEST = "taro-yamada1"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `python -m infra` wrote."""
    shared = tmp_path_factory.getbasetemp().parent
    out = shared / "cdk.out"
    with (shared / "cdk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "manifest.json").exists():
            command = [sys.executable, "-m", "infra", "--name", LONGEST, "--out", str(out)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
            assert done.returncode == 0, done.stderr
            assert done.stderr == "", "synth warns of nothing"
    return out


@pytest.fixture(scope="session")
def templates(assembly) -> dict[str, dict[str, Any]]:
    """Each stack's template, by the stack's part: `messaging`, `data`, ...; `class` is the account's own."""
    found = {}
    for file in assembly.glob("*.template.json"):
        name = file.name.removesuffix(".template.json")
        found[name.removeprefix(f"shop-{LONGEST}-").removeprefix("shop-")] = json.loads(file.read_text())
    return found
