"""The structure of a HEIF file: which coded pictures it has, and how they make the shown one.

ISO/IEC 23008-12 (HEIF) on boxes of ISO/IEC 14496-12. Only what still pictures need is read, with
every count and offset checked, so that no demuxer of FFmpeg ever sees the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_META_BYTES = 16 * 2**20
_MOST_ITEMS = 4096
_MOST_BOXES = 100_000
_LARGE_GRID = 1
_HIDDEN = 1


class Malformed(Exception):
    """The file breaks the format's rules."""


class Box(NamedTuple):
    """A box: four letters and what is in it."""

    type: bytes
    data: memoryview


class Extent(NamedTuple):
    """A run of an item's bytes, in the file or in the `idat` box."""

    in_idat: bool
    offset: int
    length: int


class Grid(NamedTuple):
    """A picture put together from equal tiles, row by row."""

    rows: int
    columns: int
    width: int
    height: int


class Item:
    """A coded or derived picture.

    Attributes:
        id: number in the file.
        type: `hvc1` for HEVC, `grid` for tiles, and others.
        hidden: not meant to be shown by itself.
        properties: its property boxes, in the order in which they apply.
        extents: where its bytes are.
        parts: items that it is derived from.
        is_auxiliary, is_thumbnail: it only serves another item.
    """

    def __init__(self, number: int, kind: bytes, *, hidden: bool) -> None:
        self.id = number
        self.type = kind
        self.hidden = hidden
        self.properties: list[Box] = []
        self.extents: list[Extent] = []
        self.parts: list[int] = []
        self.is_auxiliary = False
        self.is_thumbnail = False

    def property(self, kind: bytes) -> memoryview | None:
        """The first property of a type, or None."""
        return next((box.data for box in self.properties if box.type == kind), None)


class Cursor:
    """Reads big-endian numbers from a box.

    Raises:
        Malformed: it ends too early.
    """

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int) -> int:
        """An unsigned number of `size` bytes; 0 bytes give 0."""
        return int.from_bytes(self.bytes(size), "big")

    def bytes(self, size: int) -> memoryview:
        """The next `size` bytes."""
        self._at += size
        if self._at > len(self._data):
            raise Malformed("a box ends too early")
        return self._data[self._at - size : self._at]

    def rest(self) -> memoryview:
        """Everything that was not read yet."""
        return self._data[self._at :]

    def version_and_flags(self) -> tuple[int, int]:
        """The head of a full box."""
        word = self.number(4)
        return word >> 24, word & 0xFFFFFF


def boxes(data: memoryview) -> Iterator[Box]:
    """The boxes in `data`, one after the other.

    Raises:
        Malformed: a box is longer than what holds it.
    """
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 8 > len(data):
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = Cursor(data[at + 8 :]).number(8), 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            raise Malformed("a box is longer than what holds it")
        yield Box(kind, data[at + head : at + size])
        at += size
    raise Malformed("too many boxes")


