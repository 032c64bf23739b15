"""Which role somebody has by what the provider says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tutela.errors import BadConfiguration
from tutela.interfaces.access.grants import Role
from tutela.settings.single_sign_on import OidcSettings

LONGEST_VALUE = 1024
DEEPEST = 8


class Rule(NamedTuple):
    """Whoever has the value in the claim has the role."""

    value: str
    role: Role


def read_rules(text: str) -> tuple[Rule, ...]:
    """The rules of the setting `oidc.roles`, in their order.

    Args:
        text: `VALUE=ROLE` parted by semicolons; a value may hold signs of equality and commas, as
            names in directories do.

    Raises:
        BadConfiguration: a part is no rule, or names no role.
    """
    return tuple(_rule(part.strip()) for part in text.split(";") if part.strip())


def _rule(part: str) -> Rule:
    value, _, role = part.rpartition("=")
    known = {one.value for one in Role}
    if not value.strip() or role.strip() not in known:
        raise BadConfiguration(
            "a part of this is not VALUE=ROLE",
            where="oidc.roles",
            remedy="the roles are " + ", ".join(sorted(known)),
        )
    return Rule(value.strip(), Role(role.strip()))


def role_of(claims: Mapping[str, Any], claim: str, rules: tuple[Rule, ...]) -> Role | None:
    """The role by the first rule that fits; None where none does."""
    values = _values(claims, claim)
    return next((rule.role for rule in rules if rule.value in values), None)


def rules_of(settings: OidcSettings) -> tuple[Rule, ...]:
    """The rules, with a look whether they can do what is asked of them.

    Raises:
        BadConfiguration: accounts are to be made, and nothing says with which role.
    """
    rules = read_rules(settings.roles)
    if settings.provision and not rules:
        raise BadConfiguration(
            "nothing says which role a new account has",
            where="oidc.provision",
            remedy="set oidc.roles as well",
        )
    return rules


def _values(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    """The texts of a claim, which may be one or a list; a dot leads into an object."""
    found: object = claims.get(claim)
    if found is None and "." in claim:
        found = claims
        for name in claim.split(".")[:DEEPEST]:
            found = found.get(name) if isinstance(found, Mapping) else None
    listed = found if isinstance(found, list) else [found]
    return frozenset(one for one in listed if isinstance(one, str) and len(one) <= LONGEST_VALUE)
