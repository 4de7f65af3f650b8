"""From a request to the store: decoded, written down, acknowledged; many together become one transaction."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Final

import duckdb

from shop.console.receiver.common import Decoded, Limits
from shop.console.receiver.decoding import Encoding, Signal, decode
from shop.console.receiver.journal import Journal
from shop.console.store.rows import Rows
from shop.console.store.store import Store

__all__ = ["Full", "Intake"]

GATHER: Final = 0.2  # seconds from the first row to its transaction: what comes meanwhile goes along
PAUSE: Final = 2.0  # seconds after a transaction that failed
AT_ONCE: Final = 20_000  # rows that need not wait for that
MOST: Final = 400_000  # rows that may wait; some 400 MB would be the next sign
logger = logging.getLogger(__name__)


class Full(Exception):
    """More waits for the store than may: the sender is to come again."""


class Intake:
    """Takes requests on the event loop, and writes on a thread of its own."""

    def __init__(self, store: Store, journal: Journal, retention_ns: int) -> None:
        self.store, self.journal, self._retention = store, journal, retention_ns
        self._rows = Rows()
        self._writing = 0
        self._numbers: list[int] = []  # of journal files that are not yet in the store
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._hurrying = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.written: list[Callable[[Rows], None]] = []  # told of every transaction, on the writer's thread

    def start(self) -> None:
        """Take up what a crash left in the journal, and begin to write."""
        self.recover()
        self._thread.start()

    def recover(self) -> None:
        """Store what was acknowledged but is not in the store; the rest of the files has done its duty."""
        for number in self.journal.numbers():
            if number > self.store.database.journal:
                rows = Rows()
                for signal, encoding, body in self.journal.read(number):
                    rows.add(decode(signal, encoding, body, self.limits()).rows)
                self.store.write(rows, number)
            self.journal.drop(number)

    def limits(self) -> Limits:
        """Which times are taken now."""
        return Limits.now(self._retention)

    def take(self, signal: Signal, encoding: Encoding, body: bytes) -> Decoded:
        """What a request holds, once it is safe. ValueError: it is none. Full, OSError: to be sent again later."""
        if len(self._rows) + self._writing > MOST:
            raise Full
        decoded = decode(signal, encoding, body, self.limits())
        if not len(decoded.rows):
            return decoded
        with self._lock:
            self.journal.append(signal, encoding, body)
            self._rows.add(decoded.rows)
            waiting = len(self._rows)
        self.store.learn(decoded.rows)
        self._arrived.set()
        if waiting > AT_ONCE:
            self._hurrying.set()
        return decoded

    def stop(self) -> None:
        """Write what there is, and end the thread."""
        self._stopping.set()
        self._arrived.set()
        self._hurrying.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._arrived.wait(1.0):
                self._hurrying.wait(GATHER)
                self._hurrying.clear()
                self._arrived.clear()
                self._write()
            try:
                self.store.tend()
            except duckdb.FatalException:
                end_process()
            except duckdb.Error:
                logger.exception("the store could not be tended")
        self._write()

    def _write(self) -> None:
        """One transaction of all that waits."""
        with self._lock:
            rows, self._rows = self._rows, Rows()
            if not len(rows):
                return
            self._writing = len(rows)
            self._numbers.append(self.journal.rotate())
        try:
            self._store(rows)
        finally:
            self._writing = 0

    def _store(self, rows: Rows) -> None:
        """Write these rows. What cannot be written now goes along with the next; what never can is set aside."""
        try:
            self.store.write(rows, self._numbers[-1])
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:  # a full disk, most likely
            logger.warning("%s rows wait: %s", len(rows), error)
            with self._lock:
                rows.add(self._rows)
                self._rows = rows
            self._arrived.set()
            self._stopping.wait(PAUSE)
            return
        except duckdb.FatalException:
            end_process()
            return
        except Exception:
            logger.exception("%s rows cannot be stored: their requests stay in the journal's folder", len(rows))
            while self._numbers:
                self.journal.set_aside(self._numbers.pop())
            return
        while self._numbers:
            self.journal.drop(self._numbers.pop())
        for tell in self.written:
            tell(rows)


def end_process() -> None:
    """DuckDB does not go on after such an error. The supervisor starts the console again, the journal has the rest."""
    logger.critical("the database has failed: starting again")
    os.kill(os.getpid(), signal.SIGTERM)
