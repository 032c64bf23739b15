"""Open a bank file of any known format and read its entries. Start here.

The format is told from the content, never from the name.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from tutela.detection.signals.registry import SignalKinds
from tutela.errors import InvalidInput
from tutela.lists.importers.delimited import delimiter_of, is_preamble, read_delimited
from tutela.lists.importers.lines import read_lines
from tutela.lists.importers.problems import ReadingStopped
from tutela.lists.importers.reading import EMPTY_FILE, Reading
from tutela.lists.importers.source import (
    CHUNK_BYTES,
    HEAD_BYTES,
    Encoding,
    Progress,
    encoding_of,
    text_lines,
)
from tutela.lists.importers.vics import read_vics
from tutela.lists.snapshot import MAGIC, read_snapshot
from tutela.model import EntryFacts, NewEntry


class BankFormat(StrEnum):
    """The formats in which lists come."""

    CSV = "csv"
    LINES = "lines"
    VICS = "vics"
    SNAPSHOT = "snapshot"


class BankFile:
    """A bank file being read: iterate once over its entries.

    Attributes:
        name: the file as its user knows it; stands in error texts.
        format: what it is.
        size: bytes.
        left_out: after reading: what was rightly not made into entries, and how often.
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        form: BankFormat,
        reading: Reading,
        entries: Iterator[NewEntry],
        *,
        owned: bool,
    ) -> None:
        self.name = name
        self.format = form
        self.size = stream.seek(0, 2)
        self._stream = stream
        self._reading = reading
        self._entries = entries
        self._owned = owned

    @property
    def left_out(self) -> Counter[str]:
        """Reasons for which something was not made into an entry, with counts."""
        return self._reading.left_out

    def __iter__(self) -> Iterator[NewEntry]:
        """Yield the entries while the file is read, and at its end refuse it if any row was bad.

        A caller must be able to undo what it did with the entries when the error comes.

        Raises:
            BankFileError: something is wrong with the file; all of it was read first.
            InvalidInput: it is a snapshot that is damaged.
        """
        try:
            yield from self._entries
        except ReadingStopped:
            pass  # the log holds the reason
        finally:
            self.close()
        self._reading.problems.raise_if_any(self.name)

    def sha256(self) -> str:
        """The digest of the file as it is, in hexadecimal; to be asked before it is read."""
        digest = hashlib.sha256()
        self._stream.seek(0)
        while data := self._stream.read(CHUNK_BYTES):
            digest.update(data)
        self._stream.seek(0)
        return digest.hexdigest()

    def close(self) -> None:
        """Close the file if it was opened here. Reading to the end does so, too."""
        if self._owned:
            self._stream.close()


def open_bank_file(
    source: Path | BinaryIO,
    kinds: SignalKinds,
    *,
    name: str | None = None,
    form: BankFormat | None = None,
    default_kind: str | None = None,
    progress: Progress | None = None,
) -> BankFile:
    """Open a bank file.

    Args:
        source: its path, or a seekable binary stream, which stays open.
        kinds: signal kinds that entries may have.
        name: what error texts call it; the path where nothing is given.
        form: its format; told from the content where nothing is given.
        default_kind: kind of bare values in a file of lines.
        progress: called with the number of bytes read since the last call.

    Raises:
        InvalidInput: it cannot be opened, or is none of the known formats, or `default_kind` is
            not a signal kind.
    """
    shown = name or (str(source) if isinstance(source, Path) else "the bank file")
    owned = isinstance(source, Path)
    stream = _open(source, shown) if isinstance(source, Path) else source
    try:
        return _start(stream, shown, kinds, form, default_kind, progress, owned=owned)
    except BaseException:
        if owned:
            stream.close()
        raise


def _open(path: Path, shown: str) -> BinaryIO:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InvalidInput(
            f"the bank file cannot be read ({error.strerror})", where=shown
        ) from error
    if not stream.seekable():
        stream.close()
        raise InvalidInput("the bank file is a pipe", where=shown, remedy="save it to a file first")
    return stream


def _start(
    stream: BinaryIO,
    shown: str,
    kinds: SignalKinds,
    form: BankFormat | None,
    default_kind: str | None,
    progress: Progress | None,
    *,
    owned: bool,
) -> BankFile:
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    encoding = encoding_of(head)
    form = form or detect(head, encoding, shown)
    by_record = form in {BankFormat.VICS, BankFormat.SNAPSHOT}
    reading = Reading(kinds, default_kind, "record" if by_record else "line")
    if form is BankFormat.SNAPSHOT:
        entries = _snapshot_entries(stream, shown, kinds, reading)
    else:
        entries = _entries(form, stream, encoding, reading, progress)
    return BankFile(stream, shown, form, reading, entries, owned=owned)


def _entries(
    form: BankFormat,
    stream: BinaryIO,
    encoding: Encoding,
    reading: Reading,
    progress: Progress | None,
) -> Iterator[NewEntry]:
    if form is BankFormat.VICS:
        return read_vics(stream, encoding, reading, progress)
    lines = text_lines(stream, encoding, reading.problems, progress)
    read = read_delimited if form is BankFormat.CSV else read_lines
    return read(lines, reading)


def _snapshot_entries(
    stream: BinaryIO, shown: str, kinds: SignalKinds, reading: Reading
) -> Iterator[NewEntry]:
    """Entries of a snapshot: its checksum proves that it is whole, not that it is well made."""
    columns = read_snapshot(stream, shown, kinds)
    for number, entry in enumerate(columns.entries(kinds), 1):
        for name in EntryFacts.__struct_fields__:
            reading.fact(getattr(entry, name), number, name)
        if not entry.signals:
            reading.problems.add(number, "", "has no signal")
        elif any(map(reading.is_empty_file, entry.signals)):
            reading.left_out[EMPTY_FILE] += 1
        else:
            yield entry


def detect(head: bytes, encoding: Encoding, shown: str) -> BankFormat:
    """Tell the format from the first bytes of a file.

    Raises:
        InvalidInput: it is none of the formats.
    """
    if head.startswith(MAGIC):
        return BankFormat.SNAPSHOT
    text = head[encoding.mark :].decode(encoding.codec, errors="replace")
    if "\0" in text:
        raise InvalidInput(
            "this is not a bank file",
            where=shown,
            remedy="known are CSV, one signal per line, VICS JSON and Tutela's snapshot",
        )
    if text.lstrip().startswith("{"):
        return BankFormat.VICS
    # Lines end here as they do for whoever reads on: `splitlines` would know more line ends.
    lines = io.StringIO(text, newline="")
    first = next((line for line in lines if not is_preamble(line)), "")
    return BankFormat.CSV if delimiter_of(first) else BankFormat.LINES
