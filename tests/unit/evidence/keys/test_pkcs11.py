"""Keys in a token: what the token does not give away, and what happens without it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType
from tests.servers import token

from tutela.errors import BadConfiguration
from tutela.evidence.keys.pkcs11 import ROOT, WRAPPING, Pkcs11Keys
from tutela.evidence.keys.service import KeyUnavailable

KEY = bytes(range(32))
CONTEXT = b"object 1"

PROGRAM = """
import sys
from tutela.evidence.keys.pkcs11 import Pkcs11Keys
keys = Pkcs11Keys(*sys.argv[1:])
print(keys.rotate(), keys.derive("address").hex())
keys.close()
"""

Open = Callable[..., Pkcs11Keys]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The library of tokens, with one of ours that is empty."""
    found, config = token.module(), token.configured(tmp_path)
    token.make_token(config)
    monkeypatch.setenv("SOFTHSM2_CONF", config)
    pkcs11.unload(found)  # it reads where its tokens are when it is loaded
    return found


@pytest.fixture
def opened(library: str) -> Open:
    def opened(pin: str = token.PIN, *, create: bool = True) -> Pkcs11Keys:
        return Pkcs11Keys(library, token.LABEL, pin, lambda: create)

    return opened


def test_keys_stay_in_the_token(opened: Open, library: str) -> None:
    keys = opened()
    keys.rotate()
    session = pkcs11.lib(library).get_token(token_label=token.LABEL).open()
    found = [
        key for label in (WRAPPING, ROOT) for key in session.get_objects({Attribute.LABEL: label})
    ]
    assert len(found) == 3
    for key in found:
        assert key[Attribute.SENSITIVE]
        assert not key[Attribute.EXTRACTABLE]
        assert key[Attribute.PRIVATE]
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            key[Attribute.VALUE]
    session.close()
    keys.close()


def test_keys_are_found_again(opened: Open) -> None:
    keys = opened()
    wrapped, derived = keys.wrap(KEY, CONTEXT), keys.derive("address")
    keys.close()
    again = opened(create=False)
    assert again.unwrap(wrapped, CONTEXT) == KEY
    assert again.derive("address") == derived
    again.close()


def test_what_another_process_makes_counts_here(opened: Open, library: str) -> None:
    keys = opened()
    command = [sys.executable, "-c", PROGRAM, library, token.LABEL, token.PIN]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert said == [keys.current(), keys.derive("address").hex()]
    assert keys.unwrap(keys.wrap(KEY, CONTEXT), CONTEXT) == KEY
    keys.close()


def test_a_token_that_goes_away_and_comes_back(opened: Open, tmp_path: Path) -> None:
    keys = opened()
    wrapped = keys.wrap(KEY, CONTEXT)
    (tmp_path / "tokens").rename(tmp_path / "elsewhere")
    (tmp_path / "tokens").mkdir()
    for ask in (lambda: keys.unwrap(wrapped, CONTEXT), keys.rotate, keys.key_ids):
        with pytest.raises(KeyUnavailable, match="token"):
            ask()
    shutil.rmtree(tmp_path / "tokens")
    (tmp_path / "elsewhere").rename(tmp_path / "tokens")
    assert keys.unwrap(wrapped, CONTEXT) == KEY
    keys.close()


def test_one_that_ends_does_not_end_another(opened: Open) -> None:
    """Closing the session that has logged in logs out all of a process."""
    one, other = opened(), opened()
    wrapped = other.wrap(KEY, CONTEXT)
    one.close()
    assert other.unwrap(wrapped, CONTEXT) == KEY
    assert one.unwrap(wrapped, CONTEXT) == KEY
    other.close()
    one.close()


def test_no_token_yet(library: str, tmp_path: Path) -> None:
    keys = Pkcs11Keys(library, "later", token.PIN, lambda: True)
    with pytest.raises(KeyUnavailable, match="token cannot be used"):
        keys.wrap(KEY, CONTEXT)
    token.make_token(str(tmp_path / "softhsm2.conf"), "later")
    assert keys.unwrap(keys.wrap(KEY, CONTEXT), CONTEXT) == KEY
    keys.close()


def test_a_wrong_pin_is_told_and_not_repeated(opened: Open) -> None:
    with pytest.raises(BadConfiguration, match=r"vault\.pkcs11_pin_file") as caught:
        opened("7777777")
    assert "7777777" not in f"{caught.value} {caught.value.__cause__!r}"


def test_no_library(tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("a harmless line")
    for path in (tmp_path / "none.so", tmp_path / "text.so"):
        with pytest.raises(BadConfiguration, match=r"vault\.pkcs11_module"):
            Pkcs11Keys(str(path), token.LABEL, token.PIN)


def test_keys_that_are_missing_are_not_made_anew(opened: Open) -> None:
    with pytest.raises(BadConfiguration, match="lacks every key"):
        opened(create=False)
    opened().close()
    opened(create=False).close()


def test_keys_without_the_one_that_is_derived_from(opened: Open, library: str) -> None:
    opened().close()
    session = (
        pkcs11.lib(library).get_token(token_label=token.LABEL).open(rw=True, user_pin=token.PIN)
    )
    for key in list(session.get_objects({Attribute.LABEL: ROOT})):
        key.destroy()
    session.close()
    with pytest.raises(BadConfiguration, match="addresses are derived from"):
        opened()


def test_keys_of_others_in_the_token_are_left_alone(opened: Open, library: str) -> None:
    keys = opened()
    session = pkcs11.lib(library).get_token(token_label=token.LABEL).open(rw=True)
    for about in (b"99999999", b"\xff\xfe", b""):
        session.generate_key(KeyType.AES, 256, id=about, label=WRAPPING, store=True)
    session.generate_key(KeyType.AES, 256, id=b"99999999-00000000", label="another", store=True)
    before = keys.current()
    assert keys.key_ids() == (before,)
    assert keys.wrap(KEY, CONTEXT).key_id == before
    session.close()
    keys.close()


def test_nothing_shows_the_pin(opened: Open) -> None:
    keys = opened()
    assert token.PIN not in repr(keys)
    keys.close()


def test_only_keys_of_objects_are_wrapped(opened: Open) -> None:
    keys = opened()
    with pytest.raises(ValueError, match="32 bytes"):
        keys.wrap(KEY + b"x", CONTEXT)
    keys.close()
