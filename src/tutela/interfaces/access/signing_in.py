"""Signing in with a name, a password and a second factor.

Whatever is wrong, the answer is the same, and takes about as long: nobody learns which names there
are, or which part of it was right.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tutela.interfaces.access.authenticator import Authenticators
from tutela.interfaces.access.passwords import Passwords
from tutela.interfaces.access.security_keys import Site
from tutela.model.review.account import Account, AccountState
from tutela.storage.access.accounts import Accounts, Credentials
from tutela.storage.access.security_keys import SecurityKeys
from tutela.storage.values import now


class Refused(StrEnum):
    """Why somebody was not signed in, as far as it is said."""

    WRONG = "wrong"
    """Name, password or code; or nothing is tried for a while."""
    NO_FACTOR = "no_factor"
    """All was right, and the account lacks the second factor that is asked for here."""


class KeyWanted(NamedTuple):
    """Name and password were right, and a security key is to be shown now."""

    account: Account


class SignIn(NamedTuple):
    """Signs people in.

    Attributes:
        factor_required: whether nobody comes in with a password alone.
    """

    accounts: Accounts
    security_keys: SecurityKeys
    passwords: Passwords
    authenticators: Authenticators
    factor_required: bool

    def sign_in(self, name: str, password: str, code: str) -> Account | KeyWanted | Refused:
        """The account of whoever knows name, password and code. Blocks, and takes its time.

        Where the account has a second factor and no code was given, a security key is asked for.
        """
        account = self.accounts.find(name.strip().lower())
        known = self.accounts.credentials(account.id) if account else None
        right = self.passwords.verify(known.password if known else None, password)
        if account is None or known is None or account.state is not AccountState.ACTIVE:
            return Refused.WRONG
        if account.locked_until is not None and account.locked_until > now():
            return Refused.WRONG  # not even the right one: else it could be told by trying
        if right and not code.strip() and self.security_keys.of(account.id):
            return KeyWanted(account)
        if not right or not self._factor(known, code):
            self.accounts.failed(account.id)
            return Refused.WRONG
        if self.factor_required and not account.second_factor:
            return Refused.NO_FACTOR
        if known.password and self.passwords.outdated(known.password):
            renewed = self.passwords.hash(password)
            self.accounts.set_password(account.id, renewed, by=f"person:{account.id}", told=False)
        self.accounts.signed_in(account.id)
        return account

    def shown(self, account_id: str, site: Site, answer: str, challenge: str) -> Account | Refused:
        """The account of whoever showed the security key that was asked for. Blocks.

        Args:
            account_id: whose password was right.
            site: where the key was shown.
            answer: what the browser sent.
            challenge: what it was asked.
        """
        account = self.accounts.get(account_id)
        locked = account.locked_until is not None and account.locked_until > now()
        if locked or account.state is not AccountState.ACTIVE:
            return Refused.WRONG
        found = site.shown(answer, challenge, self.security_keys.of(account_id))
        if found is None or not self.security_keys.used(*found):
            self.accounts.failed(account_id)
            return Refused.WRONG
        self.accounts.signed_in(account_id)
        return account

    def _factor(self, known: Credentials, code: str) -> bool:
        """Whether the code is right and was not used before; so it is where nothing is set up."""
        if not known.totp_confirmed:
            return not known.account.second_factor
        account_id = known.account.id
        step = self.authenticators.step(account_id, known.totp_generation, code)
        return step is not None and self.accounts.use_step(account_id, step)
