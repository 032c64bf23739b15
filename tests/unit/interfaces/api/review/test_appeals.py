"""Decisions are contested over the API, read by somebody else, and what came of it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update
from tests.unit.interfaces.acting import NUMBERS, World, value

from tutela.interfaces.access import Role
from tutela.model import ActionKind
from tutela.model.review.reading import ReviewOutcome
from tutela.storage.past.history import Histories
from tutela.storage.review.readings import NewReading
from tutela.storage.review.refusals import NotForYou
from tutela.storage.review.tables import case_pieces
from tutela.storage.tables import cases

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

TEXT = "This is a picture of my own kitchen table."


@pytest.fixture
def world(api: Api) -> World:
    world = World(api)
    if not world.services.destinations.list():
        world.services.destinations.create(
            "platform",
            "http://127.0.0.1:1/",
            actions=(ActionKind.RESTORE, ActionKind.ANSWER, ActionKind.QUARANTINE),
            private=True,
        )
        world.services.routing.refresh()
    return world


def stopped(world: World, **facts: object) -> tuple[str, str]:
    """An upload that was refused: the ids of its event and of its case."""
    listed, bank = value(), world.bank()
    signals = [{"kind": "md5", "value": listed}]
    world.api.post(f"/v1/banks/{bank}/entries", {"entries": [{"signals": signals}]})
    world.services.sync.refresh()
    number = next(NUMBERS)
    event = {"event_id": f"upload-{number}", "signals": signals, "drill": True}
    event |= {"actor": {"id": f"robin-{number}"}, "region": "NL", **facts}
    answer = world.api.post("/v1/check", event).json
    assert "block" in answer["decision"]["actions"]
    return answer["event_id"], answer["case_id"]


def contest(world: World, event_id: str, *, role: str = "uploader", **more: object) -> Answer:
    document = {"event_id": event_id, "text": TEXT, **more}
    return world.api.post("/v1/appeals", document, role=role)


def decide(
    world: World,
    case_id: str,
    outcome: ReviewOutcome,
    account: str = "",
    *,
    statement: str = "",
) -> str:
    """Somebody reads a case, and it counts at once; the id of their account."""
    services = world.services
    services.gathering.gather()
    account = account or services.accounts.create(f"judge-{next(NUMBERS)}", "reviewer").id
    claim = services.claims.take(case_id, account)
    new = NewReading(revision=claim.revision, outcome=outcome, statement=statement)
    services.readings.give(claim.token, new, account)
    past = datetime.now(UTC) - timedelta(seconds=1)
    with services.database.write() as connection:
        own = update(cases).where(cases.c.id == case_id)
        connection.execute(own.values(settles_at=past))
    services.settler.settle()
    return account


def sent(world: World, event_id: str) -> list[tuple[str, Any]]:
    found = world.services.deliveries.of_event(event_id)
    return [(one.message.action.value, one.message) for one in found]


def test_an_appeal_is_an_event_with_a_case_of_its_own(world: World) -> None:
    event_id, case_id = stopped(world)
    answer = contest(world, event_id, id=f"appeal-of-{event_id}", language="fr")
    assert answer.status == 201, answer.body
    told = answer.json
    assert (told["id"], told["contests"]) == (f"appeal-of-{event_id}", event_id)
    assert (told["state"], told["kind"], told["drill"]) == ("waiting", "complaint", True)
    assert (told["outcome"], told["statement"]) == (None, "")
    file = world.api.get(f"/v1/cases/{told['case_id']}").json
    assert file["case"]["kind"] == "appeal"
    assert file["case"]["severity"] == "critical"
    assert file["case"]["principles"] == [1]
    assert file["standing"]["contests"] == case_id
    assert file["standing"]["contested"] == event_id
    assert (file["standing"]["region"], file["standing"]["language"]) == ("NL", "fr")
    assert file["event"]["appeal"] == {"of": event_id, "kind": "complaint", "text": TEXT}
    assert TEXT not in file["case"]["summary"]
    assert world.api.get(f"/v1/events/{told['id']}").json["event"]["kind"] == "appeal"
    stacks = world.api.get(f"/v1/cases/{told['case_id']}/stacks").json["stacks"]
    assert [one["event_id"] for stack in stacks for one in stack["contents"]] == [event_id]
    latest = world.api.get("/v1/cases", kind="appeal", limit="1").json["cases"]
    assert [one["case"]["id"] for one in latest] == [told["case_id"]]


def test_granted_what_was_done_is_undone_and_the_person_is_told(world: World) -> None:
    event_id, case_id = stopped(world)
    first = decide(world, case_id, ReviewOutcome.CONFIRMED)
    told = contest(world, event_id).json
    assert told["kind"] == "appeal"
    with pytest.raises(NotForYou):
        world.services.claims.take(told["case_id"], first)
    decide(world, told["case_id"], ReviewOutcome.HARMLESS)
    world.services.settler.settle()
    answer = world.api.get(f"/v1/appeals/{told['id']}", role="uploader").json
    assert (answer["state"], answer["outcome"]) == ("answered", "granted")
    assert "You were right" in answer["statement"]
    assert answer["answered_at"]
    restored = [message for kind, message in sent(world, event_id) if kind == "restore"]
    assert [one.event_id for one in restored] == [event_id]
    ((kind, message),) = sent(world, told["id"])
    assert (kind, message.event_id, message.event_kind) == ("answer", told["id"], "appeal")
    assert (message.contests, message.answer) == (event_id, "granted")
    assert message.notices == (answer["statement"],)
    assert message.actor == restored[0].actor


def test_upheld_nothing_changes_and_the_statement_goes_out(world: World) -> None:
    event_id, case_id = stopped(world)
    decide(world, case_id, ReviewOutcome.CONFIRMED)
    before = sent(world, event_id)
    told = contest(world, event_id, language="fr").json
    decide(world, told["case_id"], ReviewOutcome.VIOLATION, statement="It stays away.")
    assert sent(world, event_id) == before
    answer = world.api.get(f"/v1/appeals/{told['id']}", role="uploader").json
    assert (answer["outcome"], answer["statement"]) == ("upheld", "It stays away.")
    ((_, message),) = sent(world, told["id"])
    assert (message.answer, message.notices) == ("upheld", ("It stays away.",))
    # What was decided once is not decided again, and the platform learns what it can show.
    again = contest(world, event_id)
    assert (again.status, again.code) == (409, "already-answered")
    assert told["id"] in again.json["remedy"]


def test_without_words_of_the_reader_the_usual_ones_go_out_in_the_language_of_the_appeal(
    world: World,
) -> None:
    event_id, _ = stopped(world)
    told = contest(world, event_id, language="fr-BE").json
    decide(world, told["case_id"], ReviewOutcome.CONFIRMED)
    answer = world.api.get(f"/v1/appeals/{told['id']}", role="uploader").json
    assert "La décision est maintenue" in answer["statement"]


def test_an_appeal_that_is_sent_again_is_the_same(world: World) -> None:
    event_id, _ = stopped(world)
    mine = f"appeal-{next(NUMBERS)}"
    first, second = contest(world, event_id, id=mine), contest(world, event_id, id=mine)
    assert (second.status, second.json) == (201, first.json)
    other = contest(world, event_id, id=mine, text="Something else.")
    assert (other.status, other.code) == (409, "conflict")
    decide(world, first.json["case_id"], ReviewOutcome.HARMLESS)
    assert contest(world, event_id, id=mine).json["outcome"] == "granted"
    # An id that an upload has is no appeal's.
    assert contest(world, event_id, id=event_id).status == 409


def test_appeals_about_the_same_are_read_together_and_each_is_answered_once(world: World) -> None:
    receivers = [{"id": "sam"}]
    event_id, _ = stopped(world, receivers=receivers)
    one = contest(world, event_id).json
    two = contest(world, event_id, actor={"id": "sam"}, text="I waited for this.").json
    assert one["id"] != two["id"]
    world.services.gathering.gather()
    assert world.api.get(f"/v1/appeals/{two['id']}").json["case_id"] == one["case_id"]
    decide(world, one["case_id"], ReviewOutcome.HARMLESS)
    assert world.api.get(f"/v1/appeals/{two['id']}").json["outcome"] == "granted"
    assert [kind for kind, _ in sent(world, event_id)] == ["restore"]
    assert [message.actor for _, message in sent(world, two["id"])] == ["sam"]
    assert len(sent(world, one["id"])) == 1


def test_the_decision_of_a_case_is_contested_by_its_id(world: World) -> None:
    event_id, case_id = stopped(world)
    document = {"case_id": case_id, "text": TEXT}
    answer = world.api.post("/v1/appeals", document, role="uploader")
    assert (answer.status, answer.json["contests"]) == (201, event_id)


def test_a_decision_of_a_machine_without_a_case_can_be_contested(world: World) -> None:
    found = world.found()
    nothing = contest(world, found.event_id)
    assert (nothing.status, nothing.code) == (409, "nothing-to-contest")
    event_id, case_id = stopped(world)
    with world.services.database.write() as connection:
        seq = connection.scalar(select(cases.c.event_seq).where(cases.c.id == case_id))
        connection.execute(delete(case_pieces).where(case_pieces.c.event_seq == seq))
        connection.execute(delete(cases).where(cases.c.event_seq == seq))
    told = contest(world, event_id).json
    standing = world.api.get(f"/v1/cases/{told['case_id']}").json["standing"]
    assert (standing["contests"], standing["contested"]) == (None, event_id)
    decide(world, told["case_id"], ReviewOutcome.HARMLESS)
    assert [kind for kind, _ in sent(world, event_id)] == ["restore"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"event_id": "nobody-knows-it"}, 404, "not-found"),
        ({"case_id": "case-of-nobody", "event_id": None}, 404, "not-found"),
        ({"case_id": "case-x"}, 400, "invalid-input"),
        ({"event_id": None}, 400, "invalid-input"),
        ({"text": " \n"}, 400, "invalid-input"),
        ({"text": "x" * 10_001}, 400, "invalid-input"),
        ({"text": "x" * 1_000_000}, 400, "invalid-input"),
        ({"text": 7}, 400, "invalid-input"),
        ({"case_id": "case-\0", "event_id": None}, 400, "invalid-input"),
        ({"actor": {"id": "a\0"}}, 403, "not-theirs"),
        ({"id": "../../etc"}, 400, "invalid-input"),
        ({"more": "x"}, 400, "invalid-input"),
        ({"actor": {"id": "somebody-else"}}, 403, "not-theirs"),
    ],
)
def test_bad_input_is_refused_with_why_and_stores_nothing(
    world: World, change: dict[str, object], status: int, code: str
) -> None:
    event_id, _ = stopped(world)
    document = {"event_id": event_id, "text": TEXT, **change}
    document = {name: one for name, one in document.items() if one is not None}
    answer = world.api.post("/v1/appeals", document, role="uploader")
    assert (answer.status, answer.code) == (status, code)
    assert "x" * 50 not in answer.body.decode()
    assert world.services.appeals.about(event_id) == []


def test_an_appeal_is_not_contested_nor_checked(world: World) -> None:
    event_id, _ = stopped(world)
    told = contest(world, event_id).json
    assert contest(world, told["id"]).status == 400
    checked = world.api.post("/v1/check", {"kind": "appeal", "signals": [], "drill": True})
    assert checked.status == 400
    signals = [{"kind": "md5", "value": value()}]
    checked = world.api.post("/v1/check", {"kind": "appeal", "signals": signals})
    assert "/v1/appeals" in checked.json["remedy"]


def test_what_was_put_back_is_not_contested(world: World) -> None:
    event_id, case_id = stopped(world)
    decide(world, case_id, ReviewOutcome.HARMLESS)
    assert contest(world, event_id).code == "nothing-to-contest"


def test_who_may_appeal(world: World) -> None:
    event_id, _ = stopped(world)
    for role in Role:
        answer = contest(world, event_id, role=role.value)
        expected = 201 if role in {Role.UPLOADER, Role.ADMIN} else 403
        assert answer.status == expected, role
    assert world.api.get("/v1/appeals/nobody", role="uploader").status == 404
    assert world.api.get(f"/v1/appeals/{event_id}", role="uploader").status == 404


def test_to_contest_is_held_against_nobody(world: World) -> None:
    event_id, _ = stopped(world)
    actor = world.services.events.get(event_id).event.actor
    assert actor is not None
    histories = Histories(world.services.database)

    def counted() -> tuple[int, int, int]:
        one = histories.of(actor.id, drill=True, at=datetime.now(UTC))
        return one.cases_30d, one.blocks_30d, one.matches_30d

    before = counted()
    contest(world, event_id)
    assert counted() == before == (1, 1, 1)


def test_a_spreadsheet_carries_nothing_out(world: World) -> None:
    event_id, _ = stopped(world)
    contest(world, event_id, text='=HYPERLINK("https://x.example")')
    whole = world.api.get("/v1/cases/export", kind="appeal", format="csv").body.decode()
    assert "'=HYPERLINK" in whole
    assert '"=HYPERLINK' not in whole
