from __future__ import annotations

from base64 import b32encode

import pytest

from tutela.detection.signals.sha1 import Sha1
from tutela.errors import InvalidInput

# FIPS 180-4 examples.
PUBLISHED = {
    b"": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    b"abc": "a9993e364706816aba3e25717850c26c9cd0d89d",
}


@pytest.mark.parametrize(("content", "text"), PUBLISHED.items())
def test_published_digests(content: bytes, text: str) -> None:
    sha1 = Sha1()
    hasher = sha1.hasher()
    hasher.update(content)
    assert sha1.text(hasher.digest()) == text
    assert sha1.parse(f"  {text.upper()}\n") == hasher.digest()


def test_base32_is_read_in_either_case() -> None:
    value = bytes(range(20))
    text = b32encode(value).decode()
    assert len(text) == 32
    assert Sha1().parse(text) == Sha1().parse(f"\t{text.lower()} ") == value


@pytest.mark.parametrize(
    "text", ["", "a" * 39, "g" * 40, "a" * 41, "1" * 32, "A" * 31, "A" * 40 + "AAAAAAAA"]
)
def test_other_texts_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Sha1().parse(text)
    assert str(caught.value) == (
        "expected a SHA-1 fingerprint: 40 hexadecimal digits, or 32 characters of base32"
    )
