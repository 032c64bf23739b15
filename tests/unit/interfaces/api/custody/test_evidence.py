from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tutela.model.custody.leaf import AuditKind, Leaf

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api
    from tests.unit.interfaces.finding import Found

Find = Callable[..., "Found"]
Leaves = Callable[[str], list[Leaf]]


def test_evidence_is_listed_and_read(api: Api, find: Find) -> None:
    found = find()
    page = api.get("/v1/evidence", role="reviewer", event=found.event_id).json
    assert [one["id"] for one in page["items"]] == [found.user_data, found.content]
    assert page["next"] is None
    first = api.get("/v1/evidence", event=found.event_id, limit="1").json
    assert first["next"] == found.user_data
    second = api.get("/v1/evidence", event=found.event_id, limit="1", after=first["next"]).json
    assert [one["id"] for one in second["items"]] == [found.content]
    custody = api.get(f"/v1/evidence/{found.content}", role="auditor").json
    assert custody["item"]["facts"]["name"] == "line.txt"
    assert custody["item"]["term"]["keep"] == "1 year"
    assert [leaf["kind"] for leaf in custody["leaves"]] == ["preserve"]
    assert (custody["holds"], custody["item"]["held"]) == ([], False)


def test_lists_are_narrowed(api: Api, find: Find) -> None:
    found = find()
    case = api.get(f"/v1/events/{found.event_id}").json["outcome"]["case_id"]

    def ids(**query: str) -> list[str]:
        return [one["id"] for one in api.get("/v1/evidence", **query).json["items"]]

    assert ids(case=case, kind="content", state="kept", held="false") == [found.content]
    assert ids(case=case, held="true") == []
    assert ids(case=case, due_before="2026-01-01T00:00:00Z") == []
    assert len(ids(case=case, due_before="2099-01-01T00:00:00Z")) == 2
    assert api.get("/v1/evidence", after="item-none").status == 404
    assert api.get("/v1/evidence", state="lost").status == 400
    assert api.get("/v1/evidence/item-none").status == 404


def test_holds_are_placed_and_lifted_by_whoever_may(api: Api, find: Find, leaves: Leaves) -> None:
    found = find()
    path = f"/v1/evidence/{found.content}/holds"
    wanted = {"reason": "asked by letter", "authority": "a court, 7/2026"}
    placed = api.post(path, wanted)
    assert placed.status == 201
    assert placed.json["placed_by"].startswith("key:")
    custody = api.get(f"/v1/evidence/{found.content}").json
    assert custody["item"]["held"]
    assert custody["holds"][0]["authority"] == "a court, 7/2026"
    lift = f"/v1/evidence/holds/{placed.json['id']}/release"
    assert api.post(lift, {"reason": "done"}).status == 200
    assert api.post(lift, {"reason": "done"}).code == "conflict"
    told = leaves(found.content)
    assert [leaf.kind for leaf in told[1:]] == [AuditKind.HOLD, AuditKind.RELEASE]
    assert "court" not in repr(told)
    for bad in ({}, {"reason": ""}, {"reason": " "}, {"reason": "a", "more": 1}):
        assert api.post(path, bad).status == 400
    assert api.post("/v1/evidence/item-none/holds", wanted).status == 404
    assert api.post("/v1/evidence/holds/999999/release", {"reason": "a"}).status == 404


def test_an_item_is_erased_on_request_unless_held(api: Api, find: Find, leaves: Leaves) -> None:
    found = find()
    path, wish = f"/v1/evidence/{found.content}/erase", {"reason": "a letter of the user"}
    hold = api.post(f"/v1/evidence/{found.content}/holds", {"reason": "a court"}).json["id"]
    assert api.post(path, wish).code == "conflict"
    api.post(f"/v1/evidence/holds/{hold}/release", {"reason": "done"})
    for bad in ({}, {"reason": " "}):
        assert api.post(path, bad).status == 400
    assert api.post("/v1/evidence/item-none/erase", wish).status == 404
    answer = api.post(path, wish)
    assert (answer.status, answer.json["state"]) == (200, "destroyed")
    look = api.post(f"/v1/evidence/{found.content}/look", {"reason": "why"})
    assert (look.code, found.data in look.body) == ("conflict", False)
    told = [leaf for leaf in leaves(found.content) if leaf.kind is AuditKind.DESTROY]
    assert [leaf.by.startswith("key:") for leaf in told] == [True]
    assert "letter" not in repr(told)


def test_a_report_begins_terms(api: Api, find: Find) -> None:
    found = find()
    report = {
        "event_id": found.event_id,
        "at": "2026-11-30T00:00:00Z",
        "authority": "the authority",
        "reference": "R-17",
    }
    answer = api.post("/v1/evidence/reports", report)
    assert answer.status == 201
    kinds = [one["kind"] for one in answer.json["items"]]
    assert kinds == ["content", "user-data", "report-reference"]
    assert answer.json["items"][0]["expires_at"] == "2027-11-30T00:00:00Z"
    assert api.post("/v1/evidence/reports", report).json == answer.json
    for bad, status in (
        ({"event_id": "none"}, 404),
        ({"at": "2099-01-01T00:00:00Z"}, 400),
        ({"at": "2026-11-30T00:00:00"}, 400),
        ({"authority": ""}, 400),
        ({"moment": "soon"}, 400),
    ):
        assert api.post("/v1/evidence/reports", report | bad).status == status, bad


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        ("uploader", "GET", "/v1/evidence"),
        ("curator", "GET", "/v1/evidence/item-x"),
        ("reviewer", "POST", "/v1/evidence/item-x/look"),
        ("auditor", "POST", "/v1/evidence/item-x/look"),
        ("reviewer", "POST", "/v1/evidence/item-x/holds"),
        ("auditor", "POST", "/v1/evidence/holds/1/release"),
        ("uploader", "POST", "/v1/evidence/reports"),
        ("reviewer", "POST", "/v1/evidence/item-x/erase"),
        ("auditor", "POST", "/v1/evidence/item-x/erase"),
        ("reviewer", "POST", "/v1/evidence/item-x/hand-in"),
    ],
)
def test_who_may_not_is_refused(api: Api, role: str, method: str, path: str) -> None:
    assert api.ask(method, path, b"{}", role=role, kind="application/json").status == 403
