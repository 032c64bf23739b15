from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tutela.errors import Unavailable
from tutela.evidence.vault.store import StoreUnavailable
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import EvidenceKind, ItemState
from tutela.model.custody.leaf import AuditKind
from tutela.storage.past.people import People
from tutela.workflows.custody.clock import write_down
from tutela.workflows.custody.remaking import Remaking
from tutela.workflows.custody.working import Also, Custodian, Every

if TYPE_CHECKING:
    from tests.unit.workflows.custody.conftest import Place


class Away:
    """Raises while it is away."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.error:
            raise self.error


def custodian(
    place: Place,
    *,
    vault: Callable[[], Vault] | None = None,
    sign: Callable[[], object] | None = None,
    remaking: Remaking | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Custodian:
    return Custodian(
        place.items,
        vault or (lambda: place.vault),
        place.audit,
        place.log,
        Every(0, 0, 0),
        stop=threading.Event(),
        also=Also(sign, remaking),
        clock=clock,
    )


def test_a_turn_lets_expire_what_is_due_and_writes_the_time_down(place: Place) -> None:
    item = place.keep()
    custodian(place).turn()
    assert place.items.get(item.id).state is ItemState.DESTROYED
    assert place.blobs == set()
    assert len(place.leaves(AuditKind.CLOCK)) == 1
    custodian(place).turn()
    assert len(place.leaves(AuditKind.CLOCK)) == 1


@pytest.mark.parametrize("days", [-3, 30])
def test_nothing_expires_by_a_clock_that_jumped(place: Place, days: int) -> None:
    item = place.keep(days=20)
    write_down(place.audit)
    jumped = datetime.now(UTC) + timedelta(days=days)
    work = custodian(place, clock=lambda: jumped)
    work.turn()
    work.turn()
    assert place.items.get(item.id).state is ItemState.KEPT
    assert place.said.getvalue().count("custody cannot do its duty") == 1


def test_what_is_owed_raises_the_alarm_once(place: Place) -> None:
    item = place.keep(state=ItemState.OWED, days=9000)
    work = custodian(place)
    work.turn()
    work.turn()
    assert place.said.getvalue().count(item.id) == 1


def test_what_is_away_is_said_once_and_the_rest_goes_on(place: Place) -> None:
    item = place.keep()
    store = Away(StoreUnavailable("the store does not answer"))
    sign = Away(Unavailable("the witness cannot be written"))

    def vault() -> Vault:
        store()
        return place.vault

    work = custodian(place, vault=vault, sign=sign)
    work.turn()
    work.turn()
    assert place.items.get(item.id).state is ItemState.DESTROYED
    assert sign.asked == 2
    said = place.said.getvalue()
    assert said.count("the witness cannot be written") == 1
    store.error = sign.error = None
    work.turn()
    assert "custody does its duty again" in place.said.getvalue()


def test_keys_that_are_lost_raise_the_alarm(place: Place) -> None:
    place.keep(days=9000)
    old = place.keys.current()
    place.keys.rotate()
    place.keys.retire(old)
    work = custodian(place)
    work.turn()
    work.turn()
    said = place.said.getvalue()
    assert said.count("1 objects are wrapped with keys that the key service does not have") == 1


def test_owed_user_data_are_made_by_the_way(place: Place) -> None:
    item = place.keep(state=ItemState.OWED, kind=EvidenceKind.USER_DATA, digests={}, days=9000)
    remaking = Remaking(place.items, place.events, People(place.database))
    custodian(place, remaking=remaking).turn()
    assert place.items.get(item.id).state is ItemState.KEPT
    assert item.id in place.said.getvalue()
    assert "or it is lost" not in place.said.getvalue()


def test_it_stops_when_told_to(place: Place) -> None:
    stop = threading.Event()
    work = Custodian(
        *(place.items, lambda: place.vault, place.audit, place.log, Every(0, 0, 0)),
        stop=stop,
        also=Also(stop.set),
    )
    thread = threading.Thread(target=work.run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
