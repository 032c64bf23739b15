"""Whatever is done to a blob or its row: it is found, and nothing unverified is ever given out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.evidence.keys.memory import MemoryKeys
from tutela.evidence.keys.service import Wrapped, WrongKey
from tutela.evidence.vault.memory import MemoryStore
from tutela.evidence.vault.store import Damaged, blob_name
from tutela.evidence.vault.vault import Vault
from tutela.model.custody.evidence import Sealed, StoredObject

Stored = Callable[[Sealed], StoredObject]
CONTENTS = st.binary(max_size=60)
LENGTHS = st.integers(1, 20)
HEADER, TAG = 32, 16


class Scene:
    """An object in a vault in memory."""

    def __init__(self, content: bytes, length: int, stored: Stored) -> None:
        self.content, self.length = content, length
        self.store, self.keys = MemoryStore(), MemoryKeys()
        self.vault = Vault(self.store, self.keys, chunk_bytes=length)
        self.object = stored(self.vault.seal(content))

    @property
    def name(self) -> str:
        return blob_name(self.object.address, self.object.id)

    @property
    def blob(self) -> bytes:
        return b"".join(self.store.get(self.name))

    @property
    def chunks(self) -> list[bytes]:
        """The header and the sealed chunks."""
        whole, step = self.blob, self.length + TAG
        body = whole[HEADER:]
        return [whole[:HEADER], *(body[at : at + step] for at in range(0, len(body), step))]

    def replace(self, blob: bytes) -> None:
        self.store.delete(self.name)
        self.store.put(self.name, [blob])

    def is_found(self, *, told: type[Exception] = Damaged) -> None:
        """Whatever was read is a part of the content, and never the whole of it."""
        with pytest.raises(told):
            self.vault.check(self.object)
        got = b"".join(_until_an_error(self.vault, self.object))
        assert self.content.startswith(got)
        assert got != self.content or not got


def _until_an_error(vault: Vault, stored: StoredObject) -> Iterator[bytes]:
    with contextlib.suppress(Damaged, WrongKey):
        yield from vault.read(stored)


@pytest.fixture(scope="module")
def stored() -> Stored:
    def made(sealed: Sealed) -> StoredObject:
        fields = {name: getattr(sealed, name) for name in sealed.__struct_fields__}
        del fields["digests"]
        return msgspec.convert({**fields, "created_at": "2026-11-22T10:30:00Z"}, StoredObject)

    return made


@given(content=CONTENTS, length=LENGTHS)
def test_what_was_sealed_is_read(content: bytes, length: int, stored: Stored) -> None:
    scene = Scene(content, length, stored)
    pieces = list(scene.vault.read(scene.object))
    assert b"".join(pieces) == content
    assert [len(piece) for piece in pieces[:-1]] == [length] * (len(pieces) - 1)
    assert len(scene.blob) == HEADER + len(content) + TAG * len(pieces)


@given(content=CONTENTS, length=LENGTHS, data=st.data())
def test_a_flipped_bit(content: bytes, length: int, stored: Stored, data: st.DataObject) -> None:
    scene = Scene(content, length, stored)
    blob = bytearray(scene.blob)
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[bit // 8] ^= 1 << bit % 8
    scene.replace(bytes(blob))
    scene.is_found()


def test_every_bit(stored: Stored) -> None:
    scene = Scene(b"a harmless line", 7, stored)
    whole = scene.blob
    for bit in range(len(whole) * 8):
        blob = bytearray(whole)
        blob[bit // 8] ^= 1 << bit % 8
        scene.replace(bytes(blob))
        scene.is_found()


def test_every_length(stored: Stored) -> None:
    scene = Scene(b"a harmless line", 5, stored)
    whole = scene.blob
    for length in range(len(whole)):
        scene.replace(whole[:length])
        scene.is_found()


@given(content=CONTENTS, length=LENGTHS, more=st.binary(min_size=1, max_size=60))
def test_something_after_the_end(content: bytes, length: int, more: bytes, stored: Stored) -> None:
    scene = Scene(content, length, stored)
    scene.replace(scene.blob + more)
    scene.is_found()


@given(content=st.binary(min_size=2, max_size=60), length=LENGTHS, data=st.data())
def test_other_chunks(content: bytes, length: int, stored: Stored, data: st.DataObject) -> None:
    """Left out, doubled, in another order: only the one order that was sealed is taken."""
    scene = Scene(content, length, stored)
    header, *chunks = scene.chunks
    other = data.draw(st.lists(st.sampled_from(chunks), max_size=len(chunks) + 2))
    if other != chunks:
        scene.replace(b"".join([header, *other]))
        scene.is_found()


@given(content=CONTENTS, other=CONTENTS, length=LENGTHS)
def test_the_blob_of_another_object(
    content: bytes, other: bytes, length: int, stored: Stored
) -> None:
    """As it is, and with its header made to fit."""
    scene = Scene(content, length, stored)
    another = scene.vault.seal(other)
    blob = b"".join(scene.store.get(blob_name(another.address, another.id)))
    header = scene.chunks[0]
    for swapped in (blob, header + blob[HEADER:]):
        scene.replace(swapped)
        scene.is_found()


@given(content=st.binary(min_size=1, max_size=60), length=LENGTHS, cut=st.integers(1, 60))
def test_a_row_that_tells_another_size(
    content: bytes, length: int, cut: int, stored: Stored
) -> None:
    scene = Scene(content, length, stored)
    for size in {len(content) + cut, max(0, len(content) - cut)}:
        scene.object = msgspec.structs.replace(scene.object, size=size)
        scene.is_found()


def test_a_row_with_the_key_of_another_object(stored: Stored) -> None:
    scene = Scene(b"a harmless line", 7, stored)
    other = scene.vault.seal(b"another harmless line")
    scene.object = msgspec.structs.replace(scene.object, wrapped=other.wrapped)
    scene.is_found(told=WrongKey)


def test_a_row_with_the_address_of_other_bytes(stored: Stored) -> None:
    """Even where the blob was copied there, and the key was wrapped anew for it."""
    scene = Scene(b"a harmless line", 7, stored)
    blob, before = scene.blob, scene.name.encode()
    address = scene.vault.address("00" * 32)
    scene.object = msgspec.structs.replace(scene.object, address=address)
    scene.replace(blob)
    scene.is_found(told=WrongKey)
    assert scene.object.wrapped is not None
    wrapped = Wrapped(key_id=scene.object.key_id, data=scene.object.wrapped)
    again = scene.keys.wrap(scene.keys.unwrap(wrapped, before), scene.name.encode())
    scene.object = msgspec.structs.replace(scene.object, wrapped=again.data)
    scene.is_found()
