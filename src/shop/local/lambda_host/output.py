"""What functions print, on its way to the host's own stdout, each line with the invocation it belongs to."""

import asyncio
import os
import sys
from collections.abc import Callable

import msgspec

from shop.telemetry import names

__all__ = ["forward"]

LINE = 256 * 1024  # bytes; a longer line is passed on in pieces
CHUNK = 64 * 1024


async def forward(descriptor: int, function: str, request_id: Callable[[], str | None]) -> None:
    """Read a process's output until it ends, and write it out line by line, as many at once as there are."""
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    rest = b""
    try:
        while chunk := await reader.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LINE:
                lines, rest = [*lines, rest], b""
            write(lines, function, request_id())
        write([rest], function, request_id())
    finally:
        transport.close()


def write(lines: list[bytes], function: str, request_id: str | None) -> None:
    """Pass lines on to the host's own output."""
    text = "".join(annotated(line.strip(), function, request_id) for line in lines if line.strip())
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()


def annotated(text: bytes, function: str, request_id: str | None) -> str:
    """A JSON line with `faas.invocation_id`; anything else as a JSON line of its own."""
    line = text.decode("utf-8", "replace")
    if line.startswith("{") and line.endswith("}"):
        if request_id and f'"{names.FAAS_INVOCATION_ID}"' not in line and line != "{}":
            line = f'{{"{names.FAAS_INVOCATION_ID}":"{request_id}",{line[1:]}'
        return line + "\n"
    about = {"event": names.STDOUT, names.SERVICE_NAME: function.partition("-")[0], names.FAAS_NAME: function}
    if request_id:
        about[names.FAAS_INVOCATION_ID] = request_id
    return msgspec.json.encode(about | {"message": line}).decode() + "\n"
