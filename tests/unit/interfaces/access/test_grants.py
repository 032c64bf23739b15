from __future__ import annotations

import pytest

from tutela.interfaces.access import GRANTS, Permission, Role, may


def test_public_needs_no_role() -> None:
    assert may("", Permission.PUBLIC)
    assert may("stranger", Permission.PUBLIC)


@pytest.mark.parametrize("permission", [p for p in Permission if p is not Permission.PUBLIC])
def test_an_unknown_role_has_nothing(permission: Permission) -> None:
    assert not may("stranger", permission)
    assert not may("", permission)
    assert not may("ADMIN", permission)


@pytest.mark.parametrize("permission", list(Permission))
def test_an_admin_has_everything(permission: Permission) -> None:
    assert may("admin", permission)


def test_every_role_stands_in_the_table() -> None:
    assert set(GRANTS) == set(Role)


@pytest.mark.parametrize("role", [Role.UPLOADER, Role.REVIEWER])
def test_only_curators_and_admins_see_or_change_what_the_lists_hold(role: Role) -> None:
    lists = {
        Permission.ENTRIES_READ,
        Permission.ENTRIES_CHANGE,
        Permission.BANKS_CHANGE,
    }
    assert not any(may(role, permission) for permission in lists)


@pytest.mark.parametrize("role", [Role.UPLOADER, Role.CURATOR])
def test_cases_are_for_reviewers(role: Role) -> None:
    assert not may(role, Permission.CASES_READ)


def test_the_platform_confirms_and_sees_nothing_of_the_actions_else() -> None:
    assert may(Role.UPLOADER, Permission.ACTIONS_CONFIRM)
    assert not may(Role.UPLOADER, Permission.ACTIONS_READ)
    assert not may(Role.REVIEWER, Permission.ACTIONS_CONFIRM)


@pytest.mark.parametrize("role", [Role.UPLOADER, Role.CURATOR, Role.REVIEWER])
def test_only_admins_see_addresses_make_secrets_and_send_again(role: Role) -> None:
    own = {
        Permission.DESTINATIONS_READ,
        Permission.DESTINATIONS_CHANGE,
        Permission.ACTIONS_RETRY,
    }
    assert not any(may(role, permission) for permission in own)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        GRANTS[Role.UPLOADER] = frozenset(Permission)  # type: ignore[index]
