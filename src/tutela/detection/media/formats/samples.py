"""Tiny drawings with which a child warms every decoder up and proves that it still works.

A sun over hills, drawn by code. What is decoded once before lock-down has all its modules loaded
and its kernels compiled; what is decoded after it shows that nothing needed was taken away.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator

import numpy as np
from av.audio.frame import AudioFrame
from PIL import Image

from tutela.detection.media.rendering.reel import Reel

_WIDTH, _HEIGHT = 96, 72  # not PDQ's own 64 by 64, which it treats in another way
_SUN = 90  # square of its radius

_FILM_PICTURES, _SOUND_SAMPLES = 6, 4000  # so many samples go with each picture
_TONE, _LOUD = 0.11, 8000

# The same drawing, coded with libavif (through Pillow) and with libheif's `heif-enc`: encoders
# for these are not at hand everywhere.
_AVIF = (
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAA"
    "AAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAuQAAAChpaW5mAAAA"
    "AAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAYAAAAEgA"
    "AAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQB"
    "AoMEAAAAwW1kYXQSAAoJGBmvx2yAhoNCMqkBRKx4eF4cAAKAAALPx/GprE+zCkrBUxBkhVsbbfR/BEf75Gw9Y5Hy"
    "cYISHzf8Tan1nACaW67ipRzUEIj6rZNWvGiB8g3NQ////raxJV1WnGfL/BSHtQ3sPkVeVGaaJ0K/InbcZPViS4t4"
    "foLgH//uU2Brm4YEMLhaKwiLuRPUaZ5IdrbT2aApZb///RwQanEU2dzMQwoMY+//++7d4t//o1pe/aApvXQx4A=="
)
_HEIC = (
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAAA5waXRtAAAAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAFmAAEAAAAAAAAA7QAAACNpaW5mAAAA"
    "AAABAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAwmlwcnAAAACkaXBjbwAAAHhodmNDAQNwAAAAAAAAAAAAHvAA/P34"
    "+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBJZbqSSmu"
    "bgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAGAAAABIAAAAEHBpeGkAAAAAAwgICAAA"
    "ABZpcG1hAAAAAAAAAAEAAQOBAoMAAAD1bWRhdAAAAOkoAa8ZgGD1//7IXMuZi80AjLq3IU3tPVGBHkxu/psHRdA3"
    "QQhLa8uplj9GeGlleGo1yFqzk4/L9A6TfpjGdQpIQejOIsi8kPWNLrj7FWdxk0sNR0FokqtzSGb8/Nf4o5e/VVhj"
    "dNelMg7RWuHkC/Fin+2FLo7ytvbklfdlhz/mgIKTRGCTQba+KL4hblyvvuuE2s4iGktJ8NNGbru/m7Ixhe7ytXP/"
    "//yXzNsrci9G14Eu2jXhpuGI0oNyEuQvKKUQy1ChGtz9Lahuf+OlU+1OB62XsYOQkUIkV749u3GRXDcxohI9CxW1"
    "vA=="
)


def drawing() -> Image.Image:
    """The sun over hills, 96 by 72 pixels in RGB."""
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    pixels = np.full((_HEIGHT, _WIDTH, 3), (120, 170, 230), dtype=np.uint8)
    pixels[(x - 46) ** 2 + (y - 16) ** 2 < _SUN] = (250, 220, 90)
    pixels[y > 40 + 8 * np.sin(x / 7)] = (60, 130, 60)
    pixels[y > 52 + 4 * np.sin(x / 3 + 1)] = (40, 80, 40)
    return Image.fromarray(pixels)


def samples() -> Iterator[bytes]:
    """The drawing in every format and in the colour modes that take a path of their own."""
    picture = drawing()
    grey = picture.convert("L")
    glass = picture.copy()
    glass.putalpha(grey)
    turned = Image.Exif()
    turned[274] = 6
    yield _encoded(picture, "JPEG", exif=turned)
    yield _encoded(grey, "JPEG")
    # Large enough to be decoded at half its size.
    yield _encoded(picture.resize((1024, 768), Image.Resampling.BICUBIC), "JPEG")
    yield _encoded(picture.convert("CMYK"), "JPEG")
    yield _encoded(glass, "PNG")
    yield _encoded(Image.fromarray(np.asarray(grey).astype(np.uint16) << 8), "PNG")
    yield _encoded(picture, "GIF", save_all=True, append_images=[picture.rotate(90)])
    yield _encoded(glass, "WEBP", save_all=True, append_images=[glass.rotate(90)])
    yield _encoded(picture, "BMP")
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg"):
        yield _encoded(picture, "TIFF", compression=compression, exif=turned)
    yield base64.b64decode(_AVIF)
    yield base64.b64decode(_HEIC)


def archive() -> bytes:
    """A zip archive with a picture, a text and a name in code page 437."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("sun.jpg", _encoded(drawing(), "JPEG"))
        file.writestr("words.txt", b"the sun over hills\n")
        named = zipfile.ZipInfo("h_gel.bmp")
        file.writestr(named, _encoded(drawing(), "BMP"))
    return packed.getvalue().replace(b"h_gel", b"h\x81gel")


def film() -> bytes:
    """A second of the drawing that moves aside, with a tone."""
    reel = Reel(_WIDTH, _HEIGHT, sound=True)
    pixels = np.asarray(drawing())
    tone = (np.sin(np.arange(_SOUND_SAMPLES) * _TONE) * _LOUD).astype(np.int16)
    for number in range(_FILM_PICTURES):
        at = number / _FILM_PICTURES
        reel.show(np.roll(pixels, 8 * number, axis=1), at)
        sound = AudioFrame.from_ndarray(tone[None], "s16", "mono")
        sound.sample_rate = _SOUND_SAMPLES * _FILM_PICTURES
        reel.hear(sound, at)
    return reel.done()


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()
