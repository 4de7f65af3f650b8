"""The engine inside of this process: tantivy on disk, following PostgreSQL.

One task follows the changes; a second one builds the index anew when that is demanded, beside the one that answers, and
takes its place. Work on indexes happens in one thread; questions are answered in others, each in the moment it began.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Self, TypeVar

from shop.catalog.search import changes, signals
from shop.catalog.search.changes import Now
from shop.catalog.search.finding import Finder, Moment
from shop.catalog.search.home import Home
from shop.catalog.search.index import Index, Mark
from shop.catalog.search.port import Found, IndexState, Look, Position, Question
from shop.catalog.search.words import Words
from shop.kernel.errors import DependencyTimeout, DependencyUnavailable
from shop.runtime.postgres import Database
from shop.runtime.stopping import cancelled

__all__ = ["Embedded"]

T = TypeVar("T")
PAUSE = 0.25  # seconds between two looks for changes
LONGEST_PAUSE = 5.0  # while there is trouble
BATCH = 2_000  # products
COMMITTED = 20  # batches that a build commits together
PINNED = 16  # moments kept for those who turn pages
ABSENT = Mark("", "1:1:", 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """A moment of the index with the changes it has."""

    moment: Moment
    seen: str
    finder: Finder

    async def find(self, question: Question) -> Found:
        """The products, ranked."""
        return await asyncio.to_thread(self.finder.find, self.moment, question)


class Embedded:
    """An index of this process. Entered, it follows the database; PostgreSQL need not be there yet."""

    name = "tantivy"

    def __init__(self, db: Database, folder: Path | None = None) -> None:
        self._db, self._folder = db, folder
        self._words = Words()
        self._finder = Finder(self._words)
        self._hands = ThreadPoolExecutor(1, "search-index")
        self._turn = asyncio.Lock()  # who may write the index that answers
        self._pinned: OrderedDict[int, Look] = OrderedDict()
        self._complete = monotonic()  # when the index last had everything
        self._demanded, self._progress = 0, 0.0
        self._renewing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._home = await asyncio.to_thread(Home.claimed, self._folder)
        self._index = await self._work(self._home.open, self._words)
        await self._work(self._home.tidy, self._index)
        self._seen = Seen(self._index.moment, self._mark.seen, self._finder)
        self._following = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *exc: object) -> None:
        await cancelled(self._following, *([self._renewing] if self._renewing else []))
        await self._work(self._index.close)
        self._hands.shutdown()
        self._home.leave()

    # --------------------------------------------------------------------------------------------------- what is asked

    def look(self, after: Position | None = None) -> Look:
        """The index as it is now, or as it was when the page before this one was answered."""
        pinned = self._pinned.get(after.view) if after else None
        return pinned or self._seen

    def keep(self, look: Look, position: Position) -> None:
        """Somebody may ask for the next page of this."""
        self._pinned[position.view] = look
        self._pinned.move_to_end(position.view)
        while len(self._pinned) > PINNED:
            self._pinned.popitem(last=False)

    def state(self) -> IndexState:
        """How the index is."""
        lag = max(0.0, monotonic() - self._complete - 2 * PAUSE)
        documents = self._index.documents
        if self._index.mark is None:
            return IndexState(documents, round(lag, 3), "building", self._progress)
        if self._demanded > self._mark.rebuild:
            return IndexState(documents, round(lag, 3), "rebuilding", self._progress)
        return IndexState(documents, round(lag, 3), "ready", 1.0)

    async def rebuild(self) -> None:
        """Demand that this process and all others build their indexes anew."""
        self._demand(await changes.note_rebuild(self._db))

    # -------------------------------------------------------------------------------------------- what it does itself

    @property
    def _mark(self) -> Mark:
        return self._index.mark or ABSENT

    def _demand(self, number: int) -> None:
        self._demanded = max(self._demanded, number)
        if number > self._mark.rebuild and self._index.mark and (self._renewing is None or self._renewing.done()):
            self._progress = 0.0
            self._renewing = asyncio.create_task(self._renew())

    async def _follow(self) -> None:
        """Bring what others write into the index, for as long as this process lives."""
        failures, is_broken = 0, False
        while True:
            try:
                if is_broken:
                    await self._reopen()
                await self._turn_around()
                self._words.rest()
                failures, is_broken = 0, False
            except (DependencyUnavailable, DependencyTimeout) as error:
                failures += 1
                signals.index_failed(error)
            except Exception as error:  # noqa: BLE001 - a full disk, ...: search must not stay behind for ever
                failures += 1
                is_broken = True
                signals.index_failed(error)
            await asyncio.sleep(min(LONGEST_PAUSE, PAUSE * 2**failures))

    async def _turn_around(self) -> None:
        begun, now = monotonic(), await changes.find_now(self._db)
        async with self._turn:
            if self._index.mark is None or not fits(self._mark, now):
                await self._begin(now)
            await self._catch_up(self._index, now)
        self._complete = begun
        self._demand(now.rebuild)

    async def _reopen(self) -> None:
        """Go on from what is on disk: tantivy takes no work after a failure. Until then the last moment answers."""
        async with self._turn:
            await self._work(self._index.close)
            self._index = await self._work(self._home.open, self._words)

    async def _begin(self, now: Now) -> None:
        """Build the first index of this database; what is found meanwhile grows with it."""
        if self._index.mark is not None or self._index.documents:
            await self._replace(await self._work(self._home.new, self._words))
        self._demanded = now.rebuild
        await self._build(self._index, now)
        await self._work(self._home.use, self._index)

    async def _renew(self) -> None:
        """Build an index beside the one that answers, and let it take its place. Tried again until it is done."""
        while self._demanded > self._mark.rebuild:
            new = await self._work(self._home.new, self._words)
            try:
                now = await changes.find_now(self._db)
                await self._build(new, now)
                await self._catch_up(new, await changes.find_now(self._db))
                async with self._turn:
                    await self._catch_up(new, await changes.find_now(self._db))
                    await self._work(self._home.use, new)
                    new = await self._replace(new)
            except Exception as error:  # noqa: BLE001 - as above
                signals.index_failed(error)
                await asyncio.sleep(LONGEST_PAUSE)
            finally:
                if new is not self._index:
                    await asyncio.shield(self._work(new.close, forget=True))

    async def _replace(self, new: Index) -> Index:
        """Answer from this index; the one before it is forgotten."""
        old, self._index = self._index, new
        self._show()
        await self._work(old.close, forget=True)
        return new

    def _show(self) -> None:
        """Answer from what the index has now."""
        self._seen = Seen(self._index.moment, self._mark.seen, self._finder)

    async def _build(self, index: Index, now: Now) -> None:
        """Put all products into an empty index."""
        all_of_them, done, last, open_batches = max(1, await changes.count_active(self._db)), 0, "", 0
        while rows := await changes.scan_rows(self._db, last, BATCH):
            open_batches = (open_batches + 1) % COMMITTED
            await self._work(index.add, rows, commit=open_batches == 0)
            last, done = rows[-1].id, done + len(rows)
            self._progress = round(min(0.99, done / all_of_them), 3)
            if index is self._index and open_batches == 0:
                self._show()
        await self._work(index.add, [], commit=True)
        await self._work(index.note, Mark(now.database, now.snapshot, now.rebuild))

    async def _catch_up(self, index: Index, now: Now) -> None:
        """Bring the changes until now into an index."""
        assert index.mark is not None  # noqa: S101 - it is built
        mark, seen = index.mark, index.mark.seen
        after = (int(seen.partition(":")[0]), -1)
        while found := await changes.find_changes(self._db, seen, now.snapshot, after, BATCH):
            ids = list({change.product_id: None for change in found})
            await self._work(index.apply, ids, await changes.find_rows(self._db, ids))
            after = (found[-1].transaction, found[-1].seq)
            reached = changes.before(now.snapshot, after[0])
            await self._work(index.note, Mark(mark.database, reached, mark.rebuild))
            if index is self._index:
                self._show()
        index.mark = Mark(mark.database, now.snapshot, mark.rebuild)
        if index is self._index:
            self._show()

    async def _work(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """Do it in the thread that indexes belong to, and to its end: a task that is cancelled waits for it."""
        running = asyncio.get_running_loop().run_in_executor(self._hands, lambda: work(*args, **named))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait({running})
            raise


def fits(mark: Mark, now: Now) -> bool:
    """Whether an index is of this database, and not of its future: a backup may have been restored."""
    return mark.database == now.database and newest(mark.seen) <= newest(now.snapshot)


def newest(snapshot: str) -> int:
    """The first transaction that had not begun."""
    return int(snapshot.split(":")[1])
