from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tutela.detection.media.formats.archives import shown
from tutela.model import Content, GapReason

Landscape = Callable[..., Image.Image]
Encode = Callable[..., bytes]
Examine = Callable[..., list[Content]]

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def photo(landscape: Landscape, encode: Encode) -> bytes:
    return encode(landscape(), "JPEG")


def zip_of(
    files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, level: int | None = None
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method, compresslevel=level) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tar_of(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=form, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def reasons(content: Content) -> list[GapReason]:
    return [gap.reason for gap in content.gaps]


def pdq(content: Content) -> list[str]:
    return [signal.value for signal in content.signals if signal.kind == "pdq"]


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "application/gzip": gzip.compress,
    "application/x-bzip2": bz2.compress,
    "application/x-xz": lzma.compress,
}
ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": zip_of,
    "zip stored": lambda files: zip_of(files, zipfile.ZIP_STORED),
    "zip bzip2": lambda files: zip_of(files, zipfile.ZIP_BZIP2),
    "zip lzma": lambda files: zip_of(files, zipfile.ZIP_LZMA),
    "tar ustar": lambda files: tar_of(files, tarfile.USTAR_FORMAT),
    "tar gnu": lambda files: tar_of(files, tarfile.GNU_FORMAT),
    "tar pax": tar_of,
    "tar.gz": lambda files: gzip.compress(tar_of(files)),
    "tar.bz2": lambda files: bz2.compress(tar_of(files)),
    "tar.xz": lambda files: lzma.compress(tar_of(files)),
}


@pytest.mark.parametrize("archive", ARCHIVES)
def test_members_are_compared_like_files(photo: bytes, examine: Examine, archive: str) -> None:
    data = ARCHIVES[archive]({"hills.jpg": photo, "folder/again.jpg": photo, "none": b""})
    whole, *members = examine(data)
    (alone,) = examine(photo)
    assert whole.gaps == ()
    assert {signal.kind for signal in whole.signals} == {"md5", "sha1", "sha256"}
    assert [member.path for member in members] == [
        ("hills.jpg",),
        ("folder/again.jpg",),
        ("none",),
    ]
    for member in members[:2]:
        assert (member.signals, member.size) == (alone.signals, alone.size)
        assert member.media_type == "image/jpeg"
        assert member.gaps == ()
    assert reasons(members[2]) == [GapReason.EMPTY]
    assert members[2].signals == ()


@pytest.mark.parametrize("media_type", PACKERS)
def test_a_single_packed_file(photo: bytes, examine: Examine, media_type: str) -> None:
    whole, member = examine(PACKERS[media_type](photo))
    assert (whole.media_type, whole.gaps) == (media_type, ())
    assert (member.path, member.media_type) == (("data",), "image/jpeg")
    assert pdq(member) == pdq(examine(photo)[0])


def test_the_name_in_a_gzip_header(photo: bytes, examine: Examine) -> None:
    stream = io.BytesIO()
    with gzip.GzipFile("hills.jpg", "wb", fileobj=stream) as file:
        file.write(photo)
    _, member = examine(stream.getvalue())
    assert member.path == ("hills.jpg",)


def test_archives_within_archives(photo: bytes, examine: Examine) -> None:
    inner = tar_of({"hills.jpg": photo})
    whole, *members = examine(zip_of({"inner.tar.gz": gzip.compress(inner)}))
    assert whole.gaps == ()
    assert [member.path for member in members] == [
        ("inner.tar.gz", "hills.jpg"),
        ("inner.tar.gz",),
    ]
    assert all(member.gaps == () for member in members)


def test_the_depth_has_a_limit(photo: bytes, examine: Examine) -> None:
    data = photo
    for level in range(5):
        data = zip_of({f"level {level}": data})
    contents = examine(data, archive_depth=3)
    stopped = [content for content in contents if content.gaps]
    assert [len(content.path) for content in stopped] == [3]
    assert reasons(stopped[0]) == [GapReason.ARCHIVE_LIMIT]
    assert len(stopped[0].signals) == 3


def test_archives_can_stay_closed(photo: bytes, examine: Examine) -> None:
    (whole,) = examine(zip_of({"hills.jpg": photo}), archives=False)
    assert reasons(whole) == [GapReason.UNSUPPORTED]
    assert len(whole.signals) == 3


