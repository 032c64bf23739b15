"""Cases that people have read, each in their own way."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from tests.unit.storage.review.filing import Filed, file_cases

from tutela.interfaces.services import Services
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.review.readings import NewReading, Readings
from tutela.storage.review.tables import samples
from tutela.storage.tables import cases
from tutela.storage.values import now

NUMBERS = itertools.count(1)
C, V, H, U = ReviewOutcome


class Desk:
    """People at cases: what they do is done by the parts of the program that do it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        # It closes what was decided, and draws samples by chance, while a page is looked at.
        services.settler.stop()
        self.readings = Readings(services.database, timedelta(0))
        self.people = [
            services.accounts.create(f"desk-{next(NUMBERS)}", role).id
            for role in ("reviewer", "reviewer", "senior_reviewer")
        ]

    def open(self, *, drill: bool = False, **columns: object) -> str:
        """Open a case an hour ago."""
        filed = Filed(f"led-{next(NUMBERS)}", drill=drill, actor=f"actor {next(NUMBERS)}")
        file_cases(self.services.database, [filed])
        at = now()
        values = {"opened_at": at - timedelta(hours=1), "gathered_at": at}
        self.set(filed.id, **{**values, "waits_until": at + timedelta(days=1), **columns})
        return filed.id

    def set(self, case_id: str, **columns: object) -> None:
        with self.services.database.write() as connection:
            own = update(cases).where(cases.c.id == case_id)
            connection.execute(own.values(**columns))

    def read(self, case_id: str, person: int, outcome: ReviewOutcome, category: str = "") -> int:
        """Somebody decides; it counts at once."""
        account = self.people[person]
        claim = self.services.claims.take(case_id, account, settle=person == 2)
        new = NewReading(revision=claim.revision, outcome=outcome, category=category)
        return self.readings.give(claim.token, new, account).id

    def decided(
        self,
        outcome: ReviewOutcome = C,
        category: str = "",
        *,
        drill: bool = False,
        **columns: object,
    ) -> str:
        case_id = self.open(drill=drill, **columns)
        self.read(case_id, 0, outcome, category)
        return case_id

    def drawn(self, outcome: ReviewOutcome = C, category: str = "", **columns: object) -> str:
        """A case that was decided and drawn as a sample."""
        case_id = self.decided(outcome, category, drill=False, **columns)
        (reading,) = self.readings.of(case_id)
        self.set(case_id, state="closed", closed_at=now())
        with self.services.database.write() as connection:
            own = select(cases.c.event_seq, cases.c.queue).where(cases.c.id == case_id)
            row = connection.execute(own).one()
            values = {"case_seq": row.event_seq, "queue": row.queue, "drawn_at": now()}
            connection.execute(insert(samples), {**values, "first_reading": reading.id})
        return case_id


@pytest.fixture
def desk(services: Services) -> Desk:
    return Desk(services)
