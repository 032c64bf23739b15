from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.lists.importers.problems import ProblemLog, ReadingStopped
from tutela.lists.importers.source import Encoding, Utf8Bytes, encoding_of, text_lines


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"", Encoding("utf-8", 0)),
        (b"t", Encoding("utf-8", 0)),
        (b"type,value", Encoding("utf-8", 0)),
        ("type".encode("utf-8-sig"), Encoding("utf-8", 3)),
        ("type".encode("utf-16-le"), Encoding("utf-16-le", 0)),
        ("type".encode("utf-16-be"), Encoding("utf-16-be", 0)),
        (b"\xff\xfe" + "type".encode("utf-16-le"), Encoding("utf-16-le", 2)),
        (b"\xfe\xff" + "type".encode("utf-16-be"), Encoding("utf-16-be", 2)),
    ],
)
def test_encodings_are_told_apart(head: bytes, encoding: Encoding) -> None:
    assert encoding_of(head) == encoding


TEXT = st.text(st.characters(codec="utf-8"))


@given(
    text=TEXT, codec=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]), size=st.integers(1, 9)
)
def test_bytes_for_json_are_the_text_in_utf8(text: str, codec: str, size: int) -> None:
    stream = io.BytesIO(b"??" + text.encode(codec))
    source = Utf8Bytes(stream, Encoding(codec, 2), ProblemLog())
    parts = []
    while part := source.read(size):
        parts.append(part)
    assert b"".join(parts) == text.encode()


@given(text=TEXT, codec=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]))
def test_lines_are_the_text(text: str, codec: str) -> None:
    lines = list(text_lines(io.BytesIO(text.encode(codec)), Encoding(codec, 0), ProblemLog(), None))
    assert "".join(lines) == text
    assert all(line.rstrip("\r\n").count("\n") == 0 for line in lines)


def test_half_a_character_at_the_end_stops_the_reading() -> None:
    source = Utf8Bytes(io.BytesIO(b"a\0b"), Encoding("utf-16-le", 0), ProblemLog())
    assert source.read(2) == b"a"
    with pytest.raises(ReadingStopped):
        source.read(2)
