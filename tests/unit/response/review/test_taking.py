"""Which case somebody gets next: without what the person never gets, lighter ones in between."""

from __future__ import annotations

from tests.unit.storage.review.filing import Filed, file_cases

from tutela.model import Severity
from tutela.model.review.protection import ExposureKind, Limits
from tutela.model.review.queue import Queue, QueueFilter
from tutela.model.review.reading import ReviewOutcome
from tutela.response.review.taking import Taking
from tutela.storage.access.accounts import Accounts
from tutela.storage.database import Database
from tutela.storage.review.claims import Claims
from tutela.storage.review.exposures import Exposures
from tutela.storage.review.protecting.recusals import Recusals
from tutela.storage.review.queues import Queues
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.together.gathering import Gathering

FIXED = QueueFilter(languages=("fr",))


def test_a_lighter_case_comes_after_severe_ones_and_danger_before_all(database: Database) -> None:
    person = Accounts(database).create("ada", "reviewer").id
    claims, seen = Claims(database), Exposures(database, Limits(lighter_after=2))
    taking, readings = Taking(claims, seen, Recusals(database)), Readings(database)
    filed = [Filed(f"severe-{n}", severity=Severity.CRITICAL) for n in range(6)]
    filed += [Filed(f"light-{n}", severity=Severity.LOW) for n in range(2)]
    file_cases(database, filed)
    Gathering(database).gather()
    order = []
    for turn in range(9):
        if turn == 5:
            file_cases(database, [Filed("danger", severity=Severity.CRITICAL, imminent=True)])
        claim = taking.next(person)
        assert claim is not None
        order.append(claim.case_id.removeprefix("case-").partition("-")[0])
        seen.begin(person, claim.case_id, "item-1", ExposureKind.REVEAL)
        new = NewReading(revision=claim.revision, outcome=ReviewOutcome.HARMLESS)
        readings.give(claim.token, new, person)
    assert order == [
        *("severe", "severe", "light"),
        *("severe", "severe", "danger", "light"),
        *("severe", "severe"),
    ]
    assert taking.next(person) is None


def test_queues_that_a_person_never_gets_are_left_to_others(database: Database) -> None:
    ada, bea = (Accounts(database).create(name, "reviewer").id for name in ("ada", "bea"))
    Queues(database).put(Queue(name="french", position=1, filter=FIXED))
    recusals = Recusals(database)
    taking = Taking(Claims(database), Exposures(database), recusals)
    file_cases(database, [Filed("e1", language="fr"), Filed("e2", language="fr-CA")])
    Gathering(database).gather()
    recusals.set(ada, ["french"])
    assert taking.next(ada) is None
    first = taking.next(bea)
    assert first is not None
    chosen = taking.next(ada, queue="french")  # who names a queue gets it
    assert chosen is not None
    assert {first.case_id, chosen.case_id} == {"case-e1", "case-e2"}
