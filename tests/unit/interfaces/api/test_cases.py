from __future__ import annotations

from typing import TYPE_CHECKING

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
        event = {"event_id": f"case-{number}", "signals": [KNOWN], "drill": True}
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
