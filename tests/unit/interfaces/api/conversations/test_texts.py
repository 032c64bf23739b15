"""Texts for many are rated, nothing is kept, no term is told, and the law comes first."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from tutela.storage.law import LawProof

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

ADVERT = "Teen models wanted, teens only, no questions asked, dm me for more"


def rate(api: Api, *texts: dict[str, Any], **more: str) -> Answer:
    body = {"texts": list(texts), **more}
    return api.send("POST", "/v1/texts/rate", body, role="uploader")


def test_texts_are_rated_in_their_order(api: Api) -> None:
    answer = rate(
        api,
        {"text": ADVERT, "language": "en"},
        {"text": "choir auditions on Tuesday, mail me@example.com", "language": "en"},
        {"text": "unga modeller s\u00f6kes till ett fotoprojekt", "language": "sv"},
        region="US",
    )
    grave, calm, foreign = answer.json["results"]
    assert grave["solicitation"]["value"] > 8
    assert grave["rating"]["name"] == "solicitation"
    assert grave["rating"]["value"] == grave["solicitation"]["value"]
    assert {one["name"] for one in grave["solicitation"]["reasons"]} >= {"recruit", "discretion"}
    assert calm["solicitation"]["value"] < 3
    assert calm["solicitation"]["contacts"] == [
        {"kind": "email", "value": "me@example.com", "start": 33, "end": 47}
    ]
    assert foreign["rating"] is None
    missing = foreign["solicitation"]["not_enough_evidence"]
    assert missing == {"reason": "unsupported_language", "detail": "unsupported language (sv)"}
    assert (
        answer.json
        == rate(
            api,
            {"text": ADVERT, "language": "en"},
            {"text": "choir auditions on Tuesday, mail me@example.com", "language": "en"},
            {"text": "unga modeller s\u00f6kes till ett fotoprojekt", "language": "sv"},
            region="US",
        ).json
    )


def test_accounts_that_show_one_text_are_counted(api: Api) -> None:
    texts = [{"text": f"{ADVERT} {at}", "account": f"a{at}"} for at in range(10)]
    results = rate(api, *texts, region="US").json["results"]
    assert {one["solicitation"]["accounts"] for one in results} == {10}


def test_policy_opens_a_case_on_such_a_rating(api: Api) -> None:
    (found,) = rate(api, {"text": ADVERT}, region="US").json["results"]
    content = b64encode(ADVERT.encode()).decode()
    event = {"media_base64": content, "surface": "profile", "region": "US", "drill": True}
    outcome = api.post("/v1/check", {**event, "ratings": [found["rating"]]}).json
    assert "open_case" in outcome["decision"]["actions"], outcome


def test_where_the_law_says_no_nothing_is_computed(api: Api) -> None:
    proof = LawProof(api.services.database)
    before = sum(one.refused for one in proof.counts())
    results = rate(api, {"text": ADVERT}, {"text": "b"}, region="DE", surface="chat").json[
        "results"
    ]
    for one in results:
        assert one["solicitation"]["not_enough_evidence"]["reason"] == "not_permitted"
        assert (one["solicitation"]["value"], one["solicitation"]["contacts"]) == (0, [])
        assert one["rating"] is None
    assert sum(one.refused for one in proof.counts()) - before == 2


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [{}],
        [{"text": 7}],
        [{"text": "a", "account": "x" * 10_000}],
        [{"text": "a", "planet": "x"}],
        [{"text": "a"}] * 1001,
    ],
)
def test_what_is_no_such_document_is_refused(api: Api, texts: list[dict[str, Any]]) -> None:
    answer = rate(api, *texts)
    assert (answer.status, answer.code) == (400, "invalid-input")


def test_any_text_is_taken(api: Api) -> None:
    body = b'{"texts": [{"text": "\\ud800 \\u202e \\u0000 teens only"}]}'
    answer = api.ask("POST", "/v1/texts/rate", body, kind="application/json", role="uploader")
    assert answer.status == 200
    long = rate(api, {"text": "teens only " * 90_000}, region="US")
    assert long.json["results"][0]["solicitation"]["value"] > 0
    endless = rate(api, *[{"text": "teens only " * 90_000}] * 3, region="US")
    assert (endless.status, endless.code) == (413, "too-large")
