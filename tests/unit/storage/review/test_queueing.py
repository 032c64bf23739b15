"""What would follow if a queue were not there, on every database."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from tests.unit.storage.review.filing import Filed, file_cases

from tutela.model.review.queue import EVERYTHING, Queue, QueueFilter
from tutela.storage.database import Database
from tutela.storage.review.queues import Queues
from tutela.storage.review.together.gathering import Gathering
from tutela.storage.tables import cases


def test_the_heirs_of_a_queue_are_those_that_have_its_cases_once_it_is_gone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues = Queues(database)
    queues.put(Queue(name="here", position=1, filter=QueueFilter(regions=("NL", "FR"))))
    queues.put(Queue(name="french", position=2, filter=QueueFilter(languages=("fr",))))
    languages = ("fr", "fr-BE", "nl", "en")
    file_cases(
        database,
        [Filed(f"e{at}", actor=f"a{at}", language=one) for at, one in enumerate(languages)],
    )
    Gathering(database).gather()
    with database.write() as connection:
        decided = update(cases).where(cases.c.id == "case-e3")
        connection.execute(decided.values(state="closed"))
        moved = update(cases).where(cases.c.id == "case-e1")
        connection.execute(moved.values(moved=True))
    assert queues.heirs_of("here") == {"french": 2, EVERYTHING: 1}
    assert queues.heirs_of("french") == {}
    before = {one.queue: one.waiting for one in queues.counts()}
    assert before == {"here": 3, "french": 0, EVERYTHING: 0}
    queues.delete("here")
    assert {one.queue: one.waiting for one in queues.counts()} == {"french": 2, EVERYTHING: 1}
    monkeypatch.setattr("tutela.storage.review.queues.LOOKED_AT", 1)
    assert queues.heirs_of("french") == {EVERYTHING: 1}
