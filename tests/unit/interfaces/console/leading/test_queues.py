from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.console.leading.conftest import Desk
from tests.unit.interfaces.keeping import FORM

from tutela.interfaces.services import Services
from tutela.model import Severity
from tutela.model.response.case import CaseKind
from tutela.model.review.queue import EVERYTHING, Queue, QueueFilter

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer
    from tests.unit.interfaces.console.conftest import Visit, Visitor

PAGE = "/console/queues"
FULL = {
    **FORM,
    "principles-2": "yes",
    "principles-11": "yes",
    "severities-critical": "yes",
    "imminent": "yes",
    "languages": " fr, pt-BR fr",
    "regions": "FR GB",
    "kinds-appeal": "yes",
}


@pytest.fixture(autouse=True)
def alone(services: Services) -> Iterator[None]:
    """Leave nothing but the last queue, as it was."""
    last = services.queues.get(EVERYTHING)
    yield
    for one in services.queues.list():
        if one.name != EVERYTHING:
            services.queues.delete(one.name)
    services.queues.put(last)


def names(services: Services) -> list[str]:
    return [one.name for one in services.queues.list()]


def text(answer: Answer) -> str:
    return answer.body.decode()


@pytest.fixture
def keeper(visit: Visit) -> Visitor:
    return visit("supervisor")


def test_a_queue_is_made_with_everything_that_it_can_have(
    keeper: Visitor, services: Services
) -> None:
    answer = keeper.post(PAGE, name="fast", **FULL)
    assert (answer.status, answer.headers["location"]) == (303, PAGE), text(answer)
    assert services.queues.get("fast") == Queue(
        name="fast",
        position=1,
        filter=QueueFilter(
            principles=(2, 11),
            severities=(Severity.CRITICAL,),
            imminent=True,
            languages=("fr", "pt-BR"),
            regions=("FR", "GB"),
            kinds=(CaseKind.APPEAL,),
        ),
        readings=2,
        sample_share=0.125,
        wait_seconds=7200,
        accuracy=0.95,
    )
    listed = keeper.get(PAGE)
    for said in ("principles 2, 11", "languages fr, pt-BR", "regions FR, GB", "imminent danger"):
        assert said in listed


def test_what_the_form_shows_makes_the_same_queue(keeper: Visitor, services: Services) -> None:
    keeper.post(PAGE, name="fast", **FULL)
    before = services.queues.get("fast")
    form = keeper.get(f"{PAGE}/fast")
    assert keeper.post(f"{PAGE}/fast", **filled_in(form)).status == 303
    assert services.queues.get("fast") == before


