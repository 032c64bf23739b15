from __future__ import annotations

from typing import Any

import pytest

from tutela.errors import BadConfiguration
from tutela.interfaces.access import Role
from tutela.interfaces.access.single_sign_on.roles import Rule, read_rules, role_of, rules_of
from tutela.settings.single_sign_on import OidcSettings

RULES = read_rules("cn=leads,ou=safety=supervisor; review=reviewer;")


def test_rules_are_read_in_their_order() -> None:
    assert (
        Rule("cn=leads,ou=safety", Role.SUPERVISOR),
        Rule("review", Role.REVIEWER),
    ) == RULES
    assert read_rules(" ") == ()


@pytest.mark.parametrize("wrong", ["x", "x=", "=admin", "x=boss", "x=admin, y", "a=admin;b"])
def test_what_is_no_rule(wrong: str) -> None:
    with pytest.raises(BadConfiguration, match="senior_reviewer"):
        read_rules(wrong)


@pytest.mark.parametrize(
    ("said", "role"),
    [
        (["review", "cn=leads,ou=safety"], Role.SUPERVISOR),
        (["other", "review"], Role.REVIEWER),
        ("review", Role.REVIEWER),
        ("review,other", None),
        ("REVIEW", None),
        ([], None),
        (None, None),
        (7, None),
        ({"review": True}, None),
        ([["review"], {"review": 1}, None], None),
        (["review" + "x" * 2000], None),
    ],
)
def test_the_first_rule_that_fits(said: object, role: Role | None) -> None:
    assert role_of({"groups": said}, "groups", RULES) == role


@pytest.mark.parametrize(
    ("claims", "claim", "role"),
    [
        ({"realm": {"roles": ["review"]}}, "realm.roles", Role.REVIEWER),
        ({"https://a.example/roles": ["review"]}, "https://a.example/roles", Role.REVIEWER),
        ({"realm": ["review"]}, "realm.roles", None),
        ({"realm": None}, "realm.roles", None),
        ({}, "realm.roles", None),
    ],
)
def test_claims_within_claims(claims: dict[str, Any], claim: str, role: Role | None) -> None:
    assert role_of(claims, claim, RULES) == role


def test_accounts_are_made_only_where_a_role_follows() -> None:
    with pytest.raises(BadConfiguration, match=r"oidc\.provision"):
        rules_of(OidcSettings(provision=True))
    assert rules_of(OidcSettings(provision=True, roles="x=reviewer"))
    assert rules_of(OidcSettings()) == ()
