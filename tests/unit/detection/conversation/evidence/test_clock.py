from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.conversation.evidence.clock import OF_A_DAY, Clock

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ticked(*minutes: float | None) -> Clock:
    clock = Clock()
    for minute in minutes:
        clock.tick(None if minute is None else START + timedelta(minutes=minute))
    return clock


def test_it_counts_messages_and_days() -> None:
    clock = ticked(0, 1, 2 * 1440)
    assert (clock.place, clock.messages, clock.days) == (2, 3, 2.0)


def test_of_one_day_only_so_many_count() -> None:
    assert ticked(*[n / 100 for n in range(5000)]).messages == OF_A_DAY
    assert ticked(*[n * 1440 / 50 for n in range(500)]).messages == 500


def test_without_times_all_count() -> None:
    assert ticked(*[None] * 5000).messages == 5000


def test_it_never_goes_back() -> None:
    clock = ticked(1440, 0, 720)
    assert (clock.place, clock.days) == (2, 0.0)
    assert clock.seconds == (START + timedelta(minutes=720)).timestamp()


def test_a_time_without_a_zone_is_utc() -> None:
    clock = Clock()
    clock.tick(START.replace(tzinfo=None))
    assert clock.seconds == START.timestamp()


@given(
    minutes=st.lists(st.none() | st.integers(-(10**6), 10**6), max_size=30), cut=st.integers(0, 30)
)
def test_it_goes_on_as_it_was_left(minutes: list[int | None], cut: int) -> None:
    first = ticked(*minutes[:cut])
    second = Clock(*first.dump())
    before = (first.messages, first.days)
    for minute in minutes[cut:]:
        second.tick(None if minute is None else START + timedelta(minutes=minute))
    whole = ticked(*minutes)
    assert second.dump() == whole.dump()
    assert (second.messages, second.days) == (whole.messages, whole.days)
    assert whole.messages >= before[0]
    assert whole.days >= before[1]
