"""Samples that wait, on every database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from tests.unit.storage.review.filing import AT, Filed, file_cases

from tutela.model.review.reading import ReviewOutcome
from tutela.storage.access.accounts import Accounts
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.figures.sampling import Samples
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.tables import samples
from tutela.storage.tables import cases

NAMES = [f"case-e{at}" for at in range(5)]


@pytest.fixture
def people(database: Database) -> list[str]:
    """Two people; the first has decided five cases, which were drawn in two queues."""
    found = [Accounts(database).create(name, "reviewer").id for name in ("ada", "bea")]
    file_cases(database, [Filed(f"e{at}", drill=at == 1) for at in range(len(NAMES))])
    for at, name in enumerate(NAMES):
        claim = Claims(database).take(name, found[0])
        new = NewReading(revision=claim.revision, outcome=ReviewOutcome.CONFIRMED)
        reading = Readings(database, timedelta(0)).give(claim.token, new, found[0])
        with database.write() as connection:
            own = update(cases).where(cases.c.id == name)
            queue = "fast" if at % 2 else "everything"
            connection.execute(own.values(state="closed", closed_at=AT, queue=queue))
            seq = connection.scalar(select(cases.c.event_seq).where(cases.c.id == name))
            # Two of them at the same moment.
            drawn = AT + timedelta(minutes=at // 2)
            row = {"case_seq": seq, "queue": queue, "drawn_at": drawn, "first_reading": reading.id}
            connection.execute(insert(samples), row)
    return found


def test_samples_are_listed_in_the_order_in_which_they_were_drawn(
    database: Database, people: list[str]
) -> None:
    kept = Samples(database)
    assert [one.case_id for one in kept.list(people[1])] == NAMES
    assert [one.drill for one in kept.list()] == [False, True, False, False, False]
    assert kept.counts() == {"everything": 3, "fast": 2}
    pages, after = [], ""
    while page := kept.list(people[1], after=after, limit=2):
        pages += [one.case_id for one in page]
        after = page[-1].case_id
    assert pages == NAMES
    assert [one.case_id for one in kept.list(queue="fast")] == [NAMES[1], NAMES[3]]


def test_who_knows_a_case_is_not_offered_it(database: Database, people: list[str]) -> None:
    kept, claims = Samples(database), Claims(database)
    assert not any(one.offered for one in kept.list(people[0]))
    assert not any(one.offered for one in kept.list())
    assert all(one.offered for one in kept.list(people[1]))
    claims.take(NAMES[0], people[1])
    claims.pass_on(NAMES[0], people[1])
    claims.take(NAMES[1], people[1])
    found = kept.list(people[1])
    assert [(one.held, one.offered) for one in found[:3]] == [
        (False, False),
        (True, False),
        (False, True),
    ]


def test_what_was_read_again_waits_no_more_unless_that_is_undone(
    database: Database, people: list[str]
) -> None:
    kept, readings = Samples(database), Readings(database)
    claim = Claims(database).take(NAMES[0], people[1])
    new = NewReading(revision=claim.revision, outcome=ReviewOutcome.CONFIRMED)
    given = readings.give(claim.token, new, people[1])
    assert kept.among(NAMES) == frozenset(NAMES[1:])
    assert not kept.waits(NAMES[0])
    readings.undo(given.id, people[1])
    assert kept.waits(NAMES[0])
    assert kept.among([]) == frozenset()
