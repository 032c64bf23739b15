from __future__ import annotations

import os
import stat
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.client.problems import SpoolFull
from tutela.client.spool import Damaged, Slice, Spool, opened
from tutela.errors import InvalidInput

FACTS = st.dictionaries(st.text(), st.none() | st.booleans() | st.text(), max_size=5)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Spool:
    return Spool(tmp_path_factory.mktemp("spool"))


@given(facts=FACTS, media=st.none() | st.binary())
def test_what_is_kept_comes_back(shared: Spool, facts: dict[str, Any], media: bytes | None) -> None:
    held = shared.claim(shared.keep(facts, media))
    assert held is not None
    assert held.facts == facts
    assert (held.media.read() if held.media else None) == media
    shared.remove(held)
    held.file.close()
    assert shared.names() == []


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_bit_that_changed_is_noticed(shared: Spool, at: int, bit: int) -> None:
    name = shared.keep({"event_id": "e-1"}, b"content")
    path = shared.folder / name
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(Damaged, match=name):
        shared.claim(name)
    path.unlink()


@given(data=st.binary(max_size=50), cut=st.tuples(st.integers(0, 50), st.integers(0, 50)))
def test_a_slice_reads_like_a_file_of_its_own(data: bytes, cut: tuple[int, int]) -> None:
    start, size = min(cut[0], len(data)), min(cut[1], max(0, len(data) - cut[0]))
    slice_ = Slice(BytesIO(data), start, size)
    assert slice_.read() == data[start : start + size]
    assert slice_.seek(0, os.SEEK_END) == slice_.tell() == size
    slice_.seek(-size, os.SEEK_CUR)
    assert slice_.read(3) == data[start : start + min(3, size)]


def test_nobody_else_can_read_it_and_names_tell_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    name = spool.keep({"event_id": "upload-17", "actor": {"id": "ann"}}, b"content")
    assert stat.S_IMODE((spool.folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.aside.stat().st_mode) == 0o700
    assert name.removesuffix(".event").replace("-", "").isalnum()
    assert "upload" not in name
    assert "ann" not in name


def test_events_are_named_in_their_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    kept = [spool.keep({"n": n}, None) for n in range(20)]
    assert spool.names() == kept


def test_what_one_holds_another_cannot_have(tmp_path: Path) -> None:
    spool, other = Spool(tmp_path), Spool(tmp_path)
    name = spool.keep({}, None)
    held = spool.claim(name)
    assert held is not None
    assert other.claim(name) is None
    held.file.close()
    again = other.claim(name)
    assert again is not None
    other.remove(again)
    again.file.close()
    assert spool.claim(name) is None


def test_a_spool_with_no_room_keeps_what_it_has(tmp_path: Path) -> None:
    spool = Spool(tmp_path, limit_bytes=1000)
    first = spool.keep({}, bytes(500))
    with pytest.raises(SpoolFull, match="more do not fit"):
        spool.keep({}, bytes(500))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [first]


def test_what_was_never_finished_is_found_after_a_while(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    partial = tmp_path / "00000000000000000001-aa.event.partial"
    partial.write_bytes(b"tutela-sp")
    assert spool.names() == []
    assert spool.abandoned() == []
    os.utime(partial, (0, 0))
    assert spool.abandoned() == [partial.name]
    spool.put_aside(partial.name, "its writing was broken off")
    assert spool.abandoned() == []
    assert {path.suffix for path in spool.aside.iterdir()} == {".partial", ".json"}


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            del size
            raise OSError(5, "broken disk")

    with pytest.raises(OSError, match="broken disk"):
        Spool(tmp_path).keep({}, Broken(b"content"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"media: the file cannot be read \(Is a directory\)"):
        opened(tmp_path)
