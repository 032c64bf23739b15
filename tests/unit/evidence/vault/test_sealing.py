from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.evidence.vault.sealing import (
    HEADER,
    MOST_CHUNK_BYTES,
    TAG_BYTES,
    Sealing,
    chunk_bytes_of,
)
from tutela.evidence.vault.store import Damaged

ID = "00112233445566778899aabbccddeeff"
KEY = bytes(range(32))


def test_the_header_is_as_documented() -> None:
    header = Sealing(KEY, ID, 5, 2**20).header
    assert header == b"TUTELA-V" + b"\0\0\0\1" + b"\0\x10\0\0" + bytes.fromhex(ID)


@pytest.mark.parametrize(
    ("size", "lengths"), [(0, [0]), (1, [1]), (4, [4]), (5, [4, 1]), (8, [4, 4])]
)
def test_the_last_chunk_has_what_is_left(size: int, lengths: list[int]) -> None:
    sealing = Sealing(KEY, ID, size, 4)
    assert [sealing.length(number) for number in range(sealing.count)] == lengths


@given(chunk=st.binary(max_size=100), place=st.integers(0, 3), other=st.integers(0, 3))
def test_a_chunk_opens_in_its_own_place_only(chunk: bytes, place: int, other: int) -> None:
    sealing = Sealing(KEY, ID, 400, 100)
    sealed = sealing.seal(place, chunk)
    assert len(sealed) == len(chunk) + TAG_BYTES
    if place == other:
        assert sealing.open(other, sealed) == chunk
    else:
        with pytest.raises(Damaged, match="altered"):
            sealing.open(other, sealed)


def test_a_chunk_in_the_middle_is_never_the_last() -> None:
    longer, shorter = Sealing(KEY, ID, 8, 4), Sealing(KEY, ID, 4, 4)
    with pytest.raises(Damaged):
        shorter.open(0, longer.seal(0, b"hill"))
    with pytest.raises(Damaged):
        longer.open(0, shorter.seal(0, b"hill"))


def test_a_chunk_opens_with_its_own_header_only() -> None:
    sealed = Sealing(KEY, ID, 4, 4).seal(0, b"hill")
    with pytest.raises(Damaged):
        Sealing(KEY, ID, 4, 5).open(0, sealed)
    with pytest.raises(Damaged):
        Sealing(KEY, secrets.token_hex(16), 4, 4).open(0, sealed)


def test_nonces_are_never_used_twice() -> None:
    sealing = Sealing(KEY, ID, 1000, 1)
    nonces = [sealing._nonce(number) for number in range(sealing.count)]
    assert len(set(nonces)) == sealing.count
    assert {len(nonce) for nonce in nonces} == {12}
    assert [nonce[-1] for nonce in nonces] == [0] * 999 + [1]


def test_a_header_tells_its_chunks() -> None:
    assert chunk_bytes_of(Sealing(KEY, ID, 9, 77).header, ID) == 77


@pytest.mark.parametrize(
    ("header", "how"),
    [
        (b"", "cut short"),
        (Sealing(KEY, ID, 9, 77).header[:-1], "cut short"),
        (HEADER.pack(b"TUTELA-W", 1, 77, bytes.fromhex(ID)), "does not begin"),
        (HEADER.pack(b"TUTELA-V", 2, 77, bytes.fromhex(ID)), "does not begin"),
        (HEADER.pack(b"TUTELA-V", 1, 0, bytes.fromhex(ID)), "does not begin"),
        (HEADER.pack(b"TUTELA-V", 1, MOST_CHUNK_BYTES + 1, bytes.fromhex(ID)), "does not begin"),
        (HEADER.pack(b"TUTELA-V", 1, 77, bytes(16)), "another object"),
    ],
)
def test_another_header_is_refused(header: bytes, how: str) -> None:
    with pytest.raises(Damaged, match=how) as caught:
        chunk_bytes_of(header, ID)
    assert caught.value.where == f"object {ID}"
    assert "backup" in caught.value.remedy
