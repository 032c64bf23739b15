"""What is done about people: invited, invited again, given another role, kept out."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from tutela.errors import Conflict, InvalidInput
from tutela.interfaces.access.grants import Permission, Role, may
from tutela.model.record import Record
from tutela.model.review.account import Account, AccountName
from tutela.settings.access import AccessSettings
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.administrators import Administrators
from tutela.storage.access.sessions import Sessions

ADMINISTER = tuple(role.value for role in Role if may(role, Permission.ACCOUNTS_CHANGE))
"""Roles of whom one account has to be left that somebody can sign in to."""


class NewPerson(Record, frozen=True, kw_only=True):
    """A person who is to work here.

    Attributes:
        name: what the person signs in with: small letters, digits and `._@+-`.
        role: what the person may do.
    """

    name: AccountName
    role: Role


class PersonChange(Record, frozen=True, kw_only=True):
    """What is to be different about a person; what is left out stays.

    Attributes:
        role: what the person may do from now on; it counts at once.
        enabled: False keeps the person out from now on, True lets the person in again.
        unlock: True lets passwords be tried again at once.
    """

    role: Role | None = None
    enabled: bool | None = None
    unlock: bool = False


class Invitation(Record, frozen=True, kw_only=True):
    """An account with a one-time code, which is shown once.

    Attributes:
        account: the account.
        code: signs the person in once, to set a password and a second factor.
        minutes: for how long the code can be used.
    """

    account: Account
    code: str
    minutes: int


class People(NamedTuple):
    """The repositories that it takes, how long an invitation holds, and who has to stay."""

    accounts: Accounts
    sessions: Sessions
    minutes: int
    kept: Administrators

    @classmethod
    def of(cls, accounts: Accounts, sessions: Sessions, settings: AccessSettings) -> People:
        """What changes people, as it is set."""
        kept = Administrators(roles=ADMINISTER, factor=settings.second_factor == "required")
        return cls(accounts, sessions, settings.invitation_minutes, kept)

    def invite(self, new: NewPerson, *, by: str) -> Invitation:
        """Make an account and a code for it; raises `Conflict` where the name is taken."""
        return self._invitation(self.accounts.create(new.name, new.role, by=by), by)

    def invite_again(self, account_id: str, *, last: bool = False, by: str) -> Invitation:
        """Forget all that a person signs in with, and make a code: for whoever lost a part of it.

        Args:
            account_id: whose account.
            last: whether it may be the last that can administer: where whoever asks is on the
                server itself, and can make another code.
            by: who asks.

        Raises:
            NotFound: there is no such account.
            Conflict: it is disabled.
            LastAdministrator: nobody else could administer until the code is used.
        """
        kept = None if last else self.kept
        return self._invitation(self.accounts.reset(account_id, kept=kept, by=by), by)

    def change(self, account_id: str, wanted: PersonChange, *, by: str) -> Account:
        """Change a person's role, or whether the person may come in.

        Raises:
            NotFound: there is no such account.
            InvalidInput: nothing is to change.
            Conflict: somebody wants to lose their own rights.
            LastAdministrator: nobody else could administer.
        """
        account = self.accounts.get(account_id)
        if wanted == PersonChange():
            raise InvalidInput("nothing is to change", remedy="name a role, or say enabled")
        loses = wanted.enabled is False or wanted.role not in (None, Role.ADMIN)
        if loses and by == f"person:{account_id}":
            raise Conflict("you cannot do this to yourself", remedy="ask another administrator")
        if wanted.role is not None:
            account = self.accounts.set_role(account_id, wanted.role, kept=self.kept, by=by)
        if wanted.enabled:
            account = self.accounts.enable(account_id, by=by)
        if wanted.enabled is False:
            account = self.accounts.disable(account_id, kept=self.kept, by=by)
        if wanted.unlock:
            account = self.accounts.unlock(account_id, by=by)
        return account

    def _invitation(self, account: Account, by: str) -> Invitation:
        life = timedelta(minutes=self.minutes)
        code = self.sessions.create_code(account.role, life, account_id=account.id, by=by)
        return Invitation(account=account, code=code, minutes=self.minutes)


def named(accounts: Accounts, name: str) -> Account:
    """The account of a name.

    Raises:
        InvalidInput: there is none.
    """
    account = accounts.find(name)
    if account is None:
        raise InvalidInput("nobody has this name", where="name", remedy="list the accounts")
    return account
