from __future__ import annotations

import os
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import InvalidInput
from tutela.evidence.vault.source import Source


@given(content=st.binary(max_size=50), length=st.integers(1, 60))
def test_bytes_and_files_come_in_the_same_chunks(content: bytes, length: int) -> None:
    expected = [content[at : at + length] for at in range(0, len(content), length)] or [b""]
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(content)
        for source in (Source(content), Source(file.fileno())):
            assert source.size == len(content)
            assert [bytes(chunk) for chunk in source.chunks(length)] == expected
            assert [bytes(chunk) for chunk in source.chunks(length)] == expected  # twice


def test_only_files_are_taken() -> None:
    reading, writing = os.pipe()
    try:
        with pytest.raises(InvalidInput, match="not a pipe"):
            Source(reading)
    finally:
        os.close(reading)
        os.close(writing)
    with pytest.raises(InvalidInput, match="cannot be read"):
        Source(reading)


def test_a_descriptor_that_cannot_be_read_is_told() -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"a harmless line")
        file.flush()
        descriptor = os.open(file.name, os.O_WRONLY)
        try:
            with pytest.raises(InvalidInput, match="cannot be read"):
                list(Source(descriptor).chunks(4))
        finally:
            os.close(descriptor)


def test_a_file_that_becomes_shorter_is_told() -> None:
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(b"a harmless line")
        chunks = Source(file.fileno()).chunks(4)
        assert bytes(next(chunks)) == b"a ha"
        file.truncate(6)
        with pytest.raises(InvalidInput, match="shorter"):
            list(chunks)
