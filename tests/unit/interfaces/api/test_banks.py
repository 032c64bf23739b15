from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api

LAKE = "0123456789abcdef" * 4
NEAR = "0123456789abcdef" * 3 + "0123456789abcd00"


def found(api: Api, value: str = LAKE) -> list[str]:
    document = {"signals": [{"kind": "pdq", "value": value}]}
    results = api.post("/v1/lookup", document).json["results"]
    return [match["bank"] for match in results[0]["matches"]]


def make(api: Api, name: str, value: str = LAKE) -> None:
    assert api.post("/v1/banks", {"name": name, "drill": True}).status == 201
    entry = {"signals": [{"kind": "pdq", "value": value}]}
    assert api.post(f"/v1/banks/{name}/entries", {"entries": [entry]}).status == 201


def test_the_life_of_a_bank(api: Api) -> None:
    created = api.post(
        "/v1/banks", {"name": "alps", "source": "us", "distance": 20}, role="curator"
    )
    assert created.status == 201
    assert (created.json["distance"], created.json["trusted"]) == (20, False)
    assert api.get("/v1/banks/alps", role="reviewer").json == created.json
    assert created.json in api.get("/v1/banks").json["banks"]
    change = {"name": "andes", "trusted": True, "source": "them", "distance": 5}
    changed = api.send("PATCH", "/v1/banks/alps", change, role="curator")
    assert changed.status == 200
    assert changed.json["name"] == "andes"
    assert api.get("/v1/banks/alps").status == 404
    deleted = api.ask("DELETE", "/v1/banks/andes", role="curator")
    assert (deleted.status, deleted.body) == (204, b"")
    assert api.get("/v1/banks/andes").status == 404
    assert api.ask("DELETE", "/v1/banks/andes").status == 404


def test_every_change_counts_at_once(api: Api) -> None:
    make(api, "switch")
    assert found(api) == ["switch"]
    api.send("PATCH", "/v1/banks/switch", {"enabled": False})
    assert found(api) == []
    api.send("PATCH", "/v1/banks/switch", {"enabled": True})
    assert found(api) == ["switch"]
    assert found(api, NEAR) == ["switch"]
    api.send("PATCH", "/v1/banks/switch", {"distance": 2})
    assert found(api, NEAR) == []
    api.send("PATCH", "/v1/banks/switch", {"name": "renamed"})
    assert found(api) == ["renamed"]
    api.ask("DELETE", "/v1/banks/renamed")
    assert found(api) == []


def test_two_banks_cannot_share_a_name(api: Api) -> None:
    api.post("/v1/banks", {"name": "one"})
    api.post("/v1/banks", {"name": "two"})
    assert api.post("/v1/banks", {"name": "one"}).code == "conflict"
    assert api.send("PATCH", "/v1/banks/two", {"name": "one"}).code == "conflict"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": ""},
        {"name": "a/b"},
        {"name": "-a"},
        {"name": "x" * 65},
        {"name": "ok", "distance": 32},
        {"name": "ok", "distance": -1},
        {"name": "ok", "distance": "31"},
        {"name": "ok", "source": "x" * 2001},
        {"name": "ok", "exchange": "x"},
        {"name": "ok", "id": 1},
    ],
)
def test_bad_banks(api: Api, document: object) -> None:
    answer = api.post("/v1/banks", document)
    assert (answer.status, answer.code) == (400, "invalid-input")


@pytest.mark.parametrize("document", [{"distance": 99}, {"name": "a b"}, {"drill": True}, [], 1])
def test_bad_changes(api: Api, document: object) -> None:
    assert api.send("PATCH", "/v1/banks/one", document).status == 400
