"""What is kept of harmless cases goes, and of no others; what law or holds keep, stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import select, update
from tests.unit.storage.review.filing import Filed, made

from tutela.errors import Unavailable
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import EvidenceKind, ItemFacts, ItemState, NewItem, Term
from tutela.model.custody.leaf import AuditKind
from tutela.model.custody.terms import Bound, Moment
from tutela.model.response.case import CaseState
from tutela.model.review.reading import ReviewOutcome
from tutela.response.review.clearing import Cleared, Clearing
from tutela.response.review.stacks import stacks
from tutela.storage.access.accounts import Accounts
from tutela.storage.audit.reading import AuditLog
from tutela.storage.cases import Cases
from tutela.storage.database import Database
from tutela.storage.evidence.items import EvidenceItems
from tutela.storage.journal import Journal
from tutela.storage.review.claims import Claims
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.settling import Harmless, Settling
from tutela.storage.review.tables import readings
from tutela.storage.tables import cases
from tutela.workflows.custody.expiring import erase_harmless

AT = datetime(2026, 11, 29, 10, 30, tzinfo=UTC)
LATER = datetime(2099, 1, 1, tzinfo=UTC)
C, V, H, U = ReviewOutcome
LAKE = "0f" * 32


def vault() -> Vault:
    raise Unavailable("there is no vault here")


class Place:
    """Cases with evidence, two readers, and what lets go."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.items = EvidenceItems(database)
        accounts = Accounts(database)
        self.readers = [accounts.create(name, "reviewer").id for name in ("ada", "bea")]
        self.readings = Readings(database, timedelta(0))
        log = structlog.get_logger()

        def erase(event_id: str, *, again: bool) -> int:
            return erase_harmless(self.items, vault, log, event_id, again=again)

        self.clearing = Clearing(Harmless(database), erase, timedelta(days=90))

    def open(self, name: str, *, term: Term | None = None) -> None:
        event, outcome, case = made(Filed(name, contents=(LAKE, LAKE), sha256="ab" * 32))
        known = term or Term(keep="1 year", bound=Bound.EXACT, after=Moment.DETECTION)
        item = NewItem(
            id=f"item-{name}",
            kind=EvidenceKind.CONTENT,
            state=ItemState.ELSEWHERE,
            drill=True,
            detected_at=AT,
            term=known,
            facts=ItemFacts(),
            clock_at=AT,
            expires_at=LATER,
        )
        with Journal(self.database) as journal:
            journal.record(event, outcome, case, (), None, (item,)).result(30)

    def decide(self, name: str, outcome: ReviewOutcome, *, sampled: bool = False) -> None:
        self.read(name, outcome, self.readers[0])
        (settled,) = self.readings.due()
        assert Settling(self.database).close(settled, {}, sampled=sampled)

    def read(self, name: str, outcome: ReviewOutcome, reader: str) -> None:
        claim = Claims(self.database).take(f"case-{name}", reader)
        new = NewReading(revision=claim.revision, outcome=outcome)
        self.readings.give(claim.token, new, reader)

    def state(self, name: str) -> ItemState:
        return self.items.get(f"item-{name}").state

    def clear(self, days: float = 0) -> Cleared:
        return self.clearing.clear(datetime.now(UTC) + timedelta(days=days))


@pytest.fixture
def place(database: Database) -> Place:
    return Place(database)


def test_only_what_is_harmless_is_erased(place: Place) -> None:
    for name, outcome in (("one", H), ("two", C), ("three", V)):
        place.open(name)
        place.decide(name, outcome)
    place.open("four")
    assert place.clear() == Cleared(items=1)
    assert place.state("one") is ItemState.DESTROYED
    assert {place.state(name) for name in ("two", "three", "four")} == {ItemState.ELSEWHERE}
    assert place.clear() == Cleared()


def test_what_is_read_again_is_erased_once_that_counts(place: Place) -> None:
    place.open("one")
    place.decide("one", H, sampled=True)
    assert place.clear().items == 0
    place.readings = Readings(place.database)
    place.read("one", H, place.readers[1])
    assert place.clear().items == 0, "it can still be undone"
    with place.database.write() as connection:
        connection.execute(update(readings).values(settles_at=AT))
    assert place.clear().items == 1
    assert Cases(place.database).get("case-one").case.state is CaseState.CLOSED


def test_what_readers_disagree_about_stays(place: Place) -> None:
    place.open("one")
    place.decide("one", H, sampled=True)
    place.read("one", C, place.readers[1])
    assert place.clear().items == 0
    assert place.state("one") is ItemState.ELSEWHERE


def test_holds_and_the_law_keep_it(place: Place) -> None:
    bound = Term(
        pack="ca-0", keep="21 days", bound=Bound.EXACT, after=Moment.DETECTION, source="An Act"
    )
    place.open("one", term=bound)
    place.open("two")
    for name in ("one", "two"):
        place.decide(name, H)
    hold = place.items.hold("item-two", "asked by letter", "a court", "cli:ann")
    assert place.clear().items == 0
    place.items.release(hold.id, "done", "cli:ann")
    assert place.clear().items == 1
    assert place.state("one") is ItemState.ELSEWHERE
    assert place.state("two") is ItemState.DESTROYED


def test_what_stands_in_a_harmless_case_goes_with_it(place: Place) -> None:
    place.open("one")
    place.open("two")
    with place.database.write() as connection:
        seqs = list(connection.scalars(select(cases.c.event_seq).order_by(cases.c.event_seq)))
        into = update(cases).where(cases.c.event_seq == seqs[1])
        connection.execute(into.values(root=seqs[0], state=CaseState.GATHERED.value))
    place.decide("one", H)
    assert place.clear().items == 2
    assert place.clear(91).cases == 2


def test_fingerprints_go_after_their_term_and_the_log_has_it(place: Place) -> None:
    for name, outcome in (("one", H), ("two", C)):
        place.open(name)
        place.decide(name, outcome)
    assert place.clear(89).cases == 0
    assert place.clear(91).cases == 1
    assert place.clear(91).cases == 0
    faded, known = (Cases(place.database).contents(f"case-{name}") for name in ("one", "two"))
    assert [one.pdq for one in faded] == ["", ""]
    assert [one.pdq for one in known] == [LAKE, LAKE]
    assert len(stacks(known)) == 1
    assert len(stacks(faded)) == 2, "each is like nothing else"
    (leaf,) = [one.leaf for one in AuditLog(place.database).page(subject="cases")]
    assert (leaf.kind, leaf.data) == (
        AuditKind.CASE,
        {"did": "faded", "cases": 1, "contents": 2},
    )
