from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from tests.unit.interfaces.console.review.conftest import NUMBERS, Work, hidden

from tutela.interfaces.services import Services
from tutela.storage.tables import cases
from tutela.storage.values import now

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.console.conftest import Visit
    from tests.unit.interfaces.console.review.conftest import Open

NOTE = "Two hills & a <lake>"
ALL = {
    "outcome": "violation",
    "category": "industry:B1",
    "note": NOTE,
    "statement": "Our rules\nsay so.",
}


def lapse(services: Services, case_id: str) -> None:
    with services.database.write() as connection:
        own = update(cases).where(cases.c.id == case_id)
        connection.execute(own.values(claimed_until=now() - timedelta(seconds=1)))


def test_claim_decide_and_undo(person: Visit, case: Open, services: Services) -> None:
    work = Work(person("reviewer"), case())
    assert "Take this case" in work.page()
    assert 'id="decide"' not in work.page()
    assert 'id="decide"' in work.take()
    work.decide("violation", note=NOTE, statement="Because.")
    (reading,) = services.readings.of(work.case_id)
    assert (reading.outcome, reading.note, reading.statement) == ("violation", NOTE, "Because.")
    assert reading.account == work.visitor.account.id
    page = work.page()
    assert "Undo" in page
    assert 'id="decide"' not in page
    assert "Undo" in work.visitor.get("/console/review")
    answer = work.visitor.post(f"{work.path}/undo", reading=str(reading.id))
    assert answer.status == 303
    assert answer.headers["location"] == f"{work.path}?undone"
    assert "Undone. The case is yours again" in work.visitor.get(work.path, undone="")
    # Loaded again, it is all there still.
    page = work.page()
    assert "Two hills &amp; a &lt;lake&gt;</textarea>" in page
    assert ">Because.</textarea>" in page
    assert re.search(r'value="violation"[^>]* checked', page)
    assert services.readings.of(work.case_id)[0].undone_at is not None


def test_a_form_that_is_sent_twice_counts_once(
    person: Visit, case: Open, services: Services
) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    fields = work.fields()
    for _ in range(2):
        assert work.send(fields, outcome="harmless").status == 303
    assert len(services.readings.of(work.case_id)) == 1


def test_nothing_typed_is_lost_when_the_claim_went_to_somebody_else(
    person: Visit, case: Open, services: Services
) -> None:
    first, case_id = person("reviewer"), case()
    work = Work(first, case_id)
    work.take()
    fields = work.fields()
    lapse(services, case_id)
    Work(person("reviewer"), case_id).take()
    answer = work.send(fields, **ALL, **{"reason-own-rules": "yes"})
    page = answer.body.decode()
    assert answer.status == 409
    assert "you do not hold this case any more" in page
    assert "It does not count" in page
    assert "Two hills &amp; a &lt;lake&gt;</textarea>" in page
    assert "Our rules\nsay so.</textarea>" in page
    assert "industry:B1" in page
    assert "own-rules" in page
    assert "with this" not in page, "it is somebody else's now"
    assert services.readings.of(case_id) == []


def test_what_was_typed_comes_along_when_the_case_is_taken_again(
    person: Visit, case: Open, services: Services
) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    fields = work.fields()
    services.claims.take_back(work.case_id)
    page = work.send(fields, **ALL).body.decode()
    assert "Take the case again, with this" in page
    answer = work.visitor.post(f"{work.path}/take", **ALL)
    page = answer.body.decode()
    assert answer.status == 200
    assert 'id="decide"' in page
    assert "Our rules\nsay so.</textarea>" in page
    assert hidden(page, "claim") != fields["claim"]


