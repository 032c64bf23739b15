"""Lifts: by somebody else, for a reason, told in the log without the words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from tutela.errors import Conflict, InvalidInput, NotAllowed, NotFound
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.review.budget import LiftKind, NewLift
from tutela.model.review.protection import ExposureKind, Limits
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.protecting.lifts import Lifts
from tutela.storage.review.refusals import BudgetSpent, PauseNeeded
from tutela.storage.review.tables import lifts as table
from tutela.storage.values import now

REVEAL = ExposureKind.REVEAL
PAUSE = NewLift(kind=LiftKind.PAUSE, reason="a child is in danger now")


def more(items: int = 0, minutes: int = 0) -> NewLift:
    return NewLift(kind=LiftKind.BUDGET, items=items, minutes=minutes, reason="two are ill today")


@pytest.fixture
def held(database: Database, opened: Callable[..., str], people: list[str]) -> str:
    case_id = opened("e1", severity="critical")
    Claims(database).take(case_id, people[0])
    return case_id


def test_a_pause_and_a_day_are_lifted_and_told(
    database: Database, held: str, people: list[str], leaves: Callable[[], list[Leaf]]
) -> None:
    seen = Exposures(database, Limits(severe_items=1, pause_after=1))
    lifts = Lifts(database, seen)
    seen.begin(people[0], held, "item-1", REVEAL)
    with pytest.raises(PauseNeeded):
        seen.begin(people[0], held, "item-2", REVEAL)
    lifted = lifts.lift(people[0], PAUSE, by="person:dora")
    with pytest.raises(BudgetSpent):
        seen.begin(people[0], held, "item-2", REVEAL)
    raised = lifts.lift(people[0], more(items=1), by="person:dora")
    seen.begin(people[0], held, "item-2", REVEAL)
    assert raised.until == seen.day(people[0]).day.ends
    assert lifts.list(people[0]) == [raised, lifted]
    assert lifts.list(people[1]) == []
    told = [one for one in leaves() if one.kind is AuditKind.PROTECTION]
    digest = hashlib.sha256(PAUSE.reason.encode()).hexdigest()
    assert [(one.by, one.subject) for one in told] == [("person:dora", f"person:{people[0]}")] * 2
    assert told[0].data == {"did": "pause lifted", "lift": lifted.id, "reason": digest}
    assert (told[1].data["did"], told[1].data["items"]) == ("budget raised", 1)
    assert not any(PAUSE.reason in str(one.data) for one in told)


def test_what_cannot_be_lifted_is_refused(
    database: Database, people: list[str], leaves: Callable[[], list[Leaf]]
) -> None:
    lifts = Lifts(database, Exposures(database, Limits(minutes=0)))
    before = len(leaves())
    with pytest.raises(NotAllowed):
        lifts.lift(people[0], more(items=1), by=f"person:{people[0]}")
    with pytest.raises(Conflict):
        lifts.lift(people[0], PAUSE, by="x")
    with pytest.raises(InvalidInput):
        lifts.lift(people[0], more(), by="x")
    with pytest.raises(Conflict):
        lifts.lift(people[0], more(minutes=5), by="x")  # there is no limit of minutes
    with pytest.raises(InvalidInput):
        lifts.lift(people[0], NewLift(kind=LiftKind.BUDGET, items=1, reason="  "), by="x")
    with pytest.raises(NotFound):
        lifts.lift("nobody", more(items=1), by="x")
    assert len(leaves()) == before
    assert lifts.list() == []


def test_what_a_day_holds_more_ends_with_it(database: Database, people: list[str]) -> None:
    seen = Exposures(database, Limits(severe_items=5, minutes=5))
    lifts = Lifts(database, seen)
    lifts.lift(people[0], more(items=3, minutes=10), by="x")
    assert (seen.day(people[0]).items_allowed, seen.day(people[0]).minutes_allowed) == (8, 15)
    assert seen.day(people[1]).items_allowed == 5
    with database.write() as connection:
        connection.execute(update(table).values(until=now() - timedelta(seconds=1)))
    assert (seen.day(people[0]).items_allowed, seen.day(people[0]).minutes_allowed) == (5, 5)
