"""Connections to PostgreSQL, kept and lent out.

asyncpg's own pool costs 100 us a loan: a proxy around every connection, a task and timers for every wait
(docs/adr/0008-pool.md). This one lends what was used last, and has a task for nobody but those who wait.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

__all__ = ["Pool"]

Raw = Any  # asyncpg.Connection: its stubs are generic over records


class Pool:
    """At most `size` connections. Each is made when it is needed, and again when it was lost."""

    def __init__(self, connect: Callable[[], Awaitable[Raw]], size: int, patience: float) -> None:
        self._connect, self._patience = connect, patience
        self._room = size  # connections that may still be made
        self._idle: list[Raw] = []
        self._lent: set[Raw] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self._returned = asyncio.Event()

    def idle(self) -> Raw | None:
        """A connection that is there; None: it has to be made, or waited for."""
        while self._idle:
            raw = self._idle.pop()
            if not raw.is_closed():
                self._lent.add(raw)
                return raw
            self._room += 1
        return None

    async def take(self) -> Raw:
        """A connection, to be given back. TimeoutError: all are lent, for longer than anybody waits; and what
        connecting raises.
        """
        while True:
            raw = self.idle()
            if raw is not None:
                return raw
            if self._room:
                return await self._made()
            await self._wait()

    async def _made(self) -> Raw:
        self._room -= 1
        try:
            raw = await self._connect()
        except BaseException:
            self._give_room()
            raise
        self._lent.add(raw)
        return raw

    async def _wait(self) -> None:
        """Until there may be something to take."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._call_next()  # it was our turn, and we don't take it
            raise

    def give_back(self, raw: Raw, error: BaseException | None) -> None:
        """End a loan, with the error it ended in. What was left in the middle of something is thrown away."""
        self._lent.discard(raw)
        self._returned.set()
        cut_off = error is not None and not isinstance(error, Exception)
        if self._closed or cut_off or isinstance(error, TimeoutError) or raw.is_closed() or raw.is_in_transaction():
            raw.terminate()
            self._give_room()
        else:
            self._idle.append(raw)
            self._call_next()

    def _give_room(self) -> None:
        self._room += 1
        self._call_next()

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - what is lent longer is cut off
        """Close every connection; what is still lent after `timeout` seconds is cut off."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._lent:
                    self._returned.clear()
                    await self._returned.wait()
                await asyncio.gather(*(raw.close() for raw in self._idle), return_exceptions=True)
        for raw in [*self._lent, *self._idle]:
            raw.terminate()  # of one that is closed, nothing
