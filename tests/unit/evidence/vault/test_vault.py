from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from tutela.errors import InvalidInput, NotFound
from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.keys.service import KeyUnavailable, Wrapped, WrongKey
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.store import BlobMissing, Damaged, blob_name
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import Sealed, StoredObject

if TYPE_CHECKING:
    from tests.unit.evidence.vault.conftest import Opened

LINE = b"a harmless line about a mountain"
SHA256 = hashlib.sha256(LINE).hexdigest()
Stored = Callable[[Sealed], StoredObject]


class Eventful(MemoryKeys):
    """Keys in memory; something happens whenever one wraps."""

    def __init__(self, happens: Callable[[bytes], object]) -> None:
        super().__init__()
        self._happens = happens

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        self._happens(context)
        return super().wrap(key, context)


@pytest.fixture
def opened(open_vault: Callable[[int], Opened]) -> Opened:
    return open_vault(10)


def test_bytes_and_a_file_are_sealed_alike(opened: Opened, stored: Stored) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(LINE)
        file.seek(3)
        kept = [
            opened.vault.seal(source, sha256=sha256)
            for source in (LINE, file.fileno())
            for sha256 in (None, SHA256, SHA256.upper())
        ]
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 3
    for sealed in kept:
        assert b"".join(opened.vault.read(stored(sealed))) == LINE
        assert (sealed.size, sealed.digests) == (len(LINE), {"sha256": SHA256})
    assert len({sealed.id for sealed in kept}) == len({sealed.wrapped for sealed in kept}) == 6
    assert {sealed.address for sealed in kept} == {opened.vault.address(SHA256)}


def test_an_address_is_a_keyed_digest(opened: Opened, open_vault: Callable[[int], Opened]) -> None:
    key = opened.keys.derive("address")
    expected = hmac.new(key, hashlib.sha256(LINE).digest(), hashlib.sha256).hexdigest()
    assert opened.vault.address(SHA256) == opened.vault.address(SHA256.upper()) == expected
    assert open_vault(10).vault.address(SHA256) != expected


@pytest.mark.parametrize("digest", ["", "a harmless line", SHA256[:-1], SHA256[:-1] + "g"])
def test_what_is_no_digest_is_refused(opened: Opened, digest: str) -> None:
    with pytest.raises(InvalidInput, match="64 hex digits"):
        opened.vault.address(digest)
    with pytest.raises(InvalidInput, match="64 hex digits"):
        opened.vault.seal(LINE, sha256=digest)


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 20])
def test_bytes_with_another_digest_are_not_kept(opened: Opened, length: int) -> None:
    with pytest.raises(InvalidInput, match="SHA-256") as caught:
        opened.vault.seal(LINE[:length], sha256=SHA256)
    assert SHA256 not in str(caught.value)
    assert list(opened.store.list()) == []


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda file: os.pwrite(file, b"A", 0), "changed meanwhile"),
        (lambda file: os.pwrite(file, b"A", len(LINE) - 1), "changed meanwhile"),
        (lambda file: os.ftruncate(file, 3), "shorter"),
    ],
)
def test_a_file_that_changes_meanwhile_is_not_kept(
    change: Callable[[int], object], how: str
) -> None:
    """Between the pass that hashes and the one that seals: just when the key is wrapped."""
    store = MemoryStore()
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(LINE)
        vault = Vault(store, Eventful(lambda _: change(file.fileno())), chunk_bytes=10)
        with pytest.raises(InvalidInput, match=how):
            vault.seal(file.fileno())
    assert list(store.list()) == []


def test_nothing_is_written_without_a_key() -> None:
    def down(_: bytes) -> None:
        raise KeyUnavailable("the key service does not answer")

    store = MemoryStore()
    with pytest.raises(KeyUnavailable):
        Vault(store, Eventful(down)).seal(LINE)
    assert list(store.list()) == []


def test_the_key_of_an_object_is_bound_to_its_name() -> None:
    contexts: list[bytes] = []
    sealed = Vault(MemoryStore(), Eventful(contexts.append)).seal(LINE)
    assert contexts == [blob_name(sealed.address, sealed.id).encode()]


