from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

LAKE = "0123456789abcdef" * 4
PATH = "/v1/banks/entries-bank/entries"


@pytest.fixture(scope="module", autouse=True)
def bank(api: Api) -> None:
    api.post("/v1/banks", {"name": "entries-bank", "drill": True})


def add(api: Api, value: str = LAKE, **facts: str) -> int:
    entry = {"signals": [{"kind": "pdq", "value": value}], **facts}
    answer = api.post(PATH, {"entries": [entry]}, role="curator")
    assert answer.status == 201
    assert answer.json["added"] == 1
    number: int = answer.json["first_id"]
    return number


def found(api: Api, value: str = LAKE) -> set[int]:
    document = {"signals": [{"kind": "pdq", "value": value}]}
    results = api.post("/v1/lookup", document).json["results"]
    return {match["entry_id"] for match in results[0]["matches"]}


def test_the_life_of_an_entry(api: Api) -> None:
    number = add(api, LAKE.upper(), label="a lake", category="1", scheme="XX", note="n")
    assert number in found(api)
    entry = api.get(f"/v1/entries/{number}").json
    assert (entry["label"], entry["category"], entry["scheme"]) == ("a lake", "1", "XX")
    assert [(s["kind"], s["value"]) for s in entry["signals"]] == [("pdq", LAKE)]
    path = f"/v1/entries/{number}"
    disabled = api.send("PATCH", path, {"state": "disabled"}).json
    assert (disabled["state"], disabled["disabled_until"]) == ("disabled", None)
    assert number not in found(api)
    assert api.send("PATCH", path, {"state": "enabled"}).json["state"] == "enabled"
    assert number in found(api)
    assert api.ask("DELETE", path).status == 204
    assert number not in found(api)
    assert api.get(path).status == 404
    assert api.ask("DELETE", path).status == 404


def test_disabled_until_a_time(api: Api) -> None:
    number = add(api)
    until = datetime.now(UTC) + timedelta(hours=1)
    change = {"state": "disabled", "disabled_until": until.isoformat()}
    answer = api.send("PATCH", f"/v1/entries/{number}", change)
    assert datetime.fromisoformat(answer.json["disabled_until"]) == until
    assert number not in found(api)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"state": "gone"},
        {"state": "disabled", "disabled_until": "tomorrow"},
        {"state": "disabled", "disabled_until": "2020-01-01T00:00:00Z"},
        {"state": "disabled", "disabled_until": "2099-01-01T00:00:00"},
        {"state": "enabled", "disabled_until": "2099-01-01T00:00:00Z"},
        {"state": "disabled", "label": "x"},
    ],
)
def test_bad_changes(api: Api, document: object) -> None:
    number = add(api)
    answer = api.send("PATCH", f"/v1/entries/{number}", document)
    assert (answer.status, answer.code) == (400, "invalid-input")
    assert number in found(api)


def test_pages(api: Api) -> None:
    api.post("/v1/banks", {"name": "paged"})
    entries = [{"signals": [{"kind": "md5", "value": f"{n:032x}"}]} for n in range(1, 26)]
    api.post("/v1/banks/paged/entries", {"entries": entries})
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = api.get("/v1/banks/paged/entries", after=str(after), limit="10").json
        seen += [entry["signals"][0]["value"] for entry in page["entries"]]
        after = page["next"]
    assert seen == [f"{n:032x}" for n in range(1, 26)]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "1001"}, {"after": "-1"}, {"after": "x"}, {"page": "1"}]
)
def test_bad_pages(api: Api, query: dict[str, str]) -> None:
    assert api.get(PATH, **query).status == 400


def test_all_or_nothing(api: Api) -> None:
    good = {"signals": [{"kind": "md5", "value": "cd" * 16}]}
    bad = {"signals": [{"kind": "md5", "value": "secret"}]}
    before = api.get("/v1/banks/entries-bank").json["entries"]
    answer = api.post(PATH, {"entries": [good, bad]})
    assert (answer.status, answer.json["where"]) == (400, "entries[1].signals[0]")
    assert "secret" not in answer.body.decode()
    assert api.get("/v1/banks/entries-bank").json["entries"] == before


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"entries": []},
        {"entries": [{"signals": []}]},
        {"entries": [{"label": "x"}]},
        {"entries": [{"signals": [{"kind": "md5", "value": "ab" * 16}], "id": 1}]},
        {"entries": [{"signals": [{"kind": "md5", "value": "ab" * 16}]}] * 1001},
    ],
)
def test_bad_entries(api: Api, document: object) -> None:
    assert api.post(PATH, document).status == 400


def test_no_such_bank(api: Api) -> None:
    entry = {"signals": [{"kind": "md5", "value": "ab" * 16}]}
    assert api.post("/v1/banks/nowhere/entries", {"entries": [entry]}).status == 404
    assert api.get("/v1/banks/nowhere/entries").status == 404
