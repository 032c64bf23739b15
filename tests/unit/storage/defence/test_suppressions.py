from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.storage.defence.conftest import match, silenced

from tutela.errors import InvalidInput
from tutela.model import Silencing
from tutela.storage.database import Database
from tutela.storage.defence.suppressions import (
    BankSuppressions,
    DaySuppressions,
    EntrySuppressions,
    suppressions,
)

if TYPE_CHECKING:
    from tests.unit.storage.defence.conftest import Store

ALLOWED, PARKED, LITTLE = Silencing.ALLOWED, Silencing.PARKED, Silencing.LOW_INFORMATION


def test_nothing_was_silenced(database: Database) -> None:
    found = suppressions(database, days=30)
    assert (found.total, found.events, found.parked) == (0, 0, 0)
    assert found.reasons == {"allowed": 0, "parked": 0, "low_information": 0}


def test_silenced_matches_are_counted(
    database: Database, fill: Callable[..., None], store: Store
) -> None:
    fill("hills", 2)
    fill("harmless", 1, allow=True)
    by = match(3, 2, bank_id=2)
    store(silenced=[silenced(match(1), ALLOWED, by), silenced(match(2), LITTLE)])
    store(silenced=[silenced(match(1), ALLOWED, by)])
    store(silenced=[silenced(match(1), PARKED)], ago=timedelta(days=1))
    store(silenced=[silenced(match(1), PARKED)], ago=timedelta(days=31))
    store(match(1))
    found = suppressions(database, days=30)
    assert (found.total, found.events) == (4, 3)
    assert found.reasons == {"allowed": 2, "parked": 1, "low_information": 1}
    assert found.banks == (
        BankSuppressions(bank="hills", reason=ALLOWED, by="harmless", count=2),
        BankSuppressions(bank="hills", reason=LITTLE, by="", count=1),
        BankSuppressions(bank="hills", reason=PARKED, by="", count=1),
    )
    assert found.entries[0] == EntrySuppressions(
        entry_id=1, bank="hills", label="hills 0", reason=ALLOWED, count=2
    )
    assert {(one.entry_id, one.reason) for one in found.entries} == {
        (1, ALLOWED),
        (1, PARKED),
        (2, LITTLE),
    }
    today = datetime.now(UTC).date()
    assert found.days == (
        DaySuppressions(day=today, reason=ALLOWED, count=2),
        DaySuppressions(day=today, reason=LITTLE, count=1),
        DaySuppressions(day=today - timedelta(days=1), reason=PARKED, count=1),
    )


@pytest.mark.parametrize("days", [0, -1, 100_000])
def test_a_number_of_days_is_needed(database: Database, days: int) -> None:
    with pytest.raises(InvalidInput, match="number of days"):
        suppressions(database, days=days)
