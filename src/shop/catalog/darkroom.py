"""Makes of an uploaded file the pictures that are shown: `python -m shop.catalog.darkroom`, file in, outcome out.

The real bytes decide what a file is. Nothing of it is handed on: orientation is applied, colours become sRGB, and every
picture is written anew, without metadata.
"""

import io
import struct
import sys
from typing import Any

import msgspec
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin, UnidentifiedImageError

from shop.catalog.develop import Developed, Flawed, Outcome

__all__ = ["MAX_PIXELS", "SIZES", "developed"]

SIZES = {"medium": 1000, "small": 320}  # pixels of the longer side, at most
MAX_PIXELS = 50_000_000
MEMORY = 2 * 1024**3  # bytes of address space: 50 megapixels with transparency take some 600 MB
CPU_SECONDS = 40
CONTENT_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
DEEP = ("I", "I;16", "I;16B", "I;16L", "F")  # more than eight bits a channel
# What Pillow raises for bytes that are no image after all.
BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError, TypeError, OverflowError)

Image.MAX_IMAGE_PIXELS = None  # ours is asked before anything is decoded
Picture = Image.Image


def developed(file: bytes) -> Outcome:
    """The pictures, or what is wrong with the file."""
    try:
        image: Picture = Image.open(io.BytesIO(file), formats=("JPEG", "PNG", "WEBP"))
    except UnidentifiedImageError:
        return Flawed("NO_IMAGE")
    except BROKEN:
        return Flawed("DAMAGED")
    if image.width * image.height > MAX_PIXELS:
        return Flawed("TOO_MANY_PIXELS")
    kind = str(image.format)
    try:
        options = options_of(image)
        image.load()
        return printed(upright(in_plain_colours(image)), CONTENT_TYPES[kind], options)
    except MemoryError:
        return Flawed("TOO_COMPLEX")
    except BROKEN:
        return Flawed("DAMAGED")


def options_of(image: Picture) -> dict[str, Any]:
    """How to write the original anew without making it worse, or larger."""
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.mode in ("L", "RGB"):
        sampling = JpegImagePlugin.get_sampling(image)
        return {"qtables": image.quantization, "subsampling": sampling} if sampling >= 0 else {"quality": 92}
    return {"quality": 92}


def in_plain_colours(image: Picture) -> Picture:
    """The same in sRGB, grey or a palette of eight bits. A profile that cannot be used is left out."""
    profile, exif = image.info.get("icc_profile"), image.getexif()
    if image.mode in DEEP:
        image = image.convert("F").point(lambda value: value / 257).convert("L")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        image = in_srgb(image, profile)
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        image = image.convert("RGBA" if "a" in image.mode.lower() else "RGB")
    image.info["exif"] = exif.tobytes() if exif else None
    return image


def in_srgb(image: Picture, profile: bytes) -> Picture:
    """An image with an ICC profile, in the colours of the web."""
    mode = "RGB" if image.mode == "CMYK" else image.mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, *BROKEN):
        return image
    return converted if converted is not None else image


def upright(image: Picture) -> Picture:
    """As the camera was held. EXIF that cannot be read turns nothing."""
    try:
        return ImageOps.exif_transpose(image) or image
    except BROKEN:
        return image


def printed(image: Picture, content_type: str, options: dict[str, Any]) -> Developed:
    """The three sizes, all of the same type."""
    smaller = {name: written(fitted(image, edge), content_type, {"quality": 85}) for name, edge in SIZES.items()}
    return Developed(
        content_type=content_type,
        width=image.width,
        height=image.height,
        original=written(image, content_type, options),
        medium=smaller["medium"],
        small=smaller["small"],
    )


def fitted(image: Picture, edge: int) -> Picture:
    """At most `edge` pixels wide and high; never enlarged."""
    ratio = min(1.0, edge / max(image.size))
    size = max(1, round(image.width * ratio)), max(1, round(image.height * ratio))
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def written(image: Picture, content_type: str, options: dict[str, Any]) -> bytes:
    """An image as a file, without metadata."""
    out = io.BytesIO()
    bare = image.copy()
    bare.info = {name: value for name, value in image.info.items() if name == "transparency"}
    match content_type:
        case "image/jpeg":
            bare = bare if bare.mode in ("L", "RGB") else bare.convert("RGB")
            bare.save(out, "JPEG", optimize=True, **options)
        case "image/webp":
            bare = bare if bare.mode in ("RGB", "RGBA") else bare.convert("RGBA")
            bare.save(out, "WEBP", quality=options.get("quality", 92), method=2)
        case _:
            bare.save(out, "PNG", compress_level=6)
    return out.getvalue()


def limit() -> None:
    """Take this process away what a harmless picture never needs."""
    import resource  # noqa: PLC0415 - not where there is no such thing

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    if sys.platform == "linux":  # elsewhere it is refused or ignored
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> None:
    """Read a file, write the outcome."""
    limit()
    sys.stdout.buffer.write(msgspec.msgpack.encode(developed(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
