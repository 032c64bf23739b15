"""The page of the people who work here."""

from __future__ import annotations

import html
import itertools
from typing import TYPE_CHECKING

import pytest

from tutela.interfaces.access import GRANTS, Permission, Role, Sensitivity
from tutela.interfaces.console.access.accounts import LEVELS, rights_of

if TYPE_CHECKING:
    from tests.unit.interfaces.console.conftest import Visit


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_may_is_shown_whole_and_by_its_level(role: Role) -> None:
    shown = list(rights_of(role))
    assert {one for _, rights in shown for one in rights} == GRANTS[role] - {Permission.PUBLIC}
    order = [list(LEVELS.values()).index(meaning) for meaning, _ in shown]
    assert order == sorted(order)
    for meaning, rights in shown:
        assert {LEVELS[one.sensitivity] for one in rights} == {meaning}


def test_each_level_is_told_once() -> None:
    assert list(LEVELS) == list(Sensitivity)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_whoever_sees_the_people_sees_what_each_role_may(role: Role, visit: Visit) -> None:
    page = html.unescape(visit(role).get("/console/accounts"))
    own = page.partition('id="rights"')[2]
    assert own.count("<details>") == len(Role)
    for one, permission in itertools.product(Role, (Permission.EVIDENCE_LOOK,)):
        part = own.split("<details>")[1 + list(Role).index(one)]
        assert (f"<code>{permission}</code>" in part) is (permission in GRANTS[one])
