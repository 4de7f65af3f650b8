"""Starts the emulator inside its own process, with what it lacks for us.

`ministack` is pinned exactly, since this touches its inside; `tests/integration/local/test_emulator.py` holds it to
what is used here.

- A long poll there sleeps 100 ms between two looks at its queue, 53 ms a hop on average: here a message wakes it.
- A long poll goes on there when its receiver has hung up, and takes a message that nobody gets: here it ends.
- Stream records are kept for 24 h of memory: here for ten minutes.
- Its own server is written in Python throughout (0.36 ms of CPU a call): uvicorn with httptools takes 0.20.
"""

import asyncio
import os
import types
from typing import Any, Final

import uvicorn
from ministack import app as ministack
from ministack.core import concurrency
from ministack.services import dynamodb, sqs

__all__ = ["Sleepers", "main"]

STREAM_RETENTION: Final = 600  # seconds


class Sleepers:
    """Receivers that wait for a message. Any producer of events wakes them all; each looks at its own queue."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bell: asyncio.Future[None] | None = None

    async def sleep(self, seconds: float) -> None:
        """As asyncio.sleep, but ended early by `wake`."""
        if self._bell is None or self._bell.done():
            self._loop = asyncio.get_running_loop()
            self._bell = self._loop.create_future()
        await asyncio.wait([self._bell], timeout=seconds)

    def wake(self) -> None:
        """End every sleep; may be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)


class HangUps:
    """The emulator's application, whose receivers may hang up: a killed worker must not swallow a message."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; a ReceiveMessage only as long as somebody waits for it."""
        if (b"x-amz-target", b"AmazonSQS.ReceiveMessage") not in scope.get("headers", ()):
            await self._app(scope, receive, send)
            return
        heard: asyncio.Queue[Any] = asyncio.Queue()
        answering = asyncio.create_task(self._app(scope, heard.get, send))
        listening = asyncio.create_task(hear(receive, heard))
        await asyncio.wait({answering, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if not answering.done():
            answering.cancel()
        await asyncio.gather(answering, listening, return_exceptions=True)


async def hear(receive: Any, heard: "asyncio.Queue[Any]") -> None:
    """Hand on what the receiver sends, until it hangs up."""
    while True:
        message = await receive()
        heard.put_nowait(message)
        if message["type"] == "http.disconnect":
            return


def install(sleepers: Sleepers) -> None:
    """Give the emulator's ReceiveMessage this sleep, and every producer this bell."""
    announce = concurrency.esm_wake.set

    def wake() -> None:
        announce()
        sleepers.wake()

    concurrency.esm_wake.set = wake
    sqs.asyncio = types.SimpleNamespace(sleep=sleepers.sleep, iscoroutine=asyncio.iscoroutine)
    dynamodb._STREAM_RETENTION_SECONDS = STREAM_RETENTION  # noqa: SLF001 - it has no setting for this


def serve(app: Any, port: int) -> None:
    """Serve on 127.0.0.1 until SIGTERM; open long polls are cut off then, since they would hold up the saving."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        http="httptools",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run()


def main() -> None:
    """Run the emulator with the settings of `emulator.Emulator.environment`."""
    install(Sleepers())
    serve(HangUps(ministack.app), int(os.environ["GATEWAY_PORT"]))


if __name__ == "__main__":
    main()
