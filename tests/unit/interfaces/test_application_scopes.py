"""Keys that are limited to scopes, and keys of people: every route holds each to what it may."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.interfaces.knocking import Route, ask_with, judge, routes_of

from tutela.interfaces.access import GRANTS, Permission, Role, may
from tutela.interfaces.services import Services
from tutela.interfaces.web.guard import Caller

if TYPE_CHECKING:
    from tests.unit.interfaces.conftest import Api


@pytest.fixture(scope="module")
def routes(services: Services) -> list[Route]:
    """The routes that a key is good for."""
    public = Permission.PUBLIC
    return [r for r in routes_of(services) if not r.of_console and r.permission is not public]


def test_a_limited_key_gets_the_routes_of_its_scopes_alone(api: Api, routes: list[Route]) -> None:
    everything = {permission.value for permission in Permission}
    for permission in Permission:
        own = [r for r in routes if r.permission is permission]
        if permission is Permission.PUBLIC or not own:
            continue
        create = api.services.keys.create
        only = create("only this", Role.ADMIN, scopes=[permission.value])[1]
        others = create("all but this", Role.ADMIN, scopes=sorted(everything - {permission}))[1]
        for route in own:
            judge(route, ask_with(api, route, only), True, only[:16])  # noqa: FBT003
            refused = ask_with(api, route, others)
            judge(route, refused, False, others[:16])  # noqa: FBT003
            assert "this key is not made for" in refused.body.decode()


def test_a_scope_that_the_role_does_not_have_gives_nothing(api: Api, routes: list[Route]) -> None:
    chance = random.Random(6)  # noqa: S311 - reproducible
    keys = {
        role: api.services.keys.create(role, role, scopes=[p.value for p in Permission])[1]
        for role in Role
    }
    for route in routes:
        role = chance.choice(list(Role))
        judge(route, ask_with(api, route, keys[role]), may(role, route.permission), role)


def test_a_key_of_a_person_may_never_more_than_the_person(api: Api, routes: list[Route]) -> None:
    chance, services = random.Random(7), api.services  # noqa: S311 - reproducible
    people = {
        role: services.accounts.create(f"one.{role}".replace("_", "."), role).id for role in Role
    }
    keys = {
        (of, person): services.keys.create("own", of, account_id=people[person])[1]
        for of, person in itertools.product(Role, Role)
    }
    for route in routes:
        for of, person in chance.sample(list(keys), 3):
            allowed = may(of, route.permission) and may(person, route.permission)
            judge(route, ask_with(api, route, keys[of, person]), allowed, (of, person))
    # It follows the person, whatever becomes of them.
    asked = next(r for r in routes if r.permission is Permission.AUDIT_READ)
    moved = services.keys.create("own", Role.ADMIN, account_id=people[Role.AUDITOR])[1]
    services.accounts.set_role(people[Role.AUDITOR], Role.CURATOR)
    judge(asked, ask_with(api, asked, moved), False, "moved")  # noqa: FBT003
    services.accounts.disable(people[Role.CURATOR])
    gone = services.keys.create("own", Role.CURATOR, account_id=people[Role.CURATOR])[1]
    assert ask_with(api, asked, gone).status == 401


@given(
    role=st.sampled_from([*Role, "archivist"]),
    limit=st.sampled_from([None, *Role, "archivist"]),
    scopes=st.none() | st.sets(st.sampled_from([*(p.value for p in Permission), "other"])),
)
def test_what_a_caller_may(role: str, limit: str | None, scopes: set[str] | None) -> None:
    listed = None if scopes is None else tuple(scopes)
    caller = Caller(id="k", role=role, by="key:k", scopes=listed, limit=limit)
    granted = [set(GRANTS.get(Role(one), ())) for one in (role, limit or role) if one in GRANTS]
    known = all(one in GRANTS for one in (role, limit or role))
    wanted = set.intersection(*granted) if known else set()
    if scopes is not None:
        wanted &= {permission for permission in Permission if permission.value in scopes}
    found = {p for p in Permission if p is not Permission.PUBLIC and caller.may(p)}
    assert found == wanted - {Permission.PUBLIC}
