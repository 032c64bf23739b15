"""Texts of conversations: kept for cases that wait, sealed, and for nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from sqlalchemy import update

from tutela.conversations.reviewing import keeping
from tutela.conversations.reviewing.keeping import Texts
from tutela.errors import Conflict, NotFound, TooLarge
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.store import StoreUnavailable
from tutela.evidence.vault.vault import Vault
from tutela.model import Actor, Case, Decision, Event, EventKind, Outcome, Reason, Verdict
from tutela.model.conversation.message import Message
from tutela.model.custody.evidence import EvidenceKind, ItemState
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.policy.law.law import Law
from tutela.response.custody.terms import Terms
from tutela.storage.conversation import texts
from tutela.storage.conversation.standing import Key
from tutela.storage.conversation.texts import KeptTexts
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.journal import Journal
from tutela.storage.tables import cases
from tutela.telemetry import make_logger
from tutela.workflows.custody.expiring import erase_harmless

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
TALK, OTHER = Key("talk 1", drill=True), Key("talk 2", drill=True)


class FullStore(MemoryStore):
    """A store on a full disk."""

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        del name, chunks
        raise StoreUnavailable("the store is full")


class Place(NamedTuple):
    """What keeps texts here, and what it keeps them in."""

    database: Database
    journal: Journal
    store: MemoryStore
    vault: Vault
    items: EvidenceItems
    texts: Texts

    def open_case(
        self, event_id: str = "e1", *, key: Key = TALK, region: str = "US", state: str = "open"
    ) -> str:
        """A case about a conversation; its id."""
        event = Event(
            id=event_id,
            digest=event_id,
            received_at=AT,
            kind=EventKind.MESSAGE,
            surface="chat",
            region=region,
            actor=Actor(id="kim"),
            conversation=key.id,
            drill=key.drill,
        )
        reason = Reason(rule="r", text="Because.")
        decision = Decision(policy_version="p", actions=(), reasons=(reason,))
        case = Case(id=f"case-{event_id}", event_id=event_id, opened_at=AT, drill=key.drill)
        outcome = Outcome(
            event_id=event_id,
            verdict=Verdict.NOT_CHECKED,
            received_at=AT,
            drill=key.drill,
            list_version=1,
            matches=(),
            gaps=(),
            decision=decision,
            case_id=case.id,
        )
        self.journal.record(event, outcome, case).result(30)
        self.change(case.id, state=state)
        return case.id

    def change(self, case_id: str, **columns: object) -> None:
        with self.database.write() as connection:
            connection.execute(update(cases).where(cases.c.id == case_id).values(**columns))

    def said(self, case_id: str) -> list[str]:
        """The texts that are kept for a case."""
        kept = self.texts.read(self.texts.holds(case_id))
        return [one.message.text for talk in kept.talks for one in talk.messages]


def placed(
    database: Database, journal: Journal, store: MemoryStore, law: Law | None = None
) -> Place:
    law, items = law or Law.load(""), EvidenceItems(database)
    vault = Vault(store, MemoryKeys())
    kept = Texts(
        kept=KeptTexts(database),
        items=items,
        vault=lambda: vault,
        terms=Terms(law.pack_of, default=timedelta(days=90), unreported=timedelta(days=60)),
        law=law.ruling,
        log=make_logger("critical", as_json=False, stream=sys.stderr),
    )
    return Place(database, journal, store, vault, items, kept)


@pytest.fixture
def place(database: Database) -> Iterator[Place]:
    with Journal(database) as journal:
        yield placed(database, journal, MemoryStore())


def messages(*texts: str, first: int = 0) -> Sequence[Message]:
    authors = ("kim", "lea")
    return [
        Message(author=authors[number % 2], text=text, number=number, time=AT)
        for number, text in enumerate(texts, start=first)
    ]


def test_nothing_is_kept_where_no_case_waits(place: Place) -> None:
    assert place.texts.keep({TALK: messages("how old are you?")}) == 0
    case_id = place.open_case(state="closed")
    assert place.texts.keep({TALK: messages("how old are you?")}) == 0
    assert place.texts.keep({Key(TALK.id, drill=False): messages("hello")}) == 0
    with pytest.raises(NotFound, match="no case waits"):
        place.texts.hand_in(TALK, messages("how old are you?"), "key:1")
    assert not place.texts.holds(case_id)
    assert not list(place.store.list())


def test_what_comes_while_a_case_waits_is_kept_sealed_and_for_a_term(
    place: Place, leaves: Callable[[], list[Leaf]]
) -> None:
    case_id = place.open_case()
    batch = {TALK: messages("delete this chat", first=5), OTHER: messages("hello")}
    assert place.texts.keep(batch) == 1
    place.texts.keep({TALK: messages("no", first=6)})
    handed = place.texts.hand_in(TALK, messages("hi", first=2), "key:1")
    assert place.said(case_id) == ["hi", "delete this chat", "no"]
    assert {one.kind for one in place.texts.holds(case_id)} == {EvidenceKind.MESSAGES}
    assert handed.term.pack.startswith("us-"), "what a pack says of content counts"
    assert (handed.case_id, handed.state, handed.drill) == (case_id, ItemState.KEPT, True)
    for blob in place.store.list():
        assert b"delete" not in b"".join(place.store.get(blob.name))
    told = [one for one in leaves() if one.kind is AuditKind.PRESERVE]
    assert [one.by for one in told] == ["tutela", "tutela", "key:1"]
    assert "delete" not in str(told)


def test_the_same_again_is_kept_once(place: Place) -> None:
    case_id = place.open_case()
    for _ in range(2):
        place.texts.keep({TALK: messages("delete this chat", first=1)})
        place.texts.hand_in(TALK, messages("hi", "delete this chat"), "key:1")
    assert len(place.texts.holds(case_id)) == 2
    assert len(list(place.store.list())) == 2
    assert place.said(case_id) == ["hi", "delete this chat"]


def test_the_pieces_of_a_gathered_case_stand_in_the_one_that_is_decided(place: Place) -> None:
    root = place.open_case()
    place.texts.keep({TALK: messages("hi")})
    second = place.open_case("e2")
    with place.database.read() as connection:
        seq = connection.scalar(cases.select().with_only_columns(cases.c.event_seq).limit(1))
    place.change(second, state="gathered", root=seq)
    place.texts.keep({TALK: messages("are you home alone?", first=1)})
    assert place.said(root) == ["hi", "are you home alone?"]
    place.change(root, state="closed")
    assert place.texts.keep({TALK: messages("hello", first=2)}) == 0


def test_a_history_without_numbers_keeps_its_order(place: Place) -> None:
    case_id = place.open_case()
    history = [Message(author="kim", text=text) for text in ("a", "b", "c")]
    place.texts.hand_in(TALK, history, "key:1")
    assert place.said(case_id) == ["a", "b", "c"]


def test_halves_of_characters_are_kept_as_what_they_are_shown_as(place: Place) -> None:
    case_id = place.open_case()
    place.texts.keep({TALK: messages("a\ud800b", "\udc00\u202ez\u0301", "")})
    assert place.said(case_id) == ["a\ufffdb", "\ufffd\u202ez\u0301", ""]


def test_where_the_law_says_no_nothing_is_taken(database: Database) -> None:
    with Journal(database) as journal:
        place = placed(database, journal, MemoryStore())
        case_id = place.open_case(region="DE")
        with pytest.raises(Conflict, match="pack eu"):
            place.texts.hand_in(TALK, messages("hi"), "key:1")
        assert not place.texts.holds(case_id)


def test_a_full_vault_stops_nothing_and_takes_nothing(database: Database) -> None:
    with Journal(database) as journal:
        place = placed(database, journal, FullStore())
        case_id = place.open_case()
        assert place.texts.keep({TALK: messages("hi")}) == 0
        with pytest.raises(StoreUnavailable):
            place.texts.hand_in(TALK, messages("hi"), "key:1")
        assert not place.texts.holds(case_id)


def test_what_is_kept_is_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = place.open_case()
    monkeypatch.setattr(texts, "MOST_PIECES", 2)
    for number in range(3):
        place.texts.keep({TALK: messages(f"line {number}", first=number)})
    assert place.said(case_id) == ["line 0", "line 1"]
    assert len(list(place.store.list())) == 2, "what was sealed in vain is given back"
    with pytest.raises(Conflict, match="2 pieces"):
        place.texts.hand_in(TALK, messages("hi"), "key:1")
    monkeypatch.setattr(keeping, "MOST_BYTES", 100)
    with pytest.raises(TooLarge):
        place.texts.hand_in(TALK, messages("x" * 100), "key:1")


def test_texts_of_a_harmless_case_go_with_the_rest_of_it(place: Place) -> None:
    case_id = place.open_case()
    place.texts.keep({TALK: messages("hi")})
    place.texts.hand_in(TALK, messages("hello", first=1), "key:1")
    log = make_logger("critical", as_json=False, stream=sys.stderr)
    assert erase_harmless(place.items, lambda: place.vault, log, "e1") == 2
    assert place.said(case_id) == []
    assert not list(place.store.list())


def test_what_cannot_be_read_is_counted_and_hides_nothing_else(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = place.open_case()
    place.texts.keep({TALK: messages("hi")})
    lost = place.texts.hand_in(TALK, messages("are you home alone?", first=1), "key:1")
    place.items.erase(lost.id, "asked for", "person:1", AT)
    kept = place.texts.read(place.texts.holds(case_id))
    assert (kept.missing, len(kept.talks[0].messages)) == (1, 1)
    monkeypatch.setattr(keeping, "MOST_READ", 10)
    assert place.texts.read(place.texts.holds(case_id)) == keeping.Kept(missing=2)
