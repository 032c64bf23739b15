from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.detection.media.source import CHUNK_BYTES, HELD_BYTES, OpenFile, Passing
from tutela.errors import InvalidInput


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 10)
    return path


@pytest.fixture
def fd(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    yield fd
    os.close(fd)


def test_it_reads_from_the_beginning_and_moves_nothing(fd: int, path: Path) -> None:
    os.lseek(fd, 100, os.SEEK_SET)
    file = OpenFile(fd)
    assert file.size == 2560
    assert file.whole() == path.read_bytes() == b"".join(file.chunks())
    assert file.stream().read() == path.read_bytes()
    assert os.lseek(fd, 0, os.SEEK_CUR) == 100


def test_large_files_come_in_chunks(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb+") as file:
        file.truncate(3 * CHUNK_BYTES + 5)
        sizes = [len(chunk) for chunk in OpenFile(file.fileno()).chunks()]
    assert sizes == [CHUNK_BYTES] * 3 + [5]


def test_change_is_noticed(fd: int, path: Path) -> None:
    file = OpenFile(fd)
    assert not file.has_changed()
    with path.open("ab") as other:
        other.write(b"more")
    assert file.has_changed()
    assert len(file.whole()) == 2564


def test_a_file_that_grows_beyond_what_is_held(fd: int, path: Path) -> None:
    file = OpenFile(fd)
    with path.open("ab") as other:
        other.truncate(HELD_BYTES + 10)
    assert len(file.whole()) == HELD_BYTES + 1
    assert file.has_changed()


def test_only_regular_files(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    folder = os.open(tmp_path, os.O_RDONLY)
    for fd in (reader, folder):
        with pytest.raises(InvalidInput):
            OpenFile(fd)
    for fd in (reader, writer, folder):
        os.close(fd)


def test_no_library_gets_at_the_descriptor(fd: int) -> None:
    with pytest.raises(io.UnsupportedOperation):
        OpenFile(fd).stream().fileno()


@given(st.lists(st.tuples(st.integers(-50, 3000), st.integers(0, 2), st.integers(0, 600))))
def test_the_stream_is_as_any_other(steps: list[tuple[int, int, int]]) -> None:
    data = bytes(range(256)) * 8
    with os.fdopen(os.memfd_create("test"), "rb+") as file:
        file.write(data)
        file.flush()
        ours, theirs = OpenFile(file.fileno()).stream(), io.BytesIO(data)
        for offset, whence, size in steps:
            start = {0: 0, 1: theirs.tell(), 2: len(data)}[whence]
            if start + offset < 0:
                continue
            assert ours.seek(offset, whence) == theirs.seek(start + offset)
            assert ours.read(size) == theirs.read(size)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 30_000_000),
    st.lists(st.tuples(st.integers(0, 40_000_000), st.integers(0, 3_000_000)), max_size=6),
)
def test_every_byte_passes_once_and_in_order(size: int, steps: list[tuple[int, int]]) -> None:
    """However they are read: here and there, over and over, beyond the end, or not at all."""
    with os.fdopen(os.memfd_create("test"), "rb+") as file:
        file.truncate(size)
        for mark in range(0, size, 999_983):
            os.pwrite(file.fileno(), mark.to_bytes(4, "big"), min(mark, max(size - 4, 0)))
        opened = OpenFile(file.fileno())
        expected = hashlib.sha256(opened.at(0, opened.size)).digest()
        digest = hashlib.sha256()
        passing = Passing(opened, digest.update)
        stream = opened.stream(passing)
        for position, length in steps:
            stream.seek(position)
            stream.read(length)
        passing.rest()
        assert digest.digest() == expected
