from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.workflows.custody.conftest import PAST

from tutela.errors import NotFound
from tutela.evidence.keys.service import KeyUnavailable
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import ItemState
from tutela.model.custody.leaf import AuditKind
from tutela.workflows.custody.expiring import due_items, expire

if TYPE_CHECKING:
    from tests.unit.workflows.custody.conftest import Place


def at(days: float) -> datetime:
    return PAST + timedelta(days=days)


def test_what_is_due_goes_with_its_key_and_its_bytes(place: Place) -> None:
    due, later = place.keep(b"one"), place.keep(b"two", days=9)
    stored = place.items.object_of(due.id)
    done = expire(place.items, lambda: place.vault, place.log, at(2), by="tutela")
    assert (done.items, done.keys, done.left, done.clean) == (1, 1, 0, True)
    assert place.items.get(due.id).state is ItemState.DESTROYED
    assert place.blobs == {later.object_id}
    assert place.read(later) == b"two"
    assert stored is not None
    gone = place.items.object_of(due.id)
    assert gone is not None
    with pytest.raises(NotFound):
        place.vault.check(gone)
    assert [leaf.subject for leaf in place.leaves(AuditKind.DESTROY)] == [due.id]


def test_a_hold_beats_expiry(place: Place) -> None:
    held = place.keep()
    hold = place.items.hold(held.id, "asked by letter", "a court", "cli:ann")
    assert expire(place.items, lambda: place.vault, place.log, at(99), by="tutela").items == 0
    place.items.release(hold.id, "done", "cli:ann")
    assert expire(place.items, lambda: place.vault, place.log, at(99), by="tutela").items == 1


def test_the_key_goes_though_the_store_is_away(place: Place) -> None:
    item = place.keep()

    def away() -> Vault:
        raise KeyUnavailable("the vault cannot be opened")

    done = expire(place.items, away, place.log, at(2), by="tutela")
    assert (done.items, done.keys, done.left) == (1, 1, 1)
    assert "stay a while" in place.said.getvalue()
    assert place.blobs == {item.object_id}
    assert place.items.known(place.blobs) == set()


def test_very_many_go_page_by_page_and_may_be_stopped(place: Place) -> None:
    for number in range(130):
        place.keep(f"line {number}".encode())
    assert len(list(due_items(place.items, at(2)))) == 130
    seen: list[int] = []
    expire(
        place.items,
        lambda: place.vault,
        place.log,
        at(2),
        by="tutela",
        stopped=lambda: len(seen) >= 5,
        progress=lambda: seen.append(1),
    )
    assert len(list(due_items(place.items, at(2)))) == 125
    assert expire(place.items, lambda: place.vault, place.log, at(2), by="tutela").items == 125
    assert place.blobs == set()


def test_what_never_came_is_given_up_in_time(place: Place) -> None:
    item = place.keep(state=ItemState.OWED)
    assert expire(place.items, lambda: place.vault, place.log, at(2), by="tutela").items == 1
    assert place.items.get(item.id).state is ItemState.DESTROYED
