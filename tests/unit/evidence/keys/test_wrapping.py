from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tutela.evidence.keys.service import WrongKey
from tutela.evidence.keys.wrapping import derive_from, unwrap_with, wrap_with

KEY, DATA_KEY = bytes(range(32)), bytes(range(32, 64))


def test_a_key_is_wrapped_as_documented() -> None:
    wrapped = wrap_with(KEY, "first", DATA_KEY, b"object 1")
    assert wrapped.key_id == "first"
    assert len(wrapped.data) == 12 + 32 + 16
    opened = AESGCM(KEY).decrypt(wrapped.data[:12], wrapped.data[12:], b"first\0object 1")
    assert opened == DATA_KEY == unwrap_with(KEY, wrapped, b"object 1")


def test_only_keys_of_objects_are_wrapped() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        wrap_with(KEY, "first", b"a harmless line", b"")


def test_the_error_tells_which_key() -> None:
    wrapped = wrap_with(KEY, "first", DATA_KEY, b"object 1")
    with pytest.raises(WrongKey) as caught:
        unwrap_with(DATA_KEY, wrapped, b"object 1")
    assert caught.value.where == "key first"
    assert "backup" in caught.value.remedy


def test_keys_are_derived_as_documented() -> None:
    """RFC 5869, written out: one block."""
    extracted = hmac.new(bytes(32), KEY, hashlib.sha256).digest()
    expanded = hmac.new(extracted, b"tutela address\x01", hashlib.sha256).digest()
    assert derive_from(KEY, "address") == expanded
