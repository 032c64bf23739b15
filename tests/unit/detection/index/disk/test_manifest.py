from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.detection.index.disk.manifest import Listed, Manifest, check, decode, encode
from tutela.detection.index.disk.segment import IndexForeign, IndexRefused

LISTED = Listed(
    file="pdq-0123.segment", kind="pdq", digest="ab", version=6, bytes=9, rows=3, codes=2
)
MANIFEST = Manifest(
    identity=1,
    version=8,
    token=3,
    kinds={"pdq": 256},
    bank_ids=(4, 2),
    segments=(LISTED,),
    published=5,
    rebuilt=1,
    published_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def test_what_was_written_is_read() -> None:
    assert decode(encode(MANIFEST)) == MANIFEST
    assert MANIFEST.oldest == 6
    assert msgspec.structs.replace(MANIFEST, segments=()).oldest == 8


@given(place=st.integers(0, len(encode(MANIFEST)) - 1), bit=st.integers(0, 7))
def test_one_turned_bit_is_refused(place: int, bit: int) -> None:
    data = bytearray(encode(MANIFEST))
    data[place] ^= 1 << bit
    with pytest.raises(IndexRefused):
        decode(bytes(data))


@given(length=st.integers(0, len(encode(MANIFEST)) - 1))
def test_half_a_manifest_is_refused(length: int) -> None:
    with pytest.raises(IndexRefused):
        decode(encode(MANIFEST)[:length])


def test_a_later_format_is_called_so() -> None:
    later = encode(MANIFEST).replace(b'"format":1', b'"format":2').replace(b'"rebuilt"', b'"new"')
    with pytest.raises(IndexRefused, match="another format"):
        decode(later)


def test_anything_else_is_refused() -> None:
    for data in (b"", b"{}", b"[]", b"null", b'{"format":1}', b"\xff\xfe"):
        with pytest.raises(IndexRefused):
            decode(data)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"identity": 2}, "another database"),
        ({"version": 7}, "ahead of the database's 7"),
        ({"token": 4}, "no such list version 8"),
        ({"token": None}, "no such list version 8"),
        ({"kinds": {"pdq": 256, "md5": 128}}, "other signal kinds"),
        ({"kinds": {"pdq": 128}}, "other signal kinds"),
    ],
)
def test_an_index_of_another_database_is_foreign(changed: dict[str, object], what: str) -> None:
    right = {"identity": 1, "version": 9, "token": 3, "kinds": {"pdq": 256}}
    check(MANIFEST, **right)  # type: ignore[arg-type]
    with pytest.raises(IndexForeign, match=what):
        check(MANIFEST, **(right | changed))  # type: ignore[arg-type]
