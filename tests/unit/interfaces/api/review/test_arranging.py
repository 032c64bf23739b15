from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import World

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def test_who_reads_a_case_merges_splits_and_undoes(world: World) -> None:
    case, other = world.case(), world.case()
    key = world.read_by(case)
    merged = world.post_as(key, f"/v1/cases/{case}/merge", {"other": other}).json
    assert (merged["kind"], merged["others"]) == ("merged", [other])
    listed = world.api.get(f"/v1/cases/{case}/events").json["cases"]
    assert [one["case"]["id"] for one in listed] == [case, other]
    split = world.post_as(key, f"/v1/cases/{case}/split", {"others": [other]}).json
    undone = world.post_as(key, f"/v1/cases/changes/{split['id']}/undo").json
    assert undone["kind"] == "undone"
    told = world.api.get(f"/v1/cases/{case}/history").json["changes"]
    assert [one["kind"] for one in told] == ["merged", "split", "undone"]
    reader = world.by.removeprefix("person:")
    assert reader not in str(told)


def test_nobody_else_does(world: World) -> None:
    case, other = world.case(), world.case()
    stranger = world.read_by(world.case())
    document = {"other": other}
    assert world.post_as(stranger, f"/v1/cases/{case}/merge", document).code == "conflict"
    assert world.post(f"/v1/cases/{case}/merge", document).code == "needs-account"


@pytest.mark.parametrize(
    ("path", "document", "status"),
    [
        ("merge", {"other": "nobody"}, 404),
        ("merge", {"other": ""}, 400),
        ("merge", {"other": "x", "why": "y" * 1_000_000}, 400),
        ("merge", {}, 400),
        ("split", {"others": []}, 400),
        ("split", {"others": ["nobody"]}, 404),
        ("split", {"others": ["\u0000"]}, 404),
    ],
)
def test_bad_arranging(world: World, path: str, document: object, status: int) -> None:
    case = world.case()
    answer = world.post_as(world.read_by(case), f"/v1/cases/{case}/{path}", document)
    assert answer.status == status


def test_what_there_is_not_is_not_undone(world: World) -> None:
    key = world.read_by(world.case())
    for number in (0, 10**9, 10**30):
        assert world.post_as(key, f"/v1/cases/changes/{number}/undo").status == 404


def test_who_leads_moves_what_nobody_reads(world: World) -> None:
    case, queue = world.case(), world.queue()
    moved = world.post(f"/v1/cases/{case}/move", {"queue": queue})
    assert moved.json["kind"] == "moved"
    assert world.api.get(f"/v1/cases/{case}").json["standing"]["queue"] == queue
    assert world.post(f"/v1/cases/{case}/move", {"queue": "nowhere"}).status == 404
    world.read_by(case)
    assert world.post(f"/v1/cases/{case}/move", {"queue": "everything"}).code == "conflict"
