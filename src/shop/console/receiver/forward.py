"""Requests go on to another OTLP/HTTP endpoint as they came, in their order, as long as it keeps up."""

import asyncio
import logging
from collections import deque
from typing import Final

from shop.runtime.wire import Client, WireError

__all__ = ["Forward"]

MOST: Final = 64 * 2**20  # bytes that may wait; then the oldest go
TRY_AGAIN: Final = frozenset({429, 502, 503, 504})
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds
logger = logging.getLogger(__name__)


class Forward:
    """Sends what it is given, and never holds up who gives."""

    def __init__(self, client: Client, endpoint: str) -> None:
        self._client, self._endpoint = client, endpoint.rstrip("/")
        self._waiting: deque[tuple[str, str, bytes]] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self.dropped = 0

    def take(self, signal: str, media: str, body: bytes) -> None:
        """A request that was taken."""
        self._waiting.append((signal, media, body))
        self._bytes += len(body)
        while self._bytes > MOST:
            self._bytes -= len(self._waiting.popleft()[2])
            self.dropped += 1
        self._arrived.set()

    async def run(self) -> None:
        """Send for ever."""
        pause = FIRST_PAUSE
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                request = self._waiting[0]
                if not await self._sent(*request):
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                pause = FIRST_PAUSE
                if self._waiting and self._waiting[0] is request:
                    self._waiting.popleft()
                    self._bytes -= len(request[2])

    async def _sent(self, signal: str, media: str, body: bytes) -> bool:
        """Whether it was taken, or never will be."""
        url = f"{self._endpoint}/v1/{signal}"
        try:
            answer = await self._client.request("POST", url, headers={"content-type": media}, body=body, timeout=10.0)
        except WireError as error:
            logger.debug("%s: %s", url, error)
            return False
        if answer.status >= 300 and answer.status not in TRY_AGAIN:
            logger.warning("%s refused a request: %s", url, answer.status)
        return answer.status not in TRY_AGAIN
