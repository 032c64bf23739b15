"""Exposures: written with their leaf before anything is shown, within budgets, whoever races."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from tutela.errors import InvalidInput, NotFound
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.review.account import Preferences
from tutela.model.review.budget import LiftKind
from tutela.model.review.protection import ExposureKind, Limits
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.access.accounts import Accounts
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.refusals import BudgetSpent, ClaimLost, Enough, PauseNeeded
from tutela.storage.review.tables import exposures, lifts
from tutela.storage.tables import cases
from tutela.storage.values import now

Opened = Callable[..., str]
REVEAL, COVERED = ExposureKind.REVEAL, ExposureKind.COVERED
FREE = Limits(severe_items=0, minutes=0, pause_after=0)


@pytest.fixture
def held(database: Database, opened: Opened, people: list[str]) -> str:
    """A severe case that the first person holds."""
    case_id = opened("e1", severity="high")
    Claims(database).take(case_id, people[0])
    return case_id


def aged(database: Database, number: int, seconds: float) -> None:
    """Let an exposure have begun earlier."""
    with database.write() as connection:
        began = now() - timedelta(seconds=seconds)
        connection.execute(update(exposures).where(exposures.c.id == number).values(at=began))


def test_a_leaf_is_written_with_each(
    database: Database, held: str, people: list[str], leaves: Callable[[], list[Leaf]]
) -> None:
    seen = Exposures(database, FREE)
    covered = seen.begin(people[0], held, "item-1", COVERED, by="person:ada")
    begun = seen.begin(people[0], held, "item-1", REVEAL, by="person:ada")
    looks = [leaf for leaf in leaves() if leaf.kind is AuditKind.LOOK]
    assert [(one.by, one.subject, one.data) for one in looks] == [
        ("person:ada", "item-1", {"case": held, "shown": kind}) for kind in ("covered", "reveal")
    ]
    assert (covered.seconds, begun.seconds, begun.severe) == (0.0, None, True)
    assert seen.revealed(held, people[0]) == {"item-1"}
    assert seen.revealed(held, people[1]) == frozenset()


def test_nobody_sees_what_they_do_not_hold(
    database: Database, held: str, people: list[str], leaves: Callable[[], list[Leaf]]
) -> None:
    seen, before = Exposures(database, FREE), len(leaves())
    for person in people[1:]:
        with pytest.raises(ClaimLost):
            seen.begin(person, held, "item-1", COVERED)
    with pytest.raises(ClaimLost):
        seen.begin(people[0], "case-none", "item-1", COVERED)
    with pytest.raises(NotFound):
        seen.begin("nobody", held, "item-1", COVERED)
    for item in ("", "x" * 201):
        with pytest.raises(InvalidInput):
            seen.begin(people[0], held, item, COVERED)
    with database.write() as connection:
        connection.execute(update(cases).values(claimed_until=now() - timedelta(seconds=1)))
    with pytest.raises(ClaimLost):
        seen.begin(people[0], held, "item-1", REVEAL)
    assert len(leaves()) == before
    assert seen.day(people[0]).uncovered == 0


def test_durations_are_bounded_by_the_clock_of_the_server(
    database: Database, held: str, people: list[str]
) -> None:
    seen = Exposures(database, FREE)
    first = seen.begin(people[0], held, "item-1", REVEAL)
    aged(database, first.id, 10)
    assert 10 <= (seen.end(first.id, people[0], 5_000).seconds or 0) < 60
    second = seen.begin(people[0], held, "item-1", REVEAL)
    aged(database, second.id, 10)
    assert seen.end(second.id, people[0], 2.5).seconds == 2.5
    # What is said later changes nothing: nobody makes their day shorter afterwards.
    assert seen.end(second.id, people[0], 0).seconds == 2.5
    for wrong in (float("nan"), float("inf"), -1.0):
        with pytest.raises(InvalidInput):
            seen.end(second.id, people[0], wrong)
    with pytest.raises(NotFound):
        seen.end(second.id, people[1], 1)


def test_what_is_never_ended_counts_until_a_bound_or_the_next(
    database: Database, held: str, people: list[str]
) -> None:
    seen = Exposures(database, Limits(**{**_fields(FREE), "longest_seconds": 20}))
    first = seen.begin(people[0], held, "item-1", REVEAL)
    aged(database, first.id, 5)
    assert 5 <= seen.day(people[0]).seconds < 20
    aged(database, first.id, 500)
    assert seen.day(people[0]).seconds == 20
    second = seen.begin(people[0], held, "item-2", REVEAL)
    assert 20 <= seen.day(people[0]).seconds < 40
    # The page of the first one was late; its word counts all the same.
    assert seen.end(first.id, people[0], 7).seconds == 7
    aged(database, second.id, 3)
    third = seen.begin(people[0], held, "item-1", REVEAL)
    seen.end(third.id, people[0], 0)
    assert 10 <= seen.day(people[0]).seconds < 27


def test_an_item_budget_refuses_another_severe_item_and_nothing_else(
    database: Database, held: str, opened: Opened, people: list[str]
) -> None:
    seen = Exposures(database, Limits(severe_items=2, minutes=0, pause_after=0))
    light = opened("e2", severity="low")
    Claims(database).take(light, people[0])
    for item in ("item-1", "item-2", "item-1"):
        seen.begin(people[0], held, item, REVEAL)
    with pytest.raises(BudgetSpent) as refusal:
        seen.begin(people[0], held, "item-3", REVEAL)
    day = seen.day(people[0])
    assert refusal.value.until == day.day.ends
    assert day.items_spent
    seen.begin(people[0], held, "item-3", COVERED)
    seen.begin(people[0], held, "item-1", ExposureKind.CLIP)
    seen.begin(people[0], light, "item-9", REVEAL)
    assert seen.day(people[0]).severe_items == 2
    Claims(database).hand_back(held, people[0])
    Claims(database).take(held, people[1])
    seen.begin(people[1], held, "item-3", REVEAL)  # a budget is one person's


def test_minutes_end_what_is_uncovered_in_time_and_then_refuse(
    database: Database, held: str, people: list[str]
) -> None:
    seen = Exposures(database, Limits(minutes=1, pause_after=0, longest_seconds=50))
    first = seen.begin(people[0], held, "item-1", REVEAL)
    assert first.until == first.at + timedelta(seconds=50)
    aged(database, first.id, 45)
    seen.end(first.id, people[0], 45)
    second = seen.begin(people[0], held, "item-1", REVEAL)
    assert second.until == second.at + timedelta(seconds=15)
    aged(database, second.id, 20)
    seen.end(second.id, people[0], 20)
    with pytest.raises(BudgetSpent, match="minutes"):
        seen.begin(people[0], held, "item-1", REVEAL)
    seen.begin(people[0], held, "item-1", COVERED)


def test_a_pause_comes_after_severe_items_and_passes(
    database: Database, held: str, people: list[str]
) -> None:
    seen = Exposures(database, Limits(pause_after=2, pause_minutes=10))
    numbers = [seen.begin(people[0], held, f"item-{n}", REVEAL).id for n in range(2)]
    seen.end(numbers[-1], people[0], 0)
    with pytest.raises(PauseNeeded) as refusal:
        seen.begin(people[0], held, "item-0", REVEAL)
    assert refusal.value.until == seen.day(people[0]).paused_until
    assert 0 < refusal.value.retry_after <= 600 + 30
    seen.begin(people[0], held, "item-0", COVERED)
    for number in numbers:
        aged(database, number, 700)
    assert seen.day(people[0]).paused_until is None
    seen.begin(people[0], held, "item-0", REVEAL)


def test_lifts_end_a_pause_and_raise_a_day(
    database: Database, held: str, people: list[str]
) -> None:
    seen = Exposures(database, Limits(pause_after=1, severe_items=1))
    seen.begin(people[0], held, "item-1", REVEAL)

    def lift(kind: LiftKind, items: int = 0, person: str = people[0]) -> None:
        row = {"account_id": person, "kind": kind.value, "at": now(), "items": items}
        row |= {"until": now() + timedelta(hours=1), "minutes": 0, "by": "x", "reason": "r"}
        with database.write() as connection:
            connection.execute(insert(lifts), row)

    lift(LiftKind.PAUSE, person=people[1])
    with pytest.raises(PauseNeeded):
        seen.begin(people[0], held, "item-2", REVEAL)
    lift(LiftKind.PAUSE)
    with pytest.raises(BudgetSpent):
        seen.begin(people[0], held, "item-2", REVEAL)
    lift(LiftKind.BUDGET, items=1)
    seen.begin(people[0], held, "item-2", REVEAL)
    with pytest.raises(PauseNeeded):
        seen.begin(people[0], held, "item-3", REVEAL)
    lift(LiftKind.PAUSE)
    with pytest.raises(BudgetSpent):
        seen.begin(people[0], held, "item-3", REVEAL)


def test_a_day_is_that_of_the_persons_zone(
    database: Database, held: str, people: list[str]
) -> None:
    seen = Exposures(database, Limits(severe_items=1, pause_after=0))
    seen.begin(people[0], held, "item-1", REVEAL)
    assert seen.day(people[0]).day.starts.hour == 0
    Accounts(database).set_preferences(people[0], Preferences(zone="Asia/Kolkata"), by="x")
    day = seen.day(people[0]).day
    assert (day.starts.hour, day.starts.minute) == (18, 30)
    with database.write() as connection:
        connection.execute(update(exposures).values(at=day.starts - timedelta(seconds=1)))
    assert seen.day(people[0]).severe_items == 0
    seen.begin(people[0], held, "item-2", REVEAL)
    assert [one.item for one in seen.of_day(people[0], day)] == ["item-2"]


@pytest.mark.parametrize("limits", [Limits(severe_items=3, pause_after=0), Limits(pause_after=3)])
def test_two_pages_at_once_do_not_slip_past_a_budget(
    database: Database, held: str, people: list[str], limits: Limits
) -> None:
    seen, begun, refused = Exposures(database, limits), [], []
    together = threading.Barrier(6)

    def page(number: int) -> None:
        together.wait()
        for turn in range(2):
            try:
                begun.append(seen.begin(people[0], held, f"item-{number}-{turn}", REVEAL))
            except Enough as error:
                refused.append(error)

    pages = [threading.Thread(target=page, args=(number,)) for number in range(6)]
    for one in pages:
        one.start()
    for one in pages:
        one.join()
    assert (len(begun), len(refused)) == (3, 9)
    with database.read() as connection:
        lasting = select(exposures.c.id).where(exposures.c.milliseconds.is_(None))
        assert len(connection.scalars(lasting).all()) == 1


def test_a_part_of_the_same_picture_needs_no_second_exposure(
    database: Database, held: str, people: list[str]
) -> None:
    seen = Exposures(database, Limits(**{**_fields(FREE), "longest_seconds": 30}))
    begun = seen.begin(people[0], held, "item-1", REVEAL)
    assert seen.running(begun.id, people[0], held, "item-1").until == begun.until
    for person, case, item in (
        (people[1], held, "item-1"),
        (people[0], "case-other", "item-1"),
        (people[0], held, "item-2"),
    ):
        with pytest.raises(NotFound):
            seen.running(begun.id, person, case, item)
    aged(database, begun.id, 31)
    with pytest.raises(NotFound):
        seen.running(begun.id, people[0], held, "item-1")
    aged(database, begun.id, 1)
    seen.end(begun.id, people[0], 1)
    with pytest.raises(NotFound):
        seen.running(begun.id, people[0], held, "item-1")


def test_a_lighter_case_is_due_after_severe_ones_that_were_seen(
    database: Database, opened: Opened, people: list[str]
) -> None:
    seen = Exposures(database, Limits(lighter_after=2))
    claims, readings = Claims(database), Readings(database)

    def read(name: str, severity: str, *, look: bool = True) -> int:
        case_id = opened(name, severity=severity)
        claim = claims.take(case_id, people[0])
        if look:
            seen.begin(people[0], case_id, "item-1", REVEAL)
        new = NewReading(revision=claim.revision, outcome=ReviewOutcome.HARMLESS)
        return readings.give(claim.token, new, people[0]).id

    told = []
    for name, severity, look in (
        ("a", "high", True),
        ("b", "critical", True),
        ("c", "medium", True),
        ("d", "high", True),
        ("e", "high", False),
        ("f", "critical", True),
    ):
        last = read(name, severity, look=look)
        told.append(seen.lighter_next(people[0]))
    assert told == [False, True, False, False, False, True]
    readings.undo(last, people[0])
    assert not seen.lighter_next(people[0])
    assert not Exposures(database, Limits(lighter_after=0)).lighter_next(people[0])


def _fields(limits: Limits) -> dict[str, int]:
    return {name: getattr(limits, name) for name in limits.__struct_fields__}
