from __future__ import annotations

import pytest

from tutela.detection.signals.md5 import Md5
from tutela.errors import InvalidInput

# RFC 1321, A.5.
PUBLISHED = {
    b"": "d41d8cd98f00b204e9800998ecf8427e",
    b"abc": "900150983cd24fb0d6963f7d28e17f72",
    b"message digest": "f96b697d7cb7938d525a2f31aaf161d0",
}


@pytest.mark.parametrize(("content", "text"), PUBLISHED.items())
def test_published_digests(content: bytes, text: str) -> None:
    md5 = Md5()
    hasher = md5.hasher()
    hasher.update(content)
    assert md5.text(hasher.digest()) == text
    assert md5.parse(f"  {text.upper()}\n") == hasher.digest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "900150983cd24fb0d6963f7d28e17f7",
        "900150983cd24fb0d6963f7d28e17f72ab",
        "90 0150983cd24fb0d6963f7d28e17f72",
        "kAFQmDzST7DWlj99KOF/cg==",
    ],
)
def test_other_texts_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Md5().parse(text)
    assert str(caught.value) == "expected an MD5 fingerprint: 32 hexadecimal digits"
