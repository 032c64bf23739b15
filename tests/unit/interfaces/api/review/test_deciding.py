"""People claim and decide over the API, in their own name, and nobody reads another's reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import World
from tests.unit.interfaces.deciding import give, held, reader
from tests.unit.interfaces.reviewing import case

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture
def world(api: Api) -> World:
    return World(api)


def test_a_reading_is_given_once_and_told_by_pseudonym(world: World) -> None:
    given = give(world)
    assert given.status == 201
    case_id = given.json["case_id"]
    (told,) = world.api.get(f"/v1/cases/{case_id}/readings").json["readings"]
    assert (told["outcome"], told["reasons"]) == ("harmless", ["wrong-match"])
    assert told["pseudonym"]
    assert told["account"] == given.json["account"] == ""


def test_readers_do_not_see_what_others_said(world: World) -> None:
    given = give(world)
    path = f"/v1/cases/{given.json['case_id']}/readings"
    assert world.api.get(path, role="reviewer").status == 403


def test_a_claim_needs_a_person(world: World) -> None:
    answer = world.api.post("/v1/review/next", {}, role="reviewer")
    assert (answer.status, answer.json["code"]) == (409, "needs-account")


def test_who_asks_for_the_next_case_gets_one(world: World) -> None:
    key, waiting = reader(world), case(world)
    claim = world.post_as(key, "/v1/review/next").json["claim"]
    assert claim["case_id"]
    assert world.post_as(key, "/v1/review/next", {"queue": "nowhere"}).json["claim"] is None
    assert world.services.cases.get(waiting).case.id == waiting


def test_a_reading_names_the_case_that_its_claim_is_for(world: World) -> None:
    case_id, key = held(world)
    other = case(world)
    claim = world.post_as(key, f"/v1/cases/{case_id}/claim").json
    document = {"claim": claim["token"], "revision": 1, "outcome": "harmless"}
    answer = world.post_as(key, f"/v1/cases/{other}/readings", document)
    assert (answer.status, answer.json["code"]) == (409, "claim-lost")


def test_only_reasons_of_the_policy_are_taken(world: World) -> None:
    case_id, key = held(world)
    claim = world.post_as(key, f"/v1/cases/{case_id}/claim").json
    document = {
        "claim": claim["token"],
        "revision": claim["revision"],
        "outcome": "confirmed",
        "reasons": ["wrong-match"],
    }
    answer = world.post_as(key, f"/v1/cases/{case_id}/readings", document)
    assert answer.status == 400
    assert "listed-material" in answer.body.decode()


def test_only_categories_of_the_place_are_taken(world: World) -> None:
    case_id, key = held(world)
    offered = world.get_as(key, f"/v1/cases/{case_id}/choices").json
    assert [(one["scheme"], one["category"]) for one in offered["categories"]] == [
        ("industry", name) for name in ("A1", "A2", "B1", "B2")
    ]
    assert "wrong-match" in {one["name"] for one in offered["reasons"]}
    assert offered["unseen"] is None
    claim = world.post_as(key, f"/v1/cases/{case_id}/claim").json
    document = {"claim": claim["token"], "revision": claim["revision"], "outcome": "confirmed"}
    for wrong in (
        {"scheme": "industry", "category": "A3"},
        {"category": "A1"},
        {"scheme": "industry"},
    ):
        answer = world.post_as(key, f"/v1/cases/{case_id}/readings", document | wrong)
        assert (answer.status, answer.json["where"]) == (422, "category"), wrong
        assert "industry:A1, industry:A2" in answer.json["remedy"]
    right = {"scheme": "industry", "category": "A1"}
    given = world.post_as(key, f"/v1/cases/{case_id}/readings", document | right)
    assert (given.status, given.json["scheme"], given.json["category"]) == (201, "industry", "A1")


def test_nobody_decides_without_looking_what_must_be_looked_at(world: World) -> None:
    case_id, key = held(world)
    claim = world.post_as(key, f"/v1/cases/{case_id}/claim").json
    document = {"claim": claim["token"], "revision": claim["revision"], "outcome": "confirmed"}
    answer = world.post_as(key, f"/v1/cases/{case_id}/readings", document | {"unseen": True})
    assert (answer.status, answer.json["where"]) == (422, "unseen")
    assert world.post_as(key, f"/v1/cases/{case_id}/readings", document).status == 201


def test_a_claim_is_held_for_longer_while_it_is_held(world: World) -> None:
    case_id, key = held(world)
    claim = world.post_as(key, f"/v1/cases/{case_id}/claim").json
    renewed = world.post_as(key, f"/v1/cases/{case_id}/renew")
    assert renewed.status == 200
    assert renewed.json["until"] >= claim["until"]
    world.services.claims.take_back(case_id)
    lost = world.post_as(key, f"/v1/cases/{case_id}/renew")
    assert (lost.status, lost.json["code"]) == (409, "claim-lost")
    assert world.post_as(reader(world), f"/v1/cases/{case_id}/renew").status == 409
