"""Whole conversations are rated and not kept; those that go on can be read, without their text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from tests.unit.interfaces.api.conversations.test_messages import KIM, LEA, LINES, RISING, send

from tutela.storage.law import LawProof

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

RECORD: dict[str, Any] = {
    "conversation_id": "whole 1",
    "language": "en",
    "participants": [KIM, LEA],
    "messages": [{"author": "kim", "time": None, "text": one} for one in LINES],
    "stratum": "school",
    "weather": "rain",
}


def rate(api: Api, record: object, **query: str) -> Answer:
    return api.send("POST", "/v1/conversations/rate", record, role="uploader", **query)


def test_a_whole_conversation_is_rated_and_not_kept(api: Api) -> None:
    answer = rate(api, RECORD, region="US")
    rating = answer.json["rating"]
    assert rating["conversation_id"] == "whole 1"
    assert rating["value"] > 6
    assert rating["messages"] == 6
    assert {one["stage"] for one in rating["stages"]} >= {"probing", "isolation"}
    assert {one["cue"] for one in rating["reasons"]} >= {"secrecy", "supervision_probe"}
    assert answer.json["ignored"] == {"weather": 1}
    assert answer.json == rate(api, RECORD, region="US").json
    assert api.get("/v1/conversations/whole 1/rating").status == 404


def test_where_the_law_says_no_nothing_is_computed(api: Api) -> None:
    before = sum(one.refused for one in LawProof(api.services.database).counts())
    rating = rate(api, RECORD, region="DE", surface="chat").json["rating"]
    assert rating["not_enough_evidence"]["reason"] == "not_permitted"
    assert "derogation" in rating["not_enough_evidence"]["detail"]
    assert (rating["value"], rating["reasons"], rating["model"]) == (0, [], "")
    after = sum(one.refused for one in LawProof(api.services.database).counts())
    assert after - before == len(LINES)


def test_a_record_that_is_none_is_refused(api: Api) -> None:
    bad: list[object] = [{}, [], {**RECORD, "messages": 7}, {**RECORD, "conversation_id": ""}]
    for record in bad:
        answer = rate(api, record)
        assert answer.status == 400, record
        assert answer.code == "invalid-input"
    assert rate(api, RECORD, planet="x").status == 400
    broken = api.ask("POST", "/v1/conversations/rate", b'{"messages": [', kind="application/json")
    assert broken.status == 400


def test_100_000_messages_are_rated_at_once(api: Api) -> None:
    said = [{"author": "kim", "text": "ok"}, {"author": "lea", "text": "see you"}] * 50_000
    rating = rate(api, {**RECORD, "messages": said}).json["rating"]
    assert rating["messages"] == 100_000


def test_a_conversation_that_goes_on_can_be_read(api: Api) -> None:
    (talk,) = send(api, *[{**one, "conversation": "on"} for one in RISING]).json["conversations"]
    assert api.get("/v1/conversations/on/rating").status == 404  # it is a drill
    found = api.get("/v1/conversations/on/rating", drill="true", role="reviewer")
    shown = found.json
    assert shown["rating"]["value"] == talk["value"]
    assert shown["rating"]["fan_out"] == 1
    assert (shown["messages"], shown["peak"], shown["drill"]) == (6, talk["peak"], True)
    assert shown["steps"][-1]["peak"] == round(10 * talk["peak"])
    assert [one["event_id"] for one in shown["alerts"]] == [talk["event_id"]]
    assert shown["alerts"][0]["told_at"] is not None
    assert not any(line.encode() in found.body for line in LINES)


def test_switched_off_takes_nothing_in(api: Api) -> None:
    services = api.services
    settings = services.settings
    off = msgspec.structs.replace(settings.conversations, enabled=False)
    object.__setattr__(services, "settings", msgspec.structs.replace(settings, conversations=off))
    try:
        for answer in (send(api, *RISING), rate(api, RECORD)):
            assert (answer.status, answer.code) == (409, "not-rated-here")
    finally:
        object.__setattr__(services, "settings", settings)
