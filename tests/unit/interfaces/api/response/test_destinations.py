from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tutela.interfaces.services import Services

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api

NAMES = (f"place-{number}" for number in itertools.count())
TOKEN = "t0ken-in-the-path"  # noqa: S105 - stands for a token in the path of an address
URL = f"https://platform.example/hooks/{TOKEN}"


def create(api: Api, **more: object) -> Answer:
    return api.post("/v1/destinations", {"name": next(NAMES), "url": URL, **more})


@pytest.fixture
def made(api: Api) -> dict[str, Any]:
    answer = create(api, actions=["slow", "suspend"], confirm_seconds=60)
    assert answer.status == 201
    shown: dict[str, Any] = answer.json
    return shown


def test_a_secret_is_shown_once(api: Api, services: Services, made: dict[str, Any]) -> None:
    name, secret = made["destination"]["name"], made["secret"]
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret == services.secrets.secret(name, 1), "messages are signed with it"
    for path in ("/v1/destinations", f"/v1/destinations/{name}"):
        answer = api.get(path)
        assert secret.encode() not in answer.body
        assert answer.headers["cache-control"] == "no-store"


def test_a_destination_as_it_was_made(api: Api, made: dict[str, Any]) -> None:
    name = made["destination"]["name"]
    found = api.get(f"/v1/destinations/{name}").json
    assert found == made["destination"]
    assert found == {
        "name": name,
        "url": URL,
        "actions": ["slow", "suspend"],
        "confirm_seconds": 60,
        "private": False,
        "enabled": True,
        "generation": 1,
        "overlap_until": None,
    }
    assert found in api.get("/v1/destinations").json["destinations"]
    again = api.post("/v1/destinations", {"name": name, "url": URL})
    assert (again.status, again.code) == (409, "conflict")


def test_a_change_takes_effect_at_once(api: Api, services: Services, made: dict[str, Any]) -> None:
    name = made["destination"]["name"]
    path = f"/v1/destinations/{name}"
    assert name in {one.name for one in services.routing.routes().destinations}
    changed = api.send("PATCH", path, {"enabled": False, "actions": ["block"]}).json
    assert (changed["enabled"], changed["actions"], changed["url"]) == (False, ["block"], URL)
    assert name not in {one.name for one in services.routing.routes().destinations}
    api.send("PATCH", path, {"enabled": True})
    assert name in {one.name for one in services.routing.routes().destinations}
    assert api.ask("DELETE", path).status == 204
    assert name not in {one.name for one in services.routing.routes().destinations}
    assert api.get(path).status == 404


def test_a_new_secret_replaces_the_old_after_a_while(api: Api, made: dict[str, Any]) -> None:
    path = f"/v1/destinations/{made['destination']['name']}/rotate"
    rotated = api.post(path, {}).json
    assert rotated["secret"] != made["secret"]
    assert rotated["destination"]["generation"] == 2
    assert rotated["destination"]["overlap_until"] is not None
    at_once = api.post(path, {"overlap_hours": 0}).json
    assert at_once["destination"]["overlap_until"] is None
    for hours in (-1, 721, "x"):
        assert api.post(path, {"overlap_hours": hours}).status == 400


def test_a_name_that_comes_again_has_another_secret(api: Api, made: dict[str, Any]) -> None:
    name = made["destination"]["name"]
    api.ask("DELETE", f"/v1/destinations/{name}")
    again = api.post("/v1/destinations", {"name": name, "url": URL})
    assert again.status == 201
    assert again.json["secret"] != made["secret"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"url": f"ftp://platform.example/{TOKEN}"},
        {"url": f"http://platform.example/{TOKEN}"},
        {"url": f"https://user:{TOKEN}@platform.example/"},
        {"url": f"https://127.0.0.1/{TOKEN}"},
        {"url": f"https://platform.example/#{TOKEN}"},
        {"url": ""},
        {"url": f"https://platform.example/{TOKEN}" + "a" * 2000},
        {"name": "No Name"},
        {"name": "a" * 49},
        {"actions": ["open_case"]},
        {"actions": ["second_look"]},
        {"actions": ["notify"]},
        {"actions": ["punish"]},
        {"confirm_seconds": 0},
        {"confirm_seconds": 86_401},
        {"secret": TOKEN},
    ],
)
def test_what_cannot_be_a_destination(api: Api, wanted: dict[str, object]) -> None:
    answer = create(api, **wanted)
    assert answer.status == 400
    assert TOKEN.encode() not in answer.body, "no part of an address is repeated"


def test_a_change_that_is_refused_changes_nothing(api: Api, made: dict[str, Any]) -> None:
    path = f"/v1/destinations/{made['destination']['name']}"
    for wanted in (
        {"url": f"http://platform.example/{TOKEN}"},
        {"actions": ["notify"]},
        {"name": "other"},
        {"generation": 7},
    ):
        answer = api.send("PATCH", path, {"confirm_seconds": 5, **wanted})
        assert answer.status == 400
        assert TOKEN.encode() not in answer.body
    assert api.get(path).json == made["destination"]


def test_a_test_message_says_what_came_back(api: Api) -> None:
    answer = create(api, url=f"http://127.0.0.1:1/{TOKEN}", private=True)
    name = answer.json["destination"]["name"]
    tried = api.ask("POST", f"/v1/destinations/{name}/test")
    assert tried.status == 200
    assert tried.json["text"] == "no answer came: the address could not be connected to"
    assert (tried.json["destination"], tried.json["confirmed"]) == (name, False)
    assert TOKEN.encode() not in tried.body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/destinations"),
        ("POST", "/v1/destinations"),
        ("GET", "/v1/destinations/nowhere"),
        ("PATCH", "/v1/destinations/nowhere"),
        ("DELETE", "/v1/destinations/nowhere"),
        ("POST", "/v1/destinations/nowhere/rotate"),
        ("POST", "/v1/destinations/nowhere/test"),
    ],
)
def test_destinations_are_for_admins(api: Api, method: str, path: str) -> None:
    for role in api.keys:
        answer = api.ask(method, path, b"{}", role=role, kind="application/json")
        assert (answer.status != 403) == (role == "admin"), role
        if role == "admin" and "nowhere" in path:
            assert answer.status == 404
    assert api.ask(method, path, role="").status == 401
