"""What other commands do with a shop that runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from shop.local.errors import Refused
from shop.local.folder import Folder
from shop.local.language import say

__all__ = ["known", "seed", "traffic"]


def known(data: Path) -> dict[str, Any]:
    """What the shop that runs on this folder says of itself. Refused when none does."""
    folder = Folder(data)
    if not folder.is_held() or not folder.running.exists():
        raise Refused(
            say(
                f"{data} でショップが動いていません。先に `make up` で起動してください",
                f"no shop runs on {data}: start it with `make up`, or name its folder with --data",
            )
        )
    running: dict[str, Any] = json.loads(folder.running.read_text())
    return running


def seed(data: Path, products: int, number: int) -> int:
    """Fill the running shop with a catalog of this size."""
    command = [sys.executable, "-m", "shop.local.seed", "--products", str(products), "--seed", str(number)]
    return subprocess.run(command, env=known(data)["seeding"], stdout=subprocess.DEVNULL, check=False).returncode


def traffic(data: Path, users: int, seconds: float, number: int, truth: Path, *, pace: float) -> int:
    """Let simulated customers into the running shop. Ctrl-C ends the run early; its truth is written all the same."""
    shop = known(data)["shop"]
    command = [
        sys.executable, "-m", "shop.local.traffic", "--gateway", shop["gateway"], "--console", shop["console"],
        "--accounts", str(Folder(data).accounts), "--users", str(users), "--seconds", str(seconds),
        "--seed", str(number), "--truth", str(truth), "--pace", str(pace),
    ]  # fmt: skip
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the terminal has told it too: visits end, then the truth is written
            continue
