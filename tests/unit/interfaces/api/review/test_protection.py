from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import World
from tests.unit.interfaces.protecting import LOOSER, account_of, reader

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def got(world: World, key: str, path: str = "/v1/protection") -> Answer:
    headers = {"authorization": f"Bearer {key}"}
    return world.api.ask("GET", path, role="", headers=headers)


def test_who_chose_nothing_has_the_strongest_and_may_loosen_it(world: World) -> None:
    key = reader(world)
    own = got(world, key).json
    assert own["shown"] == {
        "blur": 3,
        "grey": True,
        "size": 96,
        "mute": True,
        "region": True,
        "sheet": True,
    }
    assert (own["day"]["severe_items"], own["never"], own["support"]) == (0, [], "")
    assert world.post_as(key, "/v1/protection", LOOSER, method="PUT").status == 200
    shown = got(world, key).json["shown"]
    assert (shown["blur"], shown["grey"], shown["size"], shown["mute"]) == (1, False, 192, True)


def test_the_floor_refuses_and_counts_at_once(world: World) -> None:
    key = reader(world)
    assert world.post_as(key, "/v1/protection", LOOSER, method="PUT").status == 200
    floor = {"blur": 2, "grey": True, "size": 96}
    assert world.api.send("PUT", "/v1/protection/floor", floor, role="supervisor").status == 200
    shown = got(world, key).json["shown"]
    assert (shown["blur"], shown["grey"], shown["size"]) == (2, True, 96)
    answer = world.post_as(key, "/v1/protection", LOOSER, method="PUT")
    assert (answer.status, answer.code) == (400, "invalid-input")
    assert "blur, grey, size" in answer.json["detail"]
    assert world.api.send("PUT", "/v1/protection/floor", {}).status == 200
    assert got(world, key).json["shown"]["blur"] == 1  # what was chosen is not forgotten
    assert got(world, key, "/v1/protection/floor").json["blur"] == 1


def test_a_key_of_nobody_has_no_protection(world: World) -> None:
    assert world.api.get("/v1/protection", role="reviewer").code == "needs-account"


def test_recusals(world: World) -> None:
    key, queue = reader(world), world.queue()
    path = "/v1/protection/recusals"
    document = {"queues": [queue]}
    assert world.post_as(key, path, document, method="PUT").json == document
    assert got(world, key).json["never"] == [queue]
    assert world.services.recusals.of(account_of(world, key)) == [queue]
    for wrong in ({"queues": ["no-such-queue"]}, {"queues": ["=CMD"]}, {}):
        assert world.post_as(key, path, wrong, method="PUT").status == 400
    assert got(world, key).json["never"] == [queue]


@pytest.mark.parametrize(
    "wrong", [{"blur": 4}, {"blur": -1}, {"size": 97}, {"grey": "yes"}, [], {"size": 2**70}]
)
def test_what_is_no_protection(world: World, wrong: object) -> None:
    key = reader(world)
    assert world.post_as(key, "/v1/protection", wrong, method="PUT").status == 400
    assert world.api.send("PUT", "/v1/protection/floor", wrong).status == 400
