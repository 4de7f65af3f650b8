"""The packages of a dependency group, out of the lock file, for another machine or for this one."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from shop.local.errors import Failed, Refused
from shop.local.language import say

__all__ = ["install", "requirements"]

# What Lambda's arm64 Python 3.13 (Amazon Linux 2023, glibc 2.34) takes: only wheels, nothing is built here.
LAMBDA = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13")
LONGEST = 600  # characters of what uv says


def requirements(root: Path, group: str) -> str:
    """Versions and hashes of a group, as the lock file has them."""
    arguments = ["--frozen", "--only-group", group, "--no-emit-project", "--no-header", "--no-annotate"]
    return uv(root, ["export", *arguments]).stdout


def install(root: Path, wanted: str, folder: Path, *, for_lambda: bool) -> None:
    """Install `wanted` into `folder`. Each file's hash is compared with the lock's."""
    listed = folder.with_suffix(".txt")
    listed.write_text(wanted, encoding="utf-8")
    platform = LAMBDA if for_lambda else ("--python", sys.executable)
    chosen = ["--no-deps", "--require-hashes", "--only-binary", ":all:", *platform, "--target", str(folder)]
    uv(root, ["pip", "install", "--quiet", *chosen, "--requirements", str(listed)])


def uv(root: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run uv as the project does. Refused when there is none; Failed, with its words, when it could not do it."""
    program = root / "scripts" / "uv"
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, cwd=root)
    except OSError as error:
        raise Refused(say(f"{program} を実行できません", f"{program} cannot be run") + f": {error.strerror}") from error
    if done.returncode:
        told = " ".join(done.stderr.split())
        raise Failed(say("uv が失敗しました", "uv could not do it") + f": {told[:LONGEST]}")
    return done
