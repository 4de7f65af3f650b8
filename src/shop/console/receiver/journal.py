"""What was taken but is not yet in the store: written down before it is acknowledged, so that no SIGKILL loses it.

One file per transaction of the store. The store notes the number of the last one it holds, so a file that a crash left
behind is read again exactly when it has to be.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shop.console.receiver.decoding import Encoding, Signal

__all__ = ["Journal"]

HEAD: Final = struct.Struct(">BBI")  # signal, encoding, bytes of the body
SIGNALS: Final[tuple[Signal, ...]] = ("traces", "metrics", "logs")
ENCODINGS: Final[tuple[Encoding, ...]] = ("json", "protobuf")


class Journal:
    """The files in `folder`, of which the last is written to. Numbers go on from `held`, the last one in the store."""

    def __init__(self, folder: Path, held: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.number = max([held, *self.numbers()]) + 1
        self.descriptor: int | None = None

    def numbers(self) -> list[int]:
        """Of the files that are there, ascending."""
        return sorted(int(file.stem) for file in self.folder.glob("*.journal"))

    def path(self, number: int) -> Path:
        """The file of this number."""
        return self.folder / f"{number}.journal"

    def append(self, signal: Signal, encoding: Encoding, body: bytes) -> None:
        """Write down one request. OSError when that fails: it must not be acknowledged then."""
        if self.descriptor is None:
            self.descriptor = os.open(self.path(self.number), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        head = HEAD.pack(SIGNALS.index(signal), ENCODINGS.index(encoding), len(body))
        before = os.fstat(self.descriptor).st_size
        if os.writev(self.descriptor, [head, body]) != len(head) + len(body):
            os.ftruncate(self.descriptor, before)
            raise OSError("the disk is full")

    def rotate(self) -> int:
        """Begin the next file; the number of the one that is complete now."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
        self.number += 1
        return self.number - 1

    def drop(self, number: int) -> None:
        """Forget a file: the store holds it."""
        self.path(number).unlink(missing_ok=True)

    def set_aside(self, number: int) -> None:
        """Keep a file out of the way, for whoever looks for what was wrong with it."""
        self.path(number).replace(self.folder / f"{number}.refused")

    def read(self, number: int) -> Iterator[tuple[Signal, Encoding, bytes]]:
        """The requests in a file; what a crash has torn at its end was never acknowledged and is left out."""
        content = self.path(number).read_bytes()
        at = 0
        while at + HEAD.size <= len(content):
            signal, encoding, length = HEAD.unpack_from(content, at)
            at += HEAD.size
            if at + length > len(content):
                return
            yield SIGNALS[signal], ENCODINGS[encoding], content[at : at + length]
            at += length
