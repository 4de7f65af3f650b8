"""Where a process keeps its index: a place of its own below a folder that several processes may share."""

import fcntl
import shutil
import tempfile
from pathlib import Path
from typing import IO, Self

from shop.catalog.search.index import Index
from shop.catalog.search.words import Words
from shop.kernel.ids import new_id

__all__ = ["Home"]

PLACES = 64  # processes that can share a folder
CURRENT = "current"


class Home:
    """A place that only this process uses: its indexes, and a note which of them answers."""

    def __init__(self, path: Path, lock: IO[str] | None) -> None:
        self.path, self._lock = path, lock

    @classmethod
    def claimed(cls, folder: Path | None) -> Self:
        """The first place that no living process has; without a folder a new one, gone when it is left.

        OSError: the folder cannot be written, or all places are taken.
        """
        if folder is None:
            return cls(Path(tempfile.mkdtemp(prefix="shop-search-")), None)
        for number in range(PLACES):
            place = folder / str(number)
            place.mkdir(parents=True, exist_ok=True)
            lock = (place / "lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            return cls(place, lock)
        raise OSError(f"{folder} is shared by too many processes")

    def open(self, words: Words) -> Index:
        """The index that answered last, or a new one."""
        return self._last(words) or self.new(words)

    def tidy(self, index: Index) -> None:
        """Remove the indexes that a process before this one has left, but for this."""
        for other in self.path.iterdir():
            if other.is_dir() and other != index.path:
                shutil.rmtree(other, ignore_errors=True)

    def new(self, words: Words) -> Index:
        """An empty index."""
        return Index(self.path / new_id(), None, words)

    def use(self, index: Index) -> None:
        """From now on this one answers, after a restart too."""
        note = self.path / f"{CURRENT}.new"
        note.write_text(index.path.name)
        note.replace(self.path / CURRENT)

    def leave(self) -> None:
        """Let others have the place."""
        if self._lock is None:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            self._lock.close()

    def _last(self, words: Words) -> Index | None:
        try:
            name = (self.path / CURRENT).read_text().strip()
        except OSError:
            return None
        return Index.opened(self.path / name, words) if name else None
