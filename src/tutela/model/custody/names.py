r"""Names as they were found: always text that can be stored and sent, and the exact bytes beside.

A name on a file system or in an archive is bytes, and Python hands on those that are not UTF-8 as
lone surrogates, which no JSON may hold. So a record has the name as text, in which such a byte is
written `\xff`, and beside it the exact bytes in hex wherever the text does not say all.
"""

from __future__ import annotations

from typing import NamedTuple


class FoundName(NamedTuple):
    """A name as records hold it.

    Attributes:
        text: valid Unicode.
        exact: hex of the name's bytes where they are not UTF-8, else empty.
    """

    text: str
    exact: str


def found(name: str | bytes) -> FoundName:
    """A name as it was found: bytes, or text that may hold lone surrogates.

    A surrogate that stands for a byte becomes that byte; one of a broken UTF-16 name becomes the
    three bytes that UTF-8 would give it, if it allowed that.
    """
    raw = name if isinstance(name, bytes) else b"".join(map(_bytes, name))
    text = raw.decode("utf-8", "backslashreplace")
    return FoundName(text, "" if text.encode() == raw else raw.hex())


def exact(text: str, name_bytes: str) -> bytes:
    """The bytes of a name, from what `found` made of it.

    Raises:
        ValueError: `name_bytes` is no hex.
    """
    return bytes.fromhex(name_bytes) if name_bytes else text.encode()


def shown(text: str) -> str:
    """A name for a screen: what turns the reading around, hides or moves a cursor is a code."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def _bytes(character: str) -> bytes:
    try:
        return character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return character.encode("utf-8", "surrogatepass")
