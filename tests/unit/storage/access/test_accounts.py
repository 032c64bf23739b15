from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutela.errors import Conflict, InvalidInput, NotFound
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.review.account import AccountState, Preferences
from tutela.model.review.protection import Protection
from tutela.storage.access.accounts import FREE_FAILURES, Accounts
from tutela.storage.access.keys import Keys
from tutela.storage.access.sessions import Sessions
from tutela.storage.database import Database

HASH = "$argon2id$v=19$stands-for-one"
LIFE = timedelta(minutes=5)


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


def test_an_account_is_made_found_and_listed(accounts: Accounts) -> None:
    made = accounts.create("mara", "reviewer", by="cli:ada")
    assert accounts.get(made.id) == accounts.find("mara") == made
    assert (made.state, made.second_factor) == (AccountState.INVITED, False)
    assert accounts.create("abel", "reviewer").pseudonym != made.pseudonym
    assert [one.name for one in accounts.list()] == ["abel", "mara"]
    assert accounts.find("nobody") is None
    with pytest.raises(NotFound):
        accounts.get("nobody")
    with pytest.raises(Conflict):
        accounts.create("mara", "admin")


def test_what_is_done_to_an_account_is_told_without_its_name(
    accounts: Accounts, leaves: Callable[[], list[Leaf]]
) -> None:
    made = accounts.create("mara", "reviewer", by="cli:ada")
    accounts.set_role(made.id, "supervisor", by="cli:bea")
    accounts.set_role(made.id, "supervisor", by="cli:bea")  # it has it already
    accounts.disable(made.id, by="cli:cleo")
    accounts.set_preferences(made.id, Preferences(language="fr"), by=f"person:{made.id}")
    accounts.set_protection(made.id, Protection(blur=2), by=f"person:{made.id}")
    told = leaves()
    assert [(leaf.kind, leaf.subject) for leaf in told] == [
        (AuditKind.ACCOUNT, f"person:{made.id}")
    ] * 5
    assert [leaf.data["did"] for leaf in told] == [
        "made",
        "changed",
        "disabled",
        "preferences set",
        "protection set",
    ]
    assert told[1].data["role_before"] == "reviewer"
    assert "mara" not in str(told)


def test_who_is_disabled_is_out_at_once(accounts: Accounts, database: Database) -> None:
    sessions, keys = Sessions(database), Keys(database)
    made = accounts.create("mara", "reviewer")
    session, token = sessions.open("reviewer", idle=LIFE, life=LIFE, account_id=made.id)
    _, secret = keys.create("mara's", "reviewer", account_id=made.id, scopes=["cases.read"])
    found = keys.verify(secret)
    assert found is not None
    assert (found.account_id, found.scopes) == (made.id, ("cases.read",))
    assert (session.name, sessions.find(token)) == (f"person:{made.id}", session)
    accounts.disable(made.id)
    assert sessions.find(token) is None
    assert keys.verify(secret) is None
    accounts.enable(made.id)
    assert keys.verify(secret) is not None
    assert accounts.get(made.id).state is AccountState.INVITED


def test_a_role_counts_at_once_in_open_sessions(accounts: Accounts, database: Database) -> None:
    sessions = Sessions(database)
    made = accounts.create("mara", "reviewer")
    _, token = sessions.open("reviewer", idle=LIFE, life=LIFE, account_id=made.id)
    accounts.set_role(made.id, "auditor")
    found = sessions.find(token)
    assert found is not None
    assert found.role == "auditor"


def test_a_new_password_ends_sessions_and_activates(accounts: Accounts, database: Database) -> None:
    sessions = Sessions(database)
    made = accounts.create("mara", "reviewer")
    _, token = sessions.open("reviewer", idle=LIFE, life=LIFE, account_id=made.id)
    assert accounts.set_password(made.id, HASH, by="cli:ada").state is AccountState.ACTIVE
    assert accounts.credentials(made.id).password == HASH
    assert sessions.find(token) is None
    _, kept = sessions.open("reviewer", idle=LIFE, life=LIFE, account_id=made.id)
    accounts.set_password(made.id, HASH + "2", by="tutela", told=False)
    assert sessions.find(kept) is not None


def test_others_end_and_this_one_stays(accounts: Accounts, database: Database) -> None:
    sessions = Sessions(database)
    made = accounts.create("mara", "reviewer")
    tokens = [
        sessions.open("reviewer", idle=LIFE, life=LIFE, account_id=made.id)[1] for _ in range(3)
    ]
    _, strange = sessions.open("reviewer", idle=LIFE, life=LIFE)
    assert sessions.close_others(tokens[0], made.id) == 2
    assert [sessions.find(token) is not None for token in (*tokens, strange)] == [
        True,
        False,
        False,
        True,
    ]


def test_wrong_passwords_lock_for_longer_and_longer(
    accounts: Accounts, leaves: Callable[[], list[Leaf]]
) -> None:
    made = accounts.create("mara", "reviewer")
    waits = [accounts.failed(made.id) for _ in range(FREE_FAILURES + 2)]
    assert waits[: FREE_FAILURES - 1] == [None] * (FREE_FAILURES - 1)
    first, second, third = waits[FREE_FAILURES - 1 :]
    assert first is not None
    assert second is not None
    assert third is not None
    assert second - first > timedelta(seconds=25)
    assert third - second > timedelta(seconds=50)
    assert accounts.get(made.id).locked_until == third
    assert [leaf.data["did"] for leaf in leaves()].count("locked") == 1
    accounts.unlock(made.id)
    assert accounts.get(made.id).locked_until is None
    assert accounts.failed(made.id) is None


def test_a_step_of_an_authenticator_is_used_once(accounts: Accounts) -> None:
    made = accounts.create("mara", "reviewer")
    generation = accounts.begin_authenticator(made.id)
    assert accounts.begin_authenticator(made.id) == generation
    assert not accounts.credentials(made.id).totp_confirmed
    confirmed = accounts.confirm_authenticator(made.id, generation, 100, by="cli:ada")
    assert confirmed.second_factor
    assert [accounts.use_step(made.id, step) for step in (100, 99, 101, 101)] == [
        False,
        False,
        True,
        False,
    ]
    accounts.set_password(made.id, HASH, by="cli:ada")
    gone = accounts.reset(made.id, by="cli:ada")
    assert (gone.second_factor, gone.state) == (False, AccountState.INVITED)
    assert accounts.credentials(made.id).password is None
    # The lost authenticator's secret never comes back.
    assert accounts.begin_authenticator(made.id) == generation + 1


def test_an_invitation_names_its_account(accounts: Accounts, database: Database) -> None:
    sessions = Sessions(database)
    made = accounts.create("mara", "reviewer")
    found = sessions.redeem(sessions.create_code("reviewer", LIFE, account_id=made.id))
    assert found is not None
    assert found.account_id == made.id


@pytest.mark.parametrize("name", ["", "Mara", "a b", "-mara", "mara\n", "m" * 129, "<b>", "m\x00"])
def test_what_is_no_name_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(InvalidInput):
        accounts.create(name, "reviewer")
    assert accounts.list() == []
