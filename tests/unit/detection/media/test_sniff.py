from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tutela.detection.media.sniff import HEAD_BYTES, Opener, sniff

Encode = Callable[..., bytes]

PICTURE = Image.new("RGB", (8, 8), "teal")


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
    ],
)
def test_pictures_that_pillow_writes(encode: Encode, form: str, name: str) -> None:
    found = sniff(encode(PICTURE, form)[:HEAD_BYTES])
    assert (found.name, found.opener, found.form) == (name, Opener.PILLOW, form)


def test_a_bigtiff(encode: Encode) -> None:
    assert sniff(encode(PICTURE, "TIFF", big_tiff=True)).name == "image/tiff"


def zip_of(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def tar_of(name: str, data: bytes, form: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def old_tar_of(name: str, data: bytes) -> bytes:
    """A tar archive as Unix V7 wrote it: without the word `ustar`."""
    header = bytearray(512)
    header[: len(name)] = name.encode()
    for at, text in ((100, "000644 "), (108, "000000 "), (116, "000000 "), (136, "00000000000 ")):
        header[at : at + len(text)] = text.encode()
    header[124:136] = f"{len(data):011o} ".encode()
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header) + data.ljust(-(-len(data) // 512) * 512, b"\0") + bytes(1024)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_archives(form: int) -> None:
    assert sniff(tar_of("hills.txt", b"green", form)[:HEAD_BYTES]).opener is Opener.TAR


def test_an_old_tar_archive_by_its_checksum() -> None:
    archive = old_tar_of("hills.txt", b"green")
    assert sniff(archive).opener is Opener.TAR
    damaged = archive[:10] + b"x" + archive[11:]
    assert sniff(damaged).opener is not Opener.TAR


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (zip_of("a", b"b"), "application/zip"),
        (zip_of("a", b"b")[-22:], "application/zip"),
        (gzip.compress(b"hills"), "application/gzip"),
        (bz2.compress(b"hills"), "application/x-bzip2"),
        (bz2.compress(b""), "application/x-bzip2"),
        (lzma.compress(b"hills"), "application/x-xz"),
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (b"\x1a\x45\xdf\xa3\x01\x00", "video/x-matroska"),
        (b"RIFF\x00\x10\x00\x00AVI LIST", "video/x-msvideo"),
        (b"RIFF\x00\x10\x00\x00WAVEfmt ", "audio/wav"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42", "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", "video/quicktime"),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "video/quicktime"),
        (b"\x00\x00\x00\x14ftypM4A \x00\x00\x02\x00M4A ", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "image/avif"),
        (b"\x00\x00\x00\x14ftypmif1\x00\x00\x00\x00mif1", "image/heic"),
        (b"ID3\x04\x00\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"OggS\x00\x02", "video/ogg"),
        ((b"\x47" + bytes(187)) * 3, "video/mp2t"),
        (b"\x7fELF\x02\x01", "application/x-elf"),
        (b"hello\n", "text/plain"),
        ("Grüße\r\n".encode(), "text/plain"),
        ("Grüße".encode("utf-16"), "text/plain"),
        (b"BMW and other cars", "text/plain"),
        (b"BZhang wrote this", "text/plain"),
        (b"ID3 is a tag", "text/plain"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x">', "image/svg+xml"),
        (b"<html><body>", "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"\xff\xfe\xfd", "application/octet-stream"),
        (b"tab\x00zero", "application/octet-stream"),
    ],
    ids=lambda value: value if isinstance(value, str) else "bytes",  # some hold the time
)
def test_other_types(data: bytes, name: str) -> None:
    assert sniff(data).name == name


def test_text_that_the_head_cuts_in_the_middle_of_a_character() -> None:
    text = ("x" + "ü" * HEAD_BYTES).encode()
    assert sniff(text[:HEAD_BYTES]).name == "text/plain"


@given(st.binary(max_size=HEAD_BYTES))
def test_any_bytes_have_a_type(data: bytes) -> None:
    assert "/" in sniff(data).name


@given(st.sampled_from([b"RIFF", b"\x00\x00\x00\x20ftyp", b"BM", b"BZh", b"PK"]), st.binary())
def test_any_bytes_behind_a_short_mark_have_a_type(mark: bytes, data: bytes) -> None:
    assert "/" in sniff(mark + data).name


def test_noise_is_no_picture() -> None:
    assert not sniff(b"\x01" + os.urandom(500)).picture
