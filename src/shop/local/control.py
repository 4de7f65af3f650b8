"""How `shop reset` speaks with a shop that runs: one line of JSON to a loopback port, one back.

The port and a secret stand in `running.json`, which only the shop's user may read.
"""

import asyncio
import contextlib
import hmac
import json
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from shop.local.errors import Refused
from shop.local.folder import Folder
from shop.local.language import say

__all__ = ["ask", "listening"]

LONGEST: Final = 60.0  # seconds between two signs of life of a shop that does what it was asked
Obey = Callable[[dict[str, Any]], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(obey: Obey) -> AsyncIterator[dict[str, Any]]:
    """Take orders on a loopback port while the context lasts; gives what `ask` must know."""
    secret = secrets.token_urlsafe(24)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # whoever asked has left
            await answer(reader, writer, secret, obey)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield {"port": server.sockets[0].getsockname()[1], "secret": secret}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str, obey: Obey) -> None:
    """Do what one line asks for, and say how it went."""
    try:
        order = json.loads(await asyncio.wait_for(reader.readline(), 5))
        allowed = hmac.compare_digest(str(order.pop("secret", "")), secret)
    except (ValueError, TimeoutError, AttributeError):
        return
    if not allowed:
        return
    outcome: dict[str, Any] = {"done": True}
    try:
        await obey(order)
    except Refused as refusal:
        outcome = {"refused": str(refusal)}
    writer.write(json.dumps(outcome).encode() + b"\n")
    await writer.drain()


def ask(folder: Folder, order: dict[str, Any]) -> None:
    """Have the shop that runs on `folder` do something, and wait until it has. Refused when it does not."""
    try:
        known = json.loads(folder.running.read_text())["control"]
        connection = socket.create_connection(("127.0.0.1", known["port"]), timeout=LONGEST)
    except (OSError, KeyError, ValueError) as error:
        raise Refused(
            say(
                "ショップは起動か終了の途中です。少し待ってください",
                "the shop is just starting or ending: try again soon",
            )
        ) from error
    with connection, connection.makefile("rb") as stream:
        connection.sendall(json.dumps({**order, "secret": known["secret"]}).encode() + b"\n")
        line = stream.readline()
    outcome = json.loads(line) if line else {"refused": say("ショップが終了しました", "the shop has ended meanwhile")}
    if "refused" in outcome:
        raise Refused(outcome["refused"])
