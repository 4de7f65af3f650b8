"""Has a file developed into pictures, in a process of its own: what it reads may be made to harm."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

import msgspec

__all__ = ["Crashed", "Developed", "Flawed", "Outcome", "develop"]

COMMAND = (sys.executable, "-m", "shop.catalog.darkroom")
OUT_OF_TIME = -signal.SIGXCPU


class Developed(msgspec.Struct, frozen=True, tag=True):
    """A picture in its three sizes; `width` and `height` are the original's, as it is seen."""

    content_type: str
    width: int
    height: int
    original: bytes
    medium: bytes
    small: bytes


class Flawed(msgspec.Struct, frozen=True, tag=True):
    """Why there is no picture: a key of `model.FLAWS`."""

    flaw: str


Outcome = Developed | Flawed
_decode = msgspec.msgpack.Decoder(Outcome).decode


class Crashed(Exception):
    """The darkroom ended without an answer."""


async def develop(file: bytes) -> Outcome:
    """What `darkroom` makes of a file. It sees no setting and no secret of ours, and ends with us. Raises Crashed."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # it may quote the file
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        answer, _ = await process.communicate(file)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == OUT_OF_TIME:
        return Flawed("TOO_COMPLEX")
    if process.returncode != 0:
        raise Crashed(f"exit code {process.returncode}")
    outcome: Outcome = _decode(answer)
    return outcome
