"""Nobody puts in force alone what they wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.interfaces.acting import World, policy

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Answer, Api


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def key_of(world: World, role: str = "policy_editor") -> str:
    """A key that acts for somebody of their own."""
    account = world.person(role).account
    return world.services.keys.create("own", role, account_id=account)[1]


def ask(world: World, key: str, path: str, document: dict[str, str]) -> Answer:

    return world.api.ask(
        "POST",
        path,
        msgspec.json.encode(document),
        role="",
        kind="application/json",
        headers={"authorization": f"Bearer {key}"},
    )


def test_what_one_wrote_another_puts_in_force(world: World) -> None:
    writer, other, text = key_of(world), key_of(world), policy()
    proposed = ask(world, writer, "/v1/policy/propose", {"text": text})
    assert proposed.status == 201
    version = proposed.json["version"]
    for choice in ({"version": version}, {"text": text}):
        refused = ask(world, writer, "/v1/policy/activate", choice)
        assert (refused.status, refused.code) == (409, "conflict")
    assert ask(world, writer, "/v1/policy/shadow", {"version": version}).status == 200
    approved = ask(world, other, "/v1/policy/activate", {"version": version})
    assert (approved.status, approved.json["live"]) == (200, version)


def test_what_nobody_else_has_seen_is_nobodys_to_put_in_force(world: World) -> None:
    refused = ask(world, key_of(world), "/v1/policy/activate", {"text": policy()})
    assert refused.status == 409
    assert "propose" in refused.json["remedy"]


def test_proposing_it_again_as_somebody_else_changes_no_writer(world: World) -> None:
    writer, other, text = key_of(world), key_of(world), policy()
    ask(world, writer, "/v1/policy/propose", {"text": text})
    again = ask(world, other, "/v1/policy/propose", {"text": text})
    assert ask(world, writer, "/v1/policy/activate", {"text": text}).status == 409
    assert again.json["added_by"].startswith("person:")


def test_who_runs_the_machine_is_not_held_up(world: World) -> None:
    assert world.post("/v1/policy/activate", {"text": policy()}).status == 200


def test_a_text_that_is_none_is_not_proposed(world: World) -> None:
    assert ask(world, key_of(world), "/v1/policy/propose", {"text": "rules: ["}).status == 422


def test_a_key_that_acts_for_somebody_does_no_more_than_they_may(world: World) -> None:
    account = world.person("policy_editor").account
    key = world.services.keys.create("own", "admin", account_id=account)[1]
    refused = ask(world, key, "/v1/accounts", {"name": "x", "role": "admin"})
    assert (refused.status, refused.code) == (403, "not-allowed")
    assert ask(world, key, "/v1/policy/propose", {"text": policy()}).status == 201


def test_a_key_is_limited_to_its_scopes(world: World) -> None:
    key = world.services.keys.create("own", "admin", scopes=["policy.change"])[1]
    assert ask(world, key, "/v1/policy/propose", {"text": policy()}).status == 201
    refused = ask(world, key, "/v1/policy/activate", {"text": policy()})
    assert (refused.status, "not made for" in refused.json["detail"]) == (403, True)
