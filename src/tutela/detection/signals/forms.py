"""Text forms of fingerprints: the ways in which services write the same bytes."""

from __future__ import annotations

from base64 import b32decode
from binascii import a2b_base64, a2b_hex
from collections.abc import Callable

from tutela.errors import InvalidInput

Form = Callable[[str], bytes]
"""Bytes of a text; raises ValueError where the text is not of this form."""


def hexadecimal(text: str) -> bytes:
    """Two hexadecimal digits of either case for each byte, nothing between them."""
    return a2b_hex(text)


def base64(text: str) -> bytes:
    """Base64 with the alphabet of RFC 4648 section 4 and its padding."""
    return a2b_base64(text, strict_mode=True)


def base32(text: str) -> bytes:
    """Base32 of RFC 4648 section 6, letters of either case."""
    return b32decode(text, casefold=True)


def parsed(text: str, bits: int, *forms: Form, expected: str) -> bytes:
    """The `bits` / 8 bytes that a text stands for in the first of `forms` that fits.

    White space around the text does not matter.

    Args:
        expected: what would have been right, in words.

    Raises:
        InvalidInput: no form fits. It names what was expected and never the text, which may be
            an entry of a bank.
    """
    bare = text.strip()
    for form in forms:
        try:
            value = form(bare)
        except ValueError:
            continue
        if len(value) * 8 == bits:
            return value
    raise InvalidInput(f"expected {expected}")