def test_nothing_plain_lies_in_the_store(opened: Opened) -> None:
    sealed = opened.vault.seal(LINE * 100)
    name = blob_name(sealed.address, sealed.id)
    blob = b"".join(opened.store.get(name))
    plain_digest = hashlib.sha256(LINE * 100)
    for secret in (LINE[:8], plain_digest.digest(), plain_digest.hexdigest().encode()):
        assert secret not in blob + name.encode()


def test_an_object_that_is_destroyed_cannot_be_read(opened: Opened, stored: Stored) -> None:
    gone = msgspec.structs.replace(stored(opened.vault.seal(LINE)), wrapped=None)
    for ask in (opened.vault.read, opened.vault.check, opened.vault.rewrap):
        with pytest.raises(NotFound, match="destroyed"):
            ask(gone)


def test_a_blob_that_is_not_there_is_told(opened: Opened, stored: Stored) -> None:
    object_ = stored(opened.vault.seal(LINE))
    opened.vault.discard(object_)
    opened.vault.discard(object_)
    with pytest.raises(BlobMissing):
        opened.vault.check(object_)


def test_errors_of_keys_come_before_the_first_piece(opened: Opened, stored: Stored) -> None:
    object_ = msgspec.structs.replace(stored(opened.vault.seal(LINE)), key_id="another")
    with pytest.raises(WrongKey):
        opened.vault.read(object_)


def test_a_reader_may_stop_anywhere(opened: Opened, stored: Stored) -> None:
    pieces = opened.vault.read(stored(opened.vault.seal(LINE)))
    assert next(pieces) == LINE[:10]
    pieces.close()


def test_an_object_is_wrapped_again(opened: Opened, stored: Stored) -> None:
    object_ = stored(opened.vault.seal(LINE))
    current = opened.keys.rotate()
    again = opened.vault.rewrap(object_)
    assert again.key_id == current
    opened.keys.retire(object_.key_id)
    with pytest.raises(WrongKey):
        opened.vault.check(object_)
    object_ = msgspec.structs.replace(object_, wrapped=again.data, key_id=again.key_id)
    assert b"".join(opened.vault.read(object_)) == LINE
    assert opened.vault.seal(LINE).address == object_.address


def test_what_nobody_knows_is_tidied_away(opened: Opened, stored: Stored) -> None:
    kept, forgotten = opened.vault.seal(LINE), opened.vault.seal(LINE)
    asked: list[str] = []

    def known(ids: Sequence[str]) -> set[str]:
        asked.extend(ids)
        return {kept.id, "another"}

    now = datetime.now(UTC)
    assert opened.vault.tidy(now - timedelta(hours=1), known) == 0
    assert asked == []
    assert opened.vault.tidy(now + timedelta(hours=1), known) == 1
    assert sorted(asked) == sorted([kept.id, forgotten.id])
    assert b"".join(opened.vault.read(stored(kept))) == LINE
    with pytest.raises(BlobMissing):
        opened.vault.check(stored(forgotten))


def test_many_are_asked_about_in_batches(opened: Opened) -> None:
    batches: list[int] = []
    for number in range(1_100):
        opened.store.put(blob_name(f"{number:064x}", f"{number:032x}"), [b""])

    def known(ids: Sequence[str]) -> set[str]:
        batches.append(len(ids))
        return set(ids[1:])

    assert opened.vault.tidy(datetime.now(UTC) + timedelta(hours=1), known) == len(batches)
    assert sum(batches) == 1_100
    assert max(batches) <= 500


def test_two_seal_the_same_bytes_at_once(opened: Opened, stored: Stored) -> None:
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(opened.vault.seal, [LINE] * 32))
    assert len({sealed.id for sealed in kept}) == 32
    assert len({sealed.address for sealed in kept}) == 1
    for sealed in kept:
        opened.vault.check(stored(sealed))


def test_errors_tell_no_content(opened: Opened, stored: Stored) -> None:
    object_ = stored(opened.vault.seal(LINE))
    opened.replace(blob_name(object_.address, object_.id), LINE)
    with pytest.raises(Damaged) as caught:
        opened.vault.check(object_)
    said = f"{caught.value!r} {caught.value}"
    assert "harmless" not in said
    assert SHA256 not in said
