"""The page of an appeal: the person's words, what is contested, and two ways to decide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from tests.unit.interfaces.console.review.conftest import Work

from tutela.interfaces.services import Services
from tutela.storage.tables import cases
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit
    from tests.unit.interfaces.console.review.conftest import Open

TEXT = "It is my <script>kitchen</script> table.\n\nLook again, please."


@pytest.fixture
def appeal(api: Api, services: Services) -> Open:
    """Contest the decision of a case; the id of the appeal's own."""

    def contest(case_id: str, text: str = TEXT, **more: object) -> str:
        document = {"case_id": case_id, "text": text, **more}
        answer = api.post("/v1/appeals", document, role="uploader")
        assert answer.status == 201, answer.body
        services.gathering.gather()
        return str(answer.json["case_id"])

    return contest


def settle(services: Services, case_id: str) -> None:
    with services.database.write() as connection:
        own = update(cases).where(cases.c.id == case_id)
        connection.execute(own.values(settles_at=now() - timedelta(seconds=1)))
    services.settler.settle()


def test_an_appeal_shows_the_words_and_what_was_decided(
    person: Visit, case: Open, appeal: Open, services: Services
) -> None:
    contested = case(grade=("iwf", "B"))
    first = Work(person("reviewer"), contested)
    first.take()
    first.decide("violation", statement="Our <rules> say so.")
    settle(services, contested)
    work = Work(person("reviewer"), appeal(contested, language="fr"))
    page = work.take()
    assert "It is my &lt;script&gt;kitchen&lt;/script&gt; table." in page
    assert "<p>Look again, please.</p>" in page
    assert "<script>kitchen" not in page
    assert 'lang="fr"' in page
    assert f'href="/console/cases/{contested}"' in page
    assert "Our &lt;rules&gt; say so." in page
    assert "exact copy of an entry" in page
    # What lists know is said before anything is opened, and there is something to look at.
    assert "1 content, by lists that are trusted" in page
    assert 'class="stacks"' in page
    assert "Granted" in page
    assert "The decision stands" in page
    # Nobody decides it without looking, nor is told whose decision it was.
    assert "Decide without looking" not in page
    assert first.visitor.account.pseudonym not in page
    assert first.visitor.account.name not in page


def test_who_decided_gets_no_form(
    person: Visit, case: Open, appeal: Open, services: Services
) -> None:
    contested = case()
    first = Work(person("reviewer"), contested)
    first.take()
    first.decide("confirmed")
    settle(services, contested)
    own = Work(first.visitor, appeal(contested))
    answer = own.visitor.post(f"{own.path}/take")
    assert answer.status == 403
    assert "for somebody else" in answer.body.decode()


def test_the_answer_is_drafted_and_the_contested_case_tells_how_it_ended(
    person: Visit, case: Open, appeal: Open, services: Services
) -> None:
    contested = case()
    work = Work(person("reviewer"), appeal(contested, language="fr-FR"))
    assert "not decided yet" in person("auditor").get(f"/console/cases/{contested}")
    work.take()
    for outcome, words in {
        "harmless": "Vous aviez raison",
        "violation": "La d\xe9cision est maintenue",
        "unsure": "",
    }.items():
        answer = work.visitor.post(f"{work.path}/draft", outcome=outcome)
        assert answer.status == 200
        assert words in answer.body.decode()
    fields = {"outcome": "violation", "reason-own-rules": "yes"}
    page = work.visitor.post(f"{work.path}/draft", **fields).body.decode()
    assert "Our rules do not allow it." in page
    work.decide("harmless")
    settle(services, work.case_id)
    page = person("auditor").get(f"/console/cases/{contested}")
    assert f'href="/console/cases/{work.case_id}"' in page
    assert "granted" in page
    event = services.cases.get(contested).event.id
    assert f'href="/console/cases/{work.case_id}"' in person("auditor").get(
        f"/console/events/{event}"
    )


def test_appeals_are_searched_by_their_kind(person: Visit, case: Open, appeal: Open) -> None:
    finding = case()
    contested = appeal(finding)
    page = person("supervisor").get("/console/cases", kind="appeal")
    assert f'href="/console/cases/{contested}"' in page
    assert f'href="/console/cases/{finding}"' not in page


def test_no_rule_explains_an_appeal(person: Visit, case: Open, appeal: Open, api: Api) -> None:
    file = api.get(f"/v1/cases/{appeal(case())}").json
    path = f"/events/{file['event']['id']}/explanation"
    assert api.get(f"/v1{path}").status == 422
    answer = person("auditor").ask(f"/console{path}")
    assert answer.status == 422
    assert "people do" in answer.body.decode()
