"""The duty closes what is due, draws samples, erases what is harmless, and outlives a failure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import update

from tutela.model import (
    ActionKind,
    Actor,
    Case,
    CaseState,
    Decision,
    Event,
    Outcome,
    Reason,
    Verdict,
)
from tutela.model.review.reading import ReviewOutcome
from tutela.policy.policy import Policy
from tutela.response.review.answering import following
from tutela.response.review.clearing import Clearing
from tutela.response.review.settling import Settler
from tutela.response.routing import Routes
from tutela.storage.access.accounts import Accounts
from tutela.storage.cases import Cases
from tutela.storage.counts import reconcile
from tutela.storage.database import Database
from tutela.storage.journal import Journal
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.review.claims import Claims
from tutela.storage.review.contesting.appeals import Appeals
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.settling import Harmless, Settling
from tutela.storage.review.tables import queues
from tutela.storage.tables import cases

AT = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
C, V, H, U = ReviewOutcome
KEEP = timedelta(days=90)
ACTIONS = [ActionKind.QUARANTINE, ActionKind.RESTORE]


def opened(database: Database, event_id: str) -> str:
    decided = Decision(
        policy_version="p",
        actions=(ActionKind.BLOCK, ActionKind.OPEN_CASE),
        reasons=(Reason(rule="a", text="Why."),),
    )
    case = Case(id=f"case-{event_id}", event_id=event_id, opened_at=AT, drill=True)
    outcome = Outcome(
        event_id=event_id,
        verdict=Verdict.NOT_CHECKED,
        received_at=AT,
        drill=True,
        list_version=1,
        matches=(),
        gaps=(),
        decision=decided,
        case_id=case.id,
    )
    event = Event(id=event_id, digest=event_id, received_at=AT, drill=True, actor=Actor(id="x"))
    with Journal(database) as journal:
        journal.record(event, outcome, case).result(30)
    return case.id


class Place:
    """A database with a destination, one reader, and the duty."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reader = Accounts(database).create("ada", "reviewer").id
        self.readings = Readings(database, timedelta(0))
        self.erased: list[str] = []
        destinations = Destinations(database)
        destinations.create("platform", "https://p.example", actions=ACTIONS)
        policy, routes = Policy.default(), Routes(tuple(destinations.list()))
        self.settler = Settler(
            self.readings,
            Settling(database),
            Cases(database),
            following(lambda: policy, lambda: routes, Appeals(database).contested_by),
            structlog.get_logger(),
            clearing=Clearing(Harmless(database), self.erase, KEEP),
            chance=lambda: 0.5,
            pause_seconds=0.01,
        )

    def erase(self, event_id: str, *, again: bool) -> int:
        assert not again
        self.erased.append(event_id)
        return len(self.erased)

    def decide(self, case_id: str, outcome: ReviewOutcome) -> None:
        claim = Claims(self.database).take(case_id, self.reader)
        new = NewReading(revision=claim.revision, outcome=outcome)
        self.readings.give(claim.token, new, self.reader)

    def sent(self) -> list[tuple[str, str]]:
        found = Deliveries(self.database).list()
        return sorted((one.message.event_id, one.message.action.value) for one in found)

    def share(self, permille: int) -> None:
        with self.database.write() as connection:
            connection.execute(update(queues).values(sample_permille=permille))


@pytest.fixture
def place(database: Database) -> Iterator[Place]:
    made = Place(database)
    yield made
    made.settler.stop()


def test_a_case_and_what_it_has_gathered_are_carried_out_once(place: Place) -> None:
    opened(place.database, "one")
    opened(place.database, "two")
    with place.database.write() as connection:
        root = Cases(place.database).get("case-one")
        assert root.case.id == "case-one"
        seqs = list(connection.scalars(cases.select().order_by(cases.c.event_seq)))
        gathered = {"root": seqs[0], "state": CaseState.GATHERED.value}
        of_second = update(cases).where(cases.c.event_seq == seqs[1])
        connection.execute(of_second.values(**gathered))
    place.decide("case-one", C)
    assert place.settler.settle() == 1
    assert place.sent() == [("one", "quarantine"), ("two", "quarantine")]
    assert place.settler.settle() == 0
    assert place.erased == []
    assert Cases(place.database).get("case-one").case.state is CaseState.CLOSED
    assert reconcile(place.database).stranded == 0


def test_what_is_harmless_is_put_back_and_its_evidence_erased(place: Place) -> None:
    place.share(0)
    opened(place.database, "one")
    place.decide("case-one", H)
    assert place.settler.settle() == 1
    assert place.sent() == [("one", "restore")]
    assert place.erased == ["one"]


def test_what_is_drawn_keeps_its_evidence_to_be_seen(place: Place) -> None:
    place.share(600)
    opened(place.database, "one")
    place.decide("case-one", H)
    assert place.settler.settle() == 1
    assert place.erased == []
    other = Accounts(place.database).create("bea", "reviewer").id
    claim = Claims(place.database).next(other)
    assert claim is not None
    assert claim.purpose == "sample"


def test_what_can_still_be_undone_waits(place: Place) -> None:
    opened(place.database, "one")
    place.readings = Readings(place.database)
    place.decide("case-one", C)
    assert place.settler.settle() == 0
    assert place.sent() == []


def test_one_that_fails_does_not_keep_the_others_waiting(place: Place) -> None:
    opened(place.database, "one")
    opened(place.database, "two")
    place.decide("case-one", H)
    place.decide("case-two", C)
    follows = place.settler._follows

    def failing(file, settled, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if file.event.id == "one":
            raise ValueError
        return follows.case(file, settled, at)

    place.settler._follows = follows._replace(case=failing)
    assert place.settler.settle() == 1
    assert place.sent() == [("two", "quarantine")]
    place.settler._follows = follows
    assert place.settler.settle() == 1


def test_a_case_in_no_visible_state_is_found(place: Place) -> None:
    opened(place.database, "one")
    for values in (
        {"state": "lost"},
        {"state": "gathered", "root": None},
        {"state": "decided", "settles_at": None},
        {"state": "open", "root": 1},
    ):
        with place.database.write() as connection:
            connection.execute(update(cases).values(**values))
        assert reconcile(place.database).stranded == 1
