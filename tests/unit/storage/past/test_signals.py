from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from tutela.model import EventKind, Origin
from tutela.storage.counts import Counts
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.past.signals import KeptSignals, Span
from tutela.storage.tables import decisions, events, kept_signals, rescans

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made

DAY = timedelta(days=1)
ALL = Span(after=0, up_to=50)
KINDS = ("md5", "pdq")


def record(database: Database, *made: Made, keep: bool = True) -> None:
    with Journal(database, keep_signals=keep) as journal:
        for one in made:
            journal.record(one.event, one.outcome, one.case).result(10)


def dated(made: Made, received_at: datetime) -> Made:
    made.event = replace(made.event, received_at=received_at)
    return made


def read_all(kept: KeptSignals, span: Span, size: int) -> list[tuple[int, str, bytes]]:
    """Every signal of a span, read window by window."""
    found = []
    while span.after < span.up_to:
        window = kept.window(span, KINDS, size)
        assert window.last > span.after
        for part in window.parts:
            rows = zip(part.events.tolist(), part.codes, strict=True)
            found += [(seq, part.kind, bytes(code)) for seq, code in rows]
        span = replace(span, after=window.last)
    return sorted(found)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_windows_cover_all_signals_once(
    database: Database, make: Callable[..., Made], size: int
) -> None:
    record(database, *(make(f"event-{number}") for number in range(9)))
    with database.read() as connection:
        stored = sorted(
            (row.event_seq, row.kind, row.value) for row in connection.execute(select(kept_signals))
        )
    assert len(stored) == 18
    assert read_all(KeptSignals(database), ALL, size) == stored


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_windows_leave_out_what_may_not_be_looked_at(
    database: Database, make: Callable[..., Made], size: int
) -> None:
    made = [make(f"event-{number}") for number in range(9)]
    for number, one in enumerate(made):
        region = "DE" if number % 3 else "FR"
        one.event = replace(one.event, region=region, surface=f"surface {number % 2}")
    record(database, *made)
    with database.read() as connection:
        rows = connection.execute(select(events.c.seq, events.c.region, events.c.surface)).all()
    barred = {seq for seq, region, surface in rows if (region, surface) == ("DE", "surface 1")}
    assert len(barred) == 3
    kept, span, seen, out, total = KeptSignals(database), ALL, set(), 0, 0
    while span.after < span.up_to:
        window = kept.window(
            span, KINDS, size, lambda *place: place != ("DE", "surface 1", EventKind.UPLOAD.value)
        )
        seen |= {seq for part in window.parts for seq in part.events.tolist()}
        out, total = out + window.barred, total + window.events
        span = replace(span, after=window.last)
    assert seen == {seq for seq, _, _ in rows} - barred
    assert (out, total) == (3, 9)


def test_a_window_ends_where_there_is_nothing_to_compare(
    database: Database, make: Callable[..., Made]
) -> None:
    record(database, *(make(f"event-{number}") for number in range(9)))
    last, windows = 0, 0
    while last < 9:
        window = KeptSignals(database).window(Span(after=last, up_to=9), (), 4)
        assert (window.signals, window.events) == (0, window.last - last)
        last, windows = window.last, windows + 1
    assert windows == 3


def test_an_event_is_never_cut_in_two(database: Database, make: Callable[..., Made]) -> None:
    record(database, make("one"), make("two"))
    window = KeptSignals(database).window(ALL, KINDS, 3)
    assert (window.last, window.signals, window.events) == (1, 2, 1)


def test_only_the_kinds_that_were_asked_for(database: Database, make: Callable[..., Made]) -> None:
    record(database, make("one"), make("two"))
    window = KeptSignals(database).window(replace(ALL, up_to=2), ("md5",), 100)
    assert [(part.kind, len(part.events)) for part in window.parts] == [("md5", 2)]
    assert (window.events, window.bare) == (2, 0)


def test_only_the_times_that_were_asked_for(database: Database, make: Callable[..., Made]) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    record(database, *(dated(make(f"{hour}"), noon + hour * DAY) for hour in range(4)))
    span = replace(ALL, since=noon + DAY, until=noon + 3 * DAY)
    window = KeptSignals(database).window(span, KINDS, 100)
    assert (window.events, window.signals) == (2, 4)
    assert {seq for part in window.parts for seq in part.events.tolist()} == {2, 3}


def test_events_without_signals_are_told_and_findings_are_none_of_them(
    database: Database, make: Callable[..., Made]
) -> None:
    record(database, make("kept"))
    record(database, make("bare"), keep=False)
    with database.write() as connection:
        connection.execute(rescans.insert(), RESCAN)
    found = make("finding")
    origin = Origin(event_id="kept", received_at=found.event.received_at, rescan=1)
    found.event = replace(found.event, origin=origin)
    record(database, found)
    window = KeptSignals(database).window(ALL, KINDS, 100)
    assert (window.events, window.bare, window.signals) == (2, 1, 2)


RESCAN = {
    "kind": "bank",
    "state": "done",
    "asked_by": "",
    "policy_version": "",
    "record": False,
    "scope": "{}",
    "first_seq": 0,
    "last_seq": 0,
    "cursor": 0,
    "created_at": datetime(2026, 11, 22, tzinfo=UTC),
    "problem": "",
    "tally": "{}",
}


def expire(database: Database, before: datetime) -> int:
    kept, last, gone = KeptSignals(database), 0, 0
    while True:
        step = kept.expire(before, last)
        gone += step.signals
        if not step.last:
            return gone
        last = step.last


def test_signals_go_when_their_time_is_over_and_nothing_else_does(
    database: Database, make: Callable[..., Made]
) -> None:
    present = datetime.now(UTC)
    ages = (5, 40, 3, 90, 0)
    record(database, *(dated(make(f"{age}"), present - age * DAY) for age in ages))
    assert expire(database, present - 30 * DAY) == 4
    with database.read() as connection:
        left = connection.scalars(select(kept_signals.c.event_seq).distinct()).all()
        decided = connection.scalar(select(func.count()).select_from(decisions))
    assert (sorted(left), decided) == ([1, 3, 5], 5)
    assert Counts(database).counts()["signals_expired"] == 4
    assert expire(database, present - 30 * DAY) == 0
    assert expire(database, present - 4 * DAY) == 2
    assert Counts(database).counts()["signals_expired"] == 6


def test_a_clock_that_was_wrong_keeps_nothing_for_ever(
    database: Database, make: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutela.storage.past.signals.EXPIRED_AT_ONCE", 2)
    present = datetime.now(UTC)
    ages = (-900, -900, -900, -900, 40)
    record(database, *(dated(make(f"{n}"), present - age * DAY) for n, age in enumerate(ages)))
    assert expire(database, present - 30 * DAY) == 2


def test_the_oldest_that_is_kept(database: Database, make: Callable[..., Made]) -> None:
    kept = KeptSignals(database)
    assert kept.oldest() is None
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    record(database, dated(make("one"), long_ago), make("two"))
    assert kept.oldest() == long_ago
