"""Opens pictures, animations and pages, for a rendition. Runs in the sandboxed child only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, ImageFile

from tutela.detection.media.formats.decode import opened, orientation_of, sampled
from tutela.detection.media.formats.heic import heic_pictures
from tutela.detection.media.formats.pixels import eight_bits
from tutela.detection.media.limits import Limits
from tutela.detection.media.obstacles import NotCompared, check_size, hostile
from tutela.detection.media.rendering.covering import small
from tutela.detection.media.rendering.rendition import Rendition
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.sniff import MediaType, Opener
from tutela.model import Gap, GapReason

CANDIDATES_PER_STILL = 2
"""So many are looked at for each still picture that a sheet has room for."""

_FINER = 2
"""How much larger than it is shown a JPEG is decoded, along each edge."""

_STEP_SECONDS = 0.1
_LONGEST_STEP_SECONDS = 60.0
"""How long a picture of an animation stands where it does not say so, and at most."""

_SIDEWAYS = 5
"""Orientations from here on exchange width and height."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Still(NamedTuple):
    """A still picture.

    Attributes:
        image: upright, in a mode in which it can be made small: no palette, no deep greys.
        size: width and height before it was made small.
        at: when it is shown, in seconds.
    """

    image: Image.Image
    size: tuple[int, int]
    at: float = 0.0


class Stills(NamedTuple):
    """What was seen of content.

    Attributes:
        stills: candidates for a sheet, in order; one at least.
        seconds: how long it lasts, if it moves and says so.
        gaps: why some could not be seen.
    """

    stills: list[Still]
    seconds: float | None = None
    gaps: tuple[Gap, ...] = ()


def gathered(stills: Iterable[Still], most: int) -> Stills:
    """The first `most` still pictures, or those that came before an obstacle.

    Raises:
        NotCompared, MemoryError: there is not even one.
    """
    found: list[Still] = []
    try:
        for still in stills:
            found.append(still)
            if len(found) == most:
                break
    except NotCompared as obstacle:
        if not found:
            raise
        return Stills(found, None, (obstacle.gap,))
    return Stills(found)


def picture_stills(
    stream: BinaryIO, media_type: MediaType, rendition: Rendition, limits: Limits, watch: Watch
) -> Stills:
    """The picture, or some of an animation's, or of a file's pages.

    Raises:
        NotCompared: nothing of it can be shown.
        MemoryError: it takes more memory than the child may use.
    """
    most = 1 if rendition.stills == 1 else CANDIDATES_PER_STILL * rendition.stills
    if media_type.opener is Opener.HEIF:
        pictures = heic_pictures(stream, limits, watch, rendition.stills)
        return gathered((_of_pixels(pixels, rendition) for pixels in pictures), most)
    with opened(stream, media_type.form, limits) as image:
        count = _count(image)
        wanted = sampled(count, most) if most > 1 else [0]
        return gathered(_frames(image, wanted, rendition, limits, watch), len(wanted))


def moving_pictures(
    stream: BinaryIO, media_type: MediaType, rendition: Rendition, limits: Limits, watch: Watch
) -> Iterator[Still]:
    """The pictures of an animation one after the other, each with its time.

    Raises:
        NotCompared: it does not go on, or there is one picture only.
        MemoryError: it takes more memory than the child may use.
    """
    with opened(stream, media_type.form, limits) as image:
        count = _count(image)
        if count == 1:
            raise NotCompared(GapReason.UNSUPPORTED, "it does not move")
        yield from _frames(image, list(range(count)), rendition, limits, watch)


def whole_needed(rendition: Rendition) -> bool:
    """Whether a picture must not be made small before a part is taken out of it."""
    return rendition.region is not None and not rendition.blur and rendition.stills == 1


def _count(image: ImageFile.ImageFile) -> int:
    with hostile():
        return int(getattr(image, "n_frames", 1))


def _frames(
    image: ImageFile.ImageFile,
    wanted: list[int],
    rendition: Rendition,
    limits: Limits,
    watch: Watch,
) -> Iterator[Still]:
    at = 0.0
    for number in range(wanted[-1] + 1):
        if number and watch.short:
            raise NotCompared(GapReason.TIMED_OUT, "some of its pictures would take too long")
        with hostile():
            if number:  # The first is there already, and some formats would begin anew.
                image.seek(number)
        if number in wanted:
            check_size(*image.size, limits)
            with hostile():
                yield _still(image, rendition, at)
        at += _stands(image)


def _stands(image: ImageFile.ImageFile) -> float:
    milliseconds = image.info.get("duration")
    if not isinstance(milliseconds, int | float) or not milliseconds > 0:
        return _STEP_SECONDS
    return min(float(milliseconds) / 1000, _LONGEST_STEP_SECONDS)


def _of_pixels(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], rendition: Rendition
) -> Still:
    image = Image.fromarray(pixels)
    return Still(_kept(image, rendition), image.size)


def _still(image: ImageFile.ImageFile, rendition: Rendition, at: float) -> Still:
    size = image.size
    # PNG may have the tag behind its pixels, and Pillow turns TIFF itself.
    orientation = orientation_of(image) if image.format not in {"PNG", "TIFF"} else 1
    if image.format == "JPEG":
        most = _FINER * rendition.size * (rendition.zoom if rendition.region else 1)
        share = most / max(size)
        image.draft(None, (max(round(size[0] * share), 1), max(round(size[1] * share), 1)))
    image.load()
    if image.format == "PNG":
        orientation = orientation_of(image)
    shown = _kept(_plain(image), rendition)
    if orientation != 1:
        shown = shown.transpose(_TURNS[orientation])
    if orientation >= _SIDEWAYS:
        size = size[1], size[0]
    # The next frame is drawn over this one.
    return Still(shown.copy() if shown is image else shown, size, at)


def _kept(image: Image.Image, rendition: Rendition) -> Image.Image:
    """As much of it as the rendition needs: many candidates for a sheet are held together."""
    return image if whole_needed(rendition) else small(image, rendition.size)


def _plain(image: Image.Image) -> Image.Image:
    """In a mode in which it can be made small."""
    if image.mode[0] in "IF":
        return Image.fromarray(eight_bits(np.asarray(image)))
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"P", "PA"} or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image
