from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tutela.detection.media.examine import Examiner
from tutela.detection.media.limits import Limits
from tutela.detection.media.sandbox.watch import Watch
from tutela.detection.media.source import CHUNK_BYTES, HELD_BYTES
from tutela.detection.signals.registry import builtin_kinds
from tutela.model import Content, GapReason

Landscape = Callable[..., Image.Image]
Encode = Callable[..., bytes]
Examine = Callable[..., list[Content]]


@pytest.fixture
def examiner() -> Examiner:
    return Examiner(
        builtin_kinds(), Limits(), Watch(60, deadly=False), archives=True, dihedral=False
    )


def examine_file(examiner: Examiner, path: Path) -> Content:
    fd = os.open(path, os.O_RDONLY)
    try:
        return examiner.examine(fd, lambda _: None)
    finally:
        os.close(fd)


def reasons(content: Content) -> list[GapReason]:
    return [gap.reason for gap in content.gaps]


def test_no_bytes_have_no_fingerprint(examine: Examine) -> None:
    """The digests of nothing are on many lists, and would match every empty file."""
    (content,) = examine(b"")
    assert content.signals == ()
    assert reasons(content) == [GapReason.EMPTY]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"words\n", "text"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42", "an MP4 video"),
        (b"\x00\x01\x02\x03", "data of an unknown kind"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive"),
    ],
)
def test_what_is_no_picture_has_exact_fingerprints_and_a_gap(
    examine: Examine, data: bytes, words: str
) -> None:
    (content,) = examine(data)
    assert {signal.kind for signal in content.signals} == {"md5", "sha1", "sha256"}
    assert reasons(content) == [GapReason.UNSUPPORTED]
    assert f"looks like {words};" in content.gaps[0].detail


def test_a_file_behind_a_descriptor(
    landscape: Landscape, encode: Encode, examine: Examine, examiner: Examiner, tmp_path: Path
) -> None:
    path = tmp_path / "hills.txt"  # its name does not matter
    path.write_bytes(encode(landscape(), "PNG"))
    assert [examine_file(examiner, path)] == examine(path.read_bytes())


def test_a_large_picture_is_decoded_from_the_file(
    landscape: Landscape, encode: Encode, examine: Examine, examiner: Examiner, tmp_path: Path
) -> None:
    path = tmp_path / "hills.bmp"
    picture = encode(landscape(), "BMP")
    path.write_bytes(picture + bytes(HELD_BYTES))
    content = examine_file(examiner, path)
    (small,) = examine(picture)
    assert content.size == len(picture) + HELD_BYTES
    assert [s for s in content.signals if s.kind == "pdq"] == [
        s for s in small.signals if s.kind == "pdq"
    ]
    (sha256,) = (s.value for s in content.signals if s.kind == "sha256")
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert content.gaps == ()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What is read of files: from where, and how many bytes."""
    made: list[tuple[int, int]] = []
    pread = os.pread

    def counted(fd: int, size: int, position: int) -> bytes:
        data = pread(fd, size, position)
        made.append((position, len(data)))
        return data

    monkeypatch.setattr(os, "pread", counted)
    return made


def tar_of(path: Path, *members: tuple[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def zip_of(path: Path, *members: tuple[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)


def padded(path: Path, *members: tuple[str, bytes]) -> None:
    path.write_bytes(b"".join(data for _, data in members))


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("pack", [tar_of, zip_of, padded])
def test_a_file_is_read_once(
    landscape: Landscape,
    encode: Encode,
    examiner: Examiner,
    tmp_path: Path,
    reads: list[tuple[int, int]],
    pack: Callable[..., None],
    size: str,
) -> None:
    """For three digests and the decoder together, but for a zip archive's list and its head."""
    path = tmp_path / "file"
    noise = np.random.default_rng(1).bytes(HELD_BYTES // 2 if size == "large" else 1000)
    pack(path, ("hills.bmp", encode(landscape(), "BMP")), *[(str(n), noise) for n in range(3)])
    members: list[Content] = []
    with path.open("rb") as file:
        content = examiner.examine(file.fileno(), members.append)
    assert content.gaps == ()
    pictures = [part for part in (content, *members) if part.frames]
    assert len(pictures) == 1
    assert "pdq" in {signal.kind for signal in pictures[0].signals}
    values = {signal.kind: signal.value for signal in content.signals}
    for name in ("md5", "sha1", "sha256"):
        assert values[name] == hashlib.new(name, path.read_bytes()).hexdigest()
    total = path.stat().st_size
    assert content.size == total
    assert total <= sum(size for _, size in reads) <= total + 2 * CHUNK_BYTES


def test_what_is_skipped_is_read_at_the_end(
    examiner: Examiner, tmp_path: Path, reads: list[tuple[int, int]]
) -> None:
    """A file that only looks like a picture: its head is read, nothing is decoded."""
    path = tmp_path / "film"
    path.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(HELD_BYTES))
    content = examine_file(examiner, path)
    assert reasons(content) == [GapReason.UNSUPPORTED]
    assert sum(size for _, size in reads) == path.stat().st_size


def test_a_folder_is_unreadable(examiner: Examiner, tmp_path: Path) -> None:
    assert reasons(examine_file(examiner, tmp_path)) == [GapReason.UNREADABLE]


def test_a_closed_descriptor_is_unreadable(examiner: Examiner) -> None:
    assert reasons(examiner.examine(999_999, lambda _: None)) == [GapReason.UNREADABLE]


def test_a_file_that_changes_meanwhile(
    examiner: Examiner, tmp_path: Path, landscape: Landscape, encode: Encode
) -> None:
    inner = tmp_path / "inner.tar"
    picture = tmp_path / "hills.png"
    picture.write_bytes(encode(landscape(), "PNG"))
    with tarfile.open(inner, "w") as archive:
        archive.add(picture, "hills.png")
    fd = os.open(inner, os.O_RDONLY)

    def meddle(_: Content) -> None:
        with inner.open("ab") as file:
            file.write(b"more")

    content = examiner.examine(fd, meddle)
    os.close(fd)
    assert reasons(content) == [GapReason.UNREADABLE]


def test_frames_stop_when_time_is_short(landscape: Landscape, encode: Encode) -> None:
    frames = [landscape(seed=seed) for seed in range(4)]
    data = encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    # So little time is always over after the first frame, which is done in any case.
    watch = Watch(1e-9, deadly=False)
    examiner = Examiner(builtin_kinds(), Limits(), watch, archives=True, dihedral=False)
    content = examiner.examine_bytes(data, lambda _: None)
    assert content.frames == 1
    assert reasons(content) == [GapReason.TIMED_OUT]
    assert "3 of 4 frames" in content.gaps[0].detail