def test_a_case_that_has_grown_is_shown_again_with_its_form(
    person: Visit, case: Open, services: Services
) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    fields = work.fields()
    with services.database.write() as connection:
        grown = update(cases).where(cases.c.id == work.case_id)
        connection.execute(grown.values(revision=cases.c.revision + 1))
    answer = work.send(fields, **ALL)
    page = answer.body.decode()
    assert answer.status == 409
    assert "something joined or left this case" in page
    assert "Our rules\nsay so.</textarea>" in page
    assert re.search(r'value="violation"[^>]* checked', page)
    assert int(hidden(page, "revision")) == int(fields["revision"]) + 1
    assert work.send(fields | {"revision": hidden(page, "revision")}, **ALL).status == 303


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "no outcome is chosen"),
        ({"outcome": "guilty"}, "no outcome is chosen"),
        ({"outcome": "harmless", "note": "x" * 4001}, "4,001 letters"),
        ({"outcome": "harmless", "statement": "x" * 4001}, "4,001 letters"),
        ({"outcome": "harmless", "revision": "one"}, "the form is incomplete"),
    ],
)
def test_a_form_that_is_wrong_is_shown_again(
    person: Visit, case: Open, services: Services, more: dict[str, str], said: str
) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    answer = work.send(work.fields(), **({"note": NOTE} | more))
    page = answer.body.decode()
    assert answer.status == 400
    assert said in page
    kept = more.get("note", "Two hills &amp; a &lt;lake&gt;")
    assert f"{kept}</textarea>" in page
    assert services.readings.of(work.case_id) == []


def test_a_note_of_a_megabyte_is_refused_and_not_lost(
    person: Visit, case: Open, services: Services
) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    note = "a mountain & a lake, " * 50_000
    answer = work.send(work.fields(), outcome="harmless", note=note, statement="Our rules.")
    page = answer.body.decode()
    assert answer.status == 400
    assert "1,049,999 letters; 4,000 are the most" in page
    assert note.strip().replace("&", "&amp;") in page
    assert "Our rules.</textarea>" in page
    assert work.send(work.fields(), outcome="harmless", note="x" * 2**23).status == 413
    assert services.readings.of(work.case_id) == []


def test_going_back_after_a_decision_is_calm(person: Visit, case: Open, services: Services) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    fields = work.fields()
    work.decide("violation", note=NOTE)
    (reading,) = services.readings.of(work.case_id)
    page = work.page()  # nothing of it is stored by the browser: going back asks for it again
    assert "You decided" in page
    assert 'id="decide"' not in page
    assert work.send(fields, outcome="harmless").status == 303, "an old form changes nothing"
    assert [one.outcome for one in services.readings.of(work.case_id)] == ["violation"]
    undone = work.visitor.post(f"{work.path}/undo", reading=str(reading.id))
    assert undone.status == 303
    answer = work.send(fields, **ALL)
    page = answer.body.decode()
    assert answer.status == 409
    assert "this was decided and undone" in page
    assert "Two hills &amp; a &lt;lake&gt;</textarea>" in page


def test_the_longest_texts_in_any_script_fit(person: Visit, case: Open, services: Services) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    work.decide("harmless", note="🏔" * 4000, statement="湖" * 4000)
    assert services.readings.of(work.case_id)[0].note == "🏔" * 4000


def test_pass_and_hand_back(person: Visit, case: Open, services: Services) -> None:
    visitor, case_id = person("reviewer"), case()
    work = Work(visitor, case_id)
    for way, again in (("hand-back", 303), ("pass", 403)):
        work.take()
        assert visitor.post(f"{work.path}/{way}").headers["location"] == "/console/review"
        assert services.claims.holds(case_id, visitor.account.id) is False
        if again == 403:
            answer = visitor.post(f"{work.path}/take")
            assert answer.status == 403
            assert b"this case is for somebody else" in answer.body


def test_a_claim_is_renewed_until_it_is_gone(person: Visit, case: Open, services: Services) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    answer = work.visitor.post(f"{work.path}/renew")
    assert answer.status == 200
    assert answer.body.startswith(b'<p class="soft lease"')
    services.claims.take_back(work.case_id)
    assert work.visitor.post(f"{work.path}/renew").status == 409


def test_only_one_has_a_case(person: Visit, case: Open) -> None:
    one, other, case_id = person("reviewer"), person("reviewer"), case()
    Work(one, case_id).take()
    answer = other.post(f"/console/cases/{case_id}/take")
    page = answer.body.decode()
    assert answer.status == 409
    assert "somebody else is at this case" in page
    assert one.account.pseudonym in page
    assert one.account.name not in page
    assert 'id="decide"' not in page


def test_a_supervisor_takes_a_claim_back(person: Visit, case: Open, services: Services) -> None:
    reader, lead, case_id = person("reviewer"), person("supervisor"), case()
    Work(reader, case_id).take()
    assert "Take the claim back" in lead.get(f"/console/cases/{case_id}")
    assert lead.post(f"/console/cases/{case_id}/release").status == 303
    assert services.claims.held(reader.account.id) == []
    assert reader.post(f"/console/cases/{case_id}/release").status == 403


