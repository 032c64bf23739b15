from __future__ import annotations

from collections.abc import Callable

import pytest

from tutela.errors import Conflict, NotFound
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.access.accounts import Accounts
from tutela.storage.access.security_keys import MOST, SecurityKeys
from tutela.storage.database import Database


@pytest.fixture
def keys(database: Database) -> SecurityKeys:
    return SecurityKeys(database)


@pytest.fixture
def mara(database: Database) -> str:
    return Accounts(database).create("mara", "reviewer").id


def test_a_key_is_kept_and_makes_a_second_factor(
    keys: SecurityKeys, mara: str, database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    accounts = Accounts(database)
    assert not accounts.get(mara).second_factor
    keys.add(mara, "k1", "on my ring", b"public", 3, by=f"person:{mara}")
    (kept,) = keys.of(mara)
    assert (kept.id, kept.public_key, kept.sign_count, kept.last_used_at) == (
        *("k1", b"public", 3),
        None,
    )
    assert accounts.get(mara).second_factor
    told = leaves()[-1]
    assert (told.kind, told.data["did"]) == (AuditKind.ACCOUNT, "security key set")
    assert "ring" not in str(told)


def test_a_key_belongs_to_one_account(keys: SecurityKeys, mara: str, database: Database) -> None:
    abel = Accounts(database).create("abel", "reviewer").id
    keys.add(mara, "k1", "mine", b"public", 0, by="")
    with pytest.raises(Conflict):
        keys.add(abel, "k1", "mine too", b"public", 0, by="")
    with pytest.raises(NotFound):
        keys.remove(abel, "k1", by="")
    assert keys.of(abel) == []


def test_a_use_counts_once(keys: SecurityKeys, mara: str) -> None:
    keys.add(mara, "k1", "mine", b"public", 3, by="")
    (kept,) = keys.of(mara)
    # Two answers of the same moment: one of them was played by somebody else.
    assert [keys.used(kept, 4), keys.used(kept, 4), keys.used(kept, 5)] == [True, False, False]
    assert keys.of(mara)[0].sign_count == 4


def test_the_last_second_factor_is_not_removed(
    keys: SecurityKeys, mara: str, database: Database, leaves: Callable[[], list[Leaf]]
) -> None:
    for name in ("k1", "k2"):
        keys.add(mara, name, name, b"public", 0, by="")
    keys.remove(mara, "k1", by="person:x")
    assert leaves()[-1].data["did"] == "security key removed"
    with pytest.raises(Conflict):
        keys.remove(mara, "k2", by="person:x")
    Accounts(database).confirm_authenticator(mara, 1, 7, by="person:x")
    keys.remove(mara, "k2", by="person:x")
    assert keys.of(mara) == []


def test_an_account_has_only_so_many(keys: SecurityKeys, mara: str) -> None:
    for number in range(MOST):
        keys.add(mara, f"k{number}", "mine", b"public", 0, by="")
    with pytest.raises(Conflict):
        keys.add(mara, "one more", "mine", b"public", 0, by="")
