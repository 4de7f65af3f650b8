"""What functions print, on its way to the host's own stdout, each line with the invocation it belongs to."""

import asyncio
import os
import sys
from collections.abc import Callable

import msgspec

__all__ = ["forward"]

LINE = 256 * 1024  # bytes; a longer line is passed on in pieces


async def forward(descriptor: int, function: str, request_id: Callable[[], str | None]) -> None:
    """Read a process's output until it ends, and write it out line by line."""
    reader = asyncio.StreamReader(limit=LINE)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        while line := await next_line(reader):
            if text := line.strip():
                sys.stdout.write(annotated(text, function, request_id()))
                sys.stdout.flush()
    finally:
        transport.close()


async def next_line(reader: asyncio.StreamReader) -> bytes:
    """The next line, or as much of an endless one as is at hand; empty at the end."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as over:
        return await reader.readexactly(over.consumed)


def annotated(text: bytes, function: str, request_id: str | None) -> str:
    """A JSON line with `faas.invocation_id`; anything else as a JSON line of its own."""
    line = text.decode("utf-8", "replace")
    if line.startswith("{") and line.endswith("}"):
        if request_id and '"faas.invocation_id"' not in line and line != "{}":
            line = f'{{"faas.invocation_id":"{request_id}",{line[1:]}'
        return line + "\n"
    about = {"event": "shop.stdout", "service.name": function.partition("-")[0], "faas.name": function}
    if request_id:
        about["faas.invocation_id"] = request_id
    return msgspec.json.encode(about | {"message": line}).decode() + "\n"
