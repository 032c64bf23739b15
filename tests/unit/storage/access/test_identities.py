from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tutela.errors import Conflict, NotFound
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.model.review.account import AccountState
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.identities import Identities, Identity
from tutela.storage.database import Database

ONE = Identity(issuer="https://login.example", subject="s-1")
OTHER = Identity(issuer="https://login.example", subject="S-1")
ABROAD = Identity(issuer="https://login.other.example", subject="s-1")


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
def identities(database: Database) -> Identities:
    return Identities(database)


def test_an_identity_is_that_of_one_provider_in_every_letter(
    accounts: Accounts, identities: Identities
) -> None:
    mara = accounts.create("mara", "reviewer")
    linked = identities.link(mara.id, ONE, by="cli:ada")
    assert linked.state is AccountState.ACTIVE
    assert identities.find(ONE) == linked
    assert identities.find(OTHER) is None
    assert identities.find(ABROAD) is None
    (kept,) = identities.of(mara.id)
    assert kept.identity == ONE


def test_nobody_gets_what_is_somebody_elses(accounts: Accounts, identities: Identities) -> None:
    mara, oak = (accounts.create(name, "reviewer") for name in ("mara", "oak"))
    identities.link(mara.id, ONE)
    with pytest.raises(Conflict, match="another account"):
        identities.link(oak.id, ONE)
    identities.link(mara.id, ONE)  # once more changes nothing
    assert len(identities.of(mara.id)) == 1
    assert identities.of(oak.id) == []
    accounts.disable(oak.id)
    with pytest.raises(Conflict, match="disabled"):
        identities.link(oak.id, OTHER)
    with pytest.raises(NotFound):
        identities.link("nobody", OTHER)


def test_taking_in_makes_an_account_and_its_link_or_neither(
    accounts: Accounts, identities: Identities
) -> None:
    taken = identities.take_in("mara", "reviewer", ONE)
    assert (taken.name, taken.state) == ("mara", AccountState.ACTIVE)
    with pytest.raises(Conflict, match="this name"):
        identities.take_in("mara", "admin", OTHER)
    assert identities.find(OTHER) is None
    assert [account.role for account in accounts.list()] == ["reviewer"]


def test_whoever_comes_twice_at_once_gets_one_account(
    accounts: Accounts, identities: Identities
) -> None:
    def come(name: str) -> bool:
        try:
            identities.take_in(name, "reviewer", ONE)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        came = list(threads.map(come, ["mara"] * 4 + ["oak"] * 4))
    assert came.count(True) == 1
    assert len(accounts.list()) == 1


def test_what_was_linked_can_be_taken_away(accounts: Accounts, identities: Identities) -> None:
    mara = accounts.create("mara", "reviewer")
    identities.link(mara.id, ONE)
    with pytest.raises(NotFound):
        identities.unlink(mara.id, ABROAD.issuer)
    identities.unlink(mara.id, ONE.issuer)
    assert identities.find(ONE) is None
    with pytest.raises(NotFound):
        identities.unlink(mara.id, ONE.issuer)


def test_a_new_start_forgets_it(accounts: Accounts, identities: Identities) -> None:
    mara = identities.take_in("mara", "reviewer", ONE)
    accounts.reset(mara.id, by="cli:ada")
    assert identities.find(ONE) is None


def test_whoever_comes_by_a_provider_is_let_in_again_without_an_invitation(
    accounts: Accounts, identities: Identities
) -> None:
    mara = identities.take_in("mara", "reviewer", ONE)
    accounts.disable(mara.id)
    assert accounts.enable(mara.id).state is AccountState.ACTIVE


def test_leaves_name_the_provider_and_never_the_person(
    accounts: Accounts, identities: Identities, leaves: Callable[[], list[Leaf]]
) -> None:
    subject = Identity(issuer=ONE.issuer, subject="mara@example.org")
    mara = accounts.create("mara", "reviewer")
    identities.link(mara.id, subject, by="cli:ada")
    identities.unlink(mara.id, ONE.issuer, by="cli:ada")
    told = [leaf for leaf in leaves() if leaf.by == "cli:ada"]
    assert [(leaf.kind, leaf.data["did"]) for leaf in told] == [
        (AuditKind.ACCOUNT, "linked"),
        (AuditKind.ACCOUNT, "unlinked"),
    ]
    assert told[0].data["issuer"] == ONE.issuer
    assert "mara" not in str(told)


def test_the_only_way_in_is_not_taken_away(accounts: Accounts, identities: Identities) -> None:
    mara = accounts.create("mara", "reviewer")
    identities.link(mara.id, ONE)
    with pytest.raises(Conflict, match="a password"):
        identities.unlink(mara.id, ONE.issuer, factor=False)
    accounts.set_password(mara.id, "a hash", by="cli:ada")
    with pytest.raises(Conflict, match="a second factor"):
        identities.unlink(mara.id, ONE.issuer, factor=True)
    assert identities.find(ONE) == accounts.get(mara.id)
    accounts.confirm_authenticator(mara.id, 1, 1, by="cli:ada")
    identities.unlink(mara.id, ONE.issuer, factor=True)
    assert identities.find(ONE) is None
