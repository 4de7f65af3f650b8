"""Image files, good and bad, as somebody might upload them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms

__all__ = ["JPEG", "PNG", "WEBP", "bomb", "corners", "photo", "png_of"]

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}
ORIENTATION, GPS = 0x0112, 0x8825


def photo(content_type: str = JPEG, size: tuple[int, int] = (1200, 800), mode: str = "RGB", **options: Any) -> bytes:
    """A picture whose top left quarter is red and the rest blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    image.convert(mode).save(out, FORMATS[content_type], **options)
    return out.getvalue()


def with_exif(orientation: int = 1, place: bool = True) -> Image.Exif:
    """EXIF that says how the camera was held, whose it was, and where."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "SECRET-CAMERA"
    if place:
        exif.get_ifd(GPS)[1] = "N"
    return exif


def profile() -> bytes:
    """An ICC profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def corners(body: bytes) -> dict[str, str]:
    """Which corners of a picture are red: where its top left quarter has gone."""
    image = Image.open(io.BytesIO(body)).convert("RGB")
    width, height = image.size
    places = {
        "top left": (5, 5),
        "top right": (width - 6, 5),
        "bottom left": (5, height - 6),
        "bottom right": (width - 6, height - 6),
    }
    found = {name: image.getpixel(place) for name, place in places.items()}
    return {name: "red" if colour[0] > colour[2] else "blue" for name, colour in found.items()}  # type: ignore[index]


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG by its head and these chunks, whatever they are."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *(chunk(*each) for each in chunks), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bomb(width: int, height: int) -> bytes:
    """A small PNG of very many grey pixels."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (width + 1)) for _ in range(height)) + packer.flush()
    return png_of(width, height, (b"IDAT", rows))
