"""An index on disk: a folder with tantivy's files and how far in PostgreSQL's changes they are.

Every change is idempotent: a product is taken out and, while it is active, put in again as it is. The mark is written
after the commit: a process that dies in between does that work once more.
"""

import itertools
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec

from shop.catalog.search.changes import Row
from shop.catalog.search.finding import Moment
from shop.catalog.search.schema import FORMAT, Documents, open_index
from shop.catalog.search.words import Words

__all__ = ["Index", "Mark"]

HEAP = 50_000_000  # bytes that the writer may collect before it writes a segment
NUMBERS = itertools.count(secrets.randbits(30) << 20)  # another process must not know them


class Mark(msgspec.Struct, frozen=True):
    """How far an index is. `database` names the one it is of; `rebuild` the last demand to build it anew it has met."""

    database: str
    seen: str
    rebuild: int
    format: int = FORMAT


class Index:
    """One index; used by one thread at a time, but for its `moment`, which anybody may hold on to."""

    def __init__(self, path: Path, mark: Mark | None, words: Words) -> None:
        self.path, self.mark = path, mark
        path.mkdir(parents=True, exist_ok=True)
        self._index = open_index(str(path))
        self._writer = self._index.writer(HEAP, 1)
        self._documents = Documents(words)
        self._closed = False
        self.moment = self._moment()

    @classmethod
    def opened(cls, path: Path, words: Words) -> Self | None:
        """The index in this folder; None when there is none that this version can use."""
        try:
            mark = msgspec.json.decode((path / "mark.json").read_bytes(), type=Mark)
            return cls(path, mark, words) if mark.format == FORMAT else None
        except (OSError, ValueError, msgspec.DecodeError):  # not whole, damaged, or of another version: build anew
            return None

    @property
    def documents(self) -> int:
        """How many products it has."""
        return int(self.moment.searcher.num_docs)

    def apply(self, ids: Sequence[str], rows: Sequence[Row]) -> None:
        """Bring the products of these ids to what `rows` say; those that are not among them go."""
        known = [each for each in ids if self.moment.searcher.doc_freq("id", each)]
        for product_id in known:
            self._writer.delete_documents_by_term("id", product_id)
        for row in rows:
            self._writer.add_document(self._documents.document(row))
        self._commit()

    def add(self, rows: Sequence[Row], *, commit: bool) -> None:
        """Put products in that are not there; they are found once it is told to commit."""
        for row in rows:
            self._writer.add_document(self._documents.document(row))
        if commit:
            self._commit()

    def note(self, mark: Mark) -> None:
        """Remember how far it is."""
        new = self.path / "mark.new"
        new.write_bytes(msgspec.json.encode(mark))
        new.replace(self.path / "mark.json")
        self.mark = mark

    def close(self, *, forget: bool = False) -> None:
        """Let go of the folder; with `forget` there is none any more. Who holds a moment of it may go on asking."""
        if not self._closed:
            self._closed = True
            del self._writer  # and with it its lock
        if forget:
            shutil.rmtree(self.path, ignore_errors=True)

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()
        self.moment = self._moment()

    def _moment(self) -> Moment:
        return Moment(self._index.searcher(), next(NUMBERS), self._index.parse_query)
