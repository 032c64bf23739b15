"""Protection of reviewers: how content is covered, and how much of it a day may hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tutela.errors import InvalidInput
from tutela.model.record import Record
from tutela.model.response.decision import Severity

SEVERE = frozenset({Severity.HIGH, Severity.CRITICAL})
"""Severities of cases whose contents count among severe items; the others are lighter."""
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
    """A blurred picture, or messages in which what is sexual is masked."""
    REVEAL = "reveal"
    """A picture, uncovered for as long as a key was held; or a message, for a moment."""
    SHEET = "sheet"
    """Still pictures of a video, uncovered."""
    CLIP = "clip"
    """A few seconds of a video, played."""


UNCOVERED = (ExposureKind.REVEAL, ExposureKind.SHEET, ExposureKind.CLIP)
"""What counts in budgets, and is refused where one is spent."""


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
        until: the page covers it again by then, whoever holds a key; None of what is not running.
    """

    id: int
    account: str
    case_id: str
    item: str
    kind: ExposureKind
    severe: bool
    at: datetime
    seconds: float | None = None
    until: datetime | None = None


class Limits(Record, frozen=True, kw_only=True):
    """How much a person may uncover. Zero sets no limit of its kind.

    Attributes:
        severe_items: so many different severe items a day.
        minutes: for so long a day, all together.
        pause_after: after so many different severe items without a rest, there is a pause.
        pause_minutes: for so long; a rest that is as long resets the count by itself.
        longest_seconds: one picture is covered again after so long; one whose end is never told
            counts for so long.
        lighter_after: after so many severe cases in a row comes a lighter one, if one waits.
    """

    severe_items: Annotated[int, msgspec.Meta(ge=0)] = 100
    minutes: Annotated[int, msgspec.Meta(ge=0)] = 30
    pause_after: Annotated[int, msgspec.Meta(ge=0)] = 20
    pause_minutes: Annotated[int, msgspec.Meta(ge=1)] = 10
    longest_seconds: Annotated[int, msgspec.Meta(ge=1)] = 30
    lighter_after: Annotated[int, msgspec.Meta(ge=0)] = 5


def effective(wanted: Protection | None, floor: Floor) -> Protection:
    """How content is shown to a person: as wanted, but never weaker than the floor."""
    own = wanted or Protection()
    return Protection(
        blur=max(own.blur, floor.blur),
        grey=own.grey or floor.grey,
        size=min(own.size, floor.size),
        mute=own.mute or floor.mute,
        region=own.region or floor.region,
        sheet=own.sheet or floor.sheet,
    )


def check_protection(wanted: Protection, floor: Floor) -> None:
    """Refuse what is weaker than the floor; raises `InvalidInput` that names every such part."""
    check_size(wanted.size)
    weaker = list(_weaker(wanted, floor))
    if weaker:
        raise InvalidInput(
            f"this is weaker than is allowed here: {', '.join(weaker)}",
            where="protection",
            remedy="choose a stronger protection; an administrator sets how weak it may be",
        )


def check_size(size: int) -> None:
    """Refuse a size that pictures are not made in; raises `InvalidInput`."""
    if size not in SIZES:
        shown = ", ".join(map(str, SIZES))
        raise InvalidInput("there is no such size", where="size", remedy=f"choose one of {shown}")


def _weaker(wanted: Protection, floor: Floor) -> Iterator[str]:
    shown = effective(wanted, floor)
    for name in Protection.__struct_fields__:
        if getattr(shown, name) != getattr(wanted, name):
            yield name
