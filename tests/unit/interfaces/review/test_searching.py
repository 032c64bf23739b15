from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.console.leading.conftest import C, Desk, H

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

ASKS = [
    {"outcome": "confirmed"},
    {"category": "s:A1"},
    {"decided_from": "2020-01-01T00:00:00Z"},
    {"decided_until": "2100-01-01T00:00:00Z"},
    {"late": "false"},
]


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api.services)


def told(api: Api, case_id: str, role: str) -> list[bool]:
    """Whether somebody is told what was decided: on the case's own answer, and in lists."""
    answers = [
        api.get(f"/v1/cases/{case_id}", role=role).json,
        *api.get("/v1/cases", role=role, id=case_id).json["cases"],
        *api.get(f"/v1/cases/{case_id}/events", role=role).json["cases"],
    ]
    assert len(answers) == 3
    return [answer["standing"].get("decided") is not None for answer in answers]


@pytest.mark.parametrize("role", ["reviewer", "senior_reviewer"])
@pytest.mark.parametrize("asked", ASKS, ids=lambda asked: next(iter(asked)))
def test_readers_find_by_what_was_decided_only_what_is_settled(
    api: Api, desk: Desk, asked: dict[str, str], role: str
) -> None:
    drawn = desk.drawn(C, "s:A1")
    for found, who in ((0, role), (1, "supervisor"), (1, "auditor")):
        assert api.get("/v1/cases/count", role=who, id=drawn, **asked).json["count"] == found
    assert api.get("/v1/cases", role=role, settled="false", **asked).status == 403
    desk.read(drawn, 1, C, "s:A1")
    assert api.get("/v1/cases/count", role=role, id=drawn, **asked).json["count"] == 1


def test_readers_are_told_what_was_decided_once_it_is_settled(api: Api, desk: Desk) -> None:
    drawn, fresh = desk.drawn(), desk.decided(H)
    for case_id in (drawn, fresh):
        assert told(api, case_id, "reviewer") == [False] * 3
        assert told(api, case_id, "supervisor") == [True] * 3
    desk.read(drawn, 1, C)
    assert told(api, drawn, "reviewer") == [True] * 3
    desk.set(fresh, state="closed")
    assert told(api, fresh, "reviewer") == [True] * 3


def test_every_other_search_finds_what_is_not_settled(api: Api, desk: Desk) -> None:
    drawn = desk.drawn()
    for role in ("reviewer", "supervisor"):
        assert api.get("/v1/cases/count", role=role, id=drawn).json["count"] == 1
        query = {"id": drawn, "settled": "false"}
        assert api.get("/v1/cases/count", role=role, **query).json["count"] == 1
