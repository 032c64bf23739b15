from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from tutela.interfaces.services import Services
from tutela.storage.access.tables import sessions

if TYPE_CHECKING:
    from tests.unit.interfaces.console.conftest import Visit
    from tests.unit.interfaces.console.review.conftest import Open


def test_the_next_case_is_claimed_and_opened(person: Visit, case: Open, services: Services) -> None:
    case_id, visitor = case(), person("reviewer")
    page = visitor.get("/console/review")
    assert "Next case" in page
    answer = visitor.post("/console/review/next")
    assert (answer.status, answer.headers["location"]) == (303, f"/console/cases/{case_id}")
    assert services.claims.holds(case_id, visitor.account.id)
    assert case_id in visitor.get("/console/review")
    other = person("reviewer").post("/console/review/next", queue="everything")
    assert other.status == 200
    assert b"Nothing waits for you here" in other.body
    services.claims.pass_on(case_id, visitor.account.id)


def test_each_number_leads_to_its_cases(person: Visit, case: Open) -> None:
    case_id, visitor = case(), person("supervisor")
    fragment = visitor.get("/console/review/queues")
    assert "<html" not in fragment
    links = re.findall(r'<a class="count"[^>]* href="([^"]+)" data-count="(\d+)">', fragment)
    assert {"waiting", "imminent", "held", "state", "overdue"} <= {
        field.partition("=")[0] for href, _ in links for field in href.split("&amp;")
    }
    for href, number in links:
        path, _, query = href.replace("&amp;", "&").partition("?")
        fields = dict(pair.split("=") for pair in query.split("&"))
        page = visitor.get(path, **fields)
        assert f'<p class="lead">{number}' in page, href
        assert (case_id in page) == (number != "0")


def test_an_open_board_keeps_no_session_alive(person: Visit, services: Services) -> None:
    visitor = person("reviewer")

    def seen() -> datetime:
        with services.database.read() as connection:
            own = sessions.c.account_id == visitor.account.id
            found: datetime = connection.scalars(select(sessions.c.seen_at).where(own)).one()
            return found

    def idle(minutes: float) -> None:
        own = sessions.c.account_id == visitor.account.id
        before = datetime.now(UTC) - timedelta(minutes=minutes)
        with services.database.write() as connection:
            connection.execute(update(sessions).where(own).values(seen_at=before))

    idle(4)
    for _ in range(3):
        assert visitor.poll("/console/review/queues").status == 200
    assert datetime.now(UTC) - seen() > timedelta(minutes=4)
    visitor.get("/console/review/queues")
    assert datetime.now(UTC) - seen() < timedelta(minutes=1)
    idle(5)
    answer = visitor.poll("/console/review/queues")
    assert answer.status == 401
    assert b"You have been signed out" in answer.body
    assert b"hx-get" not in answer.body  # and asks no more


@pytest.mark.parametrize("role", ["supervisor", "auditor", "reporter"])
def test_who_does_not_review_is_offered_no_case(person: Visit, role: str) -> None:
    visitor = person(role)
    assert "Next case" not in visitor.get("/console/review")
    assert visitor.post("/console/review/next").status == 403


def test_more_than_anybody_may_hold(person: Visit, case: Open) -> None:
    visitor = person("reviewer")
    for _ in range(6):
        case()
    for _ in range(5):
        assert visitor.post("/console/review/next").status == 303
    answer = visitor.post("/console/review/next")
    assert answer.status == 409
    assert b"you hold 5 cases already" in answer.body
