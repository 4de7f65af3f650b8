"""Starts the emulator inside its own process, with what it lacks for us.

`ministack` is pinned exactly, since this touches its inside; `tests/integration/local/test_emulator.py` holds it to
what is used here.

- A long poll there sleeps 100 ms between two looks at its queue, 53 ms a hop on average: here a message wakes it.
- A long poll goes on there when its receiver has hung up, and takes a message that nobody gets: here it ends.
- Stream records are kept for 24 h of memory: here for ten minutes.
- It saves at its end without saying whether that went well: here a note beside its state names the generation saved.
- It tells of its queues only with all their messages: here their depths and ages can be asked for.
- Its own server is written in Python throughout (0.36 ms of CPU a call): uvicorn with httptools takes 0.20.
"""

import asyncio
import json
import logging
import os
import time
import types
from pathlib import Path
from typing import Any, Final

import uvicorn
from ministack import app as ministack
from ministack.core import concurrency
from ministack.services import dynamodb, sqs

__all__ = ["Sleepers", "main"]

STREAM_RETENTION: Final = 600  # seconds


class Ending(asyncio.CancelledError):
    """The emulator ends: whoever waits for a message waits in vain. No error, which the emulator would log as one."""


class Sleepers:
    """Receivers that wait for a message. Any producer of events wakes them all; each looks at its own queue."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bell: asyncio.Future[None] | None = None
        self._ending = False

    async def sleep(self, seconds: float) -> None:
        """As asyncio.sleep, but ended early by `wake`."""
        if self._ending:
            raise Ending
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

    def end(self) -> None:
        """Let nobody sleep any more: open long polls would hold up the saving."""
        self._ending = True
        self.wake()


class HangUps:
    """The emulator's application, whose receivers may hang up: a killed worker must not swallow a message. And one that
    still waits when the emulator ends is told that there was none.
    """

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
        waited_in_vain = answering.cancelled()
        listening.cancel()
        if not answering.done():
            answering.cancel()
        await asyncio.gather(answering, listening, return_exceptions=True)
        if waited_in_vain:
            await respond(send, b"{}")


async def hear(receive: Any, heard: "asyncio.Queue[Any]") -> None:
    """Hand on what the receiver sends, until it hangs up."""
    while True:
        message = await receive()
        heard.put_nowait(message)
        if message["type"] == "http.disconnect":
            return


async def respond(send: Any, body: bytes) -> None:
    """200, with JSON."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Look:
    """The emulator's application, which also tells of all queues at once, without their messages."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer `GET /_shop/queues`; the rest is the emulator's."""
        if scope["type"] != "http" or scope["path"] != "/_shop/queues":
            await self._app(scope, receive, send)
            return
        now = time.time()
        body = json.dumps({queue["name"]: state_of(queue, now) for queue in sqs._queues.to_dict().values()}).encode()  # noqa: SLF001 - nothing else tells
        await respond(send, body)


def state_of(queue: dict[str, Any], now: float) -> dict[str, Any]:
    """How many messages a queue has to give, how many are being handled, and how old the oldest is."""
    messages = queue["messages"]
    visible = sum(message["visible_at"] <= now for message in messages)
    oldest = min((message["sent_at"] for message in messages), default=None)
    return {
        "visible": visible,
        "inFlight": len(messages) - visible,
        "oldestAgeSeconds": None if oldest is None else round(max(now - oldest, 0.0), 3),
    }


class Errors(logging.Handler):
    """Remembers that something was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen = False

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - that there was one is enough
        self.seen = True


class Server(uvicorn.Server):
    """Wakes the sleepers when it is told to end."""

    def __init__(self, config: uvicorn.Config, sleepers: Sleepers) -> None:
        super().__init__(config)
        self._sleepers = sleepers

    def handle_exit(self, sig: int, frame: types.FrameType | None) -> None:
        """As uvicorn's."""
        self._sleepers.end()
        super().handle_exit(sig, frame)


def install(sleepers: Sleepers) -> None:
    """Give the emulator's ReceiveMessage this sleep, and every producer this bell."""
    announce = concurrency.esm_wake.set

    def wake() -> None:
        announce()
        sleepers.wake()

    concurrency.esm_wake.set = wake
    sqs.asyncio = types.SimpleNamespace(sleep=sleepers.sleep, iscoroutine=asyncio.iscoroutine)
    dynamodb._STREAM_RETENTION_SECONDS = STREAM_RETENTION  # noqa: SLF001 - it has no setting for this


def configuration(app: Any, port: int) -> uvicorn.Config:
    """Serve on 127.0.0.1 only."""
    return uvicorn.Config(
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


class Noted:
    """The emulator, which saves when its lifespan ends; a note is written once it has."""

    def __init__(self, app: Any, note: Path, generation: str) -> None:
        self._app, self._note, self._generation = app, note, generation
        self._errors = Errors()
        logging.getLogger("persistence").addHandler(self._errors)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As every ASGI application."""
        await self._app(scope, receive, self._noting(send) if scope["type"] == "lifespan" else send)

    def _noting(self, send: Any) -> Any:
        async def noting(message: Any) -> None:
            if message["type"] == "lifespan.shutdown.complete" and not self._errors.seen:
                self._write()
            await send(message)

        return noting

    def _write(self) -> None:
        """Which generation is saved now, and which one was before."""
        before = json.loads(self._note.read_text())["generation"] if self._note.exists() else ""
        draft = self._note.with_suffix(".new")
        draft.write_text(json.dumps({"generation": self._generation, "before": before}))
        draft.replace(self._note)


def main() -> None:
    """Run the emulator with the settings of `emulator.Emulator.environment`."""
    sleepers = Sleepers()
    install(sleepers)
    note = os.environ["SHOP_NOTE"]
    app: Any = HangUps(Look(ministack.app))
    app = Noted(app, Path(note), os.environ["SHOP_GENERATION"]) if note else app
    Server(configuration(app, int(os.environ["GATEWAY_PORT"])), sleepers).run()


if __name__ == "__main__":
    main()
