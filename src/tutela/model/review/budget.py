"""Budgets: what a day of exposures comes to, and whether there is a pause. Pure functions.

What is uncovered counts on the day on which it began, in the person's own zone. A pause follows
severe items without a rest between them; who has rested for as long by themselves starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from tutela.model.record import Record
from tutela.model.review.protection import Exposure, Limits

LOOK_BACK = timedelta(hours=24)
"""What is older counts towards no pause."""


class Day(Record, frozen=True, kw_only=True):
    """A day in somebody's zone, as points in time: from `starts` until just before `ends`."""

    date: date
    starts: datetime
    ends: datetime


class LiftKind(StrEnum):
    """What somebody else lifted of a person's limits."""

    PAUSE = "pause"
    """A pause ends now, and the count towards the next begins anew."""
    BUDGET = "budget"
    """The day holds more."""


MOST_ITEMS = 1000
"""So many items are added to a day at most, each time."""
MOST_MINUTES = 240
MOST_REASON = 500
"""Characters of the reason of a lift."""


class NewLift(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be lifted of a person's limits, and why.

    Attributes:
        kind: the pause, or the budget of the day.
        items, minutes: how much more the day holds; of a budget.
        reason: for the record; kept with the lift, and in the audit log by its digest.
    """

    kind: LiftKind
    items: Annotated[int, msgspec.Meta(ge=0, le=MOST_ITEMS)] = 0
    minutes: Annotated[int, msgspec.Meta(ge=0, le=MOST_MINUTES)] = 0
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_REASON)]


class Lift(Record, frozen=True, kw_only=True):
    """What somebody else lifted of a person's limits.

    Attributes:
        id: number of it.
        account: whose limits.
        at: when.
        until: until when the day holds more; of a pause the same as `at`.
        by: who lifted it.
    """

    id: int
    account: str
    kind: LiftKind
    at: datetime
    until: datetime
    items: int
    minutes: int
    by: str
    reason: str


class Raise(Record, frozen=True, kw_only=True):
    """What somebody else added to what a day holds."""

    items: int = 0
    minutes: int = 0


class DayOfExposure(Record, frozen=True, kw_only=True):
    """What a person's day has come to.

    Attributes:
        day: which day, in the person's zone.
        covered: covered pictures that were shown.
        uncovered: how often something was uncovered.
        items: different items that were.
        severe_items: those of them that are severe.
        seconds: for how long all together, what lasts now included.
        items_allowed, minutes_allowed: what the day holds; None where there is no limit.
        in_a_row: different severe items since the last rest.
        paused_until: until then nothing is uncovered; None where there is no pause.
    """

    day: Day
    covered: int = 0
    uncovered: int = 0
    items: int = 0
    severe_items: int = 0
    seconds: float = 0.0
    items_allowed: int | None = None
    minutes_allowed: int | None = None
    in_a_row: int = 0
    paused_until: datetime | None = None

    @property
    def items_spent(self) -> bool:
        """Whether no further severe item is uncovered today."""
        return self.items_allowed is not None and self.severe_items >= self.items_allowed

    @property
    def minutes_spent(self) -> bool:
        """Whether nothing is uncovered any more today."""
        return self.seconds_left is not None and self.seconds_left <= 0

    @property
    def seconds_left(self) -> float | None:
        """For how long things may still be uncovered today; None where there is no limit."""
        if self.minutes_allowed is None:
            return None
        return max(self.minutes_allowed * 60 - self.seconds, 0.0)


def day_of(moment: datetime, zone: str) -> Day:
    """The day that a point in time falls on, in a zone of this name; UTC where there is none."""
    where = _zone(zone)
    today = moment.astimezone(where).date()
    return Day(
        date=today,
        starts=_midnight(today, where),
        ends=_midnight(today + timedelta(days=1), where),
    )


def lasted(exposure: Exposure, limits: Limits, present: datetime) -> float:
    """For how many seconds something was, or has been, uncovered."""
    if exposure.seconds is not None:
        return exposure.seconds
    elapsed = (present - exposure.at).total_seconds()
    return min(max(elapsed, 0.0), float(limits.longest_seconds))


def standing_of(
    uncovered: Sequence[Exposure],
    limits: Limits,
    day: Day,
    present: datetime,
    *,
    covered: int = 0,
    raised: Iterable[Raise] = (),
    lifted_at: datetime | None = None,
) -> DayOfExposure:
    """What a person's day has come to by now.

    Args:
        uncovered: everything that the person uncovered on that day and in the 24 hours before now,
            oldest first.
        limits: how much there may be.
        day: the day that is now.
        present: now.
        covered: covered pictures of the day.
        raised: what was added to what this day holds.
        lifted_at: when a pause was lifted last, or None.
    """
    today = [one for one in uncovered if day.starts <= one.at < day.ends]
    more = list(raised)
    in_a_row, rested_at = _in_a_row(uncovered, limits, present, lifted_at)
    pausing = limits.pause_after and in_a_row >= limits.pause_after
    return DayOfExposure(
        day=day,
        covered=covered,
        uncovered=len(today),
        items=len({_which(one) for one in today}),
        severe_items=len({_which(one) for one in today if one.severe}),
        seconds=sum(lasted(one, limits, present) for one in today),
        items_allowed=_allowed(limits.severe_items, sum(one.items for one in more)),
        minutes_allowed=_allowed(limits.minutes, sum(one.minutes for one in more)),
        in_a_row=in_a_row,
        paused_until=rested_at if pausing else None,
    )


def _in_a_row(
    uncovered: Sequence[Exposure],
    limits: Limits,
    present: datetime,
    lifted_at: datetime | None,
) -> tuple[int, datetime | None]:
    """Different severe items since the last rest, and when the next rest would be over."""
    rest = timedelta(minutes=limits.pause_minutes)
    since = present - LOOK_BACK if lifted_at is None else max(lifted_at, present - LOOK_BACK)
    run: set[tuple[str, str]] = set()
    rested_at: datetime | None = None
    for one in uncovered:
        if not one.severe or one.at < since:
            continue
        if rested_at is not None and one.at >= rested_at:
            run.clear()
        run.add(_which(one))
        ended = one.at + timedelta(seconds=lasted(one, limits, present)) + rest
        rested_at = ended if rested_at is None else max(rested_at, ended)
    if rested_at is None or present >= rested_at:
        return 0, None
    return len(run), rested_at


def _which(exposure: Exposure) -> tuple[str, str]:
    return exposure.case_id, exposure.item


def _allowed(limit: int, more: int) -> int | None:
    return limit + more if limit else None


def _zone(name: str) -> tzinfo:
    # A name that somebody wrote may be none, or a path: it is never a reason to fail.
    with suppress(ValueError, OSError, LookupError):
        if name:
            return ZoneInfo(name)
    return UTC


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
