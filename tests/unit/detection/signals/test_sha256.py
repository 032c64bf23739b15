from __future__ import annotations

import pytest

from tutela.detection.signals.sha256 import Sha256
from tutela.errors import InvalidInput

# FIPS 180-4 examples.
PUBLISHED = {
    b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
}


@pytest.mark.parametrize(("content", "text"), PUBLISHED.items())
def test_published_digests(content: bytes, text: str) -> None:
    sha256 = Sha256()
    hasher = sha256.hasher()
    hasher.update(content)
    assert sha256.text(hasher.digest()) == text
    assert sha256.parse(f"  {text.upper()}\n") == hasher.digest()


@pytest.mark.parametrize("text", ["", "a" * 63, "g" * 64, "a" * 65, "0x" + "a" * 62])
def test_other_texts_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Sha256().parse(text)
    assert str(caught.value) == "expected a SHA-256 fingerprint: 64 hexadecimal digits"
