"""VICS: the JSON interchange of Project VIC and CAID, versions 1.x and 2.0, of any size.

The file is streamed twice: shortly, to see whether its `value` array holds cases with media or
media directly, and then whole. Writers differ in many ways (case of member names, numbers as
strings, UTF-16); all that are known are read. Only `Category` is a verdict, and only together with
its scheme: categories of different schemes are never translated into one another.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import ijson

from tutela.lists.importers.reading import EMPTY_FILE, Reading
from tutela.lists.importers.source import (
    CHUNK_BYTES,
    HEAD_BYTES,
    Encoding,
    Progress,
    Utf8Bytes,
)
from tutela.model import NewEntry, Signal

UNCATEGORISED = "category 0 or none: never taken as positive"
NO_SIGNAL = "record without a fingerprint of a known kind"
OTHER_HASH = "alternative hash of a kind that is not compared"
PHOTODNA = "PhotoDNA, which is not compared"
BAD_PHOTODNA = "PhotoDNA that cannot be decoded"
PHOTODNA_BYTES = 144
_CATEGORY_DIGITS = 9

_STRUCTURE = re.compile(rb'"(value|media)"', re.IGNORECASE)
_SPELLING = {b'"value"': b'"value"', b'"media"': b'"Media"'}
_CONTEXT = re.compile(r'"(?:@odata\.context|odata\.metadata)"\s*:\s*"([^"]*)"', re.IGNORECASE)
_SCHEME = re.compile(r"/([^/]+)/\$metadata", re.IGNORECASE)
_MEDIA_MEMBERS = frozenset(
    {"mediaid", "category", "md5", "sha1", "photodna", "alternativehashes", "mediafiles"}
)


class _Spelled:
    """UTF-8 bytes in which the two names that carry the structure are spelled `value` and `Media`.

    The streaming reader finds arrays by exact path, and writers spell names in differing case. The
    replacement has the length of what it replaces, so a name cut by the end of a chunk is mended
    with the next one.
    """

    _KEPT_BACK = len(b'"value"') - 1

    def __init__(self, source: Utf8Bytes) -> None:
        self._source = source
        self._rest = b""

    def read(self, size: int) -> bytes:
        if not size:
            return b""
        while True:
            chunk = self._source.read(size)
            text = _STRUCTURE.sub(lambda name: _SPELLING[name[0].lower()], self._rest + chunk)
            if not chunk:
                self._rest = b""
                return text
            self._rest = text[-self._KEPT_BACK :]
            if len(text) > self._KEPT_BACK:
                return text[: -self._KEPT_BACK]


class _Envelope(NamedTuple):
    """Where the media lie, and the scheme of their categories."""

    path: str
    scheme: str


def read_vics(
    stream: BinaryIO, encoding: Encoding, reading: Reading, progress: Progress | None
) -> Iterator[NewEntry]:
    """Yield the media of a VICS file that have a category above 0.

    Args:
        stream: the file; it must be seekable.
        encoding: how its text is written.
        reading: takes problems (by record number) and counts of what was left out.
        progress: told of the bytes read.

    Raises:
        ReadingStopped: the JSON is broken, or is not VICS.
    """
    envelope = _envelope(stream, encoding, reading)
    source = _Spelled(Utf8Bytes(stream, encoding, reading.problems, progress))
    media = ijson.items(source, envelope.path, use_float=True, buf_size=CHUNK_BYTES)
    number = 0
    while True:
        try:
            record = next(media)
        except StopIteration:
            return
        except (ijson.JSONError, ValueError):
            # The reader's own message quotes the file.
            reading.problems.stop(number + 1, "", "the JSON is broken or cut short here")
        number += 1
        if entry := _Medium(record, number, envelope.scheme, reading).entry():
            yield entry


def _envelope(stream: BinaryIO, encoding: Encoding, reading: Reading) -> _Envelope:
    """Look for the first sign of a medium or of a case's `Media`."""
    source = _Spelled(Utf8Bytes(stream, encoding, reading.problems))
    path = "value.item"
    seen_value = False
    try:
        for prefix, event, value in ijson.parse(source, use_float=True, buf_size=HEAD_BYTES):
            if prefix == "value":
                seen_value = seen_value or event == "start_array"
            elif prefix == "value.item.Media" and event == "start_array":
                path = "value.item.Media.item"
                break
            elif prefix == "value.item" and event == "map_key" and value.lower() in _MEDIA_MEMBERS:
                break
    except (ijson.JSONError, ValueError):
        reading.problems.stop(0, "", "the JSON is broken or cut short before the first record")
    if not seen_value:
        reading.problems.stop(0, "value", "is missing: this is JSON, but not a VICS file")
    return _Envelope(path, _scheme(stream, encoding))


