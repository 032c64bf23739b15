"""The people who work here, over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.interfaces.acting import World

from tutela.model.review.account import AccountState

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def administrator(world: World, name: str) -> str:
    """Somebody who can sign in and administer."""
    accounts = world.services.accounts
    account = accounts.create(name, "admin")
    accounts.set_password(account.id, "stands-for-a-hash", by="cli:ada")
    accounts.confirm_authenticator(account.id, 1, 1, by="cli:ada")
    return account.id


def test_somebody_is_invited_and_found(world: World) -> None:
    invited = world.post("/v1/accounts", {"name": "mara", "role": "reviewer"})
    account = invited.json["account"]
    assert (invited.status, account["role"], account["state"]) == (201, "reviewer", "invited")
    assert world.services.sessions.redeem(invited.json["code"]) is not None
    assert world.api.get(f"/v1/accounts/{account['id']}").json == account
    assert account in world.api.get("/v1/accounts").json["accounts"]
    again = world.post("/v1/accounts", {"name": "mara", "role": "reviewer"})
    assert (again.status, again.code) == (409, "conflict")
    for wrong in ({"name": "<b>", "role": "reviewer"}, {"name": "x", "role": "archivist"}):
        assert world.post("/v1/accounts", wrong).status == 400
    assert world.send("PATCH", f"/v1/accounts/{account['id']}", {}).status == 400
    assert world.send("PATCH", "/v1/accounts/nobody", {"enabled": False}).status == 404


def test_the_last_who_can_administer_stays(world: World) -> None:
    first = administrator(world, "first")
    ways = [
        ("PATCH", f"/v1/accounts/{first}", {"role": "auditor"}),
        ("PATCH", f"/v1/accounts/{first}", {"enabled": False}),
        ("POST", f"/v1/accounts/{first}/invite", {}),
    ]
    for way in ways:
        refused = world.send(*way)
        assert (refused.status, refused.code) == (409, "last-administrator")
        assert "invite another administrator" in refused.json["remedy"]
    # The console says the same.
    forms = [
        world.submit(f"/accounts/{first}", do="disable"),
        world.submit(f"/accounts/{first}", do="role", role="auditor"),
        world.submit(f"/accounts/{first}/invite"),
    ]
    for form in forms:
        assert form.status == 400
        assert "nobody else could administer" in form.body.decode()
    second = administrator(world, "second")
    assert world.send(*ways[0]).status == 200
    assert world.services.accounts.get(first).role == "auditor"
    assert world.services.accounts.get(second).state is AccountState.ACTIVE
