from __future__ import annotations

import hashlib
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.workflows.custody.conftest import PAST

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model.custody.evidence import EvidenceKind, ItemState, StepKind
from tutela.model.custody.leaf import AuditKind
from tutela.workflows.custody.handing_in import HandingIn

if TYPE_CHECKING:
    from tests.unit.workflows.custody.conftest import Place

BYTES = b"a picture of a hill"


@pytest.fixture
def handing_in(place: Place) -> HandingIn:
    return HandingIn(place.items, place.events, lambda: place.vault)


@pytest.mark.parametrize("state", [ItemState.OWED, ItemState.ELSEWHERE])
def test_the_bytes_of_the_finding_are_taken(
    place: Place, handing_in: HandingIn, state: ItemState
) -> None:
    item = place.keep(BYTES, state=state)
    taken = handing_in.take(item.id, BYTES, "hill.png", "key:7")
    assert (taken.state, taken.problem, taken.facts.size) == (ItemState.KEPT, "", len(BYTES))
    assert place.read(taken) == BYTES
    step = taken.facts.chain[0]
    assert (step.kind, step.name) == (StepKind.UPLOAD, "hill.png")
    assert place.leaves(AuditKind.PRESERVE)[-1].by == "key:7"
    again = handing_in.take(item.id, BYTES, "hill.png", "key:7")
    assert again.object_id == taken.object_id
    assert place.blobs == {taken.object_id}


def test_they_may_come_as_a_file(place: Place, handing_in: HandingIn) -> None:
    item = place.keep(BYTES, state=ItemState.OWED)
    with tempfile.TemporaryFile() as file:
        file.write(BYTES)
        file.flush()
        taken = handing_in.take(item.id, file.fileno(), "", "key:7")
    assert place.read(taken) == BYTES


@pytest.mark.parametrize("name", ["sha256", "sha1", "md5"])
def test_other_bytes_are_refused_and_nothing_is_kept(
    place: Place, handing_in: HandingIn, name: str
) -> None:
    digests = {name: hashlib.new(name, BYTES).hexdigest()}
    item = place.keep(BYTES, state=ItemState.ELSEWHERE, digests=digests)
    with pytest.raises(InvalidInput):
        handing_in.take(item.id, b"other bytes", "", "key:7")
    assert place.blobs == set()
    assert place.items.get(item.id) == item


def test_bytes_that_nobody_can_tell_are_refused(place: Place, handing_in: HandingIn) -> None:
    item = place.keep(BYTES, state=ItemState.ELSEWHERE, digests={})
    with pytest.raises(InvalidInput):
        handing_in.take(item.id, BYTES, "", "key:7")
    assert place.blobs == set()


def test_what_is_not_there_or_gone_is_refused(place: Place, handing_in: HandingIn) -> None:
    with pytest.raises(NotFound):
        handing_in.take("item-none", BYTES, "", "key:7")
    item = place.keep(BYTES, state=ItemState.OWED)
    place.items.destroy(item.id, "tutela", PAST + timedelta(days=2))
    with pytest.raises((Conflict, InvalidInput)):
        handing_in.take(item.id, BYTES, "", "key:7")
    assert place.blobs == set()


def records(*hours: float) -> bytes:
    times = [PAST + timedelta(hours=one) for one in hours]
    return msgspec.json.encode({"records": [{"at": at, "page": "profile"} for at in times]})


def user_data(place: Place, window: str) -> str:
    return place.keep(
        state=ItemState.OWED, kind=EvidenceKind.USER_DATA, window=window, digests={}
    ).id


def test_user_data_from_within_the_window_are_taken(place: Place, handing_in: HandingIn) -> None:
    data = records(-336, -1, 0)
    taken = handing_in.take(user_data(place, "2 weeks"), data, "log.json", "key:7")
    assert place.read(taken) == data


@pytest.mark.parametrize("hours", [-336.01, 0.01])
def test_user_data_from_outside_the_window_are_refused(
    place: Place, handing_in: HandingIn, hours: float
) -> None:
    item_id = user_data(place, "2 weeks")
    with pytest.raises(InvalidInput, match=r"records\[1\]"):
        handing_in.take(item_id, records(-1, hours), "", "key:7")
    assert place.blobs == set()


def test_where_the_law_gives_no_window_none_is_kept_to(place: Place, handing_in: HandingIn) -> None:
    assert handing_in.take(user_data(place, ""), records(-9999, 3), "", "key:7").object_id


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"records": [{"page": "profile"}]}',
        b'{"records": [{"at": "soon"}]}',
        b'{"records": [{"at": "2026-11-01T00:00:00"}]}',
        b'{"records": [], "more": 1}',
    ],
)
def test_user_data_without_times_are_refused(
    place: Place, handing_in: HandingIn, data: bytes
) -> None:
    with pytest.raises(InvalidInput):
        handing_in.take(user_data(place, "2 weeks"), data, "", "key:7")
    assert place.blobs == set()
