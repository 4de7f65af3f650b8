"""OTLP/HTTP as an ASGI application: POST /v1/traces, /v1/metrics, /v1/logs. It answers as the protocol says."""

import logging
import zlib
from collections.abc import Callable
from typing import Any, Final, get_args

import msgspec
from starlette.types import Message, Receive, Scope, Send

from shop.console.guard import is_ours
from shop.console.receiver.common import Decoded
from shop.console.receiver.decoding import Encoding, Signal
from shop.console.receiver.intake import Full, Intake

__all__ = ["Receiver"]

MOST: Final = 64 * 2**20  # bytes of a body, unpacked; the collectors of AWS take less
TYPES: Final[dict[str, Encoding]] = {"application/json": "json", "application/x-protobuf": "protobuf"}
MEDIA: Final = {encoding: media for media, encoding in TYPES.items()}
REJECTED: Final = {"traces": "rejectedSpans", "metrics": "rejectedDataPoints", "logs": "rejectedLogRecords"}
INVALID, TOO_LARGE, UNAVAILABLE, PERMISSION_DENIED, UNIMPLEMENTED = 3, 11, 14, 7, 12  # google.rpc.Code
logger = logging.getLogger(__name__)


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}
        super().__init__(message)


class Receiver:
    """Hands what comes to the intake, and to `forward` as it came: signal, media type, body."""

    def __init__(self, intake: Intake, forward: Callable[[str, str, bytes], None] | None = None) -> None:
        self.intake, self.forward = intake, forward

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = TYPES.get(media, "json")
        try:
            signal = checked(scope, headers, media)
            body = await read(receive, headers)
            content = success(signal, encoding, self.take(signal, encoding, body))
        except Refused as refusal:
            await answer(send, refusal.status, encoding, error(encoding, refusal), refusal.headers)
            return
        if self.forward:
            self.forward(signal, media, body)
        await answer(send, 200, encoding, content)

    def take(self, signal: Signal, encoding: Encoding, body: bytes) -> Decoded:
        """What the body holds, once it is safe. Raises Refused."""
        try:
            return self.intake.take(signal, encoding, body)
        except (ValueError, RecursionError, OverflowError) as problem:
            raise Refused(400, INVALID, f"The body is no request of this kind: {problem}") from problem
        except (Full, OSError) as problem:
            logger.warning("nothing can be taken now: %r", problem)
            raise Refused(503, UNAVAILABLE, "The console cannot keep up.", {"retry-after": "1"}) from problem


PATHS: Final[dict[str, Signal]] = {f"/v1/{signal}": signal for signal in get_args(Signal)}


def checked(scope: Scope, headers: dict[str, str], media: str) -> Signal:
    """Which signal it is. Raises Refused."""
    signal = PATHS.get(scope["path"])
    if signal is None:
        raise Refused(404, UNIMPLEMENTED, "POST /v1/traces, /v1/metrics or /v1/logs.")
    if scope["method"] != "POST":
        raise Refused(405, UNIMPLEMENTED, "POST only.", {"allow": "POST"})
    if not is_ours(headers.get("host", "")):
        raise Refused(421, PERMISSION_DENIED, "This receiver is for this machine alone.")
    if media not in TYPES:
        raise Refused(415, INVALID, f"Content-Type must be {' or '.join(TYPES)}.")
    return signal


async def read(receive: Receive, headers: dict[str, str]) -> bytes:
    """The body, unpacked. Raises Refused."""
    coding = headers.get("content-encoding", "identity").lower()
    if coding not in ("identity", "gzip"):
        raise Refused(415, INVALID, "Content-Encoding must be gzip or identity.", {"accept-encoding": "gzip"})
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MOST:
        raise Refused(413, TOO_LARGE, f"At most {MOST >> 20} MiB.")
    pieces, size, more = [], 0, True
    while more:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, INVALID, "The body ended early.")
        piece = bytes(message.get("body", b""))
        pieces.append(piece)
        size += len(piece)
        if size > MOST:
            raise Refused(413, TOO_LARGE, f"At most {MOST >> 20} MiB.")
        more = message.get("more_body", False)
    body = b"".join(pieces)
    return unzipped(body) if coding == "gzip" else body


def unzipped(body: bytes) -> bytes:
    """What was packed by gzip; it may not grow without end. Raises Refused."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        content = unpacking.decompress(body, MOST)
    except zlib.error as problem:
        raise Refused(400, INVALID, f"The body is not gzip: {problem}") from problem
    if unpacking.unconsumed_tail:
        raise Refused(413, TOO_LARGE, f"At most {MOST >> 20} MiB, unpacked.")
    if not unpacking.eof:
        raise Refused(400, INVALID, "The gzip ended early.")
    return content


def success(signal: Signal, encoding: Encoding, decoded: Decoded) -> bytes:
    """That it was taken, and what of it was not."""
    if encoding == "json":
        if not decoded.rejected:
            return b"{}"
        partial = {REJECTED[signal]: str(decoded.rejected), "errorMessage": decoded.reason}
        return msgspec.json.encode({"partialSuccess": partial})
    if not decoded.rejected:
        return b""
    text = decoded.reason.encode()
    return member(1, b"\x08" + varint(decoded.rejected) + member(2, text))


def error(encoding: Encoding, refusal: Refused) -> bytes:
    """A google.rpc.Status."""
    if encoding == "json":
        return msgspec.json.encode({"code": refusal.code, "message": refusal.message})
    return b"\x08" + varint(refusal.code) + member(2, refusal.message.encode())


def member(number: int, content: bytes) -> bytes:
    """A field of protobuf that has a length."""
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """A number as protobuf has it."""
    content = bytearray()
    while number > 0x7F:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*content, number])


async def answer(
    send: Send, status: int, encoding: Encoding, body: bytes, headers: dict[str, str] | None = None
) -> None:
    """One answer, whole."""
    about: dict[str, Any] = {"content-type": MEDIA[encoding], "content-length": str(len(body)), **(headers or {})}
    pairs = [(name.encode(), value.encode()) for name, value in about.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
