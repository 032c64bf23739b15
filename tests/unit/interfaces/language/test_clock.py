"""Times that people write, against the clock on the wall as an oracle."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.interfaces.language import moment_in

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
PARIS = ZoneInfo("Europe/Paris")
KNOWN_DAYS = st.dates(date(2000, 1, 1), date(2037, 12, 30))


@given(st.sampled_from(ZONES), st.builds(datetime.combine, KNOWN_DAYS, st.times()))
def test_a_time_is_what_the_readers_clock_shows(name: str, written: datetime) -> None:
    zone = ZoneInfo(name)
    found = moment_in(written.isoformat(), zone)
    assert found.tzinfo is UTC
    shown = found.astimezone(zone).replace(tzinfo=None)
    skipped = shown - written
    # Where clocks are set forward, no clock shows some times: they are as long after the gap.
    assert skipped == timedelta(0) or (
        written.replace(tzinfo=zone, fold=0).utcoffset()
        != written.replace(tzinfo=zone, fold=1).utcoffset()
    )


@given(st.sampled_from(ZONES), KNOWN_DAYS)
def test_days_follow_each_other_without_a_gap(name: str, day: date) -> None:
    zone, after = ZoneInfo(name), day + timedelta(days=1)
    ends = moment_in(day.isoformat(), zone, through=True)
    assert ends == moment_in(after.isoformat(), zone)
    begins = moment_in(day.isoformat(), zone)
    shown = {begins.astimezone(zone).date(), (ends - timedelta(seconds=1)).astimezone(zone).date()}
    assert shown == {day}


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
        ("2026-12-01T08:30", "2026-12-01T07:30:00+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),  # comes twice: the first
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00+00:00"),  # the second, by its offset
        ("2026-03-29T02:30", "2026-03-29T01:30:00+00:00"),  # no clock shows it
        ("2026-12-01T08:30Z", "2026-12-01T08:30:00+00:00"),
    ],
)
def test_times_in_paris(written: str, moment: str) -> None:
    assert moment_in(written, PARIS).isoformat() == moment


def test_a_day_of_25_hours_is_a_whole_day() -> None:
    begins, ends = (moment_in("2026-10-25", PARIS, through=through) for through in (False, True))
    assert ends - begins == timedelta(hours=25)
    assert datetime.combine(date(2026, 10, 25), time(), PARIS) == begins


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "9999-12-31", "0001-01-01T00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    east = ZoneInfo("Asia/Tokyo")
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        moment_in(text, east, through=True)
