"""Budgets against a simulation that walks through a day second by second."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.model.review.budget import Raise, day_of, lasted, standing_of
from tutela.model.review.protection import Exposure, ExposureKind, Limits

START = datetime(2026, 11, 30, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NONE = Limits(severe_items=0, minutes=0, pause_after=0)


def seen(
    second: float, item: str = "a", *, severe: bool = True, seconds: float | None = 1.0
) -> Exposure:
    return Exposure(
        id=1,
        account="ada",
        case_id="case-1",
        item=item,
        kind=ExposureKind.REVEAL,
        severe=severe,
        at=START + second * SECOND,
        seconds=seconds,
    )


def paused_at(exposures: list[Exposure], limits: Limits, second: int, lifted: int | None) -> bool:
    """Whether there is a pause, by a clock that ticks: it knows of no intervals.

    A person gets tired by one with each new severe item, and is rested again after the minutes of
    a pause without any, or by a lift. Who is tired enough is on pause.
    """
    tired: set[str] = set()
    rest = 0
    for tick in range(second + 1):
        rest += 1
        if lifted == tick or rest >= limits.pause_minutes * 60:
            tired.clear()
        for one in exposures:
            begins = (one.at - START) // SECOND
            if not one.severe or (lifted is not None and begins < lifted):
                continue
            if begins == tick:
                tired.add(one.item)
            if begins <= tick <= begins + int(one.seconds or 0):
                rest = 0
    return len(tired) >= limits.pause_after


@st.composite
def days(draw: st.DrawFn) -> list[Exposure]:
    """Things that were uncovered one after the other."""
    found, second = [], 0
    for _ in range(draw(st.integers(0, 12))):
        second += draw(st.sampled_from([1, 5, 59, 60, 60, 61, 120]))
        long = draw(st.integers(0, 30))
        severe = draw(st.booleans())
        found.append(
            seen(second, draw(st.sampled_from("abcd")), severe=severe, seconds=float(long))
        )
        second += long
    return found


@settings(max_examples=300)
@given(
    days(),
    st.integers(1, 4),
    st.integers(1, 2),
    st.sampled_from([0, 1, 59, 60, 61, 90, 120, 150]),
    st.none() | st.integers(0, 300),
)
def test_pauses_are_those_of_a_simple_simulation(
    exposures: list[Exposure], after: int, minutes: int, more: int, lifted: int | None
) -> None:
    last = max(((one.at - START) // SECOND for one in exposures), default=0)
    second = last + more
    if lifted is not None and lifted > second:
        lifted = None
    limits = Limits(pause_after=after, pause_minutes=minutes)
    stands = standing_of(
        exposures,
        limits,
        day_of(START, ""),
        START + second * SECOND,
        lifted_at=None if lifted is None else START + lifted * SECOND,
    )
    assert (stands.paused_until is not None) == paused_at(exposures, limits, second, lifted)
    if stands.paused_until is not None:
        # The pause ends when it says, and not before.
        end = (stands.paused_until - START) // SECOND
        assert paused_at(exposures, limits, end - 1, lifted)
        assert not paused_at(exposures, limits, end, lifted)
        again = standing_of(exposures, limits, day_of(START, ""), stands.paused_until)
        assert again.paused_until is None


@given(days(), st.integers(0, 5), st.integers(0, 3), st.integers(0, 2), st.integers(0, 2))
def test_what_a_day_holds_is_counted_as_by_hand(
    exposures: list[Exposure], items: int, minutes: int, more_items: int, more_minutes: int
) -> None:
    limits = Limits(severe_items=items, minutes=minutes, pause_after=0)
    raised = [Raise(items=more_items), Raise(minutes=more_minutes)]
    end = START + timedelta(hours=2)
    stands = standing_of(exposures, limits, day_of(START, ""), end, raised=raised, covered=7)
    severe = {one.item for one in exposures if one.severe}
    seconds = sum(one.seconds or 0.0 for one in exposures)
    assert (stands.severe_items, stands.seconds, stands.covered) == (len(severe), seconds, 7)
    assert stands.uncovered == len(exposures)
    assert stands.items == len({one.item for one in exposures})
    assert stands.items_spent == (items > 0 and len(severe) >= items + more_items)
    assert stands.minutes_spent == (minutes > 0 and seconds >= (minutes + more_minutes) * 60)
    assert stands.paused_until is None


@pytest.mark.parametrize(
    ("elapsed", "counts"), [(0, 0.0), (5, 5.0), (30, 30.0), (5_000, 30.0), (-60, 0.0)]
)
def test_what_still_lasts_counts_until_now_and_at_most_so_long(elapsed: int, counts: float) -> None:
    running = seen(0, seconds=None)
    present = START + elapsed * SECOND
    assert lasted(running, Limits(longest_seconds=30), present) == counts
    assert standing_of([running], NONE, day_of(START, ""), present).seconds == counts


def test_what_was_told_is_not_cut() -> None:
    assert lasted(seen(0, seconds=99.0), Limits(longest_seconds=30), START) == 99.0


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("", date(2026, 11, 30)),
        ("Europe/Paris", date(2026, 11, 30)),
        ("Pacific/Kiritimati", date(2026, 12, 1)),
        ("America/Los_Angeles", date(2026, 11, 30)),
        ("../../etc/passwd", date(2026, 11, 30)),
        ("No/Such", date(2026, 11, 30)),
        ("x" * 300, date(2026, 11, 30)),
        ("a\0b", date(2026, 11, 30)),
        ("Europe", date(2026, 11, 30)),
    ],
)
def test_a_day_is_that_of_the_zone_and_no_name_breaks_it(zone: str, expected: date) -> None:
    day = day_of(datetime(2026, 11, 30, 12, tzinfo=UTC), zone)
    assert day.date == expected
    assert day.starts <= datetime(2026, 11, 30, 12, tzinfo=UTC) < day.ends


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.sampled_from(["Europe/Paris", "Africa/Cairo", "America/Sao_Paulo", "Asia/Tehran", ""]),
)
def test_days_follow_each_other_without_gaps(moment: datetime, zone: str) -> None:
    """Also where the clock is put forward at midnight, as in Cairo and São Paulo."""
    day = day_of(moment, zone)
    assert day.starts <= moment < day.ends
    assert timedelta(hours=22) <= day.ends - day.starts <= timedelta(hours=26)
    following = day_of(day.ends, zone)
    assert (following.starts, following.date - day.date) == (day.ends, timedelta(days=1))
    assert day_of(day.ends - timedelta(microseconds=1), zone) == day
    where = ZoneInfo(zone) if zone else UTC
    assert moment.astimezone(where).date() == day.date


def test_what_began_yesterday_counts_yesterday_but_tires_today() -> None:
    day = day_of(START, "")
    night = Exposure(
        id=1,
        account="ada",
        case_id="case-1",
        item="a",
        kind=ExposureKind.CLIP,
        severe=True,
        at=day.starts - 5 * SECOND,
        seconds=10.0,
    )
    limits = Limits(severe_items=1, pause_after=1, pause_minutes=10)
    stands = standing_of([night], limits, day, day.starts + 60 * SECOND)
    assert (stands.severe_items, stands.seconds, stands.items_spent) == (0, 0, False)
    assert stands.paused_until == day.starts + 605 * SECOND
