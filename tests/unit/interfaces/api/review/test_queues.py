from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import World

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def test_a_queue_is_made_changed_ordered_and_deleted(world: World) -> None:
    api, document = world.api, {"filter": {"languages": ["fr"]}, "readings": 2}
    made = api.send("PUT", "/v1/queues/french", document).json
    assert (made["position"], made["readings"], made["wait_seconds"]) == (1, 2, 86_400)
    api.send("PUT", "/v1/queues/grave", {"filter": {"severities": ["critical"]}})
    changed = api.send("PUT", "/v1/queues/french", {**document, "readings": 3}).json
    assert (changed["position"], changed["readings"]) == (1, 3)
    ordered = api.post("/v1/queues/order", {"order": ["grave", "french"]}).json["queues"]
    assert [one["name"] for one in ordered] == ["grave", "french", "everything"]
    assert api.send("DELETE", "/v1/queues/grave", {}).status == 204
    listed = api.get("/v1/queues", role="reviewer").json
    assert [one["name"] for one in listed["queues"]] == ["french", "everything"]
    assert [one["queue"] for one in listed["counts"]] == ["french", "everything"]
    assert api.get("/v1/queues/french").json == {**changed, "position": 1}


def test_what_waits_is_counted_where_it_waits(world: World) -> None:
    world.read_by(world.case())
    counts = {one["queue"]: one for one in world.api.get("/v1/queues").json["counts"]}
    held = counts["everything"]
    assert held["waiting"] >= held["held"] == 1
    assert held["oldest_at"]


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("Big", {}),
        ("a" * 49, {}),
        ("a", {"readings": 4}),
        ("a", {"sample_share": 1.5}),
        ("a", {"wait_seconds": 1}),
        ("a", {"filter": {"languages": ["<script>"]}}),
        ("a", {"filter": {"severities": ["worst"]}}),
        ("a", {"filter": {"unknown": 1}}),
        ("everything", {"filter": {"imminent": True}}),
    ],
)
def test_bad_queues(world: World, name: str, document: object) -> None:
    answer = world.api.send("PUT", f"/v1/queues/{name}", document)
    assert answer.status == 400
    assert "<script>" not in answer.body.decode()


def test_the_last_queue_stays(world: World) -> None:
    assert world.api.send("DELETE", "/v1/queues/everything", {}).status == 400
    assert world.api.send("DELETE", "/v1/queues/nowhere", {}).status == 404
    assert world.api.post("/v1/queues/order", {"order": ["french", "french"]}).status == 400
