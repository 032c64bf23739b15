"""An appeal is decided: what was done is undone once, and everybody who appealed is told once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import select, update

from tutela.errors import Unavailable
from tutela.model import (
    ActionKind,
    Actor,
    Case,
    Decision,
    Event,
    EventKind,
    Origin,
    Outcome,
    Reason,
    Verdict,
)
from tutela.model.custody.evidence import EvidenceKind, ItemFacts, ItemState, NewItem, Term
from tutela.model.custody.terms import Bound, Moment
from tutela.model.review.appeal import AppealOutcome, AppealState
from tutela.model.review.reading import ReviewOutcome
from tutela.policy.policy import Policy
from tutela.response.review.answering import appeal_outcome, following
from tutela.response.review.appealing import NewAppeal, appeal, chosen
from tutela.response.review.clearing import Clearing
from tutela.response.review.settling import Settler
from tutela.response.routing import Routes
from tutela.storage.access.accounts import Accounts
from tutela.storage.banks import Banks
from tutela.storage.cases import Cases
from tutela.storage.counts import reconcile
from tutela.storage.database import Database
from tutela.storage.evidence.writing import write_items
from tutela.storage.journal import Journal
from tutela.storage.outbox.deliveries import Deliveries
from tutela.storage.outbox.destinations import Destinations
from tutela.storage.past.rescans import NewRescan, Rescans
from tutela.storage.review.claims import Claims
from tutela.storage.review.contesting.appeals import Appeals
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.refusals import NotForYou
from tutela.storage.review.settling import Harmless, Settling
from tutela.storage.review.together.gathering import Gathering
from tutela.storage.tables import cases, events

AT = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
C, V, H, U = ReviewOutcome
TAKES = [ActionKind.QUARANTINE, ActionKind.RESTORE, ActionKind.ANSWER, ActionKind.PRESERVE]


ITEM = NewItem(
    id="item",
    kind=EvidenceKind.CONTENT,
    state=ItemState.ELSEWHERE,
    drill=True,
    detected_at=AT,
    term=Term(keep="1 year", bound=Bound.EXACT, after=Moment.DETECTION),
    facts=ItemFacts(),
    clock_at=AT,
    expires_at=AT + timedelta(days=90),
)


class Place:
    """A database with people, a destination, and what carries out decisions."""

    def __init__(self, database: Database) -> None:
        self.database = database
        accounts = Accounts(database)
        self.people = [accounts.create(name, "senior_reviewer").id for name in ("ada", "bea", "cy")]
        self.readings = Readings(database, timedelta(0))
        self.appeals = Appeals(database)
        self.erased: list[str] = []
        destinations = Destinations(database)
        destinations.create("platform", "https://p.example", actions=TAKES)
        self.routes = Routes(tuple(destinations.list()))
        self.share = 0.5
        self.settler = self.new_settler(Settling(database))

    def new_settler(self, settling: Settling) -> Settler:
        policy = Policy.default()
        return Settler(
            self.readings,
            settling,
            Cases(self.database),
            following(lambda: policy, lambda: self.routes, self.appeals.contested_by),
            structlog.get_logger(),
            clearing=Clearing(Harmless(self.database), self._erase, timedelta(days=90)),
            chance=lambda: self.share,
            pause_seconds=0.01,
        )

    def _erase(self, event_id: str, *, again: bool) -> int:
        assert not again
        self.erased.append(event_id)
        return 1

    def decided(
        self,
        event_id: str,
        *actions: ActionKind,
        case: bool = True,
        origin: Origin | None = None,
    ) -> None:
        """Store an event that was decided about."""
        asked = actions or (ActionKind.BLOCK,)
        decision = Decision(
            policy_version="p",
            actions=(*asked, *((ActionKind.OPEN_CASE,) if case else ())),
            reasons=(Reason(rule="a", text="Why.", principles=(1,)),),
        )
        opened = Case(id=f"case-{event_id}", event_id=event_id, opened_at=AT, drill=True)
        outcome = Outcome(
            event_id=event_id,
            verdict=Verdict.NOT_CHECKED,
            received_at=AT,
            drill=True,
            list_version=1,
            matches=(),
            gaps=(),
            decision=decision,
            case_id=opened.id if case else None,
        )
        event = Event(
            id=event_id,
            digest=event_id,
            received_at=AT,
            drill=True,
            actor=Actor(id=f"robin {event_id}"),
            origin=origin,
        )
        with Journal(self.database) as journal:
            journal.record(event, outcome, opened if case else None).result(30)

    def contest(self, event_id: str, name: str = "appeal", language: str = "en") -> str:
        """Contest what was decided about an event; the id of the case."""
        contested = chosen(self.appeals.contestable(event_id), None)
        new = NewAppeal(
            event_id=name,
            digest=name,
            actor=contested.event.actor,
            text="It is a table.",
            language=language,
            policy_version="p",
            list_version=1,
        )
        with Journal(self.database) as journal:
            made = journal.record(*appeal(new, contested, AT)).result(30)
        Gathering(self.database).gather()
        assert made.case_id is not None
        return made.case_id

    def decide(self, case_id: str, outcome: ReviewOutcome, who: int = 0, said: str = "") -> None:
        claim = Claims(self.database).take(case_id, self.people[who], settle=True)
        new = NewReading(revision=claim.revision, outcome=outcome, statement=said)
        self.readings.give(claim.token, new, self.people[who])

    def settled(self, case_id: str, outcome: ReviewOutcome, who: int = 0, said: str = "") -> None:
        self.decide(case_id, outcome, who, said)
        assert self.settler.settle() == 1

    def sent(self) -> list[tuple[str, str]]:
        found = Deliveries(self.database).list()
        return sorted((one.message.event_id, one.message.action.value) for one in found)


@pytest.fixture
def place(database: Database) -> Iterator[Place]:
    made = Place(database)
    yield made
    made.settler.stop()


def test_what_was_granted_is_restored_once_however_many_carry_it_out(place: Place) -> None:
    place.decided("upload")
    place.decide(place.contest("upload"), H)
    with ThreadPoolExecutor(4) as pool:
        closed = list(pool.map(lambda _: place.settler.settle(), range(8)))
    assert sum(closed) == 1
    assert place.sent() == [("appeal", "answer"), ("upload", "restore")]
    restored = Deliveries(place.database).of_event("upload")
    assert [one.message.action for one in restored] == [ActionKind.RESTORE]
    assert reconcile(place.database).stranded == 0


def test_what_fails_in_between_is_carried_out_later_and_once(place: Place) -> None:
    class Failing(Settling):
        def close(self, *args: object, **more: object) -> bool:
            super().close(*args, **more)  # type: ignore[arg-type]
            raise Unavailable("the answer was lost")

    class Away(Settling):
        def close(self, *args: object, **more: object) -> bool:
            del args, more
            raise Unavailable("the database is away")

    place.decided("upload")
    case_id = place.contest("upload")
    place.decide(case_id, H)
    assert place.new_settler(Away(place.database)).settle() == 0
    assert place.sent() == []
    assert place.appeals.get("appeal").file.state is AppealState.WAITING
    assert place.new_settler(Failing(place.database)).settle() == 0
    assert place.settler.settle() == 0
    assert place.sent() == [("appeal", "answer"), ("upload", "restore")]
    assert place.appeals.get("appeal").file.outcome is AppealOutcome.GRANTED


def test_upheld_nothing_is_done_but_to_tell(place: Place) -> None:
    place.decided("upload")
    place.settled("case-upload", C)
    before = place.sent()
    place.settled(place.contest("upload"), C, who=1, said="It stays.")
    assert place.sent() == sorted([*before, ("appeal", "answer")])
    assert place.erased == []
    found = place.appeals.get("appeal")
    assert (found.file.outcome, found.file.statement, found.said) == ("upheld", "It stays.", True)


def test_evidence_goes_where_an_appeal_is_granted_unless_somebody_has_yet_to_look(
    place: Place,
) -> None:
    place.decided("read")
    place.settled("case-read", C)
    place.settled(place.contest("read"), H, who=1)
    assert place.erased == ["read"]
    place.decided("unread")
    place.settled(place.contest("unread", "second"), H)
    assert place.erased == ["read"]
    place.decided("alone", case=False)
    place.settled(place.contest("alone", "third"), H)
    assert place.erased == ["read", "alone"]


def test_evidence_of_a_granted_appeal_that_was_read_again_goes_later(place: Place) -> None:
    place.decided("upload")
    place.settled("case-upload", C)
    with place.database.write() as connection:
        seq = connection.scalar(select(events.c.seq).where(events.c.id == "upload"))
        assert seq is not None
        write_items(connection, {seq: (ITEM,)}, AT)
    harmless = Harmless(place.database)
    place.settled(place.contest("upload"), C, who=1)
    assert list(harmless.kept()) == []
    with place.database.write() as connection:
        own = update(cases).where(cases.c.contests == seq)
        connection.execute(own.values(outcome=H.value))
    assert [one.event_id for one in harmless.kept()] == ["upload"]
    with place.database.write() as connection:
        own = update(cases).where(cases.c.event_seq == seq)
        connection.execute(own.values(state="open", closed_at=None))
    assert list(harmless.kept()) == []


def test_what_was_restored_by_mistake_is_taken_away_again(place: Place) -> None:
    place.decided("upload")
    case_id = place.contest("upload")
    place.share = -1.0  # everything is read again
    place.settled(case_id, H)
    place.decide(case_id, C, who=1)
    place.settled(case_id, C, who=2)
    assert place.sent() == sorted(
        [("appeal", "answer")] * 2
        + [("upload", kind) for kind in ("preserve", "quarantine", "restore")]
    )
    assert place.appeals.get("appeal").file.outcome is AppealOutcome.UPHELD


def test_a_finding_in_the_past_is_contested_by_the_event_that_it_was_found_in(
    place: Place,
) -> None:
    place.decided("upload", ActionKind.ALLOW, case=False)
    bank = Banks(place.database).create("hills", trusted=True, drill=True).name
    rescan = Rescans(place.database).ask(NewRescan(bank=bank), "tutela").id
    origin = Origin(event_id="upload", received_at=AT, rescan=rescan)
    place.decided("found", ActionKind.QUARANTINE, origin=origin)
    case_id = place.contest("upload")
    assert Cases(place.database).get(case_id).standing.contested == "found"
    assert place.appeals.get("appeal").file.contests == "upload"
    place.settled(case_id, H)
    # The platform knows the event that it was found in, and nothing else.
    assert place.sent() == [("appeal", "answer"), ("upload", "restore")]
    (answer,) = Deliveries(place.database).of_event("appeal")
    assert (answer.message.contests, answer.message.event_kind) == ("upload", EventKind.APPEAL)
    assert [one.message.event_id for one in Deliveries(place.database).of_event("found")] == [
        "upload"
    ]


def test_appeals_about_the_same_stand_in_one_case_unless_somebody_reads_it(place: Place) -> None:
    place.decided("upload")
    place.decided("other")
    first, second = place.contest("upload", "one"), place.contest("upload", "two")
    other = place.contest("other", "three")
    stored = Cases(place.database)
    assert stored.get(second).standing.root == first
    assert stored.get(first).standing.reach == 2
    assert stored.get(other).standing.root is None
    # What it holds stands for itself: a finding does not join an appeal, nor the other way round.
    assert stored.get("case-upload").standing.root is None
    place.decide(first, H)
    late = place.contest("upload", "late")
    assert stored.get(late).standing.root is None
    assert place.settler.settle() == 1
    assert place.sent() == [("one", "answer"), ("two", "answer"), ("upload", "restore")]


def test_who_read_it_and_took_that_back_does_not_read_the_appeal(place: Place) -> None:
    readings = Readings(place.database, timedelta(hours=1))
    place.decided("upload")
    claim = Claims(place.database).take("case-upload", place.people[0])
    new = NewReading(revision=claim.revision, outcome=C)
    given = readings.give(claim.token, new, place.people[0])
    readings.undo(given.id, place.people[0])
    case_id = place.contest("upload")
    claims = Claims(place.database)
    with pytest.raises(NotForYou):
        claims.take(case_id, place.people[0])
    offered = claims.next(place.people[0])
    assert offered is None or offered.case_id != case_id
    assert claims.take(case_id, place.people[1]).case_id == case_id


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(C, "upheld"), (V, "upheld"), (H, "granted"), (U, None)],
)
def test_what_comes_of_an_appeal(outcome: ReviewOutcome, expected: str | None) -> None:
    assert appeal_outcome(outcome) == expected
