from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.workflows.custody.conftest import PAST

from tutela.evidence.keys.service import KeyUnavailable
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import EvidenceKind, Item, ItemState
from tutela.model.custody.leaf import PROGRAM, AuditKind
from tutela.response.custody.user_data import UserData
from tutela.storage.past.people import People
from tutela.workflows.custody.remaking import Remaking

if TYPE_CHECKING:
    from tests.unit.workflows.custody.conftest import Place


@pytest.fixture
def remaking(place: Place) -> Remaking:
    return Remaking(place.items, place.events, People(place.database))


def owed(place: Place, kind: EvidenceKind = EvidenceKind.USER_DATA) -> Item:
    return place.keep(state=ItemState.OWED, kind=kind, window="2 weeks", digests={})


def test_owed_user_data_are_written_down_again(place: Place, remaking: Remaking) -> None:
    before, item = place.keep(), owed(place)
    assert remaking.remake(item, lambda: place.vault)
    taken = place.items.get(item.id)
    assert taken.state is ItemState.KEPT
    told = msgspec.json.decode(place.read(taken), type=UserData)
    assert (told.actor.id, told.received_at, told.window) == ("actor 7", PAST, "2 weeks")
    assert before.event_id in {one.id for one in told.events}
    last = place.leaves(AuditKind.PRESERVE)[-1]
    assert (last.by, last.subject) == (PROGRAM, item.id)


def test_content_that_is_owed_is_not_made_up(place: Place, remaking: Remaking) -> None:
    assert not remaking.remake(owed(place, EvidenceKind.CONTENT), lambda: place.vault)
    assert place.blobs == set()


def test_what_was_handed_in_meanwhile_stays(place: Place, remaking: Remaking) -> None:
    item = owed(place)
    assert remaking.remake(item, lambda: place.vault)
    before = place.blobs
    remaking.remake(item, lambda: place.vault)
    assert place.blobs == before
    assert place.items.get(item.id).object_id in before


def test_while_the_vault_is_away_it_stays_owed(place: Place, remaking: Remaking) -> None:
    item = owed(place)

    def away() -> Vault:
        raise KeyUnavailable("the key service does not answer")

    with pytest.raises(KeyUnavailable):
        remaking.remake(item, away)
    assert place.items.get(item.id).state is ItemState.OWED
