from __future__ import annotations

import pytest

from tutela.interfaces.access import GRANTS, Permission, Role, Sensitivity, may


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


def of(role: Role, *levels: Sensitivity) -> set[Permission]:
    return {permission for permission in GRANTS[role] if permission.sensitivity in levels}


def test_every_level_has_permissions_and_the_last_is_the_most_sensitive() -> None:
    assert {permission.sensitivity for permission in Permission} == set(Sensitivity)
    assert next(iter(Sensitivity)) is Permission.PUBLIC.sensitivity
    assert list(Sensitivity)[-1] is Permission.ACCOUNTS_CHANGE.sensitivity


def test_a_permission_is_its_name() -> None:
    assert f"{Permission.EVIDENCE_LOOK}" == Permission.EVIDENCE_LOOK.value == "evidence.look"


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.REPORTER, Role.POLICY_EDITOR, Role.AUDITOR])
def test_who_does_not_work_with_material_gets_none(role: Role) -> None:
    assert not of(role, Sensitivity.MATERIAL)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_the_keys_to_the_house_are_for_administrators(role: Role) -> None:
    approves = {Permission.POLICY_APPROVE} if role is Role.POLICY_EDITOR else set()
    assert of(role, Sensitivity.KEYS) == approves


def test_an_auditor_changes_nothing() -> None:
    changing = {
        permission
        for permission in GRANTS[Role.AUDITOR]
        if permission.value.split(".")[1] not in {"read", "export"}
    }
    assert changing == {Permission.OWN_ACCOUNT}