def test_a_key_that_is_nobodys_cannot_review(visit: Visit, case: Open) -> None:
    visitor, case_id = visit("reviewer"), case()
    assert "Reviewing needs an account of your own" in visitor.get(f"/console/cases/{case_id}")
    assert "Reviewing needs an account of your own" in visitor.get("/console/review")
    answer = visitor.post(f"/console/cases/{case_id}/take")
    assert answer.status == 409
    assert b"this needs an account of a person" in answer.body


def test_every_form_is_of_ones_session(person: Visit, case: Open) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    for form in ("take", "renew", "decide", "undo", "pass", "hand-back"):
        answer = work.visitor.post(f"{work.path}/{form}", csrf="another", reading="1")
        assert answer.status == 403, form
        assert b"this form is not of your session" in answer.body


def test_the_second_reader_sees_nothing_of_the_first(
    person: Visit, case: Open, services: Services
) -> None:
    first, second, senior = person("reviewer"), person("reviewer"), person("senior_reviewer")
    case_id = case()
    services.gathering.gather()
    with services.database.write() as connection:
        own = update(cases).where(cases.c.id == case_id)
        connection.execute(own.values(readings_wanted=2))
    Work(first, case_id).take()
    Work(first, case_id).decide("violation", note="a quarry")
    path = f"/console/cases/{case_id}"
    assert "1 reading is kept from you" in second.get(path)
    assert "a quarry" not in second.get(path)
    page = Work(second, case_id).take()
    assert "You see nothing of that" in page
    for told in ("a quarry", "Violation</span>", first.account.pseudonym):
        assert told not in page
    Work(second, case_id).decide("harmless", note="a garden")
    assert "a quarry" not in second.get(path), "the case is disputed"
    page = senior.get(path)
    assert "Take it to settle it" in page
    assert "a quarry" in page
    assert "a garden" in page
    Work(senior, case_id).take()
    Work(senior, case_id).decide("harmless")
    assert "a quarry" in person("auditor").get(path)


def test_a_statement_is_drafted_from_the_policy(person: Visit, case: Open) -> None:
    work = Work(person("reviewer"), case(language="fr"))
    work.take()
    path, chosen = f"{work.path}/draft", {"outcome": "violation", "reason-own-rules": "yes"}
    page = work.visitor.post(path, note=NOTE, **chosen).body.decode()
    assert "Un contenu que vous avez partag\xe9" in page
    assert "Our rules do not allow it." in page
    assert "Two hills &amp; a &lt;lake&gt;</textarea>" in page
    assert re.search(r'name="reason-own-rules"[^>]* checked', page)
    answer = work.visitor.post(path, note=NOTE)
    assert answer.status == 400
    assert b"no outcome is chosen" in answer.body
    assert b"Two hills &amp; a &lt;lake&gt;</textarea>" in answer.body


def test_categories_are_those_of_the_place_and_of_the_lists(
    person: Visit, case: Open, services: Services
) -> None:
    british = Work(person("reviewer"), case(grade=("iwf", "B"), region="GB"))
    page = british.take()
    offered = re.findall(r'name="category" value="([^"]*)" data-press="(\w+)"', page)
    assert [one for one in offered if "type" not in one] == [
        *[("", "c0"), ("uk:A", "c1"), ("uk:B", "c2"), ("uk:C", "c3"), ("iwf:B", "c4")]
    ]
    assert "Category A, the highest of three" in page
    answer = british.send(british.fields(), outcome="confirmed", category="industry:A1", note=NOTE)
    page = answer.body.decode()
    assert answer.status == 422
    assert "there is no such category for this case" in page
    assert "uk:A, uk:B, uk:C, iwf:B" in page
    assert "Two hills &amp; a &lt;lake&gt;</textarea>" in page
    british.decide("confirmed", category="uk:B")
    (reading,) = services.readings.of(british.case_id)
    assert (reading.scheme, reading.category) == ("uk", "B")


@pytest.mark.parametrize(
    ("outcome", "reason"), [("confirmed", "wrong-match"), ("harmless", "no-such-reason")]
)
def test_only_reasons_of_the_policy_count(
    person: Visit, case: Open, services: Services, outcome: str, reason: str
) -> None:
    work = Work(person("reviewer"), case())
    work.take()
    answer = work.send(work.fields(), **{"outcome": outcome, f"reason-{reason}": "yes"}, note=NOTE)
    assert answer.status == 400
    assert b"the policy offers no such reason for this outcome" in answer.body
    assert b"Two hills &amp; a &lt;lake&gt;</textarea>" in answer.body
    assert services.readings.of(work.case_id) == []


