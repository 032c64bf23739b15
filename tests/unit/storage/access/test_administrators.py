from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tutela.errors import Conflict
from tutela.model.review.account import Account, AccountState
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.administrators import Administrators, LastAdministrator
from tutela.storage.access.identities import Identities, Identity
from tutela.storage.access.security_keys import SecurityKeys
from tutela.storage.database import Database

BOTH = Administrators(roles=("admin",), factor=True)
PASSWORD_ALONE = Administrators(roles=("admin",), factor=False)
HASH = "$argon2id$v=19$stands-for-one"
ISSUER = "https://login.example"
Change = Callable[[str], Account]


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


def administrator(accounts: Accounts, name: str, *, factor: bool = True) -> str:
    """Somebody who can sign in and administer."""
    account = accounts.create(name, "admin")
    accounts.set_password(account.id, HASH, by="cli:ada")
    if factor:
        accounts.confirm_authenticator(account.id, 1, 1, by="cli:ada")
    return account.id


def changes(accounts: Accounts, kept: Administrators) -> list[Change]:
    """All that would keep somebody from administering."""
    return [
        lambda one: accounts.set_role(one, "reviewer", kept=kept),
        lambda one: accounts.disable(one, kept=kept),
        lambda one: accounts.reset(one, kept=kept, by="cli:ada"),
    ]


def test_the_last_one_stays_whatever_is_tried(accounts: Accounts) -> None:
    first = administrator(accounts, "first")
    invited = accounts.create("invited", "admin")
    administrator(accounts, "bare", factor=False)
    gone = administrator(accounts, "gone")
    accounts.disable(gone, kept=BOTH)
    before = accounts.get(first)
    for change in changes(accounts, BOTH):
        with pytest.raises(LastAdministrator) as refused:
            change(first)
        assert refused.value.remedy
    assert accounts.get(first) == before
    # None of the others could come in, and so may lose what they have.
    for change in reversed(changes(accounts, BOTH)):
        change(invited.id)


def test_another_one_is_enough(accounts: Accounts, database: Database) -> None:
    first, second = (administrator(accounts, name) for name in ("first", "second"))
    accounts.set_role(first, "reviewer", kept=BOTH)
    with pytest.raises(LastAdministrator):
        accounts.disable(second, kept=BOTH)
    accounts.set_role(second, "admin", kept=BOTH)  # stays what it is
    # Whoever comes with a provider, or with a security key, can come in as well.
    linked = accounts.create("linked", "admin").id
    Identities(database).link(linked, Identity(issuer=ISSUER, subject="s-1"))
    accounts.disable(second, kept=BOTH)
    accounts.enable(second)
    keyed = administrator(accounts, "keyed", factor=False)
    SecurityKeys(database).add(keyed, "key", "mine", b"public", 0, by="cli:ada")
    for one in (linked, second):
        accounts.reset(one, kept=BOTH, by="cli:ada")
    with pytest.raises(LastAdministrator):
        accounts.reset(keyed, kept=BOTH, by="cli:ada")


def test_where_a_password_is_enough_it_counts(accounts: Accounts) -> None:
    first, second = (administrator(accounts, name, factor=False) for name in ("first", "second"))
    accounts.disable(first, kept=PASSWORD_ALONE)
    with pytest.raises(LastAdministrator):
        accounts.disable(second, kept=PASSWORD_ALONE)


def test_where_nobody_has_to_stay_nobody_does(accounts: Accounts) -> None:
    first = administrator(accounts, "first")
    assert accounts.disable(first).state is AccountState.DISABLED


def test_there_is_one_in_the_end_after_whatever_was_tried(accounts: Accounts) -> None:
    chance = random.Random(6)  # noqa: S311 - no secret
    people = [administrator(accounts, name) for name in ("one", "two", "three")]
    tried: list[Change] = [
        *changes(accounts, BOTH),
        lambda one: accounts.set_role(one, "admin", kept=BOTH),
        accounts.enable,
        lambda one: accounts.set_password(one, HASH, by="cli:ada"),
        lambda one: accounts.confirm_authenticator(one, 1, 1, by="cli:ada"),
    ]
    refused = 0
    for _ in range(80):
        try:
            chance.choice(tried)(chance.choice(people))
        except Conflict:
            refused += 1
        assert any(
            (one.role, one.state, one.second_factor) == ("admin", AccountState.ACTIVE, True)
            for one in accounts.list()
        )
    assert refused


def test_two_who_keep_each_other_out_do_not_both(accounts: Accounts) -> None:
    people = [administrator(accounts, name) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        for change in changes(accounts, BOTH) * 3:
            both = Barrier(2)

            def at_once(one: str, change: Change = change, both: Barrier = both) -> bool:
                both.wait(10)
                try:
                    change(one)
                except LastAdministrator:
                    return False
                return True

            assert sorted(pool.map(at_once, people)) == [False, True]
            for one in people:
                accounts.enable(one)
                accounts.set_role(one, "admin")
                accounts.set_password(one, HASH, by="cli:ada")
                accounts.confirm_authenticator(one, 1, 1, by="cli:ada")