def _scheme(stream: BinaryIO, encoding: Encoding) -> str:
    """The scheme that the context member names; it may stand before or after the records."""
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    size = stream.seek(0, 2)
    # An even offset, so that UTF-16 is not cut in the middle of a unit.
    stream.seek(max(0, size - HEAD_BYTES) // 2 * 2)
    for part in (head, stream.read(HEAD_BYTES)):
        found = _CONTEXT.search(part.decode(encoding.codec, errors="replace"))
        if found:
            scheme = _SCHEME.search(found[1].replace("\\/", "/"))
            name = scheme[1] if scheme else ""
            return "" if name.lower().endswith(".xml") else name
    return ""


class _Medium:
    """One object of a `Media` array, on its way to becoming an entry."""

    def __init__(self, record: object, number: int, scheme: str, reading: Reading) -> None:
        self._members = (
            {name.lower(): value for name, value in record.items()}
            if isinstance(record, dict)
            else None
        )
        self._number = number
        self._scheme = scheme
        self._reading = reading

    def entry(self) -> NewEntry | None:
        """The entry, or None: problems and counts then say why."""
        if self._members is None:
            self._wrong("", "is not an object")
            return None
        problems = self._reading.problems.total
        category = self._category(self._members.get("category"))
        if category is None:
            return None
        signals = self._signals(self._members)
        if self._reading.problems.total > problems:
            return None
        if any(map(self._reading.is_empty_file, signals)):
            self._leave_out(EMPTY_FILE)
            return None
        if not signals:
            self._leave_out(NO_SIGNAL)
            return None
        return NewEntry(
            signals=tuple(dict.fromkeys(signals)),
            label=self._text("mediaid", before="MediaID "),
            category=category,
            scheme=self._scheme,
            source=self._text("precategorizationsource"),
        )

    def _wrong(self, member: str, what: str) -> None:
        self._reading.problems.add(self._number, member, what)

    def _leave_out(self, why: str) -> None:
        self._reading.left_out[why] += 1

    def _category(self, value: object) -> str | None:
        """The category's number as text; None where it is no verdict or no number."""
        if value is None or value == "":
            self._leave_out(UNCATEGORISED)
            return None
        number = _whole_number(value)
        if number is None or number < 0:
            self._wrong("Category", "is not a whole number from 0")
            return None
        if not number:
            self._leave_out(UNCATEGORISED)
            return None
        return str(number)

    def _text(self, member: str, before: str = "") -> str:
        value = (self._members or {}).get(member)
        if not isinstance(value, str | int) or value == "":
            return ""
        return self._reading.fact(f"{before}{value}", self._number, member)

    def _signals(self, members: dict[str, object]) -> list[Signal]:
        signals = [
            self._signal(name, members[name.lower()], name)
            for name in ("MD5", "SHA1", "SHA256")
            if members.get(name.lower())
        ]
        if photodna := members.get("photodna"):
            self._count_photodna(photodna)
        signals += [self._alternative(item) for item in _list(members.get("alternativehashes"))]
        return [signal for signal in signals if signal is not None]

    def _signal(self, name: str, value: object, member: str) -> Signal | None:
        kind = self._reading.kind(name)
        if kind is None:
            self._leave_out(OTHER_HASH)
            return None
        if not isinstance(value, str):
            self._wrong(member, "is not a text")
            return None
        return self._reading.signal(kind, value.strip(), self._number, member)

    def _alternative(self, item: object) -> Signal | None:
        members = (
            {name.lower(): value for name, value in item.items()} if isinstance(item, dict) else {}
        )
        name, value = members.get("hashname"), members.get("hashvalue")
        if not isinstance(name, str) or not value:
            self._leave_out(OTHER_HASH)
            return None
        if name.lower() == "photodna":
            self._count_photodna(value)
            return None
        return self._signal(name, value, "AlternativeHashes")

    def _count_photodna(self, value: object) -> None:
        """Some tools wrote PhotoDNA values that nothing can decode: neither kind is an error."""
        try:
            size = len(base64.b64decode(value if isinstance(value, str) else "", validate=True))
        except (binascii.Error, ValueError):
            size = 0
        self._leave_out(PHOTODNA if size == PHOTODNA_BYTES else BAD_PHOTODNA)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _whole_number(value: object) -> int | None:
    """A number as writers give it: 1, 1.0 or "1"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    digits = value.strip() if isinstance(value, str) else ""
    if digits.isascii() and digits.isdigit() and len(digits) <= _CATEGORY_DIGITS:
        return int(digits)
    return None
