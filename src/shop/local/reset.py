"""`shop reset`: a shop as on its first day."""

import shutil
import sys
from pathlib import Path
from typing import Literal

from shop.local import control
from shop.local.errors import Refused
from shop.local.folder import Folder
from shop.local.language import say

__all__ = ["Extent", "forget", "reset"]

Extent = Literal["all", "data", "telemetry"]


def forget(folder: Folder, extent: Extent) -> None:
    """Remove what the shop remembers. Its passwords and ports stay."""
    if extent in ("all", "telemetry"):
        shutil.rmtree(folder.telemetry, ignore_errors=True)
    if extent in ("all", "data"):
        folder.accounts.unlink(missing_ok=True)
        for part in (folder.postgres, folder.emulator, folder.checkpoints, folder.search):
            if part.exists():
                shutil.rmtree(part)


def reset(path: Path, extent: Extent, *, yes: bool) -> None:
    """Begin anew, whether the shop runs or not. Refused when `path` is not a shop's, or its user says no."""
    folder = Folder(path)
    if not (path / "lock").exists():
        raise Refused(
            say(
                f"{path} はショップのデータフォルダーではありません (--data で指定できます)",
                f"{path} is no data folder of a shop (name it with --data)",
            )
        )
    if not yes and sys.stdin.isatty() and not agreed(path):
        raise Refused(say("何も変更していません", "nothing was changed"))
    if folder.is_held():
        control.ask(folder, {"do": "reset", "extent": extent})
    else:
        held = folder.hold(say_to_user)
        forget(folder, extent)
        held.release()
    say_to_user(say("リセットしました", "the shop is as new"))


def agreed(path: Path) -> bool:
    """Ask at the terminal."""
    question = say(f"{path} のデータを消去します。よろしいですか? [y/N] ", f"Delete the data in {path}? [y/N] ")
    return input(question).strip().lower() in ("y", "yes", "はい")


def say_to_user(text: str) -> None:
    """A line on stderr: stdout belongs to results."""
    sys.stderr.write(f"{text}\n")
