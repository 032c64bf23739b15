from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.errors import Unavailable
from tutela.interfaces.web.bodies import IN_MEMORY, Room, Spool, disk_file, memory_file

SIZES = st.lists(st.integers(0, 400_000), max_size=12)


def read(source: bytes | int) -> bytes:
    if isinstance(source, bytes):
        return source
    return b"".join(iter(lambda: os.read(source, 1 << 20), b""))


@given(SIZES)
def test_what_goes_in_comes_out(sizes: list[int]) -> None:
    room = Room(10_000_000)
    whole = b"".join(bytes([number + 1]) * size for number, size in enumerate(sizes))
    with Spool(memory_file, room) as spool:
        at = 0
        for size in sizes:
            spool.write(whole[at : at + size])
            at += size
        assert isinstance(spool.source, bytes) == (len(whole) <= IN_MEMORY)
        assert spool.size == len(whole)
        assert spool.sha256 == hashlib.sha256(whole).hexdigest()
        assert read(spool.source) == whole
        assert read(spool.source) == whole
        assert spool.stream().read() == whole
        assert room.held == (len(whole) if len(whole) > IN_MEMORY else 0)
    assert room.held == 0


def test_room_is_shared_and_given_back() -> None:
    room = Room(5_000_000)
    with Spool(memory_file, room) as first:
        first.write(bytes(3_000_000))
        with Spool(memory_file, room) as second:
            second.write(bytes(900_000))
            with pytest.raises(Unavailable):
                second.write(bytes(2_000_000))
        assert room.held == 3_000_000
        with Spool(memory_file, room) as third:
            third.write(bytes(2_000_000))
    assert room.held == 0


def test_a_disk_file_has_no_name(tmp_path: Path) -> None:
    with Spool(disk_file(tmp_path)) as spool:
        spool.write(bytes(IN_MEMORY + 1))
        assert list(tmp_path.iterdir()) == []
        assert len(spool.stream().read()) == IN_MEMORY + 1


def test_a_full_disk_is_told() -> None:
    def full() -> BinaryIO:
        return cast("BinaryIO", Path("/dev/full").open("r+b", buffering=0))

    with Spool(full) as spool, pytest.raises(Unavailable, match="kept"):
        spool.write(bytes(IN_MEMORY + 1))


def test_memory_of_python_stays_small() -> None:
    with Spool(memory_file, Room(1 << 30)) as spool:
        for _ in range(100):
            spool.write(bytes(1_000_000))
        assert len(spool._memory) == 0
        assert spool.size == 100_000_000
