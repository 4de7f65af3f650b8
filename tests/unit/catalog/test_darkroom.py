"""What becomes of an uploaded file: the real bytes decide."""

import asyncio
import io
import zlib
from unittest import mock

import pytest
from PIL import Image
from tests.support import pictures
from tests.support.pictures import JPEG, PNG, WEBP, bomb, corners, photo, png_of, with_exif

from shop.catalog import darkroom, develop
from shop.catalog.darkroom import developed
from shop.catalog.develop import Developed, Flawed
from shop.catalog.model import FLAWS


def good(file: bytes) -> Developed:
    outcome = developed(file)
    assert isinstance(outcome, Developed), outcome
    return outcome


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


@pytest.mark.parametrize("content_type", [JPEG, PNG, WEBP])
def test_a_picture_comes_in_three_sizes_of_its_own_type(content_type):
    made = good(photo(content_type, (1600, 1200)))
    assert (made.content_type, made.width, made.height) == (content_type, 1600, 1200)
    sizes = [opened(body).size for body in (made.original, made.medium, made.small)]
    assert sizes == [(1600, 1200), (1000, 750), (320, 240)]
    for body in (made.original, made.medium, made.small):
        assert Image.MIME[str(opened(body).format)] == content_type
        assert corners(body) == {"top left": "red", "top right": "blue", "bottom left": "blue", "bottom right": "blue"}


def test_a_small_picture_is_never_enlarged_and_a_thin_one_never_vanishes():
    made = good(photo(PNG, (40, 30)))
    assert {opened(body).size for body in (made.original, made.medium, made.small)} == {(40, 30)}
    assert opened(good(photo(PNG, (5000, 2))).small).size == (320, 1)


@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [
        (1, (1200, 800), "top left"),
        (2, (1200, 800), "top right"),
        (3, (1200, 800), "bottom right"),
        (4, (1200, 800), "bottom left"),
        (5, (800, 1200), "top left"),
        (6, (800, 1200), "top right"),
        (7, (800, 1200), "bottom right"),
        (8, (800, 1200), "bottom left"),
    ],
)
def test_it_stands_as_the_camera_was_held(orientation, size, corner):
    for content_type in (JPEG, PNG, WEBP):
        made = good(photo(content_type, exif=with_exif(orientation)))
        assert (made.width, made.height) == size
        for body in (made.original, made.medium, made.small):
            assert [name for name, colour in corners(body).items() if colour == "red"] == [corner]


@pytest.mark.parametrize("content_type", [JPEG, PNG, WEBP])
def test_no_metadata_stays(content_type):
    file = photo(content_type, exif=with_exif(6), icc_profile=pictures.profile(), xmp=b"<x>SECRET-XMP</x>")
    assert b"SECRET" in file
    made = good(file)
    for body in (made.original, made.medium, made.small):
        assert b"SECRET" not in body
        image = opened(body)
        image.load()
        assert not image.getexif()
        assert not image.info.keys() & {"icc_profile", "exif", "xmp", "XML:com.adobe.xmp", "comment"}


def test_comments_and_what_follows_the_image_are_gone_too():
    made = good(photo(JPEG, comment=b"SECRET") + b"<script>SECRET</script>")
    assert b"SECRET" not in made.original
    text = png_of(2, 2, (b"tEXt", b"Author\0SECRET"), (b"IDAT", zlib.compress(b"\0\0\0" * 2)))
    assert b"SECRET" not in good(text + b"SECRET").original


@pytest.mark.parametrize(
    ("content_type", "mode"),
    [(JPEG, "L"), (JPEG, "CMYK"), *((PNG, mode) for mode in ("1", "L", "LA", "P", "RGBA", "I;16")), (WEBP, "RGBA")],
)
def test_every_kind_of_colour_is_read(content_type, mode):
    made = good(photo(content_type, mode=mode) if mode != "I;16" else deep())
    assert opened(made.small).width == 320


def deep() -> bytes:
    out = io.BytesIO()
    Image.new("I;16", (400, 400), 40_000).save(out, "PNG")
    return out.getvalue()


def test_sixteen_bits_of_grey_become_eight_of_the_same_light():
    value = opened(good(deep()).original).convert("L").getpixel((9, 9))
    assert value in (155, 156)


@pytest.mark.parametrize("content_type", [PNG, WEBP])
def test_what_is_transparent_stays_so(content_type):
    out = io.BytesIO()
    image = Image.new("RGBA", (500, 500), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 100, 100))
    image.save(out, pictures.FORMATS[content_type])
    made = good(out.getvalue())
    for body in (made.original, made.medium, made.small):
        opacity = opened(body).convert("RGBA").getchannel("A")
        assert opacity.getpixel((opacity.width - 5, opacity.height - 5)) == 0
        assert opacity.getpixel((5, 5)) == 255


