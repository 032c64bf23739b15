"""Opens pictures with Pillow and fingerprints their frames. Runs in the sandboxed child only."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from PIL import AvifImagePlugin, Image, ImageFile

from tutela.detection.media.formats.fingerprint import Fingerprints, ReducedView, View
from tutela.detection.media.formats.pixels import (
    over_white,
    plain_pixels,
    reduced_turned,
    turned,
    turned_back,
)
from tutela.detection.media.limits import Limits
from tutela.detection.media.obstacles import NotCompared, check_size, hostile
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.signals.kind import Reduced
from tutela.model import GapReason

_ORIENTATION = 274
_DNG_VERSION = 50706
_PAGED = frozenset({"TIFF", "MPO"})
"""Formats whose further frames are pictures of their own and no animation."""

_WEBP_HEAD_BYTES = 30

_BITS_PER_PIXEL = 2.5
"""Of a JPEG file. What takes more is noise or a fine pattern, of which means do not tell enough."""


def prepare() -> None:
    """Sets Pillow up for hostile files. Once per process, before anything is opened."""
    # Sizes are checked here, before decoding, and become a gap; Pillow would warn or raise.
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    # The sandbox lets no thread begin.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def fingerprint_picture(
    stream: BinaryIO, form: str, limits: Limits, watch: Watch, into: Fingerprints
) -> None:
    """Fingerprints the frames of a picture.

    Args:
        stream: seekable, at its beginning.
        form: Pillow's name of the format; no other is tried.
        limits: pixels and frames.
        watch: ends the work between frames when time runs out.
        into: where signals and the size go.

    Raises:
        NotCompared: it is damaged, too large, or of a kind that cannot be decoded. What was
            fingerprinted before stays in `into`.
        MemoryError: it takes more memory than the child may use.
    """
    image = opened(stream, form, limits)
    scale = _scale(stream, image, limits, into)
    if scale > 1:
        into.width, into.height = image.size
        if into.add_reduced(_reduced_views(image, scale)):
            return
        image = opened(stream, form, limits)  # What was read at another scale stays so.
    with image:
        width, height = image.size
        if image.format == "TIFF" and orientation_of(image) >= 5:  # noqa: PLR2004 - Pillow swaps them
            width, height = height, width
        into.width, into.height = width, height
        _frames(image, limits, watch, into)
        if image.format == "TIFF" and _tiff_tag(image, _DNG_VERSION):
            raise NotCompared(
                GapReason.UNSUPPORTED, "a camera's raw picture: only its preview was compared"
            )


def opened(stream: BinaryIO, form: str, limits: Limits) -> ImageFile.ImageFile:
    """A picture whose header was read, and nothing of its pixels.

    Raises:
        NotCompared: it is damaged, or too large.
    """
    stream.seek(0)
    if form == "WEBP":
        check_size(*_webp_size(stream), limits)
    with hostile():
        return Image.open(stream, formats=(form,))


def _scale(stream: BinaryIO, image: ImageFile.ImageFile, limits: Limits, into: Fingerprints) -> int:
    """Pixels along each side of the blocks whose means will do for a picture, 1 for none.

    libjpeg gives the means of brightness and colour themselves. It does so before it converts them
    to RGB, which is the same as after where no pixel leaves the range of RGB on its own. CMYK is
    converted in another way, and other decoders do not give means at all.
    """
    if image.format != "JPEG" or image.mode not in {"RGB", "L"}:
        return 1
    width, height = image.size
    check_size(width, height, limits)
    if stream.seek(0, io.SEEK_END) * 8 > _BITS_PER_PIXEL * width * height:
        return 1
    return into.reduction(height, width)


def _reduced_views(image: ImageFile.ImageFile, scale: int) -> Iterator[ReducedView]:
    """As `_views`, for a picture of one frame without transparency."""
    width, height = image.size
    with hostile():
        image.draft(None, (width // scale, height // scale))
        image.load()
        orientation = orientation_of(image)
        picture = Reduced(plain_pixels(image), height, width, scale)
    yield ReducedView("", picture)
    if orientation != 1:
        yield ReducedView("turned", reduced_turned(picture, orientation), variants=False)


def sampled(frames: int, most: int) -> list[int]:
    """At most `most` of `frames` frame numbers, evenly spread, first and last included."""
    if frames <= most:
        return list(range(frames))
    return sorted({round(i * (frames - 1) / max(most - 1, 1)) for i in range(most)})


def _frames(image: ImageFile.ImageFile, limits: Limits, watch: Watch, into: Fingerprints) -> None:
    with hostile():
        count = int(getattr(image, "n_frames", 1))
    wanted = frozenset(sampled(count, limits.frames))
    for number in range(count):
        if number and watch.short:
            raise NotCompared(
                GapReason.TIMED_OUT, f"{count - number} of {count} frames would take too long"
            )
        if number:  # The first is there already, and some formats would begin anew.
            with hostile():
                image.seek(number)
        if number in wanted:
            check_size(*image.size, limits)
            into.add(_views(image), f"frame {number}" if count > 1 else "")
    if image.format in _PAGED and count > len(wanted):
        raise NotCompared(
            GapReason.TOO_LARGE, f"only {len(wanted)} of its {count} pictures were compared"
        )


def _views(image: ImageFile.ImageFile) -> Iterator[View]:
    """The frame as stored, turned as its tag says, and over white where it is transparent."""
    with hostile():
        # Pillow turns TIFF itself and then forgets the tag; PNG may have it behind the pixels.
        before = orientation_of(image) if image.format == "TIFF" else None
        image.load()
        orientation = before or orientation_of(image)
        pixels = plain_pixels(image)
    if before:
        pixels = turned_back(pixels, before)
    yield View("", pixels)
    if orientation != 1:
        yield View("turned", turned(pixels, orientation), variants=False)
    with hostile():
        page = over_white(image)
    if page is not None:
        yield View("over white", page)


def orientation_of(image: ImageFile.ImageFile) -> int:
    """The orientation tag, 1 to 8; 1 where it is missing, strange or unreadable."""
    if image.format == "TIFF":
        value = _tiff_tag(image, _ORIENTATION)
    else:
        try:
            value = image.getexif().get(_ORIENTATION)
        except Exception:  # noqa: BLE001 - hostile metadata makes Pillow raise nearly anything
            value = None
    return value if isinstance(value, int) and value in range(1, 9) else 1


def _tiff_tag(image: ImageFile.ImageFile, tag: int) -> object:
    try:
        return image.tag_v2.get(tag)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - as above
        return None


def _webp_size(stream: BinaryIO) -> tuple[int, int]:
    """Canvas of a WebP file (RFC 9649): its decoder takes memory for it on opening."""
    head = stream.read(_WEBP_HEAD_BYTES).ljust(_WEBP_HEAD_BYTES, b"\x00")
    stream.seek(0)
    if head[12:16] == b"VP8X":
        return _little(head[24:27]) + 1, _little(head[27:30]) + 1
    if head[12:16] == b"VP8L":
        both = _little(head[21:25])
        return (both & 0x3FFF) + 1, (both >> 14 & 0x3FFF) + 1
    return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
