"""The data folder of one shop: who holds it, and what must be the same at its next start."""

import errno
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop.local.errors import Refused
from shop.local.language import say
from shop.local.ports import free_port, is_free

__all__ = ["Folder", "write_private"]

ROOM = 200 * 2**20  # bytes that must be free: PostgreSQL and the emulator begin with 60 MB
LEFTOVERS = 60.0  # seconds that the processes of a shop that was killed may take to end (the emulator saves)


@dataclass
class Folder:
    """`.shop/`, or what `--data` names."""

    path: Path
    reserved: frozenset[int] = frozenset()  # ports that are for others, though nobody may listen on them yet

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data and what belongs to it."""
        return self.path / "postgres"

    @property
    def emulator(self) -> Path:
        """What AWS holds."""
        return self.path / "emulator"

    @property
    def telemetry(self) -> Path:
        """What the console keeps."""
        return self.path / "telemetry"

    @property
    def processes(self) -> Path:
        """Which processes run, for the console."""
        return self.path / "processes.json"

    @property
    def functions(self) -> Path:
        """The environments of the functions, for the Lambda host."""
        return self.path / "functions.json"

    @property
    def checkpoints(self) -> Path:
        """How far the Lambda host has read the streams of AWS's tables."""
        return self.path / "checkpoints"

    @property
    def search(self) -> Path:
        """The search indexes; they can be made anew from PostgreSQL."""
        return self.path / "search"

    @property
    def accounts(self) -> Path:
        """Who can sign in; there once the shop is seeded."""
        return self.path / "accounts.json"

    @property
    def running(self) -> Path:
        """How other commands reach the shop that runs on this folder."""
        return self.path / "running.json"

    def hold(self, tell: Callable[[str], None]) -> "Hold":
        """Make the folder when there is none, and keep others out. Refused when that cannot be.

        `tell` is called once when processes of a shop that was killed still use it.
        """
        self.make()
        alone = self.lock("lock")
        if alone is None:
            raise Refused(
                say(f"{self.path} ではすでにショップが動いています", f"a shop runs on {self.path} already")
                + say("。別のフォルダーは --data で選べます", ": end it, or choose another folder with --data")
            )
        return Hold(alone, self.after_leftovers(tell))

    def make(self) -> None:
        """Refused when the folder cannot be made or written to, or when its disk is full."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / "lock").touch()
            free = shutil.disk_usage(self.path).free
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = say("ディスクに空きがありません", "the disk is full") if full else str(error.strerror)
            raise Refused(
                say(f"データフォルダー {self.path} に書き込めません", f"cannot write to the data folder {self.path}")
                + say(f" ({why})。--data で別の場所を選べます", f" ({why}): choose another with --data")
            ) from error
        if free < ROOM:
            raise Refused(
                say(
                    f"{self.path} のディスクに空きがありません ({free >> 20} MB。{ROOM >> 20} MB 必要です)",
                    f"the disk of {self.path} is full ({free >> 20} MB are left, {ROOM >> 20} MB are needed)",
                )
            )

    def lock(self, name: str) -> int | None:
        """A file descriptor that holds this lock until it is closed, or None when somebody else does."""
        descriptor = os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def after_leftovers(self, tell: Callable[[str], None]) -> int:
        """The lock that every process of the shop inherits, once the last one of the time before is gone."""
        deadline = time.monotonic() + LEFTOVERS
        told = False
        while (held := self.lock("processes.lock")) is None:
            if not told:
                tell(say("前回のプロセスの終了を待っています…", "waiting for processes that still end..."))
                told = True
            if time.monotonic() > deadline:
                raise Refused(
                    say(
                        f"前回のショップのプロセスがまだ {self.path} を使っています。`shop doctor` で確認してください",
                        f"processes of a shop that was killed still use {self.path}: `shop doctor` names them",
                    )
                )
            time.sleep(0.1)
        return held

    def is_held(self) -> bool:
        """Whether a shop runs on this folder."""
        if not (self.path / "lock").exists():
            return False
        descriptor = self.lock("lock")
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
        """A secret of this shop, made at the first question and kept."""
        return str(self.kept("secrets.json", name, make, lambda _: True))

    def port(self, name: str) -> int:
        """A port for an inner listener: the one of the last time, unless somebody else took it meanwhile."""
        return int(self.kept("ports.json", name, self.unreserved, self.usable))

    def usable(self, port: int) -> bool:
        """Whether an inner listener can have this port."""
        return port not in self.reserved and is_free(port)

    def unreserved(self) -> int:
        """A port that is free and stays so."""
        while not self.usable(port := free_port()):
            continue
        return port

    def kept(self, file: str, name: str, make: Callable[[], Any], fits: Callable[[Any], bool]) -> Any:
        """A value of a JSON file in the folder; `make` makes it where there is none that `fits`."""
        path = self.path / file
        known = json.loads(path.read_text()) if path.exists() else {}
        if name not in known or not fits(known[name]):
            known[name] = make()
            write_private(path, known)
        return known[name]


@dataclass
class Hold:
    """A folder that is ours. Every process of the shop inherits `inherited`, so that none is overlooked."""

    alone: int
    inherited: int

    def release(self) -> None:
        """Let others have the folder."""
        os.close(self.inherited)
        os.close(self.alone)


def write_private(path: Path, content: Any) -> None:
    """Write JSON that only this user may read, whole or not at all."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=2)
    draft.replace(path)
