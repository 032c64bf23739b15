from __future__ import annotations

import re
from pathlib import Path

import pyrage
import pytest

from tutela.errors import InvalidInput, Unavailable
from tutela.evidence.backup import age
from tutela.evidence.backup.age import Identities, checked_recipients, decrypted, encrypt

KEY = "AGE-SECRET-KEY-1"


def test_a_file_of_identities_is_read_as_age_writes_it(tmp_path: Path) -> None:
    one, other, path = Identities.generate(), Identities.generate(), tmp_path / "key.txt"
    text = "".join(f"# created: today\n# public key: x\n{key}\n\n" for key in _texts(one, other))
    path.write_text(text)
    read = Identities.read(path)
    for own in (one, other):
        file = tmp_path / own.recipient
        encrypt(file, iter([b"a harmless line"]), [own.recipient])
        with decrypted(file, read) as plain:
            assert plain.read(100) == b"a harmless line"


def _texts(*identities: Identities) -> list[str]:
    return [str(key) for one in identities for key in one._keys]


@pytest.mark.parametrize("text", ["", "# nothing\n", "hills\n", f"{KEY}HILLS\n", "age1hills\n"])
def test_a_file_without_any_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key.txt"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="holds no identity") as caught:
        Identities.read(path)
    assert "hills" not in str(caught.value).lower().replace(str(path), "")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    with pytest.raises(InvalidInput, match="cannot be read"):
        Identities.read(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="cannot be read"):
        Identities.read(path)


def test_recipients_are_checked() -> None:
    good = Identities.generate().recipient
    assert checked_recipients([good]) == (good,)
    for bad in ("", "hills", good[:-1], good.upper()[:-1]):
        with pytest.raises(InvalidInput, match="no recipient"):
            checked_recipients([good, bad])


def test_a_machine_that_is_busy_for_a_moment_opens_it_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library refuses work that it thinks too much, and is asked again."""
    monkeypatch.setattr(age, "_PAUSE_SECONDS", 0)
    path, asked = tmp_path / "identity.age", []
    path.write_bytes(Identities.generate().lock("a mountain"))
    opened = pyrage.passphrase.decrypt
    heavy = re.sub(rb"(-> scrypt \S+) \d+", rb"\1 40", path.read_bytes(), count=1)

    def busy(locked: bytes, passphrase: str) -> bytes:
        asked.append(passphrase)
        return bytes(opened(locked if len(asked) > 3 else heavy, passphrase))

    monkeypatch.setattr(pyrage.passphrase, "decrypt", busy)
    Identities.unlock(path, "a mountain")
    assert len(asked) == 4
    path.write_bytes(heavy)
    with pytest.raises(Unavailable, match="more work than this machine"):
        Identities.unlock(path, "a mountain")


def test_secrets_are_not_shown() -> None:
    one = Identities.generate()
    (secret,) = _texts(one)
    assert secret not in repr(one)
    assert secret not in str(one)
