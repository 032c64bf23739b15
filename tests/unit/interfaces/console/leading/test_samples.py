from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.interfaces.console.leading.conftest import C, Desk

if TYPE_CHECKING:
    from tests.unit.interfaces.console.conftest import Visit

PAGE = "/console/review/samples"


def test_a_sample_is_listed_taken_and_read_without_what_was_said(desk: Desk, person: Visit) -> None:
    case_id = desk.drawn(C, "B7")
    reader = person("reviewer")
    listed = reader.get(PAGE)
    assert case_id in listed
    assert f'action="/console/cases/{case_id}/take"' in listed
    page = reader.get(f"/console/cases/{case_id}")
    assert "B7" not in listed + page + reader.get("/console/cases", id=case_id)
    assert "B7" in person("supervisor").get("/console/cases", id=case_id)
    answer = reader.post(f"/console/cases/{case_id}/take")
    assert (answer.status, answer.headers["location"]) == (303, f"/console/cases/{case_id}")
    assert "B7" not in reader.get(f"/console/cases/{case_id}")
    other = person("reviewer").get(PAGE)
    assert "being read" in other
    (claim,) = desk.services.claims.held(reader.account.id)
    assert claim.purpose == "sample"
    desk.services.claims.hand_back(case_id, reader.account.id)


def test_who_knows_it_already_is_not_offered_it(desk: Desk, person: Visit) -> None:
    reader = person("reviewer")
    desk.people[0] = reader.account.id
    case_id = desk.drawn()
    page = reader.get(PAGE)
    row = page[page.index(case_id) :].partition("</tr>")[0]
    assert "you know it already" in row
    assert "take" not in row


def test_who_leads_sees_them_and_takes_none(desk: Desk, visit: Visit) -> None:
    case_id = desk.drawn(queue="everything")
    page = visit("supervisor").get(PAGE)
    assert case_id in page
    assert f"/console/cases/{case_id}/take" not in page
    assert case_id not in visit("supervisor").get(PAGE, queue="nowhere")


def test_pages_hold_every_sample_once(desk: Desk, visit: Visit) -> None:
    drawn = [desk.drawn(queue="paged") for _ in range(53)]
    visitor = visit("supervisor")
    first = visitor.get(PAGE, queue="paged")
    second = visitor.get(PAGE, queue="paged", after=drawn[49])
    assert "53 cases wait" in first
    assert [one for one in drawn if f'/cases/{one}"' in first] == drawn[:50]
    assert [one for one in drawn if f'/cases/{one}"' in second] == drawn[50:]
