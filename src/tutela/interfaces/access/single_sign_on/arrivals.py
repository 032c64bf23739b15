"""Whoever comes from the provider: which account that is here, in which role."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tutela.errors import Conflict
from tutela.interfaces.access.single_sign_on.refusals import NoPlace
from tutela.interfaces.access.single_sign_on.roles import Rule, role_of
from tutela.interfaces.access.single_sign_on.tokens import Claims
from tutela.model.review.account import Account, AccountName, AccountState
from tutela.settings.single_sign_on import OidcSettings
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.identities import Identities, Identity


class Arrivals(NamedTuple):
    """What it takes to find somebody's place. Every method blocks."""

    accounts: Accounts
    identities: Identities
    settings: OidcSettings
    rules: tuple[Rule, ...]

    def account_of(self, claims: Claims) -> Account:
        """The account of whoever the provider has sent.

        Where roles follow from the provider, the account gets that of now: whoever has left a
        group there has left the role here with the next sign-in.

        Raises:
            NoPlace: nobody here is that person, or the person has no role, or is kept out.
        """
        identity = self.identity_of(claims)
        account = self.identities.find(identity)
        role = role_of(claims, self.settings.role_claim, self.rules)
        if self.rules and role is None:
            raise NoPlace(
                "your organisation's account has no role here",
                remedy="ask whoever gives out its groups",
            )
        if account is None:
            return self._taken_in(claims, identity, role)
        if account.state is AccountState.DISABLED:
            raise NoPlace("your account here is disabled", remedy="ask an administrator")
        if role is not None and role != account.role:
            account = self.accounts.set_role(account.id, role)
        return self._come(account)

    def link(self, account_id: str, claims: Claims, *, by: str) -> Account:
        """Let the person of an account come from the provider from now on.

        Raises:
            Conflict: somebody else is that at the provider already.
        """
        return self.identities.link(account_id, self.identity_of(claims), by=by)

    def identity_of(self, claims: Claims) -> Identity:
        """Who it is, by the provider's own name: all else can be given to another person."""
        return Identity(issuer=self.settings.issuer, subject=claims["sub"])

    def _taken_in(self, claims: Claims, identity: Identity, role: str | None) -> Account:
        name = _name(claims.get(self.settings.name_claim))
        if not self.settings.provision or role is None:
            raise NoPlace(
                "nobody here is linked to your organisation's account",
                remedy="sign in with an invitation, and link the account on its page",
            )
        if name is None:
            raise NoPlace(
                "your organisation's account has no name that could be used here",
                remedy="ask an administrator for an invitation",
            )
        try:
            return self._come(self.identities.take_in(name, role, identity))
        except Conflict:
            twice = self.identities.find(identity)  # as in two windows at once
            if twice is not None:
                return self._come(twice)
            # Never linked by name: whoever can choose a name there would be anybody here.
            raise NoPlace(
                "somebody here has your name already",
                remedy="if that is you, sign in with the password, and link the account there",
            ) from None

    def _come(self, account: Account) -> Account:
        self.accounts.signed_in(account.id)
        return account


def _name(claim: object) -> str | None:
    try:
        return msgspec.convert(str(claim).strip().lower(), AccountName) if claim else None
    except msgspec.ValidationError:
        return None
