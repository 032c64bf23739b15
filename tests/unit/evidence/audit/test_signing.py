"""The audit key: made once, kept private, verified by its public half alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tutela.errors import BadConfiguration, InvalidInput
from tutela.evidence.audit.signing import AuditKey, Verifier

LINE = b"a harmless line"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "audit.key"


def test_it_is_made_once_and_read_again(path: Path) -> None:
    key = AuditKey.create(path)
    assert AuditKey.open(path).public_pem == key.public_pem
    assert AuditKey.create(path).public_pem == key.public_pem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(one.name for one in path.parent.iterdir()) == ["audit.key", "audit.pub"]


def test_opening_makes_nothing(path: Path) -> None:
    with pytest.raises(BadConfiguration, match="backup"):
        AuditKey.open(path)
    assert not path.parent.exists()


def test_all_who_start_at_once_read_the_same_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: AuditKey.create(path).public_pem, range(8)))
    assert len(set(keys)) == 1
    assert Verifier.read(path.with_suffix(".pub")).pem == keys[0]


def test_the_public_half_verifies_and_shows_nothing_else(path: Path) -> None:
    key = AuditKey.create(path)
    verifier = Verifier.read(path.with_suffix(".pub"))
    signature = key.sign(LINE)
    assert signature == key.sign(LINE)
    assert verifier.verify(signature, LINE)
    assert not verifier.verify(signature, LINE + b"s")
    assert not verifier.verify(b"short", LINE)
    assert "PRIVATE" not in path.with_suffix(".pub").read_text()
    assert "PRIVATE" not in repr(key)
    assert len(verifier.fingerprint) == 64
    signed = key.document_key.sign(LINE, ec.ECDSA(hashes.SHA256()))
    verifier.document_keys[0].verify(signed, LINE, ec.ECDSA(hashes.SHA256()))


def test_a_replaced_key_is_still_known(path: Path) -> None:
    old = AuditKey.create(path)
    path.unlink()
    new = AuditKey.create(path)
    verifier = Verifier.read(path.with_suffix(".pub"))
    assert verifier.verify(old.sign(LINE), LINE)
    assert verifier.verify(new.sign(LINE), LINE)
    assert verifier.fingerprint == new.verifier.fingerprint


def test_a_key_that_others_may_read_is_refused(path: Path) -> None:
    AuditKey.create(path)
    path.chmod(0o640)
    with pytest.raises(BadConfiguration, match="chmod 600"):
        AuditKey.open(path)


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"nothing"])
def test_what_is_no_key_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(BadConfiguration, match="does not hold"):
        AuditKey.create(path)
    assert path.read_bytes() == content


def test_half_a_key_is_refused(path: Path) -> None:
    AuditKey.create(path)
    pem = path.read_text()
    end = pem.index("-----BEGIN", 5)
    for part in (pem[:end], pem[end:], pem[end:] + pem[:end], pem + pem):
        path.write_text(part)
        with pytest.raises(BadConfiguration, match="does not hold"):
            AuditKey.open(path)


def test_what_is_no_public_key_is_refused(path: Path) -> None:
    AuditKey.create(path)
    public = path.with_suffix(".pub").read_text()
    only_document = public[public.index("-----BEGIN", 5) :]
    for text in ("", "nothing", path.read_text(), only_document):
        with pytest.raises(InvalidInput, match="no public keys"):
            Verifier.from_pem(text)
    with pytest.raises(InvalidInput, match="cannot be read"):
        Verifier.read(path.parent / "none")
