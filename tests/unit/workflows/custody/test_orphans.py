from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tutela.workflows.custody.orphans import Orphans

if TYPE_CHECKING:
    from tests.unit.workflows.custody.conftest import Place


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def jumped() -> datetime:
    """A clock by which everything is old."""
    return datetime.now(UTC) + timedelta(days=1)


def test_what_nobody_has_known_for_long_is_discarded(place: Place) -> None:
    kept, orphan, clock = place.keep(), place.vault.seal(b"never written down"), Clock()
    orphans = Orphans(place.items, clock=clock, wall=jumped)
    assert orphans.tidy(place.vault) == 0
    clock.seconds = 3599
    assert orphans.tidy(place.vault) == 0
    clock.seconds = 3601
    assert orphans.tidy(place.vault) == 1
    assert place.blobs == {kept.object_id}
    assert orphan.id not in place.blobs


def test_what_was_written_down_meanwhile_stays(place: Place) -> None:
    clock = Clock()
    orphans = Orphans(place.items, clock=clock, wall=jumped)
    late = place.vault.seal(b"late")
    orphans.tidy(place.vault)
    new = place.keep(b"late")
    assert new.object_id != late.id
    clock.seconds = 3601
    assert orphans.tidy(place.vault) == 1
    assert place.read(new) == b"late"