class Heif:
    """The items of a HEIF file.

    Args:
        stream: seekable stream of the file.

    Attributes:
        primary: number of the picture that is shown.
        items: all items by number.
        has_sequence: it also has tracks of a picture sequence or a video.

    Raises:
        Malformed: it breaks the format's rules.
        OSError: it cannot be read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.items: dict[int, Item] = {}
        self.primary = 0
        self.has_sequence = False
        self._idat = memoryview(b"")
        self._read_meta(self._find_meta())

    def pictures(self) -> list[Item]:
        """The primary picture, then every other one that stands for itself."""
        if self.primary not in self.items:
            raise Malformed("there is no primary picture")
        tiles = {part for item in self.items.values() for part in item.parts}
        others = [
            item
            for item in self.items.values()
            if item.property(b"ispe") is not None
            and item.id not in tiles
            and not (item.hidden or item.is_auxiliary or item.is_thumbnail)
            and item.id != self.primary
        ]
        return [self.items[self.primary], *others]

    def data(self, item: Item) -> bytes:
        """The item's bytes.

        Raises:
            Malformed: they lie outside the file.
        """
        if sum(extent.length for extent in item.extents) > self._size:
            raise Malformed("a picture's bytes are more than the file has")
        return b"".join(self._extent(extent) for extent in item.extents)

    def grid(self, item: Item) -> Grid:
        """How the tiles of a `grid` item are laid out."""
        cursor = Cursor(memoryview(self.data(item)))
        cursor.number(1)
        size = 4 if cursor.number(1) & _LARGE_GRID else 2
        rows, columns = cursor.number(1) + 1, cursor.number(1) + 1
        return Grid(rows, columns, cursor.number(size), cursor.number(size))

    def _extent(self, extent: Extent) -> bytes:
        if extent.in_idat:
            data = bytes(self._idat[extent.offset : extent.offset + extent.length])
        else:
            self._stream.seek(min(extent.offset, self._size))
            data = self._stream.read(extent.length)
        if len(data) != extent.length:
            raise Malformed("a picture's bytes lie outside the file")
        return data

    def _find_meta(self) -> memoryview:
        """The `meta` box among the boxes of the file."""
        self._size = self._stream.seek(0, 2)
        meta = None
        at = 0
        for _ in range(_MOST_BOXES):
            self._stream.seek(at)
            head = self._stream.read(16)
            if len(head) < 8:  # noqa: PLR2004 - a box's head
                break
            size, kind = struct.unpack_from(">I4s", head)
            start = 8
            if size == 1 and len(head) == 16:  # noqa: PLR2004 - a large box's head
                size, start = int.from_bytes(head[8:16], "big"), 16
            elif size == 0:
                size = self._size - at
            if size < start or at + size > self._size:
                raise Malformed("a box is longer than the file")
            if kind == b"moov":
                self.has_sequence = True
            if kind == b"meta" and meta is None and size <= _META_BYTES:
                self._stream.seek(at + start)
                meta = self._stream.read(size - start)
            at += size
        if meta is None:
            raise Malformed("there is no description of pictures")
        return memoryview(meta)[4:]

    def _read_meta(self, meta: memoryview) -> None:
        found = {box.type: box.data for box in boxes(meta)}
        self._idat = found.get(b"idat", self._idat)
        self._read_items(Cursor(found.get(b"iinf", self._idat[:0])))
        self._read_primary(Cursor(found.get(b"pitm", self._idat[:0])))
        self._read_places(Cursor(found.get(b"iloc", self._idat[:0])))
        if b"iref" in found:
            self._read_references(Cursor(found[b"iref"]))
        if b"iprp" in found:
            self._read_properties(found[b"iprp"])

    def _read_items(self, cursor: Cursor) -> None:
        version, _ = cursor.version_and_flags()
        cursor.number(4 if version else 2)
        for box in boxes(cursor.rest()):
            entry = Cursor(box.data)
            version, flags = entry.version_and_flags()
            if box.type != b"infe" or version < 2:  # noqa: PLR2004 - earlier ones have no item type
                continue
            number = entry.number(2 if version == 2 else 4)  # noqa: PLR2004 - as the format says
            entry.number(2)
            kind = bytes(entry.bytes(4))
            self.items[number] = Item(number, kind, hidden=bool(flags & _HIDDEN))
            if len(self.items) > _MOST_ITEMS:
                raise Malformed("too many items")

    def _read_primary(self, cursor: Cursor) -> None:
        version, _ = cursor.version_and_flags()
        self.primary = cursor.number(4 if version else 2)

    def _read_places(self, cursor: Cursor) -> None:
        version, _ = cursor.version_and_flags()
        sizes = cursor.number(2)
        offset_size, length_size = sizes >> 12, sizes >> 8 & 15
        base_size, index_size = sizes >> 4 & 15, sizes & 15 if version else 0
        wide = 4 if version == 2 else 2  # noqa: PLR2004 - as the format says
        for _ in range(cursor.number(wide)):
            item = self.items.get(cursor.number(wide))
            method = cursor.number(2) & 15 if version else 0
            cursor.number(2)
            base = cursor.number(base_size)
            for _ in range(cursor.number(2)):
                cursor.number(index_size)
                offset, length = base + cursor.number(offset_size), cursor.number(length_size)
                if item is not None:
                    item.extents.append(Extent(method == 1, offset, length))

    def _read_references(self, cursor: Cursor) -> None:
        version, _ = cursor.version_and_flags()
        wide = 4 if version else 2
        for box in boxes(cursor.rest()):
            entry = Cursor(box.data)
            item = self.items.get(entry.number(wide))
            targets = [entry.number(wide) for _ in range(entry.number(2))]
            if item is None:
                continue
            if box.type == b"dimg":
                item.parts = targets
            item.is_auxiliary |= box.type == b"auxl"
            item.is_thumbnail |= box.type == b"thmb"

    def _read_properties(self, data: memoryview) -> None:
        known: list[Box] = []
        for box in boxes(data):
            if box.type == b"ipco":
                known = list(boxes(box.data))
            elif box.type == b"ipma":
                self._associate(Cursor(box.data), known)

    def _associate(self, cursor: Cursor, known: list[Box]) -> None:
        version, flags = cursor.version_and_flags()
        for _ in range(cursor.number(4)):
            item = self.items.get(cursor.number(4 if version else 2))
            for _ in range(cursor.number(1)):
                index = cursor.number(2) & 0x7FFF if flags & 1 else cursor.number(1) & 0x7F
                if item is not None and 0 < index <= len(known):
                    item.properties.append(known[index - 1])
