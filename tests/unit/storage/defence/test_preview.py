from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.storage.defence.conftest import PERCEPTUAL, match

from tutela.errors import InvalidInput, NotFound
from tutela.model import ActionKind, CaseState
from tutela.storage.banks import Banks
from tutela.storage.database import Database
from tutela.storage.defence import preview as module
from tutela.storage.defence.preview import NO_WIDENING, Preview
from tutela.storage.entries import Entries

if TYPE_CHECKING:
    from tests.unit.storage.defence.conftest import Store


@pytest.fixture(autouse=True)
def lists(fill: Callable[..., None]) -> None:
    """Entries 1 to 3 in hills, 4 and 5 in lakes."""
    fill("hills", 3)
    fill("lakes", 2)


def preview(database: Database, distance: int, *, days: int = 30) -> Preview:
    return module.preview(database, "hills", distance=distance, days=days, perceptual=PERCEPTUAL)


def test_findings_that_would_be_lost(database: Database, store: Store) -> None:
    far = store(match(1, 25), case=True, actions=(ActionKind.BLOCK, ActionKind.OPEN_CASE))
    farther = store(match(2, 31), match(1, 28))
    store(match(1, 10), match(2, 30))  # one match stays
    store(match(1, 20))  # at the distance is within it
    store(match(1, 24), match(4, 31, bank_id=2))  # found in another bank
    store(match(1, 24), match(2, 0, kind="md5"))  # an exact copy
    store(match(4, 30, bank_id=2))  # not of this bank
    store(match(3, 30), ago=timedelta(days=31))  # too long ago
    found = preview(database, 20)
    assert (found.bank, found.distance_now, found.distance, found.days) == ("hills", 31, 20, 30)
    assert (found.findings, found.lost, found.note) == (6, 2, "")
    assert [(one.event_id, one.entry_id, one.distance) for one in found.listed] == [
        (farther, 2, 31),
        (far, 1, 25),
    ]
    assert found.listed[1].label == "hills 0"
    assert found.listed[1].actions == (ActionKind.BLOCK, ActionKind.OPEN_CASE)
    assert found.listed[1].case_state is CaseState.OPEN
    assert found.listed[0].case_id is None
    assert (found.lost_actions, found.lost_cases) == ({"block": 1, "hold": 1, "open_case": 1}, 1)
    expected = {10: 1, 20: 1, 24: 2, 25: 1, 28: 1, 30: 1, 31: 1}
    assert found.histogram == tuple(expected.get(at, 0) for at in range(32))


def test_entries_with_distances_of_their_own_lose_nothing(database: Database, store: Store) -> None:
    store(match(1, 25))
    store(match(2, 25))
    Entries(database).set_distance(1, 31)
    found = preview(database, 20)
    assert (found.findings, found.lost, found.own) == (2, 1, 1)
    assert found.listed[0].entry_id == 2


def test_widening_cannot_be_told(database: Database, store: Store) -> None:
    store(match(1, 12))
    Banks(database).change("hills", distance=15)
    for distance in (15, 31):
        found = preview(database, distance)
        assert (found.lost, found.findings, found.note) == (0, 1, NO_WIDENING)
    assert preview(database, 14).note == ""


def test_findings_are_named_up_to_a_number(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTED", 2)
    events = [store(match(1, 30)) for _ in range(4)]
    found = preview(database, 20)
    assert found.lost == 4
    assert [one.event_id for one in found.listed] == [events[3], events[2]]


def test_deleted_entries_stay_in_the_figures(database: Database, store: Store) -> None:
    store(match(1, 30))
    Entries(database).delete(1)
    (lost,) = preview(database, 20).listed
    assert lost.label == ""


def test_bad_questions(database: Database, fill: Callable[..., None]) -> None:
    fill("harmless", 1, allow=True)
    for distance in (-1, 32):
        with pytest.raises(InvalidInput, match="0 to 31"):
            preview(database, distance)
    for days in (0, -3, 3651):
        with pytest.raises(InvalidInput, match="number of days"):
            preview(database, 20, days=days)
    for name, error in (("none", NotFound), ("harmless", InvalidInput)):
        with pytest.raises(error):
            module.preview(database, name, distance=20, days=30, perceptual=PERCEPTUAL)
