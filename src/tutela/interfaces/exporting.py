"""Banks out: the entries of a bank as a file, for the API and the CLI."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path

import msgspec

from tutela.detection.signals.registry import SignalKinds
from tutela.lists.columns import ColumnsBuilder
from tutela.lists.snapshot import write_snapshot
from tutela.model import Entry, EntryFacts, NewEntry

ENTRIES_AT_ONCE = 1000
BYTES_AT_ONCE = 262_144

_FACTS = EntryFacts.__struct_fields__


class ExportFormat(StrEnum):
    """The formats in which a bank can be exported."""

    CSV = "csv"
    """One row per signal; any importer of bank files takes it."""
    LINES = "ndjson"
    """One JSON object per entry, with its id, state and times: for programs."""
    SNAPSHOT = "snapshot"
    """Tutela's own snapshot: opens at once, `tutela scan` takes it."""

    @property
    def media_type(self) -> str:
        """Media type of a file in this format."""
        return _MEDIA_TYPES[self]

    @property
    def extension(self) -> str:
        """What the name of such a file ends with."""
        return "tutela" if self is ExportFormat.SNAPSHOT else self.value


_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.LINES: "application/x-ndjson",
    ExportFormat.SNAPSHOT: "application/octet-stream",
}


def exported(
    entries: Iterable[Entry], form: ExportFormat, *, bank: str, kinds: SignalKinds
) -> Iterator[bytes]:
    """Write entries as a file, piece by piece. Blocks; reads the entries as a stream.

    Args:
        entries: the entries of one bank.
        form: the format.
        bank: name of the bank.
        kinds: signal kinds that entries may have.
    """
    match form:
        case ExportFormat.CSV:
            return _csv(entries)
        case ExportFormat.LINES:
            return _lines(entries)
        case ExportFormat.SNAPSHOT:
            return _snapshot(entries, bank, kinds)


def _csv(entries: Iterable[Entry]) -> Iterator[bytes]:
    yield (",".join(("type", "value", *_FACTS, "distance")) + "\r\n").encode()
    for some in _some(entries):
        text = io.StringIO()
        writer = csv.writer(text)
        for entry in some:
            facts = [getattr(entry, name) for name in (*_FACTS, "distance")]
            writer.writerows([signal.kind, signal.value, *facts] for signal in entry.signals)
        yield text.getvalue().encode()


def _lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for some in _some(entries):
        yield encoder.encode_lines(some)


def _snapshot(entries: Iterable[Entry], bank: str, kinds: SignalKinds) -> Iterator[bytes]:
    builder = ColumnsBuilder(kinds)
    builder.add_bank(bank)
    for entry in entries:
        facts = {name: getattr(entry, name) for name in _FACTS}
        builder.add(NewEntry(signals=entry.signals, distance=entry.distance, **facts))
    with tempfile.TemporaryDirectory(prefix="tutela-") as folder:
        path = Path(folder, "snapshot")
        write_snapshot(path, builder.build())
        with path.open("rb") as file:
            while piece := file.read(BYTES_AT_ONCE):
                yield piece


def _some(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    stream = iter(entries)
    while some := list(islice(stream, ENTRIES_AT_ONCE)):
        yield some
