from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

LAKE = "0123456789abcdef" * 4
NEAR = "0123456789abcdef" * 3 + "0123456789abcdee"
FAR = "fedcba9876543210" * 4


@pytest.fixture(scope="module", autouse=True)
def banks(api: Api) -> None:
    for name, signals in (
        ("lakes", [{"kind": "pdq", "value": LAKE}]),
        ("hills", [{"kind": "pdq", "value": LAKE}, {"kind": "md5", "value": "ab" * 16}]),
    ):
        api.post("/v1/banks", {"name": name, "drill": True})
        entry = {"label": f"one of {name}", "signals": signals}
        assert api.post(f"/v1/banks/{name}/entries", {"entries": [entry]}).status == 201


def look(api: Api, *values: str, **more: object) -> list[list[dict[str, object]]]:
    signals = [{"kind": "pdq", "value": value} for value in values]
    answer = api.post("/v1/lookup", {"signals": signals, **more}, role="uploader")
    assert answer.status == 200, answer.body
    assert answer.json["list_version"] >= 4
    return [result["matches"] for result in answer.json["results"]]


def test_each_signal_has_its_matches_in_order(api: Api) -> None:
    first, second, third = look(api, NEAR, FAR, LAKE)
    assert [(match["bank"], match["distance"]) for match in first] == [("hills", 1), ("lakes", 1)]
    assert second == []
    assert [match["distance"] for match in third] == [0, 0]
    assert third[1]["label"] == "one of lakes"


def test_only_the_named_banks_are_looked_in(api: Api) -> None:
    assert [match["bank"] for match in look(api, LAKE, banks=["lakes"])[0]] == ["lakes"]
    assert look(api, LAKE, banks=[]) == [[]]


def test_an_unknown_bank_is_told(api: Api) -> None:
    document = {"signals": [{"kind": "pdq", "value": LAKE}], "banks": ["nowhere"]}
    answer = api.post("/v1/lookup", document)
    assert (answer.status, answer.code) == (404, "not-found")


def test_nothing_is_stored(api: Api) -> None:
    before = api.services.counts.counts()
    look(api, LAKE)
    assert api.services.counts.counts() == before


def test_ten_thousand_at_once(api: Api) -> None:
    chance = random.Random(1)  # noqa: S311 - no secrets here
    values = [chance.randbytes(32).hex() for _ in range(9_999)]
    results = look(api, *values, LAKE)
    assert len(results) == 10_000
    assert len(results[-1]) == 2
    assert not any(results[:-1])


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"signals": []},
        {"signals": [{"kind": "md5", "value": "ab" * 16}] * 10_001},
        {"signals": [{"kind": "pdq", "value": "xy"}]},
        {"signals": [{"kind": "nothing", "value": "xy"}]},
        {"signals": [{"kind": "md5", "value": "ab" * 16}], "banks": "lakes"},
        {"signals": [{"kind": "md5", "value": "ab" * 16}], "banks": ["no/such"]},
        {"signals": [{"kind": "md5", "value": "ab" * 16}], "event_id": "e"},
    ],
)
def test_bad_documents(api: Api, document: object) -> None:
    answer = api.post("/v1/lookup", document)
    assert (answer.status, answer.code) == (400, "invalid-input")


def test_the_place_of_a_bad_signal_is_told_and_never_its_value(api: Api) -> None:
    signals = [{"kind": "md5", "value": "ab" * 16}, {"kind": "md5", "value": "secretsecret"}]
    answer = api.post("/v1/lookup", {"signals": signals})
    assert answer.json["where"] == "signals[1]"
    assert "secret" not in answer.body.decode()


def test_json_must_be_called_json(api: Api) -> None:
    answer = api.ask("POST", "/v1/lookup", b"{}", kind="text/plain")
    assert answer.status == 400
    assert answer.json["where"] == "Content-Type"


def test_a_document_that_is_too_large(api: Api) -> None:
    body = b'{"signals":"' + b"x" * 16_000_000 + b'"}'
    answer = api.ask("POST", "/v1/lookup", body, kind="application/json")
    assert (answer.status, answer.code) == (413, "too-large")


def test_what_is_cut_off_is_counted(api: Api) -> None:
    entries = [{"signals": [{"kind": "pdq", "value": FAR[:-1] + digit}]} for digit in "01234567"]
    api.post("/v1/banks", {"name": "many"})
    assert api.post("/v1/banks/many/entries", {"entries": entries}).status == 201
    signals = [{"kind": "pdq", "value": value} for value in (FAR, LAKE, "00ff" * 16)]
    answer = api.post("/v1/lookup", {"signals": signals, "limit": 3})
    results = answer.json["results"]
    assert [(len(one["matches"]), one["total"]) for one in results] == [(3, 8), (2, 2), (0, 0)]
    assert [match["distance"] for match in results[0]["matches"]] == [0, 1, 1]
    only = api.post("/v1/lookup", {"signals": signals, "limit": 1, "banks": ["lakes"]})
    assert [one["total"] for one in only.json["results"]] == [0, 1, 0]
    for limit in (0, 10_001):
        assert api.post("/v1/lookup", {"signals": signals, "limit": limit}).status == 400
