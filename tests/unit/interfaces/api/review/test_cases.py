from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

KNOWN = {"kind": "md5", "value": "ab" * 16}


@pytest.fixture(scope="module")
def cases(api: Api) -> list[str]:
    """Ids of seven cases, in the order in which they were opened."""
    api.post("/v1/banks", {"name": "cases-bank", "drill": True, "trusted": True})
    api.post("/v1/banks/cases-bank/entries", {"entries": [{"signals": [KNOWN]}]})
    opened = []
    for number in range(7):
        # Each is unlike the others, so that none is gathered into another one.
        own = {"kind": "sha1", "value": f"{number:040x}"}
        event = {"event_id": f"case-{number}", "signals": [KNOWN, own], "drill": True}
        opened.append(api.post("/v1/check", event).json["case_id"])
    assert all(opened)
    return opened


def test_pages_of_cases_latest_first(api: Api, cases: list[str]) -> None:
    seen: list[str] = []
    query = {"limit": "3"}
    while True:
        page = api.get("/v1/cases", role="reviewer", **query).json
        seen += [found["case"]["id"] for found in page["cases"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == cases[::-1]


def test_one_case_with_its_reasons(api: Api, cases: list[str]) -> None:
    found = api.get(f"/v1/cases/{cases[0]}", role="reviewer").json
    assert found["case"]["state"] == "open"
    assert found["case"]["drill"] is True
    assert found["event"]["id"] == "case-0"
    assert found["outcome"]["decision"]["reasons"]
    assert found["outcome"]["matches"][0]["bank"] == "cases-bank"


def test_cases_of_a_state(api: Api, cases: list[str]) -> None:
    assert len(api.get("/v1/cases", state="open").json["cases"]) == len(cases)
    assert api.get("/v1/cases", state="lost").status == 400


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "501"}, {"after": "x" * 200}])
def test_bad_pages(api: Api, query: dict[str, str]) -> None:
    assert api.get("/v1/cases", **query).status == 400


def test_no_such_case(api: Api) -> None:
    assert api.get("/v1/cases/nobody").status == 404
    assert api.get("/v1/cases", after="nobody").status == 404


def test_a_case_tells_where_it_stands_and_never_the_claim(api: Api, cases: list[str]) -> None:
    services = api.services
    ada = services.accounts.create("ada", "reviewer")
    claim = services.claims.take(cases[0], ada.id)
    answer = api.get(f"/v1/cases/{cases[0]}", role="reviewer")
    standing = answer.json["standing"]
    assert standing["queue"] == "everything"
    assert standing["holding"]["pseudonym"] == ada.pseudonym
    for secret in (claim.token, ada.id, ada.name):
        assert secret not in answer.body.decode()
    (found,) = api.get("/v1/cases", holder=ada.pseudonym).json["cases"]
    assert found["case"]["id"] == cases[0]


def test_searching_and_counting(api: Api, cases: list[str]) -> None:
    (found,) = api.get("/v1/cases", id="case-3").json["cases"]
    assert found["case"]["id"] == cases[3]
    assert api.get("/v1/cases/count", bank="cases-bank").json == {"count": 7, "more": False}
    assert api.get("/v1/cases/count", bank="other").json["count"] == 0


@pytest.mark.parametrize(
    "query",
    [
        {"severity": "worst"},
        {"principle": "12"},
        {"digest": "zz"},
        {"text": "x" * 257},
        {"opened_from": "2026-11-30T00:00:00"},
        {"order": "score;drop"},
        {"unknown": "1"},
        {"entry": "9" * 30},
    ],
)
def test_bad_queries(api: Api, query: dict[str, str]) -> None:
    for path in ("/v1/cases", "/v1/cases/count", "/v1/cases/export"):
        assert api.get(path, **query).status == 400, path


def test_odd_text_is_only_looked_for(api: Api, cases: list[str]) -> None:
    assert cases
    for text in ("%", "_", "\\", "' OR 1=1 --", "<script>", "\u202e", "\U0001f9ff", "=1+1"):
        assert api.get("/v1/cases", text=text).status == 200
        assert api.get("/v1/cases/count", actor=text).json["count"] == 0


def test_exports_of_both_kinds(api: Api, cases: list[str]) -> None:
    answer = api.get("/v1/cases/export", role="supervisor", format="csv", bank="cases-bank")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="cases.csv"'
    assert answer.body.count(b"\r\n") == len(cases) + 1
    lines = api.get("/v1/cases/export", role="supervisor", format="ndjson", order="oldest")
    ids = [msgspec.json.decode(line)["case"]["id"] for line in lines.body.splitlines()]
    assert ids == cases
    assert api.get("/v1/cases/export", role="reviewer").status == 403


def test_what_a_case_holds_and_its_events(api: Api, cases: list[str]) -> None:
    found = api.get(f"/v1/cases/{cases[0]}/events").json
    assert [one["event"]["id"] for one in found["cases"]] == ["case-0"]
    (stack,) = api.get(f"/v1/cases/{cases[0]}/stacks").json["stacks"]
    assert stack["contents"][0]["case_id"] == cases[0]
    assert api.get(f"/v1/cases/{cases[0]}/history").json == {"changes": []}
    for path in ("events", "stacks", "history"):
        assert api.get(f"/v1/cases/nobody/{path}").status == 404
