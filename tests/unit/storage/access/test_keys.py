from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tutela.errors import InvalidInput, NotFound
from tutela.model.custody.leaf import AuditKind, Leaf
from tutela.storage.access.keys import Keys
from tutela.storage.access.tables import api_keys
from tutela.storage.database import Database


@pytest.fixture
def keys(database: Database) -> Keys:
    return Keys(database)


def test_a_key_is_known_by_its_text(keys: Keys) -> None:
    made, text = keys.create("intake", "uploader")
    assert text.startswith(f"tut_{made.id}_")
    found = keys.verify(text)
    assert found is not None
    assert (found.id, found.name, found.role) == (made.id, "intake", "uploader")


def test_the_secret_is_long_new_each_time_and_not_stored(keys: Keys, database: Database) -> None:
    texts = {keys.create("intake", "uploader")[1] for _ in range(20)}
    secrets = {text.split("_", 2)[2] for text in texts}
    assert len(secrets) == 20
    assert min(map(len, secrets)) >= 43  # 256 bits in base 64
    with database.read() as connection:
        stored = str(connection.execute(select(api_keys)).all())
    assert not any(secret in stored for secret in secrets)


def test_anything_else_is_no_key(keys: Keys) -> None:
    made, text = keys.create("intake", "uploader")
    other = keys.create("other", "admin")[1]
    secret = text.split("_", 2)[2]
    wrong = [
        "",
        "tut",
        "tut_",
        f"tut_{made.id}",
        f"tut_{made.id}_",
        f"tut_{made.id}_{secret}x",
        f"tut_{made.id}_{secret[:-1]}",
        f"tut_{made.id}_{other.split('_', 2)[2]}",
        f"TUT_{made.id}_{secret}",
        f"tut_000000000000_{secret}",
        f" {text}",
        f"{text}\n",
        f"tut_\0_{secret}",
        "tut_ü_\udce9",
        text.upper(),
    ]
    assert [keys.verify(attempt) for attempt in wrong] == [None] * len(wrong)


def test_a_revoked_key_is_refused_and_still_listed(keys: Keys) -> None:
    made, text = keys.create("intake", "uploader")
    revoked = keys.revoke(made.id)
    assert revoked.revoked_at is not None
    assert keys.verify(text) is None
    assert keys.revoke(made.id) == revoked
    assert list(keys.list()) == [revoked]
    with pytest.raises(NotFound):
        keys.revoke("nothing")


def test_an_expired_key_is_refused(keys: Keys, database: Database) -> None:
    expires = datetime.now(UTC) + timedelta(hours=1)
    made, text = keys.create("intake", "uploader", expires)
    assert made.expires_at == expires
    assert keys.verify(text) is not None
    with database.write() as connection:
        connection.execute(update(api_keys).values(expires_at=datetime.now(UTC)))
    assert keys.verify(text) is None


def test_a_key_that_makes_no_sense_is_not_made(keys: Keys) -> None:
    with pytest.raises(InvalidInput, match="past"):
        keys.create("intake", "uploader", datetime.now(UTC))
    with pytest.raises(InvalidInput, match="name"):
        keys.create("", "uploader")
    with pytest.raises(InvalidInput, match="name"):
        keys.create("x" * 257, "uploader")
    assert list(keys.list()) == []


def test_use_is_noted_to_the_minute(keys: Keys, database: Database) -> None:
    _, text = keys.create("intake", "uploader")
    keys.verify(text)
    (noted,) = keys.list()
    assert noted.last_used_at is not None
    keys.verify(text)
    assert keys.list()[0].last_used_at == noted.last_used_at
    long_ago = noted.last_used_at - timedelta(minutes=2)
    with database.write() as connection:
        connection.execute(update(api_keys).values(last_used_at=long_ago))
    keys.verify(text)
    again = keys.list()[0].last_used_at
    assert again is not None
    assert again > long_ago


def test_keys_are_listed_in_the_order_of_their_making(keys: Keys) -> None:
    for name in ("c", "a", "b"):
        keys.create(name, "uploader")
    assert [key.name for key in keys.list()] == ["c", "a", "b"]


def test_who_made_and_revoked_a_key_is_told(keys: Keys, leaves: Callable[[], list[Leaf]]) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    key, secret = keys.create("the upload form", "uploader", until, by="cli:ada")
    keys.revoke(key.id, by="cli:bea")
    keys.revoke(key.id, by="cli:cleo")  # it was already
    made, revoked = leaves()
    facts = {"role": "uploader", "expires": until.isoformat(), "account": None, "scopes": None}
    assert (made.kind, made.by, made.subject) == (AuditKind.API_KEY, "cli:ada", f"key:{key.id}")
    assert made.data == {"did": "made", **facts}
    assert (revoked.by, revoked.subject) == ("cli:bea", f"key:{key.id}")
    assert revoked.data == {"did": "revoked", **facts}
    assert secret.split("_")[2] not in str(leaves())


def test_what_was_not_done_is_not_told(keys: Keys, leaves: Callable[[], list[Leaf]]) -> None:
    with pytest.raises(InvalidInput):
        keys.create("", "uploader")
    with pytest.raises(NotFound):
        keys.revoke("nobody")
    assert leaves() == []
