from __future__ import annotations

from base64 import b32encode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.signals.forms import base32, base64, hexadecimal, parsed
from tutela.errors import InvalidInput


@given(st.binary())
def test_what_was_written_is_read(value: bytes) -> None:
    assert hexadecimal(value.hex()) == hexadecimal(value.hex().upper()) == value
    assert base64(b64encode(value).decode()) == value
    assert base32(b32encode(value).decode()) == base32(b32encode(value).decode().lower()) == value


@pytest.mark.parametrize(
    "text", ["AA=A", "AA==AA==", "A A==", "AA=\n=", "AAA", "__8=", "=AAA", "é"]
)
def test_base64_is_strict(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - binascii's texts are its own
        base64(text)


def test_the_first_form_of_the_right_length_counts() -> None:
    text = "abcd" * 4
    assert parsed(text, 64, hexadecimal, base64, expected="") == bytes.fromhex(text)
    assert parsed(text, 96, hexadecimal, base64, expected="") == base64(text)
    with pytest.raises(InvalidInput, match=r"^expected this and that$"):
        parsed(text, 32, hexadecimal, base64, expected="this and that")
