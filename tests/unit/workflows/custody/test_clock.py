from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tutela.model.custody.leaf import AuditKind, NewLeaf
from tutela.storage.audit.log import append
from tutela.workflows.custody.clock import AHEAD, belief, write_down

if TYPE_CHECKING:
    from tests.unit.workflows.custody.conftest import Place

DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def busy(place: Place, at: datetime) -> None:
    """Leaves of daily business, by a clock that says `at`."""
    leaf = NewLeaf(kind=AuditKind.START, by="tutela", subject="server")
    with place.database.write() as connection:
        append(connection, [leaf], at)


def test_the_first_time_is_believed_and_written_down(place: Place) -> None:
    assert belief(place.audit, now()) == ("", True)
    write_down(place.audit)
    assert belief(place.audit, now()) == ("", False)
    assert belief(place.audit, now() + 2 * DAY) == ("", True)


def test_a_clock_that_went_back_is_not_believed(place: Place) -> None:
    write_down(place.audit)
    assert belief(place.audit, now() - timedelta(minutes=1)).plausible
    found = belief(place.audit, now() - DAY)
    assert not found.plausible
    assert "went back" in found.problem


@pytest.mark.parametrize("written", [True, False])
def test_a_clock_that_jumped_ahead_is_not_believed_however_much_is_written_by_it(
    place: Place, *, written: bool
) -> None:
    busy(place, now())
    if written:
        write_down(place.audit)
    jumped = now() + AHEAD + DAY
    assert not belief(place.audit, jumped).plausible
    if written:
        busy(place, jumped)
        found = belief(place.audit, jumped + timedelta(minutes=1))
        assert "may have jumped" in found.problem


def test_a_person_confirms_a_clock(place: Place) -> None:
    write_down(place.audit)
    ahead = now() + AHEAD + DAY
    busy(place, ahead)
    # The clock was mended, and the log is ahead of it now.
    assert "went back" in belief(place.audit, now()).problem
    write_down(place.audit, by="cli:ann", confirmed=True)
    assert belief(place.audit, now()).plausible
    busy(place, ahead + DAY)
    assert not belief(place.audit, now()).plausible


def test_after_a_long_pause_a_person_confirms(place: Place) -> None:
    with place.database.write() as connection:
        leaf = NewLeaf(kind=AuditKind.CLOCK, by="tutela", subject="clock")
        append(connection, [leaf], now() - 30 * DAY)
    assert not belief(place.audit, now()).plausible
    write_down(place.audit, by="cli:ann", confirmed=True)
    assert belief(place.audit, now()) == ("", False)
    assert place.leaves(AuditKind.CLOCK)[-1].data == {"confirmed": True}
