"""Evidence on its way into the vault, with real parts: vault, journal and a database."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import pytest

from tutela.errors import Conflict
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.keys.service import KeyUnavailable
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.store import StoreUnavailable
from tutela.evidence.vault.vault import Vault
from tutela.model import (
    ActionKind,
    Actor,
    Content,
    Decision,
    Event,
    Match,
    Outcome,
    Reason,
    Ruling,
    Signal,
    SurfaceClass,
    Verdict,
)
from tutela.model.custody.evidence import EvidenceKind, Item, ItemState, Step, StepKind
from tutela.model.event import Origin
from tutela.policy.law.law import Law
from tutela.response.conclusion import Conclusion
from tutela.response.custody.terms import Terms
from tutela.response.custody.user_data import UserData, user_data
from tutela.response.preserving import Preservation
from tutela.response.recording import Recording
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.journal import Journal
from tutela.storage.past.people import People
from tutela.telemetry import make_logger

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
BYTES = b"a picture of a hill"
UPLOAD = Step(kind=StepKind.UPLOAD, name="hill.png", at=AT)
DOWN = "the key service does not answer"


class FullStore(MemoryStore):
    """A store on a full disk."""

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        del name, chunks
        raise StoreUnavailable("the store is full")


class Place(NamedTuple):
    """What records events here, and what it writes to."""

    database: Database
    store: MemoryStore
    vault: Vault
    items: EvidenceItems
    journal: Journal
    recording: Recording

    def record(self, conclusion: Conclusion, source: int | bytes | None = BYTES) -> Outcome:
        return asyncio.run(self.recording.record(source, conclusion, UPLOAD))

    def read(self, item: Item) -> bytes:
        stored = self.items.object_of(item.id)
        assert stored is not None
        return b"".join(bytes(piece) for piece in self.vault.read(stored))

    @property
    def blobs(self) -> set[str]:
        return {blob.name.rpartition("-")[2] for blob in self.store.list()}


@pytest.fixture
def place(database: Database) -> Iterable[Place]:
    with Journal(database) as journal:
        yield opened(database, journal)


def opened(
    database: Database,
    journal: Journal,
    store: MemoryStore | None = None,
    opening: Callable[[Vault], Vault] = lambda vault: vault,
) -> Place:
    store, items = store or MemoryStore(), EvidenceItems(database)
    vault, law = Vault(store, MemoryKeys()), Law.load("")
    preservation = Preservation(
        vault=lambda: opening(vault),
        items=items,
        people=People(database),
        terms=Terms(law.pack_of, default=timedelta(days=90), unreported=timedelta(days=60)),
        log=make_logger("critical", as_json=False, stream=sys.stderr),
    )
    return Place(database, store, vault, items, journal, Recording(journal, preservation))


def concluded(
    event_id: str = "e1",
    data: bytes = BYTES,
    *,
    actions: tuple[ActionKind, ...] = (ActionKind.BLOCK, ActionKind.PRESERVE),
    verdict: Verdict = Verdict.MATCH,
    region: str = "GB",
    at: datetime = AT,
    law: Ruling | None = None,
    **facts: object,
) -> Conclusion:
    """What came of an upload of some bytes by actor 7."""
    signals = (
        Signal(kind="md5", value=hashlib.md5(data).hexdigest()),  # noqa: S324 - a fingerprint
        Signal(kind="sha256", value=hashlib.sha256(data).hexdigest()),
    )
    event = Event(
        id=event_id,
        digest=hashlib.sha256(event_id.encode() + data).hexdigest(),
        received_at=at,
        region=region,
        actor=Actor(id="actor 7"),
        drill=True,
        contents=(Content(media_type="image/png", size=len(data), signals=signals),),
    )
    match = Match(
        bank="hills",
        bank_id=1,
        entry_id=1,
        kind="md5",
        distance=0,
        exact=True,
        list_version=1,
    )
    outcome = Outcome(
        event_id=event_id,
        verdict=verdict,
        received_at=at,
        drill=True,
        list_version=1,
        matches=(match,) if verdict is Verdict.MATCH else (),
        gaps=(),
        decision=Decision(
            policy_version="p", actions=actions, reasons=(Reason(rule="r", text="Because."),)
        ),
        law=law,
    )
    return Conclusion(msgspec.structs.replace(event, **facts), outcome, None, (), None)


def test_content_and_user_data_are_kept_with_the_event(place: Place) -> None:
    outcome = place.record(concluded())
    content, user = place.items.of_event("e1")
    assert [(one.id, one.kind, one.state) for one in outcome.evidence] == [
        (content.id, EvidenceKind.CONTENT, ItemState.KEPT),
        (user.id, EvidenceKind.USER_DATA, ItemState.KEPT),
    ]
    assert place.read(content) == BYTES
    facts = content.facts
    assert (facts.name, facts.media_type, facts.size) == ("hill.png", "image/png", len(BYTES))
    assert facts.digests["sha256"] == hashlib.sha256(BYTES).hexdigest()
    assert facts.digests["md5"]
    assert [step.kind for step in facts.chain] == [StepKind.UPLOAD]
    assert facts.tools["cryptography"]
    assert (content.clock_at, content.expires_at) == (None, AT + timedelta(days=60))
    told = msgspec.json.decode(place.read(user), type=UserData)
    assert (told.actor.id, told.window, told.since) == (
        *("actor 7", "2 weeks"),
        AT - timedelta(weeks=2),
    )
    stored = place.journal.find("e1")
    assert stored is not None
    assert stored.outcome == outcome


def test_a_file_is_read_from_its_start_and_left_where_it_is(place: Place) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(BYTES)
        file.flush()
        os.lseek(file.fileno(), 5, os.SEEK_SET)
        place.record(concluded(), file.fileno())
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 5
    assert place.read(place.items.of_event("e1")[0]) == BYTES


@pytest.mark.parametrize(
    "conclusion",
    [
        concluded(verdict=Verdict.CLEAR),
        concluded(actions=(ActionKind.BLOCK, ActionKind.OPEN_CASE)),
    ],
)
def test_of_clear_content_and_unasked_nothing_is_written(
    place: Place, conclusion: Conclusion
) -> None:
    assert place.record(conclusion).evidence == ()
    assert place.blobs == set()
    assert place.items.list() == []


def test_where_the_law_says_no_the_content_is_not_kept(place: Place) -> None:
    law = Ruling(
        pack="eu",
        version="eu-1",
        surface_class=SurfaceClass.PRIVATE_MESSAGES,
        may_scan=False,
        reason="The law says no.",
        source="a law",
    )
    place.record(concluded(verdict=Verdict.NOT_CHECKED, law=law))
    (only,) = place.items.of_event("e1")
    assert only.kind is EvidenceKind.USER_DATA
    assert BYTES not in place.read(only)


def test_a_finding_of_the_past_is_with_the_platform(place: Place) -> None:
    place.recording.record_past([concluded(), concluded("e2", actor=None)])
    content, user = place.items.of_event("e1")
    assert (content.state, content.object_id) == (ItemState.ELSEWHERE, None)
    assert content.facts.digests["sha256"] == hashlib.sha256(BYTES).hexdigest()
    assert BYTES not in place.read(user)
    assert [one.kind for one in place.items.of_event("e2")] == [EvidenceKind.CONTENT]


def test_the_window_of_a_finding_goes_back_from_where_it_was_found(place: Place) -> None:
    origin = Origin(event_id="e0", received_at=AT - timedelta(days=30), rescan=1)
    event, people = concluded(origin=origin).event, People(place.database)
    told = user_data(event, Actor(id="actor 7"), "2 weeks", people)
    assert (told.origin, told.received_at) == ("e0", origin.received_at)
    assert told.since == origin.received_at - timedelta(weeks=2)


def test_the_same_event_again_leaves_nothing_behind(place: Place) -> None:
    first = place.record(concluded())
    before = place.blobs
    assert place.record(concluded()) == first
    assert place.blobs == before


def test_a_conflicting_event_leaves_nothing_behind(place: Place) -> None:
    place.record(concluded())
    before = place.blobs
    with pytest.raises(Conflict):
        place.record(concluded(data=b"another picture"), b"another picture")
    assert place.blobs == before


def test_equal_bytes_are_kept_once(place: Place) -> None:
    place.record(concluded("e1", actor=None))
    place.record(concluded("e2", actor=None))
    assert len(place.blobs) == 1
    for event_id in ("e1", "e2"):
        assert place.read(place.items.of_event(event_id)[0]) == BYTES


@pytest.mark.parametrize("what", ["keys", "disk"])
def test_what_the_vault_cannot_take_is_owed_and_the_answer_leaves(
    database: Database, what: str
) -> None:
    def down(_: Vault) -> Vault:
        raise KeyUnavailable(DOWN)

    with Journal(database) as journal:
        place = (
            opened(database, journal, opening=down)
            if what == "keys"
            else opened(database, journal, FullStore())
        )
        outcome = place.record(concluded())
    assert {one.state for one in outcome.evidence} == {ItemState.OWED}
    content, _ = place.items.of_event("e1")
    assert content.problem == (DOWN if what == "keys" else "the store is full")
    assert content.object_id is None


def test_bytes_that_are_not_what_was_matched_are_owed(place: Place) -> None:
    place.record(concluded(actor=None), b"something else")
    (content,) = place.items.of_event("e1")
    assert content.state is ItemState.OWED
    assert place.blobs == set()


def test_user_data_go_as_far_back_as_the_law_lets_and_no_further(place: Place) -> None:
    quiet = (ActionKind.ALLOW,)
    for name, at in {
        "long ago": AT - timedelta(days=15),
        "in time": AT - timedelta(days=13),
        "just now": AT - timedelta(minutes=1),
        "after": AT + timedelta(minutes=1),
    }.items():
        event_id = name.replace(" ", "-")
        place.record(concluded(event_id, actions=quiet, verdict=Verdict.CLEAR, at=at))
    other = concluded("other", actions=quiet, actor=Actor(id="actor 8"))
    real = concluded("real", actions=quiet, drill=False)
    for conclusion in (other, real):
        place.record(conclusion)
    place.record(concluded("uk"))
    place.record(concluded("us", region="US"))
    told = {
        event_id: msgspec.json.decode(place.read(place.items.of_event(event_id)[1]), type=UserData)
        for event_id in ("uk", "us")
    }
    assert [one.id for one in told["uk"].events] == ["just-now", "in-time"]
    assert (told["us"].events, told["us"].window, told["us"].since) == ((), "", None)


def test_what_was_sealed_and_not_recorded_is_left_to_be_found(place: Place) -> None:
    place.journal.close()
    with pytest.raises(Exception, match="closed"):
        place.record(concluded())
    # Its transaction may yet come to its end, for all that this process knows.
    assert len(place.blobs) == 2
    assert place.vault.tidy(datetime.now(UTC) + timedelta(days=1), place.items.known) == 2
    assert place.blobs == set()
