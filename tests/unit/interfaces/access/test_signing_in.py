from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher

from tutela.interfaces.access.authenticator import Authenticators
from tutela.interfaces.access.passwords import Passwords
from tutela.interfaces.access.signing_in import Refused, SignIn
from tutela.model.review.account import Account
from tutela.response.secrets import Secrets
from tutela.storage.access.accounts import FREE_FAILURES, Accounts
from tutela.storage.access.security_keys import SecurityKeys
from tutela.storage.database import Database

GOOD = "four words of nobody"


def hasher(time_cost: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=8, parallelism=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'tutela.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def door(database: Database) -> SignIn:
    keys, passwords = SecurityKeys(database), Passwords(hasher(1))
    own = Authenticators(Secrets(b"k" * 32))
    return SignIn(Accounts(database), keys, passwords, own, factor_required=True)


@pytest.fixture
def mara(door: SignIn) -> Account:
    made = door.accounts.create("mara", "reviewer")
    return door.accounts.set_password(made.id, door.passwords.hash(GOOD), by="tutela")


@pytest.fixture
def code(door: SignIn, mara: Account) -> Callable[[int], str]:
    """Codes of the authenticator, now or some steps later."""
    door.accounts.confirm_authenticator(mara.id, 1, 0, by="tutela")
    totp = pyotp.TOTP(door.authenticators.secret(mara.id, 1))
    return lambda later: totp.at(int(time.time()) + 30 * later)


def test_name_password_and_code_are_all_needed(
    door: SignIn, mara: Account, code: Callable[[int], str]
) -> None:
    assert door.sign_in("mara", GOOD, "") is Refused.WRONG
    assert door.sign_in("mara", "another password", code(0)) is Refused.WRONG
    assert door.sign_in("nobody", GOOD, code(0)) is Refused.WRONG
    found = door.sign_in(" Mara ", GOOD, code(0))
    assert isinstance(found, Account)
    assert found.id == mara.id
    assert door.accounts.get(mara.id).last_sign_in_at is not None


def test_a_code_is_good_once(door: SignIn, code: Callable[[int], str]) -> None:
    now = code(0)
    assert isinstance(door.sign_in("mara", GOOD, now), Account)
    assert door.sign_in("mara", GOOD, now) is Refused.WRONG
    assert door.sign_in("mara", GOOD, code(-1)) is Refused.WRONG
    assert isinstance(door.sign_in("mara", GOOD, code(1)), Account)


def test_who_guesses_waits_and_so_does_the_right_one(
    door: SignIn, mara: Account, code: Callable[[int], str]
) -> None:
    for _ in range(FREE_FAILURES):
        assert door.sign_in("mara", "a wrong password", code(0)) is Refused.WRONG
    assert door.sign_in("mara", GOOD, code(0)) is Refused.WRONG
    door.accounts.unlock(mara.id)
    assert isinstance(door.sign_in("mara", GOOD, code(1)), Account)


@pytest.mark.usefixtures("mara")
def test_a_password_alone_is_not_enough_unless_it_is_set_so(door: SignIn) -> None:
    assert door.sign_in("mara", GOOD, "") is Refused.NO_FACTOR
    assert door.sign_in("mara", "a wrong password", "") is Refused.WRONG
    assert isinstance(door._replace(factor_required=False).sign_in("mara", GOOD, ""), Account)


def test_who_is_invited_or_kept_out_does_not_come_in(door: SignIn, mara: Account) -> None:
    open_door = door._replace(factor_required=False)
    door.accounts.disable(mara.id)
    assert open_door.sign_in("mara", GOOD, "") is Refused.WRONG
    door.accounts.create("noor", "reviewer")
    assert open_door.sign_in("noor", "", "") is Refused.WRONG


def test_a_hash_is_renewed_when_costs_have_grown(door: SignIn, mara: Account) -> None:
    before = door.accounts.credentials(mara.id).password
    grown = Passwords(hasher(2))
    later = door._replace(passwords=grown, factor_required=False)
    assert isinstance(later.sign_in("mara", GOOD, ""), Account)
    after = door.accounts.credentials(mara.id).password
    assert after is not None
    assert after != before
    assert not grown.outdated(after)