def test_links_folders_and_devices_are_passed_over(photo: bytes, examine: Examine) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for kind in (
            tarfile.SYMTYPE,
            tarfile.LNKTYPE,
            tarfile.DIRTYPE,
            tarfile.CHRTYPE,
            tarfile.FIFOTYPE,
        ):
            entry = tarfile.TarInfo(f"kind {kind!r}")
            entry.type = kind
            entry.linkname = "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("hills.jpg")
        entry.size = len(photo)
        archive.addfile(entry, io.BytesIO(photo))
    _, *members = examine(stream.getvalue())
    assert [member.path for member in members] == [("hills.jpg",)]

    link = zipfile.ZipInfo("link")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        zipped.writestr(link, "/etc/passwd")
        zipped.mkdir("folder")
        zipped.writestr("hills.jpg", photo)
    _, *members = examine(stream.getvalue())
    assert [member.path for member in members] == [("hills.jpg",)]


def test_an_encrypted_member(photo: bytes, examine: Examine) -> None:
    data = bytearray(zip_of({"secret.jpg": photo, "open.jpg": photo}))
    data[6] |= 1
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    whole, secret, other = examine(bytes(data))
    assert reasons(secret) == [GapReason.ENCRYPTED]
    assert (secret.signals, secret.size) == ((), len(photo))
    assert other.gaps == ()
    assert whole.gaps == ()


def test_an_unknown_method(photo: bytes, examine: Examine) -> None:
    data = bytearray(zip_of({"hills.jpg": photo}))
    struct.pack_into("<H", data, 8, 97)
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 97)
    _, member = examine(bytes(data))
    assert reasons(member) == [GapReason.UNSUPPORTED]


def test_one_damaged_member_does_not_hide_the_next(photo: bytes, examine: Examine) -> None:
    data = bytearray(zip_of({"first.jpg": photo, "second.jpg": photo}, zipfile.ZIP_STORED))
    data[2000] ^= 0xFF
    whole, first, second = examine(bytes(data))
    assert reasons(first) == [GapReason.DAMAGED]
    assert second.gaps == ()
    assert pdq(second)
    assert whole.gaps == ()


@pytest.mark.parametrize("archive", [name for name in ARCHIVES if name != "zip lzma"])
def test_half_an_archive_keeps_what_came_before(
    photo: bytes, examine: Examine, archive: str
) -> None:
    noise = os.urandom(200_000)
    data = ARCHIVES[archive]({"hills.jpg": photo, "noise": noise})
    whole, *members = examine(data[: len(data) - 100_000])
    assert any(content.gaps for content in (whole, *members))
    assert any(GapReason.DAMAGED in reasons(content) for content in (whole, *members))
    # zip has its directory at the end, and here bzip2 has all in one block.
    if archive.startswith("tar") and archive != "tar.bz2":
        assert pdq(members[0])


@pytest.mark.parametrize("archive", ARCHIVES)
def test_too_much_comes_out(photo: bytes, examine: Examine, archive: str) -> None:
    data = ARCHIVES[archive]({"hills.jpg": photo, "zeros": bytes(4 * MEGABYTE)})
    whole, *members = examine(data, archive_bytes=2 * MEGABYTE)
    assert reasons(whole) == [GapReason.ARCHIVE_LIMIT]
    assert pdq(members[0])
    assert all(GapReason.ARCHIVE_LIMIT in reasons(member) for member in members[1:])


@pytest.mark.parametrize("archive", ["zip", "tar.gz", "tar.xz", "zip lzma", "zip bzip2"])
def test_the_ratio_has_a_limit(examine: Examine, archive: str) -> None:
    data = ARCHIVES[archive]({"zeros": bytes(40 * MEGABYTE)})
    assert len(data) < 100_000
    whole, *_ = examine(data, archive_ratio=100)
    assert reasons(whole) == [GapReason.ARCHIVE_LIMIT]
    assert "100 times" in whole.gaps[0].detail


@pytest.mark.parametrize("archive", ["zip", "tar pax"])
def test_the_number_of_members_has_a_limit(examine: Examine, archive: str) -> None:
    data = ARCHIVES[archive]({f"{n}.txt": b"words" for n in range(30)})
    whole, *members = examine(data, archive_members=20)
    assert reasons(whole) == [GapReason.ARCHIVE_LIMIT]
    assert len(members) == 20


def test_limits_hold_for_all_levels_together(examine: Examine) -> None:
    inner = zip_of({f"{n}.txt": b"words" for n in range(9)})
    whole, *members = examine(zip_of({f"{n}.zip": inner for n in range(9)}), archive_members=20)
    assert reasons(whole) == [GapReason.ARCHIVE_LIMIT]
    assert len([m for m in members if len(m.path) == 2]) < 20