def test_a_claim_decides_the_case_that_its_form_is_of(
    person: Visit, case: Open, services: Services
) -> None:
    visitor = person("reviewer")
    one, other = Work(visitor, case()), Work(visitor, case())
    one.take()
    other.take()
    answer = one.send(other.fields(), outcome="harmless")
    assert answer.status == 409
    assert b"this claim is for another case" in answer.body
    assert services.readings.of(one.case_id) == services.readings.of(other.case_id) == []


def test_what_trusted_lists_agree_on_is_decided_without_looking(
    person: Visit, case: Open, services: Services
) -> None:
    graded, plain = case(grade=("iwf", "B")), case()
    visitor = person("reviewer")
    assert "Decide without looking" not in Work(visitor, plain).take()
    page = Work(visitor, graded).take()
    assert "Decide without looking" in page
    assert "iwf:B" in page
    offer = page[page.index('class="offer"') : page.index('<form id="decide"')]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', offer))
    fields.pop("csrf")
    for more in (
        {"category": "industry:A1"},
        {"outcome": "violation", "reason-listed-material": ""},
    ):
        refused = visitor.post(f"/console/cases/{graded}/decide", **(fields | more))
        assert refused.status == 422
        assert b"only be decided as its lists say" in refused.body
    looked = Work(visitor, plain)
    refused = looked.send(looked.fields(), outcome="confirmed", unseen="yes", note=NOTE)
    assert refused.status == 422
    assert b"cannot be decided without looking" in refused.body
    assert b"Two hills &amp; a &lt;lake&gt;</textarea>" in refused.body
    assert visitor.post(f"/console/cases/{graded}/decide", **fields).status == 303
    (reading,) = services.readings.of(graded)
    assert reading.unseen
    assert (reading.outcome, reading.scheme, reading.category) == ("confirmed", "iwf", "B")


def test_cases_are_put_together_and_taken_apart(person: Visit, case: Open) -> None:
    visitor, one, other = person("reviewer"), case(), case()
    path = f"/console/cases/{one}"
    Work(visitor, one).take()
    assert visitor.post(f"{path}/merge", other=other, why="the same <shed>").status == 303
    page = visitor.get(path)
    assert "the same &lt;shed&gt;" in page
    assert "2 events" in page
    assert one in visitor.get(f"/console/cases/{other}"), "it says where it stands"
    assert visitor.post(f"{path}/split", **{other: "yes"}).status == 303
    page = visitor.get(path)
    assert "split off" in page
    assert f'<span class="soft">{visitor.account.pseudonym}</span>' in page
    change = re.findall(r"/changes/(\d+)/undo", page)[-1]
    assert visitor.post(f"{path}/changes/{change}/undo").status == 303
    assert "2 events" in visitor.get(path)
    answer = visitor.post(f"{path}/split")
    assert answer.status == 400
    assert b"name 1 to" in answer.body


def test_a_supervisor_moves_a_case(person: Visit, case: Open) -> None:
    case_id, lead = case(), person("supervisor")
    path = f"/console/cases/{case_id}"
    assert "Move it to another queue" in lead.get(path)
    assert lead.post(f"{path}/move", queue="everything", why="to begin").status == 303
    assert "moved" in lead.get(path)
    assert lead.post(f"{path}/move", queue="nowhere").status == 404
    assert person("reviewer").post(f"{path}/move", queue="everything").status == 403


def test_the_page_says_why_there_is_nothing_to_see(api: Api, person: Visit, case: Open) -> None:
    visitor = person("reviewer")
    # Ready-made signals: the bytes never came in.
    assert "It was never handed in here." in Work(visitor, case()).take()
    rating = {"name": "nudity", "value": 9.0}
    signals = [{"kind": "md5", "value": "0f" * 16}]
    for more, why in (
        ({"signals": signals}, "It matched nothing, and of such content nothing is ever kept."),
        ({"kind": "message"}, "It came without content"),
    ):
        number = next(NUMBERS)
        event = {"event_id": f"rated-{number}", "drill": True, "ratings": [rating], **more}
        answer = api.post("/v1/check", event)
        assert why in Work(visitor, answer.json["case_id"]).take()
