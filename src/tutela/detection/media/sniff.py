"""What bytes are, found from the bytes alone. Names and declared types are never looked at."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from enum import StrEnum

from tutela.model.record import Record

HEAD_BYTES = 4096
"""As many bytes from the start of a file as `sniff` makes use of."""


class Opener(StrEnum):
    """What can open bytes of a media type."""

    PILLOW = "pillow"
    HEIF = "heif"
    ZIP = "zip"
    TAR = "tar"
    PACKED = "packed"
    NONE = "none"


class MediaType(Record, frozen=True, kw_only=True):
    """A type of bytes.

    Attributes:
        name: as in HTTP: `image/jpeg`.
        words: what people call it, with its article.
        opener: what opens it here.
        form: the opener's own name of the format, where it has several.
    """

    name: str
    words: str
    opener: Opener = Opener.NONE
    form: str = ""

    @property
    def picture(self) -> bool:
        """Whether it is opened as a picture."""
        return self.opener in {Opener.PILLOW, Opener.HEIF}

    @property
    def archive(self) -> bool:
        """Whether it is opened as an archive."""
        return self.opener in {Opener.ZIP, Opener.TAR, Opener.PACKED}


def _plain(name: str, words: str) -> MediaType:
    return MediaType(name=name, words=words)


def _pillow(name: str, form: str) -> MediaType:
    words = f"a{'n' * (form[0] == 'A')} {form} picture"
    return MediaType(name=name, words=words, opener=Opener.PILLOW, form=form)


def _packed(name: str, form: str) -> MediaType:
    return MediaType(name=name, words=f"{form} data", opener=Opener.PACKED, form=form)


JPEG = _pillow("image/jpeg", "JPEG")
PNG = _pillow("image/png", "PNG")
GIF = _pillow("image/gif", "GIF")
WEBP = _pillow("image/webp", "WEBP")
BMP = _pillow("image/bmp", "BMP")
TIFF = _pillow("image/tiff", "TIFF")
AVIF = _pillow("image/avif", "AVIF")
HEIC = MediaType(name="image/heic", words="a HEIC picture", opener=Opener.HEIF)
ZIP = MediaType(name="application/zip", words="a zip archive", opener=Opener.ZIP)
TAR = MediaType(name="application/x-tar", words="a tar archive", opener=Opener.TAR)
GZIP = _packed("application/gzip", "gzip")
BZIP2 = _packed("application/x-bzip2", "bzip2")
XZ = _packed("application/x-xz", "xz")
TEXT = _plain("text/plain", "text")
SVG = _plain("image/svg+xml", "an SVG drawing")
UNKNOWN = _plain("application/octet-stream", "data of an unknown kind")
MP4 = _plain("video/mp4", "an MP4 video")
QUICKTIME = _plain("video/quicktime", "a QuickTime video")
MP3 = _plain("audio/mpeg", "MPEG audio")

_MAGIC: tuple[tuple[int, bytes, MediaType], ...] = (
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"GIF87a", GIF),
    (0, b"GIF89a", GIF),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
    (0, b"PK\x07\x08", ZIP),
    (0, b"\x1f\x8b\x08", GZIP),
    (0, b"\xfd7zXZ\x00", XZ),
    (8, b"CR\x02", _plain("image/x-canon-cr2", "a camera's raw picture")),
    (0, b"II*\x00", TIFF),
    (0, b"MM\x00*", TIFF),
    (0, b"II+\x00", TIFF),
    (0, b"MM\x00+", TIFF),
    (257, b"ustar", TAR),
    (0, b"%PDF-", _plain("application/pdf", "a PDF document")),
    (0, b"7z\xbc\xaf\x27\x1c", _plain("application/x-7z-compressed", "a 7z archive")),
    (0, b"Rar!\x1a\x07", _plain("application/vnd.rar", "a RAR archive")),
    (0, b"\x28\xb5\x2f\xfd", _plain("application/zstd", "Zstandard data")),
    (0, b"\x04\x22\x4d\x18", _plain("application/x-lz4", "LZ4 data")),
    (0, b"MSCF\x00\x00\x00\x00", _plain("application/vnd.ms-cab-compressed", "a CAB archive")),
    (0, b"\x1a\x45\xdf\xa3", _plain("video/x-matroska", "a Matroska or WebM video")),
    (0, b"OggS", _plain("video/ogg", "Ogg video or audio")),
    (0, b"FLV\x01", _plain("video/x-flv", "a Flash video")),
    (0, b"\x00\x00\x01\xba", _plain("video/mpeg", "an MPEG video")),
    (0, b"\x00\x00\x01\xb3", _plain("video/mpeg", "an MPEG video")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _plain("video/x-ms-asf", "a Windows Media video")),
    (0, b"ID3\x02", MP3),
    (0, b"ID3\x03", MP3),
    (0, b"ID3\x04", MP3),
    (0, b"\xff\xfb", MP3),
    (0, b"\xff\xfa", MP3),
    (0, b"\xff\xf3", MP3),
    (0, b"\xff\xf2", MP3),
    (0, b"fLaC", _plain("audio/flac", "FLAC audio")),
    (0, b"MThd", _plain("audio/midi", "MIDI music")),
    (0, b"\xff\x0a", _plain("image/jxl", "a JPEG XL picture")),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", _plain("image/jxl", "a JPEG XL picture")),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", _plain("image/jp2", "a JPEG 2000 picture")),
    (0, b"\xff\x4f\xff\x51", _plain("image/jp2", "a JPEG 2000 picture")),
    (0, b"8BPS\x00", _plain("image/vnd.adobe.photoshop", "a Photoshop picture")),
    (0, b"\x00\x00\x01\x00", _plain("image/vnd.microsoft.icon", "an icon")),
    (0, b"\x7fELF", _plain("application/x-elf", "a program")),
    (0, b"SQLite format 3\x00", _plain("application/vnd.sqlite3", "an SQLite database")),
)

_RIFF: dict[bytes, MediaType] = {
    b"WEBP": WEBP,
    b"AVI ": _plain("video/x-msvideo", "an AVI video"),
    b"WAVE": _plain("audio/wav", "WAVE audio"),
}

_BRANDS: dict[bytes, MediaType] = {
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), HEIC),
    b"qt  ": QUICKTIME,
    b"crx ": _plain("image/x-canon-cr3", "a camera's raw picture"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), _plain("audio/mp4", "MPEG-4 audio")),
}
_STILL_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"1pic", b"tmap"})
_MOVIE_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


def _old_tar(head: bytes) -> bool:
    """Whether it begins with a tar header of before `ustar`: only its checksum tells."""
    header = head[:512]
    stored = header[148:156].strip(b" \x00")
    if len(header) < 512 or not header[0] or not stored or not stored.isdigit():  # noqa: PLR2004 - a tar block
        return False
    try:
        expected = int(stored, 8)
    except ValueError:
        return False
    return sum(header[:148]) + sum(header[156:]) + 8 * ord(" ") == expected


def _bzip2(head: bytes) -> bool:
    return head[:3] == b"BZh" and head[4:10] in {b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"}


def _bmp(head: bytes) -> bool:
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS


def _transport_stream(head: bytes) -> bool:
    return head[:377:188] == b"\x47\x47\x47"


_STRUCTURES: tuple[tuple[Callable[[bytes], bool], MediaType], ...] = (
    (lambda head: head[4:8] in _MOVIE_BOXES, QUICKTIME),
    (_bzip2, BZIP2),
    (_bmp, BMP),
    (_old_tar, TAR),
    (_transport_stream, _plain("video/mp2t", "an MPEG transport stream")),
)


def sniff(head: bytes) -> MediaType:
    """The media type of a file that begins with `head`, its first `HEAD_BYTES` bytes or all of it.

    Never fails: what is not known is `application/octet-stream`.
    """
    for offset, magic, media_type in _MAGIC:
        if head.startswith(magic, offset):
            return media_type
    return _by_structure(head) or _text(head) or UNKNOWN


def _by_structure(head: bytes) -> MediaType | None:
    """Types whose mark is too short or too scattered for the table."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    return next((media_type for holds, media_type in _STRUCTURES if holds(head)), None)


def _by_brand(head: bytes) -> MediaType:
    """ISO base media files (ISO/IEC 14496-12) by the brands in their first box.

    A still-picture brand without a codec's brand is tried as HEIC: its items say what they are.
    """
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    if brands[0] not in _STILL_BRANDS:
        return _BRANDS.get(brands[0]) or next(
            (_BRANDS[b] for b in brands if b in _BRANDS and _BRANDS[b].picture), MP4
        )
    return next((_BRANDS[b] for b in brands if b in _BRANDS and _BRANDS[b].picture), HEIC)


def _text(head: bytes) -> MediaType | None:
    """Text in UTF-8, or in UTF-16 with a byte order mark."""
    encoding = "utf-8"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        # Not final: a character that the end of the head cuts in two is no error.
        text = codecs.getincrementaldecoder(encoding)().decode(head, final=False)
    except UnicodeDecodeError:
        return None
    if not text or any(ord(c) < ord(" ") and ord(c) not in _TEXT_CONTROLS for c in text):
        return None
    start = text.lstrip("\ufeff \t\r\n")[:1000]
    drawing = start.startswith("<svg") or (start.startswith("<?xml") and "<svg" in start)
    return SVG if drawing else TEXT
