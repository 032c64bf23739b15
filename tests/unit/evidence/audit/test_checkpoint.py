"""Checkpoints byte by byte, and against a note that others have published."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import InvalidInput
from tutela.evidence.audit.checkpoint import (
    Statement,
    key_id,
    make,
    parse,
    read_note,
    verify,
)
from tutela.evidence.audit.signing import AuditKey, Verifier

SEED = bytes(range(32))
KEY = AuditKey(Ed25519PrivateKey.from_private_bytes(SEED), ec.derive_private_key(7, ec.SECP256R1()))
ROOT = bytes(range(32, 64))
STATEMENT = Statement(origin="tutela-0123456789abcdef", size=20852163, root=ROOT)

# The example of golang.org/x/mod/sumdb/note, which the format comes from.
NEUMANN = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)


def test_a_published_note_is_read_and_verified() -> None:
    public = base64.b64decode(NEUMANN)[1:]
    note = read_note(EXAMPLE)
    (line,) = note.signatures
    assert key_id("PeterNeumann", public).hex() == "c74f20a3" == line.key_id.hex()
    assert Verifier((public,)).verify(line.signature, note.text.encode())


def test_a_checkpoint_is_these_very_bytes() -> None:
    note = make(STATEMENT, KEY)
    lines = note.split("\n")
    assert lines[:4] == [
        "tutela-0123456789abcdef",
        "20852163",
        "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
        "",
    ]
    assert lines[4].startswith("— tutela-0123456789abcdef ")
    assert lines[5:] == [""]
    assert note == make(STATEMENT, KEY)
    packed = base64.b64decode(lines[4].split(" ")[2])
    assert packed[:4] == key_id(STATEMENT.origin, KEY.verifier.log_keys[0])
    assert packed[4:] == KEY.sign("\n".join([*lines[:3], ""]).encode())
    assert len(packed) == 68


@given(
    st.integers(0, 10**17),
    st.binary(min_size=32, max_size=32),
    st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1),
)
def test_what_was_made_is_read_again(size: int, root: bytes, origin: str) -> None:
    statement = Statement(origin=origin, size=size, root=root)
    note = make(statement, KEY)
    assert parse(note) == statement == verify(note, KEY.verifier)


@given(st.data())
def test_a_flipped_bit_is_found(data: st.DataObject) -> None:
    note = make(STATEMENT, KEY).encode()
    bit = data.draw(st.integers(0, len(note) * 8 - 1))
    flipped = bytearray(note)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidInput):
        verify(flipped.decode("utf-8", "replace"), KEY.verifier)


def test_another_key_has_not_signed_it(tmp_path: Path) -> None:
    other = AuditKey.create(tmp_path / "audit.key")
    note = make(STATEMENT, other)
    with pytest.raises(InvalidInput, match="not signed by this key"):
        verify(note, KEY.verifier)
    both = Verifier((*KEY.verifier.log_keys, *other.verifier.log_keys))
    assert verify(note, both) == STATEMENT


def test_signatures_of_others_stand_beside_ours(tmp_path: Path) -> None:
    other = AuditKey.create(tmp_path / "audit.key")
    note, line = make(STATEMENT, KEY), make(STATEMENT, other).split("\n")[4]
    witnessed = note.replace("\n\n", f"\n\n{line}\n— witness.example AAAAAAAA\n")
    assert verify(witnessed, KEY.verifier) == STATEMENT


def test_extensions_are_signed_with_the_rest() -> None:
    text = make(STATEMENT, KEY).split("\n\n")[0] + "\nmore of it\n"
    packed = key_id(STATEMENT.origin, KEY.verifier.log_keys[0]) + KEY.sign(text.encode())
    note = f"{text}\n— {STATEMENT.origin} {base64.b64encode(packed).decode()}\n"
    assert verify(note, KEY.verifier) == STATEMENT
    with pytest.raises(InvalidInput):
        verify(note.replace("more", "less"), KEY.verifier)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        "one\n\n— two AAAA\n",
        make(STATEMENT, KEY)[:-1],
        make(STATEMENT, KEY) + "\n",
        make(STATEMENT, KEY).replace("20852163", "020852163"),
        make(STATEMENT, KEY).replace("20852163", "-1"),
        make(STATEMENT, KEY).replace("20852163", "２"),  # noqa: RUF001 - a digit, and none of ours
        make(STATEMENT, KEY).replace("Pj8=", "Pj9="),
        make(STATEMENT, KEY).replace("Pj8=", ""),
        make(STATEMENT, KEY).replace("tutela-", "\ttutela-"),
        make(STATEMENT, KEY).replace("—", "-"),
        "a\n" * 40_000 + "\n— b AAAA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(InvalidInput, match="no signed checkpoint"):
        verify(note, KEY.verifier)