def filled_in(page: str) -> dict[str, str]:
    """What a browser would send of the form of a queue."""
    form = page[page.index('<h2 id="rules">') :].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="text"[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
    boxes = re.findall(r'<input type="checkbox" name="([\w-]+)" value="(\w+)" checked', form)
    for select in re.findall(r"<select.*?</select>", form, re.DOTALL):
        name = re.search(r'name="(\w+)"', select)
        chosen = re.search(r"<option(?: value=\"(\w*)\")? selected>(\w+)", select)
        assert name is not None
        if chosen:
            fields[name[1]] = chosen[1] or chosen[2]
    return {**fields, **dict(boxes)}


@pytest.mark.parametrize(
    ("field", "value", "marked"),
    [
        ("name", "Not A Name", "name"),
        ("name", "everything", "name"),
        ("name", "", "name"),
        ("languages", "fr <b>", "languages"),
        ("regions", "x" * 17, "regions"),
        ("readings", "4", "readings"),
        ("sample", "101", "sample"),
        ("sample", "much", "sample"),
        ("sample", "nan", "sample"),
        ("wait", "0", "wait"),
        ("wait", "1e300", "wait"),
        ("unit", "fortnights", "wait"),
        ("accuracy", "-1", "accuracy"),
        ("imminent", "perhaps", "imminent"),
    ],
)
def test_what_makes_no_queue_is_marked_and_nothing_typed_is_lost(
    keeper: Visitor, services: Services, field: str, value: str, marked: str
) -> None:
    answer = keeper.post(PAGE, **{"name": "fast", **FULL, field: value})
    page = text(answer)
    assert answer.status in {400, 409}
    assert names(services) == [EVERYTHING]
    assert 'role="alert"' in page
    assert "<b>" not in page.replace("<b><a", "")
    if marked != "imminent":
        assert re.search(rf'name="{marked}"[^>]* aria-invalid="true"', page), page
    assert page.count('aria-invalid="true"') == (marked != "imminent")
    kept = {"languages": "fr, pt-BR fr", "regions": "FR GB", "sample": "12.5"} | {field: value}
    for name, typed in kept.items():
        if name in {"languages", "regions", "sample"} and "<" not in typed:
            assert f'value="{typed}"' in page, name
    assert len(re.findall(r"value=\"yes\" checked", page)) == 4


def test_errors_of_a_change_are_marked_on_its_own_page(keeper: Visitor, services: Services) -> None:
    keeper.post(PAGE, name="fast", **FORM)
    answer = keeper.speaking("fr").post(f"{PAGE}/fast", **{**FULL, "accuracy": "lots"})
    assert answer.status == 400
    assert "cela ne peut pas" in text(answer)
    assert 'value="lots"' in text(answer)
    assert services.queues.get("fast").accuracy == 0.95
    assert keeper.post(f"{PAGE}/nowhere", **FORM).status == 404
    assert keeper.ask(f"{PAGE}/nowhere").status == 404


def test_queues_are_moved_by_buttons_that_stay_at_hand(keeper: Visitor, services: Services) -> None:
    for name in ("one", "two", "three"):
        keeper.post(PAGE, name=name, **FORM)
    assert names(services) == ["one", "two", "three", EVERYTHING]
    answer = keeper.post(f"{PAGE}/three/move", way="up")
    assert answer.headers["location"] == f"{PAGE}?moved=three&way=up"
    page = keeper.get(PAGE, moved="three", way="up")
    assert names(services) == ["one", "three", "two", EVERYTHING]
    assert re.search(r'autofocus aria-label="Ask three earlier"', page)
    keeper.post(f"{PAGE}/three/move", way="up")
    keeper.post(f"{PAGE}/three/move", way="up")
    assert names(services)[0] == "three"
    # At an end, the button of that way is there no more.
    assert "autofocus aria-label" not in keeper.get(PAGE, moved="three", way="up")
    keeper.post(f"{PAGE}/one/move", way="down")
    assert names(services) == ["three", "two", "one", EVERYTHING]
    assert keeper.post(f"{PAGE}/one/move", way="sideways").status == 400
    assert keeper.post(f"{PAGE}/{EVERYTHING}/move", way="up").status == 404


def test_the_last_queue_keeps_its_place_and_takes_everything(
    keeper: Visitor, services: Services
) -> None:
    page = keeper.get(f"{PAGE}/{EVERYTHING}")
    assert 'name="regions"' not in page
    assert "/delete" not in page
    assert keeper.post(f"{PAGE}/{EVERYTHING}", **FULL).status == 303
    last = services.queues.get(EVERYTHING)
    assert (last.filter, last.readings) == (QueueFilter(), 2)
    assert keeper.post(f"{PAGE}/{EVERYTHING}/delete").status == 400


def test_deleting_says_where_the_cases_go_and_they_go_there(
    keeper: Visitor, services: Services, desk: Desk
) -> None:
    keeper.post(PAGE, name="dutch", **FORM, regions="NL")
    keeper.post(PAGE, name="rest", **FORM)
    case_id = desk.open(region="NL", queue="dutch")
    page = keeper.get(f"{PAGE}/dutch")
    assert '<a href="/console/queues/rest">rest</a> (1)' in page
    assert keeper.post(f"{PAGE}/dutch/delete").status == 303
    assert names(services) == ["rest", EVERYTHING]
    assert services.cases.get(case_id).standing.queue == "rest"


def test_live_numbers_lead_to_their_cases(keeper: Visitor, desk: Desk) -> None:
    keeper.post(PAGE, name="danish", **FORM, regions="DK")
    desk.open(region="DK", queue="danish")
    page = keeper.get(PAGE)
    assert 'href="/console/cases?queue=danish&amp;waiting=true" data-count="1"' in page


@pytest.mark.parametrize("role", ["reviewer", "auditor"])
def test_who_keeps_no_queues_sees_them_alone(visit: Visit, services: Services, role: str) -> None:
    services.queues.put(Queue(name="fast", position=1))
    visitor = visit(role)
    assert "<form" not in visitor.get(PAGE).partition("<main")[2].partition("</main")[0]
    assert "<form" not in visitor.get(f"{PAGE}/fast").partition("<main")[2].partition("</main")[0]
    for path in (PAGE, f"{PAGE}/fast", f"{PAGE}/fast/move", f"{PAGE}/fast/delete"):
        assert visitor.post(path, name="x", way="up", **FORM).status == 403
    assert names(services) == ["fast", EVERYTHING]


def test_a_form_without_its_token_changes_nothing(keeper: Visitor, services: Services) -> None:
    assert keeper.post(PAGE, csrf="forged", name="fast", **FORM).status == 403
    assert names(services) == [EVERYTHING]
