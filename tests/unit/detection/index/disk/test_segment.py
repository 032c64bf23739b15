from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutela.detection.index import certificate
from tutela.detection.index.disk import segment as module
from tutela.detection.index.disk.folder import IndexFolder
from tutela.detection.index.disk.manifest import Manifest
from tutela.detection.index.disk.segment import (
    PAGE,
    PREFIX,
    IndexRefused,
    Segment,
    check_segments,
    fresh_groups,
    map_segment,
)


def opened(path: Path) -> Segment:
    segment = map_segment(path)
    check_segments([(path, segment)])
    return segment


@pytest.fixture
def path(written: tuple[IndexFolder, Manifest]) -> Path:
    folder, manifest = written
    return folder.path / next(s.file for s in manifest.segments if s.kind == "pdq")


def test_a_file_says_what_it_holds(path: Path, written: tuple[IndexFolder, Manifest]) -> None:
    segment = opened(path)
    header = segment.header
    assert (header.kind, header.bits, header.version) == ("pdq", 256, 12)
    assert header.certificate.rows == len(segment.arrays["keys"]) == 3000
    assert header.certificate.digest
    assert all(column.offset % PAGE == column.size % PAGE == 0 for column in header.columns)
    listed = next(s for s in written[1].segments if s.kind == "pdq")
    assert (listed.digest, listed.bytes) == (segment.digest, path.stat().st_size)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_writing_to_what_is_mapped_changes_no_file(path: Path) -> None:
    segment, before = opened(path), path.read_bytes()
    groups = fresh_groups(path, segment)
    groups[:] = 77
    segment.arrays["codes"][:] = 0
    assert path.read_bytes() == before
    assert (fresh_groups(path, segment) != 77).all()


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_one_turned_bit_anywhere_is_refused(path: Path, data: st.DataObject) -> None:
    """In every region: prefix, header, its padding, each array, and the padding after each."""
    whole = path.read_bytes()
    segment = map_segment(path)
    ends = [PREFIX.size, segment.header.columns[0].offset]
    ends += [column.offset + column.size for column in segment.header.columns]
    region = data.draw(st.sampled_from(range(len(ends))))
    start = ends[region - 1] if region else 0
    place = data.draw(st.integers(start, ends[region] - 1))
    other = path.with_name("damaged.segment")
    damaged = bytearray(whole)
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    other.write_bytes(damaged)
    with pytest.raises(IndexRefused) as refused:
        opened(other)
    assert refused.value.where == "damaged.segment"
    assert refused.value.remedy


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_file_of_another_length_is_refused(path: Path, data: st.DataObject) -> None:
    whole = path.read_bytes()
    near = [0, 1, PREFIX.size - 1, PREFIX.size, PAGE, len(whole) - 1, len(whole) + 1]
    length = data.draw(st.sampled_from(near) | st.integers(0, len(whole) - 1))
    other = path.with_name("cut.segment")
    other.write_bytes(whole[:length].ljust(length, b"\0"))
    with pytest.raises(IndexRefused):
        opened(other)


def with_prefix(path: Path, **changed: object) -> Path:
    """A copy whose prefix says something else."""
    names = ("magic", "order", "version", "length", "digest")
    data = path.read_bytes()
    fields = dict(zip(names, PREFIX.unpack(data[: PREFIX.size]), strict=True)) | changed
    other = path.with_name("other.segment")
    other.write_bytes(PREFIX.pack(*fields.values()) + data[PREFIX.size :])
    return other


def test_files_of_other_machines_formats_and_programs_are_told_apart(path: Path) -> None:
    for changed, what in (
        ({"order": module.OTHER_ORDER}, "byte order"),
        ({"version": 2}, "format 2"),
        ({"magic": b"ANOTHER!"}, "no file of an index"),
        ({"length": 1 << 40}, "cut short"),
    ):
        with pytest.raises(IndexRefused, match=what):
            map_segment(with_prefix(path, **changed))
    with pytest.raises(IndexRefused, match="not the file that is listed"):
        map_segment(path, digest="0" * 64)
    with pytest.raises(IndexRefused, match="cannot be mapped"):
        map_segment(path.with_name("missing.segment"))


def test_a_part_that_cannot_be_written_leaves_nothing(
    written: tuple[IndexFolder, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, manifest = written
    (sealed,) = folder.map(manifest)["pdq"]

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = sorted(folder.path.iterdir())
    with pytest.raises(OSError, match="No space"):
        folder.write(sealed, bits=256, version=1)
    assert sorted(folder.path.iterdir()) == before


def test_a_certificate_can_be_repeated_on_what_is_mapped(
    written: tuple[IndexFolder, Manifest],
) -> None:
    folder, manifest = written
    for kind, parts in folder.map(manifest).items():
        for part, kept, _ in parts:
            again = certificate.certify(part, kind, bits=manifest.kinds[kind], seed=kept.seed)
            assert (again.digest, again.canaries) == (kept.digest, kept.canaries)


def test_copies_are_as_good_as_originals(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path / "copy.segment"))
    one, other = opened(path), opened(copy)
    assert one.digest == other.digest
    for name, array in one.arrays.items():
        assert np.array_equal(array, other.arrays[name])
