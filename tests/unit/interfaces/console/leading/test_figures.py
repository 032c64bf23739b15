from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec
import pytest
from tests.unit.interfaces.console.leading.conftest import C, Desk, H, U, V

from tutela.model.review.queue import Queue
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.console.conftest import Visit, Visitor

PAGE = "/console/review/figures"
COUNT = re.compile(r'<a class="count" href="([^"]+)" data-count="(\d+)">')
FOUND = re.compile(r'<p class="lead">([\d,]+)')


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A bit of everything, so that hardly a number is 0."""
    desk.services.queues.put(Queue(name="fast", position=1, accuracy=0.9))
    late = now() - timedelta(minutes=5)
    for queue in ("fast", "everything", "gone"):
        desk.decided(H, queue=queue)
        desk.decided(C, "A1", queue=queue, waits_until=late)
        both = desk.open(queue=queue, readings_wanted=2)
        desk.read(both, 0, C)
        desk.read(both, 1, H)
        desk.read(both, 2, H)
        desk.drawn(V, queue=queue)
        overturned = desk.drawn(C, queue=queue)
        desk.read(overturned, 1, H)
        desk.read(overturned, 2, H)
    desk.open(queue="fast", waits_until=late)
    desk.decided(U, drill=True)
    return desk


def counts(page: str) -> list[tuple[str, int]]:
    return [(html.unescape(href), int(count)) for href, count in COUNT.findall(page)]


def follow(visitor: Visitor, href: str) -> str:
    path, _, line = href.partition("?")
    return visitor.get(path, **dict(parse_qsl(line)))


@pytest.mark.usefixtures("busy")
def test_each_number_leads_to_as_many_cases(visit: Visit) -> None:
    visitor = visit("supervisor")
    found = counts(visitor.get(PAGE))
    assert len(found) > 60
    assert sum(count > 0 for _, count in found) > 40
    for href, count in dict(found).items():
        shown = FOUND.search(follow(visitor, href))
        assert shown is not None, href
        assert int(shown[1].replace(",", "")) == count, href


def test_what_is_not_kept_comes_first_and_too_little_is_no_figure(busy: Desk, visit: Visit) -> None:
    page = visit("supervisor").get(PAGE)
    assert "fast, cases that wait for longer than promised:" in page
    assert "fast, cases decided later than promised:" in page
    assert page.index("Targets that are not kept") < page.index("How much, and how long")
    assert "not enough readings" in page
    assert "deleted" in page
    for account in busy.services.accounts.list():
        assert account.pseudonym not in page


def test_a_missed_target_is_shown_with_its_cases(desk: Desk, visit: Visit) -> None:
    desk.services.queues.put(Queue(name="poor", position=1, accuracy=0.9))
    for _ in range(30):
        desk.read(desk.drawn(C, queue="poor"), 1, C)
    assert "missed</span>" not in visit("supervisor").get(PAGE)
    for _ in range(12):
        case_id = desk.drawn(C, queue="poor")
        desk.read(case_id, 1, H)
        desk.read(case_id, 2, H)
    page = visit("supervisor").get(PAGE)
    told = re.search(r"poor: 71\N{NO-BREAK SPACE}% of the checked decisions stood", page)
    assert told is not None
    assert "missed</span>" in page


@pytest.mark.usefixtures("busy")
def test_the_period_and_drills(visit: Visit) -> None:
    visitor = visit("supervisor")
    past = visitor.get(PAGE, since="2020-01-01", until="2020-12-31")
    assert "Nothing was decided in this time." in past
    assert 'value="2020-12-31"' in past
    assert "Drills alone." in visitor.get(PAGE, drill="yes")


@pytest.mark.parametrize(
    "query",
    [
        {"since": "<yesterday>"},
        {"since": "2026-02-01", "until": "2026-01-01"},
        {"drill": "maybe"},
    ],
)
def test_what_cannot_be_asked_is_said_and_kept(query: dict[str, str], visit: Visit) -> None:
    answer = visit("supervisor").ask(PAGE, **query)
    page = answer.body.decode()
    assert answer.status == 400
    assert 'role="alert"' in page
    assert "<yesterday>" not in page
    if "until" in query:
        assert 'value="2026-01-01"' in page


@pytest.mark.usefixtures("busy")
def test_the_same_figures_are_exported(visit: Visit) -> None:
    visitor = visit("supervisor")
    page = visitor.get(PAGE)
    links = [html.unescape(one) for one in re.findall(rf'href="({PAGE}/export[^"]+)"', page)]
    text, document = (follow(visitor, href) for href in links)
    rows = {(row[0], row[1]): row[2] for row in csv.reader(io.StringIO(text))}
    found = msgspec.json.decode(document)
    assert rows["all queues", "opened"] == str(found["total"]["numbers"]["opened"])
    assert {one["queue"] for one in found["queues"]} >= {"fast", "everything", "gone"}
    answer = visitor.ask(f"{PAGE}/export", format="json")
    assert answer.headers["content-disposition"] == 'attachment; filename="figures.json"'


@pytest.mark.usefixtures("busy")
def test_in_french(visit: Visit) -> None:
    answer = visit("supervisor").speaking("fr").get(PAGE)
    assert "Les exercices ne sont pas" in answer
    assert "pas assez de lectures" in answer


def test_who_does_not_lead_sees_no_link(visit: Visit) -> None:
    assert f'href="{PAGE}"' in visit("supervisor").get("/console/review")
    assert f'href="{PAGE}"' not in visit("reviewer").get("/console/review")
    assert visit("reviewer").ask(PAGE).status == 403


def test_the_search_offers_readings_to_who_does_not_read(visit: Visit) -> None:
    assert 'name="disagreed"' in visit("supervisor").get("/console/cases")
    assert 'name="disagreed"' in visit("auditor").get("/console/cases")
    assert 'name="disagreed"' not in visit("reviewer").get("/console/cases")
    assert visit("reviewer").ask("/console/cases", disagreed="true").status == 403
    assert 'name="disagreed"' in visit("supervisor").get("/console/cases", disagreed="true")
