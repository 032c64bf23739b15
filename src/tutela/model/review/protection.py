"""Protection of reviewers: how content is covered, and how much of it a day may hold."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.model.record import Record

SIZES = (96, 192, 384)
"""Longest edges of covered and uncovered pictures, in pixels, smallest first."""
BLURS = (0, 1, 2, 3)
"""Strengths of the blur, from none."""


class Protection(Record, frozen=True, kw_only=True):
    """How content is shown. The default is the strongest; each person may loosen it to the floor.

    Attributes:
        blur: strength of the blur of what is covered, one of `BLURS`.
        grey: whether pictures have no colours, covered or not.
        size: longest edge in pixels, one of `SIZES`.
        mute: whether sound is left out.
        region: whether only a part of a picture is uncovered at a time.
        sheet: whether of a video only a sheet of still pictures is shown.
    """

    blur: Annotated[int, msgspec.Meta(ge=0, le=3)] = 3
    grey: bool = True
    size: int = 96
    mute: bool = True
    region: bool = True
    sheet: bool = True


class Floor(Record, frozen=True, kw_only=True):
    """The weakest protection that anybody may choose, as an administrator says."""

    blur: Annotated[int, msgspec.Meta(ge=0, le=3)] = 1
    grey: bool = False
    size: int = 384
    mute: bool = False
    region: bool = False
    sheet: bool = False


class ExposureKind(StrEnum):
    """What somebody saw."""

    COVERED = "covered"
    """A blurred picture."""
    REVEAL = "reveal"
    """A picture, uncovered for as long as a key was held."""
    SHEET = "sheet"
    """Still pictures of a video, uncovered."""
    CLIP = "clip"
    """A few seconds of a video, played."""


class Exposure(Record, frozen=True, kw_only=True):
    """Somebody saw content.

    Attributes:
        id: number of it.
        account: who saw it.
        case_id, item: of which case, which item of evidence.
        kind: what was seen.
        severe: whether it counts among severe items.
        at: since when; written before anything is shown.
        seconds: for how long; None while it lasts.
    """

    id: int
    account: str
    case_id: str
    item: str
    kind: ExposureKind
    severe: bool
    at: datetime
    seconds: float | None = None