def test_a_zip_of_zips_is_stopped(examine: Examine) -> None:
    """As 42.zip: small at the outside, 16 to the power of 5 times as much inside."""
    data = zip_of({"zeros": bytes(10 * MEGABYTE)}, level=9)
    for _ in range(5):
        data = zip_of({f"{n}.zip": data for n in range(16)}, level=9)
    assert len(data) < 100_000
    whole, *members = examine(data, archive_depth=16)
    assert reasons(whole) == [GapReason.ARCHIVE_LIMIT]
    assert sum(member.size for member in members) < 100 * MEGABYTE


def overlapping_zip() -> bytes:
    """Many entries of the directory share one run of packed zeros."""
    data = zip_of({"zeros": bytes(MEGABYTE)})
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 1000, 1000, 1000 * len(entry))
    return data[:start] + entry * 1000 + bytes(tail)


def test_entries_that_overlap_are_refused(examine: Examine) -> None:
    whole, *members = examine(overlapping_zip())
    assert reasons(whole) == [GapReason.ARCHIVE_LIMIT]
    assert members == []


def test_a_sparse_member_counts_its_holes(examine: Examine) -> None:
    """A GNU sparse file of one terabyte of holes in a few blocks."""
    entry = tarfile.TarInfo("holes")
    entry.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    header[386 : 386 + 24] = b"%011o\0%011o\0" % (0, 0)
    header[483 : 483 + 12] = b"\x80" + (10**12).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    whole, member = examine(bytes(header) + bytes(1024), archive_bytes=MEGABYTE)
    assert reasons(whole) == [GapReason.ARCHIVE_LIMIT]
    assert reasons(member) == [GapReason.ARCHIVE_LIMIT]


def test_a_member_too_large_for_memory_keeps_its_digests(photo: bytes, examine: Examine) -> None:
    large = photo + bytes(40 * MEGABYTE)
    whole, member = examine(
        tar_of({"large.jpg": large}), memory_bytes=MEGABYTE, archive_bytes=100 * MEGABYTE
    )
    assert whole.gaps == ()
    assert reasons(member) == [GapReason.TOO_LARGE]
    assert (member.size, len(member.signals)) == (len(large), 3)
    assert member.media_type == "image/jpeg"


def test_names_that_are_not_utf_8_or_not_harmless(examine: Examine) -> None:
    names = {
        "gr\udcfcn.txt": "gr\\xfcn.txt",
        "two\nlines.txt": "two\\x0alines.txt",
        "../../etc/passwd": "../../etc/passwd",
        "gpj.\u202etxt": "gpj.\\u202etxt",
        "/abs": "/abs",
        "Grüße 山.txt": "Grüße 山.txt",
    }
    _, *members = examine(tar_of(dict.fromkeys(names, b"words"), tarfile.GNU_FORMAT))
    assert [member.path[0] for member in members] == list(names.values())


def test_names_in_zip_archives(examine: Examine) -> None:
    data = zip_of({"Gru-e.txt": b"words"})
    _, old = examine(data.replace(b"Gru-e", b"Gr\x81\xe1e"))
    assert old.path == ("Grüße.txt",)
    _, unmarked = examine(zip_of({"Gr--.txt": b"w"}).replace(b"Gr--", "Grü".encode()))
    assert unmarked.path == ("Grü.txt",)
    _, marked = examine(zip_of({"Grüße.txt": b"words"}))
    assert marked.path == ("Grüße.txt",)


@given(st.text())
def test_any_name_is_one_harmless_line(name: str) -> None:
    safe = shown(name)
    assert safe.isprintable()
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs"} for character in safe)
    assert len(safe) <= 1003


def test_a_long_name_is_cut() -> None:
    assert shown("x" * 5000) == "x" * 1000 + "..."


@pytest.mark.parametrize("archive", ARCHIVES)
def test_flipped_bytes_never_raise(photo: bytes, examine: Examine, archive: str) -> None:
    original = ARCHIVES[archive]({"hills.jpg": photo[:3000], "words.txt": b"words" * 50})
    dice = random.Random(archive)  # noqa: S311 - to be repeated
    for _ in range(60):
        data = bytearray(original)
        for _ in range(dice.randint(1, 5)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        contents = examine(bytes(data[: dice.randint(1, len(data))]))
        assert contents[0].path == ()


def test_a_large_packed_bomb(examine: Examine) -> None:
    """A gigabyte of zeros in a megabyte: read in pieces, ended by the ratio."""
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress(bytes(16 * MEGABYTE)) for _ in range(8)]
    data = b"".join((*pieces, packer.flush()))
    whole, member = examine(data, archive_ratio=50)
    assert reasons(whole) == [GapReason.ARCHIVE_LIMIT]
    assert reasons(member) == [GapReason.ARCHIVE_LIMIT]
