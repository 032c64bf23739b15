"""What a rendition is asked to be, and what it became."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

from tutela.detection.media.sniff import JPEG
from tutela.model import Gap
from tutela.model.record import Record

MOST_PIXELS = 512
"""Longest edge of a rendition of one picture."""

MOST_STILLS = 16
"""Still pictures on one sheet."""

MOST_SECONDS = 10.0
"""Length of a clip."""

MOST_BYTES = 3 * 2**20
"""Of a rendition; it goes through a message of the child."""

PICTURE = JPEG.name
FILM = "video/webm"

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Region(Record, frozen=True, kw_only=True):
    """A part of a picture, in shares of its width and height from the top left.

    It is widened to whole pixels of the rendition, and is never less than one.
    """

    x: Share
    y: Share
    width: Share
    height: Share


class Clip(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A few seconds of something that moves.

    Attributes:
        start: seconds from its beginning.
        seconds: how long.
        sound: whether it can be heard.
    """

    start: Annotated[float, msgspec.Meta(ge=0, le=10_000_000)] = 0.0
    seconds: Annotated[float, msgspec.Meta(gt=0, le=MOST_SECONDS)] = MOST_SECONDS
    sound: bool = False


class Rendition(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How content is to be shown.

    Attributes:
        size: longest edge of the whole picture in pixels, or of each still picture on a sheet.
            Nothing is ever enlarged.
        mark: who looks, written all over the picture: a pseudonym.
        grey: whether there are no colours.
        blur: strength from 0, which is none, to 3.
        region: the only part that is shown.
        zoom: how many times larger than `size` says a region is shown. It never becomes larger
            than `size` by that. Without effect on what has no region, is blurred, or is a sheet.
        stills: how many still pictures at most are shown on a sheet of what has several.
        clip: what is to move, in place of a still picture.
        member: where it is in the archives, outermost first, by the names in `Content.path`; empty
            for the file itself.
        again: which of several members with these names, from 0.
    """

    size: Annotated[int, msgspec.Meta(ge=16, le=MOST_PIXELS)]
    mark: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    grey: bool = True
    blur: Annotated[int, msgspec.Meta(ge=0, le=3)] = 3
    region: Region | None = None
    zoom: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    stills: Annotated[int, msgspec.Meta(ge=1, le=MOST_STILLS)] = 1
    clip: Clip | None = None
    member: tuple[str, ...] = ()
    again: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0


class Rendered(Record, frozen=True, kw_only=True):
    """A rendition.

    Attributes:
        media_type: `image/jpeg` or `video/webm`.
        data: its bytes.
        width, height: its size in pixels.
        whole_width, whole_height: of the picture itself, as people see it, before it was made
            small; of a sheet: of its first still picture.
        stills: how many still pictures it shows; 0 of a clip.
        columns: in how many columns they stand.
        seconds: how long what moves lasts in all, as far as it says so; None of what does not move.
        gaps: what is missing from it, and why.
    """

    media_type: str
    data: bytes
    width: int
    height: int
    whole_width: int
    whole_height: int
    stills: int = 1
    columns: int = 1
    seconds: float | None = None
    gaps: tuple[Gap, ...] = ()


def looks_right(rendered: Rendered) -> bool:
    """Whether it can be what it says. A child that hostile bytes have taken over may say anything.

    Nothing is given on but a JPEG picture or a WebM film within its bounds.
    """
    mark = _MARKS.get(rendered.media_type)
    return (
        mark is not None
        and rendered.data.startswith(mark)
        and len(rendered.data) <= MOST_BYTES
        and 0 < rendered.width <= _MOST_EDGE
        and 0 < rendered.height <= _MOST_EDGE
    )


_MARKS = {PICTURE: b"\xff\xd8\xff", FILM: b"\x1a\x45\xdf\xa3"}
_MOST_EDGE = MOST_PIXELS * math.isqrt(MOST_STILLS)
