"""The last account that can administer stays: else nobody here could let anybody in again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, exists, or_, select, true

from tutela.errors import Conflict
from tutela.model.record import Record
from tutela.model.review.account import AccountState
from tutela.storage.access.tables import accounts, identities, security_keys


class LastAdministrator(Conflict):
    """Nobody else could administer."""

    code = "last-administrator"


class Administrators(Record, frozen=True, kw_only=True):
    """Who counts as an account that can administer.

    Attributes:
        roles: roles that may change accounts, in the words of the layer above.
        factor: whether a password lets nobody in without a second factor.
    """

    roles: Sequence[str]
    factor: bool


def keep_one(connection: Connection, account_id: str, kept: Administrators) -> None:
    """Go on only if somebody could still administer without an account.

    Of two who would keep each other out at the same time, one waits for the other, and is refused.

    Raises:
        LastAdministrator: it is the last that can.
    """
    administer = accounts.c.role.in_(kept.roles)
    # Locked first and looked at afterwards: what another one did meanwhile is then seen.
    connection.execute(
        select(accounts.c.id).where(administer).order_by(accounts.c.id).with_for_update()
    )
    own_keys = exists().where(security_keys.c.account_id == accounts.c.id)
    factor = or_(accounts.c.totp_confirmed_at.isnot(None), own_keys) if kept.factor else true()
    linked = exists().where(identities.c.account_id == accounts.c.id)
    comes_in = or_(linked, and_(accounts.c.password.isnot(None), factor))
    active = accounts.c.state == AccountState.ACTIVE.value
    able = select(accounts.c.id).where(administer, active, comes_in)
    if set(connection.scalars(able)) == {account_id}:
        raise LastAdministrator(
            "nobody else could administer",
            remedy="invite another administrator and wait until they have signed in by themselves",
        )
