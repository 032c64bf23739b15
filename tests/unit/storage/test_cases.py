from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tutela.errors import NotFound
from tutela.model import CaseState
from tutela.model.review.search import CaseQuery
from tutela.storage.cases import Cases
from tutela.storage.database import Database
from tutela.storage.journal import Journal

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Made


@pytest.fixture
def cases(database: Database, make: Callable[..., Made]) -> Cases:
    with Journal(database) as journal:
        for number in range(6):
            made = make(f"e{number}", matched=number != 2)
            journal.record(made.event, made.outcome, made.case).result(30)
    return Cases(database)


def test_a_case_comes_with_its_event_and_outcome(cases: Cases, make: Callable[..., Made]) -> None:
    made = make("e3", matched=True)
    file = cases.get("case-e3")
    assert (file.case, file.outcome) == (made.case, made.outcome)
    assert (file.event.id, file.event.actor) == ("e3", made.event.actor)


def test_an_event_that_opened_none_has_none(cases: Cases) -> None:
    with pytest.raises(NotFound):
        cases.get("case-e2")
    with pytest.raises(NotFound):
        cases.list(after="case-e2")


def test_the_latest_cases_come_first(cases: Cases) -> None:
    first = cases.list(limit=3)
    second = cases.list(CaseQuery(state=CaseState.OPEN), after=first[-1].case.id, limit=3)
    assert [file.case.event_id for page in (first, second) for file in page] == [
        "e5",
        "e4",
        "e3",
        "e1",
        "e0",
    ]