def test_a_palette_with_a_transparent_colour_is_read():
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).quantize().save(out, "PNG")
    assert opened(out.getvalue()).mode == "P"
    assert opened(good(out.getvalue()).small).convert("RGBA").getchannel("A").getpixel((9, 9)) == 0


def test_of_a_film_the_first_picture_is_shown():
    out = io.BytesIO()
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    made = good(out.getvalue())
    assert set(corners(made.original).values()) == {"red"}
    assert getattr(opened(made.original), "n_frames", 1) == 1


def test_an_original_is_written_without_growing():
    out = io.BytesIO()
    Image.effect_noise((900, 900), 60).convert("RGB").save(out, "JPEG", quality=40)
    assert len(good(out.getvalue()).original) <= len(out.getvalue()) * 1.1


GIF = io.BytesIO()
Image.new("RGB", (9, 9)).save(GIF, "GIF")
WHOLE = photo(JPEG, (600, 600))
BAD = {
    "nothing": (b"", "NO_IMAGE"),
    "text": (b"hello" * 99, "NO_IMAGE"),
    "a page": (b"<html><script>alert(1)</script></html>", "NO_IMAGE"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>', "NO_IMAGE"),
    "gif": (GIF.getvalue(), "NO_IMAGE"),
    "pdf": (b"%PDF-1.7\n" + b"0" * 500, "NO_IMAGE"),
    "a head alone": (b"\x89PNG\r\n\x1a\n", "DAMAGED"),
    "half a jpeg": (WHOLE[: len(WHOLE) // 2], "DAMAGED"),
    "half a png": (photo(PNG)[:900], "DAMAGED"),
    "half a webp": (photo(WEBP)[:200], "NO_IMAGE"),
    "a png without pixels": (png_of(100, 100), "DAMAGED"),
    "a png of nothing": (png_of(0, 0, (b"IDAT", zlib.compress(b""))), "DAMAGED"),
    "a text bomb": (png_of(9, 9, (b"zTXt", b"a\0\0" + zlib.compress(b"x" * 20_000_000))), "DAMAGED"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_told_so(name):
    file, flaw = BAD[name]
    outcome = developed(file)
    assert outcome == Flawed(flaw) or (isinstance(outcome, Flawed) and {outcome.flaw, flaw} == {"NO_IMAGE", "DAMAGED"})
    assert isinstance(outcome, Flawed)
    assert FLAWS[outcome.flaw].keys() == {"ja", "en"}


def test_fifty_megapixels_are_the_limit_and_nothing_over_it_is_decoded():
    with mock.patch.object(Image.Image, "load", side_effect=AssertionError("decoded")):
        assert developed(png_of(10_000, 5_001)) == Flawed("TOO_MANY_PIXELS")
        assert developed(png_of(2_000_000_000, 2)) == Flawed("TOO_MANY_PIXELS")
    assert darkroom.MAX_PIXELS == 50_000_000


def test_the_darkroom_develops_as_a_process_and_survives_bombs():
    async def story():
        made = await develop.develop(photo(PNG, exif=with_exif(6)))
        assert isinstance(made, Developed)
        assert (made.width, made.height) == (800, 1200)
        assert await develop.develop(bomb(8_000, 8_000)) == Flawed("TOO_MANY_PIXELS")
        assert await develop.develop(b"no image") == Flawed("NO_IMAGE")

    asyncio.run(story())


def test_a_darkroom_that_dies_says_nothing_about_the_file():
    async def story():
        with mock.patch.object(develop, "COMMAND", ("/bin/sh", "-c", "kill -9 $$")), pytest.raises(develop.Crashed):
            await develop.develop(b"x" * 200_000)
        with mock.patch.object(develop, "COMMAND", ("/bin/sh", "-c", "kill -XCPU $$")):
            assert await develop.develop(b"x") == Flawed("TOO_COMPLEX")

    asyncio.run(story())


def test_a_darkroom_whose_work_is_called_off_ends():
    async def story():
        with mock.patch.object(develop, "COMMAND", ("/bin/sleep", "600")):
            working = asyncio.create_task(develop.develop(b"x"))
            await asyncio.sleep(0.05)
            working.cancel()
            with pytest.raises(asyncio.CancelledError):
                await working

    asyncio.run(story())
